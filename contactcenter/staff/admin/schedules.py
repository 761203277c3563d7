"""django-q2's tables in the admin's look: what runs when, what came of it, what failed.

Nobody types in here what is to be run: a schedule names a Python function, so its form would be a way to run
anything. Schedules come from the code; an administrator changes how often they run and can have one run now.
"""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from typing import Any

import django_q.admin as django_q_admin  # registers its pages, which we then replace
from django.contrib import admin, messages
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from unfold.admin import ModelAdmin
from unfold.decorators import display

for model in (Schedule, Success, Failure, OrmQ):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


def _seconds(task: Task) -> str:
    return f"{task.time_taken():.2f} s"


def _in_words(result: object, *, success: bool) -> str:
    """What a task returned; of an error the last line, which names it."""
    if result is None:
        return ""
    text = str(result).strip()
    return truncatechars(text if success else text.splitlines()[-1] if text else "", 120)


@admin.register(Schedule)
class ScheduleAdmin(ModelAdmin):
    list_display = ("title", "how_often", "last_run", "outcome", "words", "next_run")
    list_display_links = ("title",)
    search_fields = ("name", "func")
    ordering = ("name", "id")
    actions = ("run_now",)
    fields = (
        "title",
        "func",
        ("last_run", "words"),
        ("schedule_type", "minutes"),
        "cron",
        "repeats",
        "next_run",
    )
    readonly_fields = ("title", "func", "last_run", "words")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        # The one that ran last, not the one started last: the ticker's ends when the next one comes.
        ran = Task.objects.filter(Q(group=OuterRef("name")) | Q(id=OuterRef("task")))
        last = ran.order_by("-stopped")[:1]
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_id=Subquery(last.values("id")),
                last_stopped=Subquery(last.values("stopped")),
                last_success=Subquery(last.values("success")),
                last_result=Subquery(last.values("result")),
            )
        )

    @admin.display(description=_("schedule"), ordering="name")
    def title(self, schedule: Schedule) -> str:
        return gettext(schedule.name) if schedule.name else schedule.func

    @admin.display(description=_("how often"), ordering="schedule_type")
    def how_often(self, schedule: Schedule) -> str:
        if schedule.schedule_type == Schedule.MINUTES and schedule.minutes:
            if schedule.minutes == 1:
                return gettext("every minute")
            return gettext("every %(n)d minutes") % {"n": schedule.minutes}
        if schedule.schedule_type == Schedule.CRON:
            return schedule.cron or ""
        return str(schedule.get_schedule_type_display())

    @admin.display(description=_("last run"))
    def last_run(self, schedule: Any) -> str:
        if schedule.last_stopped is None:
            return gettext("has not finished yet") if schedule.task else gettext("never")
        page = "admin:django_q_success_change" if schedule.last_success else "admin:django_q_failure_change"
        when = localize(timezone.localtime(schedule.last_stopped))
        return format_html('<a href="{}">{}</a>', reverse(page, args=[schedule.last_id]), when)

    @display(description=_("result"), label={"ok": "success", "failed": "danger", "none": "info"})
    def outcome(self, schedule: Any) -> tuple[str, Any]:
        if schedule.last_stopped is None:
            return "none", "–"
        return ("ok", _("done")) if schedule.last_success else ("failed", _("failed"))

    @admin.display(description=_("what came of it"))
    def words(self, schedule: Any) -> str:
        return _in_words(schedule.last_result, success=bool(schedule.last_success)) or "–"

    @admin.action(description=_("Run now"), permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        Schedule.objects.filter(pk__in=queryset.values_list("pk", flat=True)).update(next_run=timezone.now())
        self.message_user(request, _("It runs within half a minute, if a worker is up."), messages.SUCCESS)


class _TaskPage(ModelAdmin):
    """A task that has run; a record, not a form."""

    list_display = ("name", "func", "started", "took", "words")
    list_display_links = ("name",)
    list_filter = ("func",)
    search_fields = ("name", "func", "group")
    list_per_page = 50
    show_full_result_count = False
    actions: tuple[Any, ...] = ()
    fields = (
        "name",
        "func",
        "args",
        "kwargs",
        ("started", "stopped"),
        "attempt_count",
        "result",
        "group",
        "cluster",
    )
    readonly_fields = (
        "name",
        "func",
        "args",
        "kwargs",
        "started",
        "stopped",
        "attempt_count",
        "result",
        "group",
        "cluster",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        return False

    @admin.display(description=_("took"))
    def took(self, task: Task) -> str:
        return _seconds(task)

    @admin.display(description=_("result"))
    def words(self, task: Task) -> str:
        return _in_words(task.result, success=task.success) or "–"


@admin.register(Success)
class SuccessAdmin(_TaskPage):
    pass


@admin.register(Failure)
class FailureAdmin(_TaskPage):
    actions = ("again",)

    @admin.action(description=_("Run the chosen tasks again"), permissions=["delete"])
    def again(self, request: HttpRequest, queryset: QuerySet[Failure]) -> None:
        django_q_admin.resubmit_task(self, request, queryset)
        queryset.delete()
        self.message_user(request, _("The tasks are queued again."), messages.SUCCESS)


@admin.register(OrmQ)
class QueueAdmin(ModelAdmin, django_q_admin.QueueAdmin):  # type: ignore[misc]  # both are ModelAdmin
    """Tasks that wait for a worker."""

    list_display = ("name", "func", "lock")

    def has_change_permission(self, request: HttpRequest, obj: OrmQ | None = None) -> bool:
        return False
