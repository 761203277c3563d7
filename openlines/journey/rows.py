"""Everything that is known of one message, read with a bounded number of statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Min

from contactcenter.staff.models import Employee
from openlines.models import Attachment, InboundEvent, Message, MessageMark, MessagePart, OutboxItem, Shown
from openlines.services import attempts

MOST_MARKS = 200
"""A reaction changed a thousand times makes no page that long."""


@dataclass(frozen=True)
class Look:
    """Somebody's first look at a screen that held the message."""

    employee: Employee
    at: datetime


@dataclass(frozen=True)
class Rows:
    """``message`` with dialog (line, client), connection, operator, quoted message and raw delivery at hand."""

    message: Message
    items: tuple[OutboxItem, ...] = ()
    marks: tuple[MessageMark, ...] = ()
    parts: tuple[MessagePart, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    looks: tuple[Look, ...] = ()
    deliveries: tuple[InboundEvent, ...] = ()
    """Of what was told about it later, as far as the raw log still holds them."""
    ahead: OutboxItem | None = None
    """The oldest thing of its dialog that has to leave before it."""
    ahead_on_connection: int = 0
    people: Mapping[int, str] = field(default_factory=dict)
    """Names of those whom the log names by their id."""


def rows_of(message_id: int) -> Rows:
    """Raises ``Message.DoesNotExist``."""
    message = (
        Message.objects.select_related(
            "dialog__line",
            "dialog__client",
            "dialog__operator",
            "connection",
            "operator",
            "reply_to",
            "inbound",
        )
        .defer("inbound__body")
        .get(pk=message_id)
    )
    items = tuple(OutboxItem.objects.filter(message=message).order_by("pk"))
    marks = tuple(MessageMark.objects.filter(message=message).order_by("pk")[:MOST_MARKS])
    waiting = next((item for item in items if item.state != OutboxItem.State.DONE), None)
    return Rows(
        message=message,
        items=items,
        marks=marks,
        parts=tuple(MessagePart.objects.filter(message=message).order_by("pk")),
        attachments=tuple(Attachment.objects.filter(message=message)),
        looks=_looks(message),
        deliveries=_deliveries(message, marks),
        ahead=_ahead(waiting) if waiting else None,
        ahead_on_connection=_ahead_on_connection(waiting) if waiting else 0,
        people=_people(items),
    )


def _looks(message: Message) -> tuple[Look, ...]:
    """Each person's first look that reached as far as this message."""
    rows = (
        Shown.objects.filter(dialog=message.dialog_id, seq__gte=message.seq)
        .order_by()
        .values("employee")
        .annotate(first=Min("at"))
    )
    first = {row["employee"]: row["first"] for row in rows}
    people = Employee.objects.filter(pk__in=first) if first else ()
    return tuple(sorted((Look(one, first[one.pk]) for one in people), key=lambda look: look.at))


def _deliveries(message: Message, marks: tuple[MessageMark, ...]) -> tuple[InboundEvent, ...]:
    """A mark was heard at the very moment at which its delivery was received."""
    moments = {mark.heard_at for mark in marks}
    if not moments:
        return ()
    rows = InboundEvent.objects.filter(connection=message.connection_id, received_at__in=moments)
    return tuple(rows.only("pk", "received_at", "key", "connection_id").order_by("pk")[:MOST_MARKS])


def _ahead(item: OutboxItem) -> OutboxItem | None:
    earlier = OutboxItem.objects.filter(dialog=item.dialog_id, pk__lt=item.pk)
    return earlier.exclude(state=OutboxItem.State.DONE).select_related("message").order_by("pk").first()


def _ahead_on_connection(item: OutboxItem) -> int:
    earlier = OutboxItem.objects.filter(connection=item.connection_id, pk__lt=item.pk)
    return earlier.exclude(state=OutboxItem.State.DONE).count()


def _people(items: tuple[OutboxItem, ...]) -> dict[int, str]:
    named = {
        entry["by"]
        for item in items
        for entry in item.log
        if entry.get("outcome") == attempts.AGAIN and entry.get("by")
    }
    return {one.pk: one.display_name for one in Employee.objects.filter(pk__in=named)} if named else {}
