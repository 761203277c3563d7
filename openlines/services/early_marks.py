"""What was said about a message before we knew it: kept, and applied when its id is saved.

A provider's status may overtake our own commit of the message's id; an edit, a reaction or an answer its message.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from contactcenter.lib.commits import after_commit
from openlines.connectors import base
from openlines.models import Connection, EarlyMark, InboundEvent, Message, MessagePart
from openlines.services import guards

KEEP = timedelta(days=2)
SETTLES = timedelta(seconds=10)
BATCH = 200


def keep(
    connection: Connection, external_id: str, kind: str, *, at: datetime, now: datetime, **data: Any
) -> None:
    """Called where no message has this id. One may get it at this very moment, in a transaction that does not see this
    mark: both sides look once more after their commit, so that one of them finds the other.
    """
    if external_id:
        EarlyMark.objects.create(
            connection=connection, external_id=external_id[:200], kind=kind, data=data, at=at, heard_at=now
        )
        after_commit(_apply_if_known, connection, external_id, now=now)


def apply_after_commit(connection: Connection, *external_ids: str, now: datetime) -> None:
    """A message has got these ids: whatever waits for them comes to it, oldest first."""
    after_commit(_apply, connection, *external_ids, now=now)


def sweep(*, now: datetime) -> int:
    """The net: marks whose message is known. Finds nothing unless a process died right after a commit."""
    own = Message.objects.filter(connection=OuterRef("connection"), external_id=OuterRef("external_id"))
    part = MessagePart.objects.filter(connection=OuterRef("connection"), external_id=OuterRef("external_id"))
    known = EarlyMark.objects.filter(Exists(own) | Exists(part), heard_at__lt=now - SETTLES)
    found = list(known.select_related("connection")[:BATCH])

    def apply(mark: EarlyMark) -> int:
        _apply(mark.connection, mark.external_id, now=now)
        return 1

    return guards.each(found, apply)


def _apply_if_known(connection: Connection, external_id: str, *, now: datetime) -> None:
    from openlines.services import marks  # it keeps what it finds no message for

    if marks.known(connection, external_id):
        _apply(connection, external_id, now=now)


def _apply(connection: Connection, *external_ids: str, now: datetime) -> None:
    with transaction.atomic():
        waiting = EarlyMark.objects.filter(connection=connection, external_id__in=external_ids)
        taken = list(waiting.select_for_update(skip_locked=True))  # the other side may be at it, too
        EarlyMark.objects.filter(pk__in=[mark.pk for mark in taken]).delete()
        for mark in taken:
            _apply_one(mark, connection, now=now)


def _apply_one(mark: EarlyMark, connection: Connection, *, now: datetime) -> None:
    from openlines.services import marks

    told, data = mark.external_id, mark.data
    match mark.kind:
        case "status":
            status = base.StatusChanged(
                told,
                base.DeliveryStatus(data["status"]),
                mark.at,
                data["reason"],
                unreachable=data.get("unreachable", False),
            )
            marks.status(connection, status, now=now, heard_at=mark.heard_at, inbound_id=data.get("inbound"))
        case "edit":
            edited = base.MessageEdited(_sender(data), told, mark.at, data["text"], by_us=_by_us(data))
            marks.edit(connection, edited, now=now, heard_at=mark.heard_at, inbound_id=data.get("inbound"))
        case "delete":
            marks.delete(
                connection,
                told,
                at=mark.at,
                now=now,
                heard_at=mark.heard_at,
                sender=_sender(data),
                by_us=_by_us(data),
            )
        case "reaction":
            reaction = base.ReactionChanged(_sender(data), told, mark.at, tuple(data["emojis"]))
            marks.react(connection, reaction, now=now, heard_at=mark.heard_at, inbound_id=data.get("inbound"))
        case "reply":
            marks.quote(connection, told, message_id=data["message"], now=now)


def names(sender: base.Sender) -> list[str]:
    """Who told it, for ``keep``: once the message is known, it is asked whether it is theirs."""
    return [sender.external_id, *sender.aliases]


def _sender(data: dict[str, Any]) -> base.Sender:
    external_id, *aliases = data.get("sender") or [""]
    return base.Sender(external_id=external_id, aliases=tuple(aliases))


def _by_us(data: dict[str, Any]) -> bool:
    return bool(data.get("by_us"))


def heard_with(event: InboundEvent) -> QuerySet[EarlyMark]:
    """Those of one raw delivery that still wait."""
    return EarlyMark.objects.filter(connection=event.connection_id, heard_at=event.received_at)


def clean_up(*, now: datetime) -> int:
    """Those that nothing came for; the number removed."""
    return EarlyMark.objects.filter(heard_at__lt=now - KEEP).delete()[0]
