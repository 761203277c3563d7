"""§11's deadline table: which deadlines a dialog has, and when each is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from openlines.policies.facts import DeadlineKind, DialogFacts, LineSettings, State

K = DeadlineKind

RUNS: dict[State, frozenset[DeadlineKind]] = {
    State.WITH_BOT: frozenset({K.HAND_OVER, K.AUTO_CLOSE}),
    State.NEW: frozenset({K.DISTRIBUTE, K.OFFER, K.UNANSWERED, K.KPI}),
    State.RETURNED: frozenset({K.DISTRIBUTE, K.OFFER, K.UNANSWERED, K.KPI}),
    State.ACCEPTED: frozenset({K.UNANSWERED, K.KPI, K.AUTO_CLOSE}),
    State.WAITING: frozenset({K.UNANSWERED, K.KPI}),
    State.ANSWERED: frozenset({K.AUTO_CLOSE}),
    State.WRAP_UP: frozenset({K.CLOSE}),
    State.CLOSED: frozenset(),
    State.SPAM: frozenset(),
}
"""The table as the specification has it, a row a state."""

DISTRIBUTE_NET = timedelta(seconds=2)
"""A dialog that came to the queue is distributed right after its commit; the net below looks this much later."""

LATE_TEXT = timedelta(minutes=15)
"""A12: an automatic text that could not go out within this time of being due is dropped."""


PINNED = timedelta(days=7)
"""A8: a pinned dialog closes by itself after this, or the line's own time where that is longer."""
TYPING_GAINS = timedelta(minutes=10)
"""A8: what typing with less than this left gains."""


def due(dialog: DialogFacts, settings: LineSettings) -> dict[DeadlineKind, datetime]:
    """Every deadline that ``dialog`` must have, with its time; kinds that are not here must not be pending. Besides the
    table's: a finish that a person has asked for.

    L4: a frozen dialog has none. What came due while it was frozen is counted anew from when it went on.
    """
    if dialog.frozen_at:
        return {}
    found = {kind: _due(kind, dialog, settings) for kind in RUNS[dialog.state]}
    found[K.FINISH] = dialog.finish_at
    return {kind: at for kind, at in found.items() if at is not None}


def _due(kind: DeadlineKind, dialog: DialogFacts, settings: LineSettings) -> datetime | None:
    match kind:
        case K.DISTRIBUTE:
            return dialog.distribute_since + DISTRIBUTE_NET if dialog.distribute_since else None
        case K.OFFER:
            return dialog.offer_until
        case K.UNANSWERED:
            if dialog.first_reply_at or dialog.marked_unanswered_at or not dialog.unanswered_since:
                return None
            return _count(dialog.unanswered_since, settings.unanswered_after, dialog)
        case K.KPI:
            return _count(dialog.clock_started_at, reaction_target(dialog, settings), dialog)
        case K.HAND_OVER:
            return _count(dialog.bot_joined_at, settings.bot_hand_over_after, dialog)
        case K.AUTO_CLOSE:
            return _auto_close(dialog, settings)
        case K.CLOSE:
            return _count(dialog.wrap_up_from, settings.wrap_up, dialog)
        case K.FINISH:
            return dialog.finish_at


def _count(since: datetime | None, span: timedelta | None, dialog: DialogFacts) -> datetime | None:
    """``span`` after ``since``; counted anew where that came while the line was off (L4)."""
    if since is None or span is None:
        return None
    return _or_anew(since + span, since=since, span=span, dialog=dialog)


def _or_anew(at: datetime, *, since: datetime, span: timedelta, dialog: DialogFacts) -> datetime:
    if dialog.resumed_at and since < dialog.resumed_at and at <= dialog.resumed_at:
        return dialog.resumed_at + span
    return at


def _auto_close(dialog: DialogFacts, settings: LineSettings) -> datetime | None:
    """A8: never while a client's message waits; with a bot from the bot's last message. Pinned: at least 7 days; a
    snooze makes it stand still, typing near the end gains time.
    """
    if dialog.state is State.WITH_BOT:
        since = dialog.last_bot_message_at or dialog.bot_joined_at
    elif dialog.clock_started_at:
        since = None
    else:
        since = dialog.last_activity_at
    if since is None:
        return None
    span = max(settings.auto_close_after, PINNED) if dialog.pinned_at else settings.auto_close_after
    at = _or_anew(since + span + dialog.auto_close_put_off, since=since, span=span, dialog=dialog)
    return max(at, dialog.kept_open_until or at, dialog.snoozed_until or at)


def put_aside(
    dialog: DialogFacts, settings: LineSettings, *, until: datetime | None, now: datetime
) -> DialogFacts:
    """§11, snooze ``until`` then, None: awake again. A8 stands still meanwhile; its rest runs on afterwards."""
    asleep_until = dialog.snoozed_until if dialog.snoozed_until and dialog.snoozed_until > now else None
    aside = replace(dialog, snoozed_until=until)
    at = _auto_close(dialog, settings)
    if at is None:
        return aside
    rest = max(at - (asleep_until or now), timedelta())
    wanted = max(until or now, now) + rest
    plain = _auto_close(
        replace(aside, snoozed_until=None, kept_open_until=None, auto_close_put_off=timedelta()), settings
    )
    if plain is None:
        return aside
    return replace(aside, kept_open_until=None, auto_close_put_off=max(wanted - plain, timedelta()))


def kept_open_by_typing(dialog: DialogFacts, settings: LineSettings, *, now: datetime) -> datetime | None:
    """A8: until when the operator's typing keeps the dialog open; None where it changes nothing."""
    at = due(dialog, settings).get(K.AUTO_CLOSE)
    if dialog.state is not State.ANSWERED or at is None or at - now >= TYPING_GAINS:
        return None
    return at + TYPING_GAINS


def reaction_target(dialog: DialogFacts, settings: LineSettings) -> timedelta | None:
    """K1: the first reaction's target until the first clock has ended; first off, further set: further holds for both."""
    if dialog.reaction_count == 0:
        return settings.first_reaction_target or settings.further_reaction_target
    return settings.further_reaction_target


def changed(
    before: dict[DeadlineKind, datetime], after: dict[DeadlineKind, datetime]
) -> tuple[dict[DeadlineKind, datetime], frozenset[DeadlineKind]]:
    """What to set and what to withdraw to come from ``before`` to ``after``: nothing where nothing changed."""
    set_ = {kind: at for kind, at in after.items() if before.get(kind) != at}
    return set_, frozenset(before.keys() - after.keys())
