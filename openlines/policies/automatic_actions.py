"""Which automatic texts are due (A1, A5). Pure. Those at a dialog's end come with the life cycle's step (A6, A9)."""

from __future__ import annotations

from datetime import datetime

from openlines.policies.deadlines import LATE_TEXT
from openlines.policies.facts import DialogFacts, GreetingRule, LineSettings


def greets(settings: LineSettings, *, first_contact: bool, bot_took_over: bool = False) -> bool:
    """A1. ``first_contact``: the client has no earlier dialog on this connection, spam aside."""
    if not settings.greeting or bot_took_over:
        return False
    return first_contact or settings.greeting_rule is GreetingRule.EVERY_DIALOG


def excuses(settings: LineSettings, dialog: DialogFacts) -> bool:
    """A5: at the moment of A4's mark, if no person has replied, accepted or not."""
    return settings.unanswered_text and dialog.first_reply_at is None


def too_late(*, due_at: datetime, now: datetime) -> bool:
    """A12: dropped rather than sent when it no longer fits the moment."""
    return now - due_at > LATE_TEXT
