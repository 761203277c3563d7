"""The middle column's items: messages and events of a dialog in one order, as a screen shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BooleanField, Func, JSONField, QuerySet

from contactcenter.staff.models import Employee
from openlines.explanations import ROUTING, explain
from openlines.lifecycle import Event
from openlines.models import Dialog, DialogEvent, Message
from openlines.workspace.message_item import MessageItem, message_item, order_of
from openlines.workspace.own_message import CHANGES

PAGE: Final = 60
"""Messages fetched at once."""
BESIDE: Final = ROUTING | {"created", "dealt_anew", "offer_held", "finish_undone", Event.CLIENT_WRITES}
"""Told beside the conversation (client_card.py), not in it."""


@dataclass(frozen=True)
class EventItem:
    key: str
    order: str
    at: datetime
    words: str
    is_message: bool = False


Item = MessageItem | EventItem


class _WithoutHtml(Func):
    """Of ``extra``: mails have half a megabyte of it, which no list of messages needs."""

    template = "(%(expressions)s - 'html')"
    output_field = JSONField()


class _HasHtml(Func):
    template = "jsonb_exists(%(expressions)s, 'html')"
    output_field = BooleanField()


def newest(dialog: Dialog, *, me: Employee, before: datetime | None = None) -> tuple[list[Item], bool]:
    """The last messages (before an instant) with the events among them, and whether there are earlier ones."""
    messages = _messages(dialog)
    if before is not None:
        messages = messages.filter(created_at__lt=before)
    page = list(messages.order_by("-created_at", "-pk")[: PAGE + 1])
    has_earlier = len(page) > PAGE
    page = page[:PAGE]
    events = _events(dialog)
    if has_earlier:
        # Earlier ones are asked for by an instant, so what happened at the same (a greeting) belongs to this page.
        first = page[-1].created_at
        page += messages.filter(created_at=first).exclude(pk__in=[message.pk for message in page])
        has_earlier = messages.filter(created_at__lt=first).exists()
        events = events.filter(at__gte=first)
    if before is not None:
        events = events.filter(at__lt=before)
    return _merged(dialog, page, list(events), me=me), has_earlier


def since(dialog: Dialog, rev: int, *, me: Employee) -> list[Item]:
    """What changed after a revision. Misses nothing: revisions are drawn under the dialog's lock."""
    return _merged(
        dialog, list(_messages(dialog).filter(rev__gt=rev)), list(_events(dialog).filter(rev__gt=rev)), me=me
    )


def _messages(dialog: Dialog) -> QuerySet[Message]:
    return (
        Message.objects.filter(dialog=dialog)
        .select_related("operator", "reply_to__operator")
        .prefetch_related("attachments", CHANGES)
        .defer("extra", "reply_to__extra")
        .annotate(lean=_WithoutHtml("extra"), has_html=_HasHtml("extra"))
    )


def _events(dialog: Dialog) -> QuerySet[DialogEvent]:
    return DialogEvent.objects.filter(dialog=dialog).exclude(kind__in=BESIDE)


def _merged(
    dialog: Dialog, messages: Sequence[Message], events: list[DialogEvent], *, me: Employee
) -> list[Item]:
    for message in messages:
        message.extra = message.lean  # type: ignore[attr-defined]  # annotated
    items: list[Item] = [message_item(message, dialog, me=me) for message in messages]
    items += [
        EventItem(
            key=f"e{one.event_id}", order=order_of(one.at, "e", one.event_id), at=one.at, words=one.title
        )
        for one in explain(events, me=me)
    ]
    return sorted(items, key=lambda item: item.order)
