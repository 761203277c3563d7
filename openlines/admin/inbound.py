"""The inbound log: what providers delivered, as it came. What could not be read is parked and can be read again."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

import json
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat, truncatechars
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from contactcenter.lib.parameters import whole_number
from contactcenter.staff.models import Employee, Right, Scope
from contactcenter.staff.roles import scope
from openlines.admin import journeys
from openlines.admin.readable import plain, readable
from openlines.admin.readonly import ReadOnlyAdmin
from openlines.models import InboundEvent
from openlines.services import early_marks, inbound

MOST_SHOWN = 50_000
"""Characters of a body on its page."""


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "connection", "outcome", "reason", "key")
    list_display_links = ("received_at",)
    list_filter = ("state", "connection")
    search_fields = ("key__folded", "reason__folded")
    list_select_related = ("connection",)
    fields = (
        ("connection", "received_at"),
        ("outcome_in_words", "processed_at"),
        "reason",
        "emptied_at",
        "made",
        "waits_for",
        "body_as_text",
        "raw",
        "headers_as_text",
        "key",
    )
    readonly_fields = ("outcome_in_words", "made", "waits_for", "headers_as_text", "body_as_text", "raw")
    actions = ("replay",)
    actions_detail = ("replay_this",)

    class Media:
        css: ClassVar = {"all": ("ui/tokens.css", "openlines/admin/admin.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        rows: QuerySet[InboundEvent] = super().get_queryset(request)
        resolver = request.resolver_match
        return (
            rows.defer("body")
            if resolver and resolver.url_name == "openlines_inboundevent_changelist"
            else rows
        )

    def has_view_permission(self, request: HttpRequest, obj: InboundEvent | None = None) -> bool:
        """It holds everybody's words, and what could not be read belongs to no dialog: for who may read all of them."""
        reads_all = scope(cast(Employee, request.user), Right.DIALOGS_HISTORY) is Scope.ALL
        return reads_all and bool(super().has_view_permission(request, obj))

    def has_replay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("openlines.change_inboundevent")

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

    @admin.display(description=gettext_lazy("messages it made"))
    def made(self, event: InboundEvent) -> SafeString:
        """Each with the way to its dialog and to its journey; who may not read those is told so there."""
        rows = (
            (
                reverse("workspace:dialog", args=[message.dialog_id]),
                f"№ {message.dialog_id}",
                truncatechars(message.said, 80) or message.kind,
                journeys.link(message),
            )
            for message in journeys.of_delivery(event)
        )
        lines = format_html_join("", '<li><a href="{}">{}</a> {} · {}</li>', rows)
        return format_html('<ul class="ol-made">{}</ul>', lines) if lines else SafeString("–")

    @admin.display(description=gettext_lazy("waits for"))
    def waits_for(self, event: InboundEvent) -> str:
        """What it says of messages that are not known here (yet)."""
        ids = early_marks.heard_with(event).values_list("external_id", flat=True).distinct()
        found = ", ".join(ids[: journeys.MOST])
        if not found:
            return "–"
        words = _("Messages that are not known here: %(ids)s. Kept for two days, in case they still come.")
        return words % {"ids": found}

    @admin.display(description=gettext_lazy("content"))
    def body_as_text(self, event: InboundEvent) -> SafeString:
        return _block(_cut(readable(event.connection.kind, event.headers, bytes(event.body))))

    @admin.display(description=gettext_lazy("as it came"))
    def raw(self, event: InboundEvent) -> SafeString:
        body = bytes(event.body)
        size = filesizeformat(len(body))
        return format_html(
            '<details class="ol-more"><summary>{}</summary>{}</details>', size, _block(_cut(plain(body)))
        )

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
        """The button is a link, and a link changes nothing: it asks first."""
        number = whole_number(object_id)
        event = InboundEvent.objects.filter(pk=number).first() if number else None
        if event is None:
            raise Http404(_("This delivery is not there any more."))
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request),
                "opts": self.model._meta,
                "original": event,
                "title": _("Read it again"),
                "media": self.media,
                "back": reverse("admin:openlines_inboundevent_change", args=[event.pk]),
            }
            return TemplateResponse(request, "admin/openlines/replay.html", context)
        if event.emptied_at is not None:
            words = _(
                "This delivery was emptied together with the messages it brought. It cannot be read again."
            )
            self.message_user(request, words, messages.WARNING)
        elif inbound.replay(event, now=timezone.now()):
            self.message_user(request, _("It was read."), messages.SUCCESS)
        else:
            self.message_user(request, _("It could not be read; the reason is below."), messages.WARNING)
        return redirect("admin:openlines_inboundevent_change", object_id)


def _cut(text: str) -> str:
    return text[:MOST_SHOWN] + (" …" if len(text) > MOST_SHOWN else "")


def _block(text: str) -> SafeString:
    return format_html('<pre class="ol-pre">{}</pre>', text)
