"""Which automatic texts are due, and which the channel forbids (P1, A1, A5, W4–W6, §6 "Order"). Pure.

Those at a dialog's end come with the life cycle's step (A6, A9, R1).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from openlines.policies import window, worktime
from openlines.policies.conversants import Channel, ClientFacts
from openlines.policies.deadlines import LATE_TEXT
from openlines.policies.facts import (
    CLOSED_NOTICES,
    OPEN,
    ConsentState,
    DialogFacts,
    GreetingRule,
    LineSettings,
    OffHoursRule,
    State,
    TextTrigger,
)

HOUR = timedelta(hours=1)
"""Within which a channel may limit automatic texts to one client."""
FORGOTTEN = timedelta(minutes=30)
"""W4: a person's reply keeps the text back for this long."""

_BY_RULE = {
    worktime.Rule.DAY_OFF: TextTrigger.DAY_OFF,
    worktime.Rule.HOLIDAY: TextTrigger.HOLIDAY,
    worktime.Rule.COUNTRY_HOLIDAY: TextTrigger.HOLIDAY,
}


class Why(StrEnum):
    """Why an automatic text that was due is not sent; it is said in the dialog."""

    UNREACHABLE = "unreachable"
    WINDOW_OVER = "window_over"
    MACHINE = "machine"
    TOO_MANY = "too_many"
    """Two machines that do not know one another as such could write to each other without end."""
    LINE_OFF = "line_off"
    LATE = "late"
    OUTDATED = "outdated"
    """It is no longer true: somebody has replied, or the line has opened."""


def greets(settings: LineSettings, *, first_contact: bool, bot_took_over: bool = False) -> bool:
    """A1. ``first_contact``: the client has no earlier dialog on this connection, spam aside."""
    if not settings.greeting or bot_took_over:
        return False
    return first_contact or settings.greeting_rule is GreetingRule.EVERY_DIALOG


def excuses(settings: LineSettings, dialog: DialogFacts) -> bool:
    """A5: at the moment of A4's mark, if no person has replied, accepted or not; not after W4's or W5's text (W6)."""
    return settings.unanswered_text and dialog.first_reply_at is None and dialog.closed_notice_at is None


def off_hours_notice(settings: LineSettings, dialog: DialogFacts, *, now: datetime) -> TextTrigger | None:
    """W4: what the client is told outside working time, if the one slot of the dialog is free."""
    if settings.off_hours_rule is not OffHoursRule.TEXT or not _slot_is_free(dialog, now=now):
        return None
    found = worktime.look(settings.working_time, now)
    return None if found.is_open else _BY_RULE.get(found.rule, TextTrigger.OFF_HOURS)


def unavailable_notice(
    settings: LineSettings, dialog: DialogFacts, *, somebody_available: bool, now: datetime
) -> TextTrigger | None:
    """W5: with the check on and not one candidate available; full is not unavailable. The same slot as W4's."""
    if somebody_available or not settings.check_availability or not settings.unavailable_text:
        return None
    return TextTrigger.UNAVAILABLE if _slot_is_free(dialog, now=now) else None


def _slot_is_free(dialog: DialogFacts, *, now: datetime) -> bool:
    if dialog.closed_notice_at or dialog.state not in OPEN or dialog.state is State.WITH_BOT:
        return False
    if dialog.first_client_message_at is None:
        return False
    return dialog.last_reply_at is None or now - dialog.last_reply_at > FORGOTTEN


def quiet_until(settings: LineSettings, dialog: DialogFacts, *, now: datetime) -> datetime | None:
    """Until when a further client's message of a waiting dialog needs no decision; None: for as long as it waits.

    Outside working time it may be the one that W4's text answers.
    """
    off = settings.working_time is None or settings.off_hours_rule is not OffHoursRule.TEXT
    if off or dialog.closed_notice_at or dialog.frozen_at:
        return None
    if not worktime.look(settings.working_time, now).is_open:
        return now
    return worktime.next_change(settings.working_time, now)


def asks_consent(settings: LineSettings, client: ClientFacts) -> bool:
    """P1: once per client and version, again after a withdrawal; who refused is asked when he comes again."""
    if settings.consent_version is None:
        return False
    if client.consent in (ConsentState.ASKED, ConsentState.GIVEN):
        return client.consent_version != settings.consent_version
    return True


def consents_by_writing(client: ClientFacts, channel: Channel) -> bool:
    """P2: where the channel has no buttons, the client's next message counts."""
    return client.consent is ConsentState.ASKED and not channel.buttons and not client.is_machine


def forbidden(client: ClientFacts, channel: Channel, dialog: DialogFacts, *, now: datetime) -> Why | None:
    """§6: where the channel forbids an automatic text. Templates and human-agent tags are never used for one."""
    if dialog.frozen_at:
        return Why.LINE_OFF
    if not client.reachable:
        return Why.UNREACHABLE
    if client.is_machine:
        return Why.MACHINE
    if channel.automatic_an_hour is not None and client.automatic_texts >= channel.automatic_an_hour:
        return Why.TOO_MANY
    open_now = window.look(window.Rules(free=channel.window), wrote_at=client.last_wrote_at, now=now)
    if not open_now.takes(by_person=False):
        return Why.WINDOW_OVER
    return None


def too_late(*, due_at: datetime, now: datetime) -> bool:
    """A12: dropped rather than sent when it no longer fits the moment."""
    return now - due_at > LATE_TEXT


def outdated(
    trigger: TextTrigger, settings: LineSettings, dialog: DialogFacts, *, written_at: datetime, now: datetime
) -> bool:
    """§6: a text that waited to be sent and is no longer true: dropped."""
    replied = dialog.last_reply_at is not None and dialog.last_reply_at >= written_at
    if trigger in (TextTrigger.UNANSWERED, TextTrigger.UNAVAILABLE):
        return replied
    if trigger in CLOSED_NOTICES:
        return replied or worktime.look(settings.working_time, now).is_open
    return False
