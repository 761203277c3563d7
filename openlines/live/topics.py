"""What can be listened to, and the signed ticket that says who may.

A synchronous view that knows the person's rights issues a ticket; the stream, which touches no database, only
checks its signature and age.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.core import signing

TICKET_LIFETIME: Final = timedelta(minutes=10)
EVERY_EMPLOYEE: Final = "e*"
"""A holder: roles, departments or groups changed, and whom that concerns each new ticket tells."""
_SALT: Final = "openlines.live.ticket"


class BadTicket(Exception):
    """The ticket is forged, damaged or over; the message may be shown."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions were visible when rights were read: clocks cannot tell whether a change had committed."""

    first_running: int
    next_one: int
    running: frozenset[int]

    @classmethod
    def read(cls, text: str) -> Snapshot:
        """As ``pg_current_snapshot()`` writes it. Raises ValueError."""
        first, following, running = text.split(":")
        return cls(int(first), int(following), frozenset(map(int, running.split(",") if running else ())))

    def sees(self, transaction: int) -> bool:
        return transaction < self.first_running or (
            transaction < self.next_one and transaction not in self.running
        )


@dataclass(frozen=True, slots=True)
class Drop:
    """The holder's rights changed. ``transaction``: by which; 0: not known, then ``at`` (epoch seconds) counts."""

    at: float
    transaction: int = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    holder: str
    """Who listens: an employee's or a client's topic, so that a change of rights can end the streams."""
    through: frozenset[str]
    """What the right to listen hangs on besides: the session of the log-in, the chat's connection."""
    topics: frozenset[str]
    issued: datetime
    expires: datetime
    snapshot: Snapshot | None
    """In which the rights were read, if that is known."""

    def is_older_than(self, drop: Drop) -> bool:
        if self.snapshot is not None and drop.transaction:
            return not self.snapshot.sees(drop.transaction)
        return self.issued.timestamp() <= drop.at

    @property
    def holders(self) -> frozenset[str]:
        """Whose drop ends the stream and the ticket."""
        everybody = {EVERY_EMPLOYEE} if is_employee(self.holder) else set()
        return self.through | everybody | {self.holder}


def employee(pk: int) -> str:
    return f"e{pk}"


def connection(pk: int) -> str:
    """A holder, not something to listen to."""
    return f"k{pk}"


def session(key: str) -> str:
    """A holder: the log-in behind a ticket, without its key. The migration's SQL makes the same of a deleted session."""
    return "s" + hashlib.sha256(key.encode()).hexdigest()[:32]


def is_employee(topic: str) -> bool:
    return topic.startswith("e")


def line(pk: int) -> str:
    return f"l{pk}"


def client(pk: int) -> str:
    return f"c{pk}"


def issue_ticket(
    *,
    holder: str,
    topics: Iterable[str],
    now: datetime,
    through: Iterable[str] = (),
    until: datetime | None = None,
    snapshot: str = "",
) -> str:
    """Return a URL-safe ticket, good for ten minutes from ``now``, or to ``until`` if that comes first.

    ``now`` must be the time *before* the rights were read: a drop of the holder between the two then refuses
    the ticket, while the other way round it would outlive the rights it was made from.
    """
    content: dict[str, object] = {"h": holder, "t": sorted(set(topics)), "i": now.timestamp()}
    if through:
        content["d"] = sorted(set(through))
    if snapshot:
        content["x"] = snapshot
    if until is not None and until < now + TICKET_LIFETIME:
        content["u"] = until.timestamp()
    return signing.dumps(content, salt=_SALT, compress=True)


def read_ticket(ticket: str, *, now: datetime) -> Ticket:
    """Return what the ticket says, or raise :class:`BadTicket`."""
    try:
        content = signing.loads(ticket, salt=_SALT)
        issued = datetime.fromtimestamp(content["i"], UTC)
        opened = Ticket(
            holder=content["h"],
            topics=frozenset(content["t"]),
            through=frozenset(content.get("d", ())),
            issued=issued,
            snapshot=Snapshot.read(content["x"]) if "x" in content else None,
            expires=datetime.fromtimestamp(content["u"], UTC) if "u" in content else issued + TICKET_LIFETIME,
        )
    except (signing.BadSignature, KeyError, TypeError, ValueError) as error:
        raise BadTicket("This ticket is not valid. Ask for a new one.") from error
    if now >= opened.expires:
        raise BadTicket("This ticket is over. Ask for a new one.")
    return opened
