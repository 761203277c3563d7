"""The four reaction times of K4 (K2's rules). Pure.

A clock that runs counts up to now; a dialog marked as spam has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from openlines.policies.facts import DialogFacts, State


@dataclass(frozen=True)
class ReactionTimes:
    """None: there is nothing to measure. ``running``: a clock runs, the figures are those of this moment."""

    first: timedelta | None = None
    total: timedelta | None = None
    average: timedelta | None = None
    maximum: timedelta | None = None
    running: bool = False


def reaction_times(dialog: DialogFacts, *, now: datetime) -> ReactionTimes:
    """First: to the dialog's first client message; empty where the dialog ended first ("no answer")."""
    if dialog.state is State.SPAM:
        return ReactionTimes()
    runs = max(now - dialog.clock_started_at, timedelta()) if dialog.clock_started_at else None
    count = dialog.reaction_count + (runs is not None)
    if not count:
        return ReactionTimes()
    total = dialog.reaction_total + (runs or timedelta())
    return ReactionTimes(
        first=dialog.first_reaction if dialog.reaction_count else runs,
        total=total,
        average=total / count,
        maximum=max(value for value in (dialog.reaction_max, runs) if value is not None),
        running=runs is not None,
    )
