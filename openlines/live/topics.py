"""What can be listened to, and the signed ticket that says who may.

A synchronous view that knows the person's rights issues a ticket; the stream, which touches no database, only
checks its signature and age.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.core import signing

TICKET_LIFETIME: Final = timedelta(minutes=10)
_SALT: Final = "openlines.live.ticket"


class BadTicket(Exception):
    """The ticket is forged, damaged or over; the message may be shown."""


@dataclass(frozen=True, slots=True)
class Ticket:
    holder: str
    """Who listens: an employee's or a client's topic, so that a change of rights can end the streams."""
    topics: frozenset[str]
    issued: datetime
    expires: datetime


def employee(pk: int) -> str:
    return f"e{pk}"


def is_employee(topic: str) -> bool:
    return topic.startswith("e")


def line(pk: int) -> str:
    return f"l{pk}"


def client(pk: int) -> str:
    return f"c{pk}"


def issue_ticket(*, holder: str, topics: Iterable[str], now: datetime) -> str:
    """Return a URL-safe ticket, good for ten minutes from ``now``.

    ``now`` must be the time *before* the rights were read: a drop of the holder between the two then refuses
    the ticket, while the other way round it would outlive the rights it was made from.
    """
    content = {"h": holder, "t": sorted(set(topics)), "i": now.timestamp()}
    return signing.dumps(content, salt=_SALT, compress=True)


def read_ticket(ticket: str, *, now: datetime) -> Ticket:
    """Return what the ticket says, or raise :class:`BadTicket`."""
    try:
        content = signing.loads(ticket, salt=_SALT)
        issued = datetime.fromtimestamp(content["i"], UTC)
        opened = Ticket(
            holder=content["h"],
            topics=frozenset(content["t"]),
            issued=issued,
            expires=issued + TICKET_LIFETIME,
        )
    except (signing.BadSignature, KeyError, TypeError, ValueError) as error:
        raise BadTicket("This ticket is not valid. Ask for a new one.") from error
    if now >= opened.expires:
        raise BadTicket("This ticket is over. Ask for a new one.")
    return opened
