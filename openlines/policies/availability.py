"""Q4: whether a queue member is a candidate now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from openlines.policies.routing import Obstacle

OFFLINE_PATIENCE = timedelta(minutes=5)
"""Q9: a connection may drop for a moment."""


@dataclass(frozen=True)
class Presence:
    """What is known of an employee at a moment.

    ``leave_since``: an absence covers now in his own zone; ``leave_whole_day``: it covers the day or more.
    ``tracked``: work-day tracking holds for him, so that ``day_since`` decides and not ``online``.
    ``seen_at``: when a desk page last answered.
    """

    dismissed: bool = False
    leave_since: datetime | None = None
    leave_kind: str = ""
    leave_whole_day: bool = False
    break_since: datetime | None = None
    tracked: bool = False
    day_since: datetime | None = None
    online: bool = False
    seen_at: datetime | None = None


def obstacle(presence: Presence, *, check: bool) -> tuple[Obstacle | None, str]:
    """(why not, since when as ISO or empty); (None, "") for a candidate. ``check`` off: every active employee is one."""
    if presence.dismissed:
        return Obstacle.DISMISSED, ""
    if not check:
        return None, ""
    if presence.leave_since:
        return Obstacle.ON_LEAVE, presence.leave_since.isoformat()
    if presence.break_since:
        return Obstacle.ON_BREAK, presence.break_since.isoformat()
    if presence.tracked:
        return (None, "") if presence.day_since else (Obstacle.DAY_NOT_STARTED, "")
    if not presence.online:
        return Obstacle.OFFLINE, presence.seen_at.isoformat() if presence.seen_at else ""
    return None, ""


def away_since(presence: Presence) -> datetime | None:
    """Since when he is away, on lines with the check; None where these facts do not say so: his day does not run, or he
    has never been at the desk. Whatever came to him later came on purpose.
    """
    if presence.leave_since or presence.break_since:
        return min(at for at in (presence.leave_since, presence.break_since) if at is not None)
    if presence.tracked:
        return None
    return presence.seen_at + OFFLINE_PATIENCE if presence.seen_at else None


def is_away(presence: Presence, *, check: bool, now: datetime) -> bool:
    """Q9: his dialogs do not wait for him. On every line a leave of a whole day or longer and dismissal count; on
    lines with the check also what makes him no candidate, but being offline only after five minutes.
    """
    if presence.dismissed or (presence.leave_since is not None and presence.leave_whole_day):
        return True
    why = obstacle(presence, check=check)[0]
    if why is Obstacle.OFFLINE:
        return presence.seen_at is None or now - presence.seen_at >= OFFLINE_PATIENCE
    return why is not None
