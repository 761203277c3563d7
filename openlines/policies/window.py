"""How long a channel lets us write after the client's last message, and what may be sent now. Pure.

Meta's channels: anything for 24 hours; on some of them only people after that, for 7 days (HUMAN_AGENT); then nothing
but templates, where there are any. Decided here for the outbox, for the reply and for what the desk shows before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

WARNS_BEFORE: Final = timedelta(hours=4)
"""The desk speaks of an open window when less than this is left of it."""


@dataclass(frozen=True)
class Rules:
    """A channel's own. Both times count from the client's last message; ``free`` None: there is no window."""

    free: timedelta | None = None
    late: timedelta | None = None
    templates: bool = False


class Stage(StrEnum):
    ALWAYS = "always"
    """The channel has no window."""
    OPEN = "open"
    LATE = "late"
    """Only people may write."""
    OVER = "over"


@dataclass(frozen=True)
class Window:
    """``until``: when this stage ends; None where it does not end by itself."""

    stage: Stage
    until: datetime | None = None
    templates: bool = False
    """Templates may be sent, whatever the stage."""

    def takes(self, *, by_person: bool) -> bool:
        """Whether a free text may be sent. Templates and human-agent tags are never used for automatic texts (§6)."""
        return self.stage in (Stage.ALWAYS, Stage.OPEN) or (by_person and self.stage is Stage.LATE)

    def is_near_its_end(self, *, now: datetime) -> bool:
        return self.until is not None and self.until - now < WARNS_BEFORE


def look(rules: Rules, *, wrote_at: datetime | None, now: datetime) -> Window:
    """The window of a client who last wrote at ``wrote_at`` (None: never). At its very end it is over."""
    if rules.free is None:
        return Window(Stage.ALWAYS, templates=rules.templates)
    if wrote_at is not None:
        if now < wrote_at + rules.free:
            return Window(Stage.OPEN, until=wrote_at + rules.free, templates=rules.templates)
        if rules.late is not None and now < wrote_at + rules.late:
            return Window(Stage.LATE, until=wrote_at + rules.late, templates=rules.templates)
    return Window(Stage.OVER, templates=rules.templates)
