# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelect2Widget

from contactcenter.staff.announcements import announced
from contactcenter.staff.forms import time_zone_choices
from contactcenter.staff.models import Employee, Presence, RoleBinding
from contactcenter.staff.signals import absences_changed


def _time_zone_field(choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Time zone"), choices=choices, widget=UnfoldAdminSelect2Widget)


class EmployeeChangeForm(UserChangeForm):
    time_zone = _time_zone_field([])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            choices = time_zone_choices(self.instance.time_zone)
            self.fields["time_zone"] = _time_zone_field(choices)


class RolesInline(TabularInline):
    model = RoleBinding
    fields = ("role",)
    extra = 0
    verbose_name = _("role")
    verbose_name_plural = _("roles (besides those of the department)")


@admin.register(Employee)
class EmployeeAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc]  # both are ModelAdmin
    """Employees are dismissed, not deleted: their dialogs and figures stay theirs.

    Only superusers make or change superusers and set their passwords: whoever changes roles could become one.
    """

    form = EmployeeChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (RolesInline,)

    list_display = ("person", "department", "position", "role_names", "phone", "status")
    list_display_links = ("person",)
    list_filter = (
        ("department", RelatedDropdownFilter),
        ("role_bindings__role", RelatedDropdownFilter),
        "is_active",
    )
    list_filter_submit = True
    list_select_related = ("department",)
    list_per_page = 50
    search_fields = (
        "username__folded",
        "first_name__folded",
        "last_name__folded",
        "email__folded",
        "phone__digits",
    )
    ordering = ("last_name", "first_name", "username")
    autocomplete_fields = ("department",)
    filter_horizontal = ()
    readonly_fields = ("dismissed_at", "last_login", "date_joined")
    actions = ("dismiss", "take_back")
    actions_submit_line = ("dismiss_this", "take_back_this")

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (
            _("Person"),
            {
                "fields": (
                    ("first_name", "last_name"),
                    "photo",
                    ("department", "position"),
                    ("email", "phone"),
                )
            },
        ),
        (_("Language and time"), {"fields": (("language", "time_zone"), "work_day_tracking")}),
        (_("State"), {"fields": (("dismissed_at", "last_login", "date_joined"),)}),
    )
    superuser_fieldset = (_("Beyond roles"), {"fields": (("is_superuser", "is_staff"),)})
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "username",
                    ("first_name", "last_name"),
                    "email",
                    ("department", "position"),
                    "password1",
                    "password2",
                ),
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Employee | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return (*fieldsets, self.superuser_fieldset) if obj and _is_superuser(request) else fieldsets

    def get_inlines(self, request: HttpRequest, obj: Employee | None) -> Any:
        return self.inlines if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Employee]:
        online = Presence.objects.online(timezone.now()).filter(employee=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .annotate(online=Exists(online))
            .prefetch_related("role_bindings__role")
        )

    def has_change_permission(self, request: HttpRequest, obj: Employee | None = None) -> bool:
        if obj is not None and obj.is_superuser and not _is_superuser(request):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Employee | None = None) -> bool:
        return _is_superuser(request) and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Employee, form: Any, change: bool) -> None:
        """The zone moves his absences, the tracking says what makes him available: both are announced."""
        changed = {"time_zone", "work_day_tracking"}.intersection(form.changed_data) if change else set()
        if not changed:
            super().save_model(request, obj, form, change)
            return
        now = timezone.now()
        with announced([obj.pk], now=now):
            super().save_model(request, obj, form, change)
            if "time_zone" in changed:
                absences_changed.send(Employee, employee_ids=[obj.pk], now=now)

    # -- columns

    @display(description=_("employee"), header=True, ordering="last_name")
    def person(self, employee: Employee) -> tuple[Any, ...]:
        initials = (employee.first_name[:1] + employee.last_name[:1]) or employee.username[:2]
        photo = {"path": employee.photo.url, "squared": False, "borderless": True} if employee.photo else {}
        return employee.display_name, employee.username, initials.upper(), photo

    @admin.display(description=_("roles"))
    def role_names(self, employee: Employee) -> str:
        return ", ".join(str(binding.role) for binding in employee.role_bindings.all()) or "–"

    @display(
        description=_("state"),
        label={"online": "success", "offline": "info", "dismissed": "danger", "inactive": "warning"},
    )
    def status(self, employee: Any) -> tuple[str, Any]:
        if employee.dismissed_at is not None:
            return "dismissed", _("Dismissed")
        if not employee.is_active:
            return "inactive", _("Cannot log in")
        return ("online", _("Online")) if employee.online else ("offline", _("Offline"))

    # -- dismissing

    @admin.action(description=_("Dismiss the chosen employees"), permissions=["change"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Employee]) -> None:
        now = timezone.now()
        done = sum(
            self._dismiss(request, employee, now) for employee in queryset.filter(dismissed_at__isnull=True)
        )
        if done:
            text = ngettext("%(n)d employee is dismissed.", "%(n)d employees are dismissed.", done) % {
                "n": done
            }
            self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Take the chosen employees back"), permissions=["change"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Employee]) -> None:
        for employee in queryset.filter(is_active=False):
            if self.has_change_permission(request, employee):
                employee.take_back(timezone.now())
                self.log_change(request, employee, "Taken back.")

    @action(description=_("Dismiss"), permissions=["dismiss_this"])
    def dismiss_this(self, request: HttpRequest, obj: Employee) -> None:
        if self._dismiss(request, obj, timezone.now()):
            self.message_user(
                request, _("%(name)s is dismissed.") % {"name": obj.display_name}, messages.SUCCESS
            )

    def has_dismiss_this_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._offers(request, object_id, active=True) and str(request.user.pk) != str(object_id)

    @action(description=_("Take back"), permissions=["take_back_this"])
    def take_back_this(self, request: HttpRequest, obj: Employee) -> None:
        obj.take_back(timezone.now())
        self.log_change(request, obj, "Taken back.")
        self.message_user(
            request, _("%(name)s can log in again.") % {"name": obj.display_name}, messages.SUCCESS
        )

    def has_take_back_this_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._offers(request, object_id, active=False)

    def _offers(self, request: HttpRequest, object_id: str | None, *, active: bool) -> bool:
        """Whether the page of an employee in that state has the button. unfold asks again, without naming the
        employee, when it was pressed: then only the right counts, and the action looks at the rest."""
        if not self.has_change_permission(request):
            return False
        return object_id is None or Employee.objects.filter(pk=object_id, is_active=active).exists()

    def _dismiss(self, request: HttpRequest, employee: Employee, now: datetime) -> bool:
        if employee.pk == request.user.pk:
            self.message_user(request, _("You cannot dismiss yourself; ask a colleague."), messages.ERROR)
            return False
        if not self.has_change_permission(request, employee):
            text = _("Only a superuser can dismiss %(name)s.") % {"name": employee.display_name}
            self.message_user(request, text, messages.ERROR)
            return False
        employee.dismiss(now)
        self.log_change(request, employee, "Dismissed.")
        return True


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, Employee) and request.user.is_superuser
