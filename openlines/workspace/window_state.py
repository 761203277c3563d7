"""What stands above the composer about the channel's window: nothing while there is time, then until when, then what
can be done instead. It changes by itself: the page looks again when a time in it is over (static/ui/clocks.js).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from openlines.policies.window import WARNS_BEFORE, Stage, Window


@dataclass(frozen=True)
class WindowState:
    """``until``: when the stage ends, ``when`` the same in words; ``warns_at``: from then on an open window is spoken of,
    None where it is already.
    """

    stage: str
    until: datetime | None
    when: str
    warns_at: datetime | None
    has_templates: bool


def of(window: Window, *, now: datetime) -> WindowState | None:
    """None where the channel has no window."""
    if window.stage is Stage.ALWAYS:
        return None
    quiet = window.stage is Stage.OPEN and not window.is_near_its_end(now=now)
    return WindowState(
        stage=window.stage,
        until=window.until,
        when=_when(window.until, now=now) if window.until else "",
        warns_at=window.until - WARNS_BEFORE if quiet and window.until else None,
        has_templates=window.templates,
    )


def _when(until: datetime, *, now: datetime) -> str:
    """By the reader's own clock; the day only where it is not today."""
    there = timezone.localtime(until)
    is_today = there.date() == timezone.localtime(now).date()
    return date_format(there, "H:i" if is_today else "D j M, H:i")
