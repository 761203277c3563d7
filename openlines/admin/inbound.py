"""The inbound log: what providers delivered, as it came. What could not be read is parked and can be read again."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from openlines.admin.readonly import ReadOnlyAdmin
from openlines.models import InboundEvent
from openlines.services import inbound

MOST_SHOWN = 50_000
"""Characters of a body on its page."""


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "connection", "outcome", "reason", "key")
    list_display_links = ("received_at",)
    list_filter = ("state", "connection")
    search_fields = ("key", "reason")
    list_select_related = ("connection",)
    fields = (
        ("connection", "received_at"),
        ("outcome_in_words", "processed_at"),
        "reason",
        "key",
        "headers_as_text",
        "body_as_text",
    )
    readonly_fields = ("outcome_in_words", "headers_as_text", "body_as_text")
    actions = ("replay",)
    actions_detail = ("replay_this",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        rows: QuerySet[InboundEvent] = super().get_queryset(request)
        resolver = request.resolver_match
        return (
            rows.defer("body")
            if resolver and resolver.url_name == "openlines_inboundevent_changelist"
            else rows
        )

    def has_replay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("openlines.change_inboundevent")

    @display(
        description=gettext_lazy("what became of it"),
        ordering="state",
        label={
            InboundEvent.State.PROCESSED: "success",
            InboundEvent.State.NOT_SUPPORTED: "info",
            InboundEvent.State.PARKED: "danger",
        },
    )
    def outcome(self, event: InboundEvent) -> tuple[str, str]:
        return event.state, event.get_state_display()

    @admin.display(description=gettext_lazy("what became of it"))
    def outcome_in_words(self, event: InboundEvent) -> str:
        return event.get_state_display()

    @admin.display(description=gettext_lazy("headers"))
    def headers_as_text(self, event: InboundEvent) -> SafeString:
        return _block(json.dumps(event.headers, indent=2, ensure_ascii=False))

    @admin.display(description=gettext_lazy("body"))
    def body_as_text(self, event: InboundEvent) -> SafeString:
        raw = bytes(event.body)
        try:
            text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            text = raw.decode("utf-8", "replace")
        return _block(text[:MOST_SHOWN] + (" …" if len(text) > MOST_SHOWN else ""))

    @admin.action(description=gettext_lazy("Read the chosen deliveries again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[InboundEvent]) -> None:
        events = list(InboundEvent.objects.filter(pk__in=queryset.values("pk")).order_by("pk"))
        done = sum(inbound.replay(event, now=timezone.now()) for event in events)
        still = len(events) - done
        if done:
            text = ngettext("%(n)d delivery was read.", "%(n)d deliveries were read.", done) % {"n": done}
            self.message_user(request, text, messages.SUCCESS)
        if still:
            text = ngettext(
                "%(n)d delivery could not be read; it stays parked with the reason.",
                "%(n)d deliveries could not be read; they stay parked with the reason.",
                still,
            ) % {"n": still}
            self.message_user(request, text, messages.WARNING)

    @action(
        description=gettext_lazy("Read it again"), url_path="replay", permissions=["replay"], icon="replay"
    )
    def replay_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        event = InboundEvent.objects.filter(pk=object_id).first()
        if event is not None and inbound.replay(event, now=timezone.now()):
            self.message_user(request, _("It was read."), messages.SUCCESS)
        else:
            self.message_user(request, _("It could not be read; the reason is below."), messages.WARNING)
        return redirect("admin:openlines_inboundevent_change", object_id)


def _block(text: str) -> SafeString:
    return format_html('<pre class="ol-pre">{}</pre>', text)
