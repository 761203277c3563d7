# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminSelectWidget

from contactcenter.staff.models import Right, Role, RoleBinding, RoleGrant, Scope

#: Rights that one has or has not: there is nothing of which some would be one's own.
YES_OR_NO = frozenset(
    {Right.LINES_SEE, Right.LINES_CHANGE, Right.CONNECTIONS_CHANGE, Right.CANNED_CHANGE, Right.ROLES_CHANGE}
)

GROUPS = (
    (_("Lines"), (Right.LINES_SEE, Right.LINES_CHANGE, Right.CONNECTIONS_CHANGE, Right.CANNED_CHANGE)),
    (_("Dialogs"), (Right.DIALOGS_SEE, Right.DIALOGS_HISTORY, Right.DIALOGS_START_SPAM, Right.DIALOGS_JOIN)),
    (_("Quality and figures"), (Right.SUPERVISOR_RATING, Right.REPORTS, Right.EXPORT)),
    (_("CRM"), (Right.CRM_SEE, Right.CRM_CHANGE)),
    (_("Employees"), (Right.ROLES_CHANGE,)),
)


def _scope_field(right: Right) -> forms.TypedChoiceField:
    scopes = (Scope.NOTHING, Scope.ALL) if right in YES_OR_NO else tuple(Scope)
    return forms.TypedChoiceField(
        label=right.label,
        choices=[(scope.value, scope.label) for scope in scopes],
        coerce=lambda value: Scope(int(value)),
        initial=Scope.NOTHING.value,
        widget=UnfoldAdminSelectWidget,
    )


class RoleForm(forms.ModelForm[Role]):
    """The role with one field a right, so that a role reads as a column of the table it comes from."""

    vars().update({right.value: _scope_field(right) for right in Right})

    class Meta:
        model = Role
        fields = ("name", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for grant in self.instance.grants.all():
                self.initial[grant.right] = grant.scope

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]  # Django's own hook, missing in the stubs
        for right in Right:
            if right.value not in self.cleaned_data:
                continue
            chosen: Scope = self.cleaned_data[right.value]
            if chosen == Scope.NOTHING:
                self.instance.grants.filter(right=right).delete()
            else:
                RoleGrant.objects.update_or_create(
                    role=self.instance, right=right, defaults={"scope": chosen}
                )


class HoldersInline(TabularInline):
    model = RoleBinding
    fields = ("employee", "department")
    autocomplete_fields = ("employee", "department")
    extra = 0
    verbose_name_plural = _("who has the role (an employee or a department a line)")


@admin.register(Role)
class RoleAdmin(ModelAdmin):
    form = RoleForm
    list_display = ("title", "holders")
    list_before_template = "staff/admin/role_matrix.html"
    search_fields = ("name__folded", "key__folded")
    inlines = (HoldersInline,)
    fieldsets = (
        (None, {"fields": (("name", "key"),)}),
        *((title, {"fields": tuple(right.value for right in rights)}) for title, rights in GROUPS),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        return (
            super()
            .get_queryset(request)
            .prefetch_related("grants", "bindings__employee", "bindings__department")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Role | None = None) -> tuple[str, ...]:
        return ("title", "key") if obj and obj.is_ready else ()

    def get_fieldsets(self, request: HttpRequest, obj: Role | None = None) -> Any:
        (none, _options), *rest = super().get_fieldsets(request, obj)
        names = ("title", "key") if obj and obj.is_ready else ("name", "key")
        return ((none, {"fields": (names,)}), *rest)

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Role | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"key": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Role | None = None) -> bool:
        return not (obj and obj.is_ready) and super().has_delete_permission(request, obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        roles = list(Role.objects.prefetch_related("grants"))
        scopes = [{grant.right: Scope(grant.scope) for grant in role.grants.all()} for role in roles]
        matrix = [
            {"right": right.label, "scopes": [of_role.get(right.value, Scope.NOTHING) for of_role in scopes]}
            for _title, rights in GROUPS
            for right in rights
        ]
        return super().changelist_view(
            request, {"matrix_roles": roles, "matrix": matrix, **(extra_context or {})}
        )

    @admin.display(description=_("name"))
    def title(self, role: Role) -> str:
        return str(role)

    @admin.display(description=_("who has the role"))
    def holders(self, role: Role) -> str:
        names = [str(binding.employee or binding.department) for binding in role.bindings.all()]
        shown = ", ".join(names[:6])
        return f"{shown} … ({len(names)})" if len(names) > 6 else shown or "–"
