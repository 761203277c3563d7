"""How a connection does (L1), from facts that services read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WEEKS = 4
"""So far back one looks to know what is usual."""
LEAST_A_WEEK = 20
"""Messages; who gets fewer is not called silent."""
LONGER = 3
"""So many times the longest usual gap is silence."""


class Health(StrEnum):
    OK = "ok"
    SILENT = "silent"
    FAILING = "failing"
    OFF = "off"


@dataclass(frozen=True)
class ConnectionFacts:
    """``paused``: the provider refused our credentials; ``failed``: the last call or check did not work.

    ``longest_gap``: between messages around this weekday and hour in the last four weeks; None where nothing is known.
    """

    is_active: bool
    paused: bool = False
    failed: bool = False
    last_in: datetime | None = None
    messages: int = 0
    """In the last four weeks."""
    longest_gap: timedelta | None = None


def assess(facts: ConnectionFacts, *, now: datetime) -> Health:
    if not facts.is_active:
        return Health.OFF
    if facts.paused or facts.failed:
        return Health.FAILING
    if (
        facts.messages >= WEEKS * LEAST_A_WEEK
        and facts.longest_gap is not None
        and facts.last_in is not None
        and now - facts.last_in > LONGER * facts.longest_gap
    ):
        return Health.SILENT
    return Health.OK
