"""The outbox: what is on its way to clients, each attempt and what came of it."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.utils.dateparse import parse_datetime
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from openlines.admin.readonly import ReadOnlyAdmin
from openlines.models import Message, OutboxItem


@admin.register(OutboxItem)
class OutboxAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "connection",
        "dialog",
        "action",
        "text",
        "delivery",
        "attempts",
        "next_attempt_at",
        "failure",
    )
    list_display_links = ("created_at",)
    list_filter = ("state", "action", "message__delivery", "connection")
    list_select_related = ("connection", "dialog", "message")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("connection", "dialog"),
        "action",
        ("state", "delivery_in_words"),
        ("created_at", "next_attempt_at", "attempts"),
        "text",
        "failure",
        "attempts_so_far",
    )
    readonly_fields = ("delivery_in_words", "text", "failure", "attempts_so_far")

    class Media:
        css: ClassVar = {"all": ("ui/tokens.css", "openlines/admin/admin.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxItem]:
        rows: QuerySet[OutboxItem] = (
            super().get_queryset(request).select_related("message", "dialog", "connection")
        )
        return rows

    @admin.display(description=gettext_lazy("text"))
    def text(self, item: OutboxItem) -> str:
        return truncatechars(item.text or item.message.text, 80) or "–"

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

    @admin.display(description=gettext_lazy("reason"))
    def failure(self, item: OutboxItem) -> str:
        is_change = item.action != OutboxItem.Action.SEND
        return truncatechars(item.refusal if is_change else item.message.failure, 120) or "–"

    @admin.display(description=gettext_lazy("attempts so far"))
    def attempts_so_far(self, item: OutboxItem) -> SafeString:
        rows = (
            (_time(entry.get("at", "")), entry.get("outcome", ""), entry.get("detail", ""))
            for entry in item.log
        )
        lines = format_html_join("", "<li>{} · {} {}</li>", rows)
        return format_html("<ol class='ol-log'>{}</ol>", lines) if lines else SafeString("–")


def _time(value: str) -> str:
    at = parse_datetime(value)
    return str(localize(localtime(at))) if at else value
