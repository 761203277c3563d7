"""The outbox: what is on its way to clients, each attempt and what came of it."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import localize, time_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from openlines.admin import journeys
from openlines.admin.readonly import ReadOnlyAdmin
from openlines.models import Message, OutboxItem
from openlines.services import attempts

OUTCOMES = {
    attempts.BEGUN: gettext_lazy("begun"),
    attempts.INTERRUPTED: gettext_lazy("interrupted before it left, queued again"),
    attempts.AGAIN: gettext_lazy("sent again by hand"),
    attempts.WITHDRAWN: gettext_lazy("withdrawn by its author"),
    "Sent": gettext_lazy("taken by the provider"),
    "TryLater": gettext_lazy("not taken, tried again later"),
    "Failed": gettext_lazy("refused for good"),
    "Broken": gettext_lazy("the connection is refused"),
    "Unknown": gettext_lazy("not known whether it was taken"),
}
"""The names in ``OutboxItem.log`` (``connectors.base.Outcome``) in words."""


class WaitsFilter(admin.SimpleListFilter):
    title = gettext_lazy("waits")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("waits to be sent")), ("no", gettext_lazy("is done"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxItem]) -> QuerySet[OutboxItem]:
        done = Q(state=OutboxItem.State.DONE)
        match self.value():
            case "yes":
                return queryset.exclude(done)
            case "no":
                return queryset.filter(done)
        return queryset


@admin.register(OutboxItem)
class OutboxAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "connection",
        "dialog",
        "action",
        "words",
        "delivery",
        "waits_for",
        "attempts",
        "next_attempt_at",
        "failure",
    )
    list_display_links = ("created_at",)
    of_dialog = "dialog"
    list_filter = (WaitsFilter, "state", "action", "message__delivery", "connection")
    list_select_related = ("connection", "dialog", "message")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("connection", "dialog"),
        "action",
        ("state", "delivery_in_words"),
        ("created_at", "next_attempt_at", "attempts"),
        "waits_for",
        "words",
        "failure",
        "attempts_so_far",
        "journey",
    )
    # ``words``: the model has a ``text`` of its own, which Django would take
    readonly_fields = ("delivery_in_words", "waits_for", "words", "failure", "attempts_so_far", "journey")

    class Media:
        css: ClassVar = {"all": ("ui/tokens.css", "openlines/admin/admin.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxItem]:
        rows: QuerySet[OutboxItem] = (
            super().get_queryset(request).select_related("message", "dialog", "connection")
        )
        return rows

    @admin.display(description=gettext_lazy("text"))
    def words(self, item: OutboxItem) -> str:
        return truncatechars(("" if item.message.deleted_at else item.text) or item.message.said, 80) or "–"

    @display(
        description=gettext_lazy("delivery"),
        label={
            Message.Delivery.QUEUED: "info",
            Message.Delivery.SENDING: "info",
            Message.Delivery.FAILED: "danger",
            Message.Delivery.UNKNOWN: "warning",
            Message.Delivery.SENT: "success",
            Message.Delivery.DELIVERED: "success",
            Message.Delivery.READ: "success",
        },
    )
    def delivery(self, item: OutboxItem) -> tuple[str, str]:
        return item.message.delivery, item.message.get_delivery_display()

    @admin.display(description=gettext_lazy("delivery"))
    def delivery_in_words(self, item: OutboxItem) -> str:
        return item.message.get_delivery_display()

    @admin.display(description=gettext_lazy("waits because"))
    def waits_for(self, item: OutboxItem) -> str:
        connection = item.connection
        if item.state == OutboxItem.State.DONE:
            return "–"
        if connection.paused_reason:
            return _("the provider refuses the connection")
        if not connection.is_active:
            return _("the connection is off")
        if item.dialog.frozen_at:
            return _("the line is off")
        if connection.held_until and connection.held_until > timezone.now():
            return _("the provider asked to wait until %(time)s") % {
                "time": time_format(localtime(connection.held_until))
            }
        if item.attempts and item.state == OutboxItem.State.QUEUED:
            return _("it is tried again")
        return _("it is its turn next, or one before it in the dialog waits")

    @admin.display(description=gettext_lazy("reason"))
    def failure(self, item: OutboxItem) -> str:
        is_change = item.action != OutboxItem.Action.SEND
        return truncatechars(item.refusal if is_change else item.message.failure, 120) or "–"

    @admin.display(description=gettext_lazy("the whole journey"))
    def journey(self, item: OutboxItem) -> SafeString:
        return journeys.link(item.message)

    @admin.display(description=gettext_lazy("attempts so far"))
    def attempts_so_far(self, item: OutboxItem) -> SafeString:
        rows = (
            (
                _time(entry.get("at", "")),
                OUTCOMES.get(entry.get("outcome", ""), entry.get("outcome", "")),
                entry.get("detail", ""),
            )
            for entry in item.log
        )
        lines = format_html_join("", "<li>{} · {}<br>{}</li>", rows)
        return format_html("<ol class='ol-log'>{}</ol>", lines) if lines else SafeString("–")


def _time(value: str) -> str:
    at = parse_datetime(value)
    return str(localize(localtime(at))) if at else value
