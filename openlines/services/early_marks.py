"""What was said about a message before we knew it: kept, and applied when its id is saved.

A provider's status may overtake our own commit of the message's id, an edit or a reaction its message.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from openlines.connectors import base
from openlines.models import Connection, EarlyMark, InboundEvent

KEEP = timedelta(days=2)
_NOBODY = base.Sender(external_id="")


def keep(
    connection: Connection, external_id: str, kind: str, *, at: datetime, now: datetime, **data: Any
) -> None:
    if external_id:
        EarlyMark.objects.create(
            connection=connection, external_id=external_id[:200], kind=kind, data=data, at=at, heard_at=now
        )


def apply(connection: Connection, *external_ids: str, now: datetime) -> None:
    """Whatever waits for these ids, oldest first. Inside the caller's transaction, or in one of its own each."""
    from openlines.services import marks  # it keeps what it finds no message for

    waiting = list(EarlyMark.objects.filter(connection=connection, external_id__in=external_ids))
    EarlyMark.objects.filter(pk__in=[mark.pk for mark in waiting]).delete()
    for mark in waiting:
        match mark.kind:
            case "status":
                status = base.StatusChanged(
                    mark.external_id, base.DeliveryStatus(mark.data["status"]), mark.at, mark.data["reason"]
                )
                marks.status(connection, status, now=now, heard_at=mark.heard_at)
            case "edit":
                edited = base.MessageEdited(_NOBODY, mark.external_id, mark.at, mark.data["text"])
                marks.edit(connection, edited, now=now, heard_at=mark.heard_at)
            case "delete":
                marks.delete(connection, mark.external_id, at=mark.at, now=now, heard_at=mark.heard_at)
            case "reaction":
                reaction = base.ReactionChanged(
                    _NOBODY, mark.external_id, mark.at, tuple(mark.data["emojis"])
                )
                marks.react(connection, reaction, now=now, heard_at=mark.heard_at)


def heard_with(event: InboundEvent) -> QuerySet[EarlyMark]:
    """Those of one raw delivery that still wait."""
    return EarlyMark.objects.filter(connection=event.connection_id, heard_at=event.received_at)


def clean_up(*, now: datetime) -> int:
    """Those that nothing came for; the number removed."""
    return EarlyMark.objects.filter(heard_at__lt=now - KEEP).delete()[0]
