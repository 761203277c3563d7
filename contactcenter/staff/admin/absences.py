# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import display

from contactcenter.staff import absences, work_days
from contactcenter.staff.models import Absence, Break, Employee, WorkDay


@admin.register(Absence)
class AbsenceAdmin(ModelAdmin):
    list_display = ("employee", "kind_badge", "days", "note", "created_by")
    list_filter = (
        "kind",
        ("employee__department", RelatedDropdownFilter),
        ("first_day", RangeDateFilter),
    )
    list_filter_submit = True
    list_select_related = ("employee", "created_by")
    search_fields = (
        "employee__first_name__folded",
        "employee__last_name__folded",
        "employee__username__folded",
        "note__folded",
    )
    ordering = ("-first_day", "-id")
    autocomplete_fields = ("employee",)
    fields = ("employee", "kind", ("first_day", "starts_at_noon"), ("last_day", "ends_at_noon"), "note")

    def get_readonly_fields(self, request: HttpRequest, obj: Absence | None = None) -> tuple[str, ...]:
        return ("employee",) if obj else ()

    @display(description=_("kind"), label=True, ordering="kind")
    def kind_badge(self, absence: Absence) -> str:
        return absence.get_kind_display()

    @admin.display(description=_("days"), ordering="first_day")
    def days(self, absence: Absence) -> str:
        return absence.days

    def save_model(self, request: HttpRequest, obj: Absence, form: Any, change: bool) -> None:
        if not change and isinstance(request.user, Employee):
            obj.created_by = request.user
        absences.save(obj, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Absence) -> None:
        absences.delete(obj, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Absence]) -> None:
        for absence in queryset:
            absences.delete(absence, now=timezone.now())


class ReadMostlyAdmin(ModelAdmin):
    """What people said of their own time. What runs is changed by its verbs alone, so that what follows from
    it is announced; an administrator may correct what is over."""

    list_filter = (
        ("employee__department", RelatedDropdownFilter),
        ("started_at", RangeDateFilter),
        ("ended_at", admin.EmptyFieldListFilter),
    )
    list_filter_submit = True
    list_select_related = ("employee",)
    search_fields = (
        "employee__first_name__folded",
        "employee__last_name__folded",
        "employee__username__folded",
    )
    readonly_fields = ("employee",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or obj.ended_at is not None) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """What is over stays over: emptying the end would open it again, past the verbs."""
        form = super().get_form(request, obj, change, **kwargs)
        if "ended_at" in form.base_fields:
            form.base_fields["ended_at"].required = True
        return form


@admin.register(WorkDay)
class WorkDayAdmin(ReadMostlyAdmin):
    list_display = ("employee", "started_at", "ended_at", "end_told_at")
    fields = ("employee", "started_at", "ended_at", "end_told_at")
    readonly_fields = ("employee", "end_told_at")
    actions = ("end_now",)

    @admin.action(description=_("End the chosen work days now"), permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[WorkDay]) -> None:
        now = timezone.now()
        ended = 0
        for employee_id in queryset.filter(ended_at__isnull=True).values_list("employee_id", flat=True):
            ended += work_days.end_day(employee_id, now=now) is not None
        text = ngettext("%(n)d work day is ended.", "%(n)d work days are ended.", ended) % {"n": ended}
        self.message_user(request, text, messages.SUCCESS)


@admin.register(Break)
class BreakAdmin(ReadMostlyAdmin):
    list_display = ("employee", "started_at", "ended_at")
    fields = ("employee", "started_at", "ended_at")
