"""What is to happen later, for support: which deadline a dialog waits for, and which one failed."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from openlines.admin.readonly import ReadOnlyAdmin
from openlines.models import Deadline


def _kinds() -> dict[str, str]:
    return {
        "distribute": _("distribution"),
        "offer": _("end of the offer"),
        "unanswered": _("marking as unanswered"),
        "kpi": _("end of the target time"),
        "hand_over": _("hand-over by the bot"),
        "auto_close": _("closing by itself"),
        "close": _("full close"),
        "offline": _("end of the grace after going offline"),
        "drain": _("sending"),
        "fetch": _("fetching files"),
    }


class KindFilter(admin.SimpleListFilter):
    """In words; only the kinds that are pending."""

    title = gettext_lazy("what is due")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        pending = Deadline.objects.order_by("kind").values_list("kind", flat=True).distinct()
        return [(kind, _kinds().get(kind, kind)) for kind in pending]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deadline]) -> QuerySet[Deadline]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Deadline)
class DeadlineAdmin(ReadOnlyAdmin):
    of_dialog = "dialog"
    list_display = ("due_at", "what", "subject", "attempts", "problem")
    list_display_links = ("due_at",)
    list_filter = (KindFilter,)
    list_select_related = ("dialog", "line", "employee", "connection")
    ordering = ("due_at", "pk")
    sortable_by = ()
    fields = ("what", "subject", ("due_at", "was_due_at"), ("attempts", "error"))
    readonly_fields = ("what", "subject")

    @admin.display(description=gettext_lazy("what is due"))
    def what(self, deadline: Deadline) -> str:
        return _kinds().get(deadline.kind, deadline.kind)

    @admin.display(description=gettext_lazy("of"))
    def subject(self, deadline: Deadline) -> str:
        if deadline.dialog_id:
            return pgettext("dialog", "No. %(number)d") % {"number": deadline.dialog_id}
        return str(deadline.line or deadline.connection or deadline.employee)

    @admin.display(description=gettext_lazy("error"))
    def problem(self, deadline: Deadline) -> str:
        return truncatechars(deadline.error, 120) or "–"
