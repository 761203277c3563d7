"""Whether somebody wrote since the person who answers last looked ("a reply against a stale view asks first", §11).

A colleague's message asks when it came after the text was begun: two people must not answer the same question. The
client's message asks only where it has not been in sight, either (a page that has not heard of it yet, that is hidden, or
scrolled away): clients write in bursts while an operator types, and what stands before the operator's eyes needs no
question. Notes, automatic texts and one's own messages never ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Side(StrEnum):
    CLIENT = "client"
    COLLEAGUE = "colleague"
    """A person of ours, also in the provider's own app."""


@dataclass(frozen=True)
class Known:
    """What a person knew of a dialog when giving a command; positions are ``Message.seq``.

    ``begun``: the newest message when the text was begun. ``looked``: the newest that had been in sight.
    ``rev``: the revision of the screen, for callers that know no positions.
    """

    begun: int | None = None
    looked: int | None = None
    rev: int | None = None

    @property
    def position(self) -> int | None:
        """What came after it may be unseen; None: only the revision says so."""
        return self.begun if self.begun is not None else self.looked


@dataclass(frozen=True)
class Written:
    """A message in a dialog. ``operator_id`` None: nobody of ours, or nobody knows who."""

    seq: int
    at: datetime
    side: Side
    text: str
    operator_id: int | None = None
    name: str = ""


def is_current(known: Known, *, rev: int, last_seq: int) -> bool:
    """Nothing can be unseen: decided by what the locked row tells."""
    if known.position is not None:
        return last_seq <= known.position
    return known.rev is None or rev <= known.rev


def unseen(known: Known, written: Iterable[Written], *, by: int) -> tuple[Written, ...]:
    """Those of ``written`` that the person ``by`` must be asked about, in their order."""
    begun = known.position or 0
    looked = max(begun, known.looked or 0)
    return tuple(
        one
        for one in written
        if one.operator_id != by and one.seq > (looked if one.side is Side.CLIENT else begun)
    )
