"""What may still be done with a message of ours (§11): change it, delete it, send it again. Pure.

The desk shows its buttons by these answers, and the service asks again under the dialog's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ASKS_AFTER = timedelta(hours=24)
"""What is older than this is sent again only by who says that it is still right."""


class Way(StrEnum):
    """How a change reaches the client."""

    AT_ONCE = "at_once"
    """His page follows live, or he never sees it (a note)."""
    IN_QUEUE = "in_queue"
    """It has not left: what will leave is changed."""
    BY_CHANNEL = "by_channel"
    """The channel is asked, behind whatever waits in the outbox."""


class Why(StrEnum):
    """Why not."""

    NOT_YOURS = "not_yours"
    DELETED = "deleted"
    BEING_DELETED = "being_deleted"
    ERASED = "erased"
    NOT_DELIVERED = "not_delivered"
    UNCONFIRMED = "unconfirmed"
    LEAVING = "leaving"
    CHANNEL_NO_EDITS = "channel_no_edits"
    CHANNEL_NO_DELETIONS = "channel_no_deletions"
    NO_TEXT = "no_text"
    TEMPLATE = "template"
    NOT_FAILED = "not_failed"


class Ask(StrEnum):
    """What who sends a message again is asked about first."""

    TWICE = "twice"
    CLOSED = "closed"
    OLD = "old"


@dataclass(frozen=True)
class OwnMessage:
    """``is_leaving``: it, or a change of it, is in the connector's hands at this moment, or has left in part."""

    is_authors: bool
    """Who asks has written it."""
    is_note: bool = False
    is_deleted: bool = False
    is_erased: bool = False
    """§10: the line keeps no messages."""
    has_text: bool = True
    is_template: bool = False
    delivery: str = "sent"
    is_named: bool = True
    """The provider's id of it is known."""
    is_leaving: bool = False
    deletion_waits: bool = False
    goes_by_outbox: bool = True
    channel_edits: bool = False
    channel_deletes: bool = False


def edit(message: OwnMessage) -> Way | Why:
    hindrance = _hindrance(message)
    if hindrance is not None:
        return hindrance
    if not message.has_text:
        return Why.NO_TEXT
    if message.is_template:
        return Why.TEMPLATE
    way = _way(message)
    if way is not Way.BY_CHANNEL:
        return way
    if not message.channel_edits:
        return Why.CHANNEL_NO_EDITS
    return way if message.is_named else Why.UNCONFIRMED


def delete(message: OwnMessage) -> Way | Why:
    hindrance = _hindrance(message)
    if hindrance is not None:
        return hindrance
    way = _way(message)
    if way is not Way.BY_CHANNEL:
        return way
    if not message.channel_deletes:
        return Why.CHANNEL_NO_DELETIONS
    return way if message.is_named else Why.UNCONFIRMED


def send_again(message: OwnMessage) -> Why | None:
    """None: it can be sent. By anybody who may write to the client, whoever wrote it."""
    if message.is_note or not message.goes_by_outbox or message.delivery not in ("failed", "unknown"):
        return Why.NOT_FAILED
    if message.is_deleted:
        return Why.DELETED
    return Why.ERASED if message.is_erased else None


def asks(message: OwnMessage, *, is_open: bool, written_at: datetime, now: datetime) -> tuple[Ask, ...]:
    """What to ask before it is sent again; nothing for one that has just failed."""
    found = {
        Ask.TWICE: message.delivery == "unknown",
        Ask.CLOSED: not is_open,
        Ask.OLD: now - written_at > ASKS_AFTER,
    }
    return tuple(ask for ask, holds in found.items() if holds)


def _hindrance(message: OwnMessage) -> Why | None:
    if not message.is_authors:
        return Why.NOT_YOURS
    if message.is_deleted:
        return Why.DELETED
    if message.is_erased:
        return Why.ERASED
    if message.is_note:
        return None
    if message.delivery == "failed":
        return Why.NOT_DELIVERED
    if message.delivery == "unknown":
        return Why.UNCONFIRMED
    if message.is_leaving:
        return Why.LEAVING
    return Why.BEING_DELETED if message.deletion_waits else None


def _way(message: OwnMessage) -> Way:
    if message.is_note or not message.goes_by_outbox:
        return Way.AT_ONCE
    return Way.IN_QUEUE if message.delivery == "queued" else Way.BY_CHANNEL
