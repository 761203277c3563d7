"""What a journey is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Tone(StrEnum):
    PLAIN = "plain"
    GOOD = "good"
    DOUBT = "doubt"
    """Not known, or to be tried again."""
    BAD = "bad"


@dataclass(frozen=True)
class Id:
    """What support asks for: the provider's id of a message, ours, a delivery's key."""

    label: str
    value: str


@dataclass(frozen=True)
class Step:
    """``at``: by our clock. ``told_at``: by the clock of the channel, where it says a time of its own."""

    at: datetime
    title: str
    detail: str = ""
    tone: Tone = Tone.PLAIN
    told_at: datetime | None = None
    took: timedelta | None = None
    """Of a call to the provider."""
    ids: tuple[Id, ...] = ()
    delivery_id: int | None = None
    """The raw delivery in the inbound log."""
    since: timedelta | None = None
    """After the step before; None for the first, and where the clocks are not the same."""
    by_channel: bool = False
    """``at`` itself is by the channel's clock."""


@dataclass(frozen=True)
class Wait:
    """What stands between the message and its next step, with what to do where somebody can do something.

    ``behind``: the message of this dialog that goes first.
    """

    words: str
    since: datetime | None = None
    until: datetime | None = None
    behind: int | None = None
    tone: Tone = Tone.DOUBT


@dataclass(frozen=True)
class Journey:
    seq: int
    verdict: str
    """In one sentence where it is now."""
    tone: Tone
    steps: tuple[Step, ...]
    waits: tuple[Wait, ...] = ()
    notes: tuple[str, ...] = ()
    """What cannot be told, and why."""


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """By our clock, each with the time since the one before. Of the same instant: as they were given.

    A step by the channel's clock stands where it was put, first: clocks that differ must not turn the story round.
    """
    given = list(steps)
    theirs = [step for step in given if step.by_channel]
    ours = sorted((step for step in given if not step.by_channel), key=lambda step: step.at)
    told: list[Step] = []
    for step in (*theirs, *ours):
        before = told[-1] if told else None
        known = before is not None and not (before.by_channel and step.at < before.at)
        told.append(replace(step, since=step.at - before.at) if before is not None and known else step)
    return tuple(told)
