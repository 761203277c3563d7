"""The life of a dialog: states, events and the one table of transitions (spec §11). Pure.

``step`` is the only place where a state follows from another. It takes the facts of a dialog before an event and
gives the facts after it, the texts that are due and what happened to the reaction clock (K2). Services write the
difference; the deadlines follow from the facts alone (``policies/deadlines.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from openlines.policies.facts import (
    HELD,
    IN_QUEUE,
    OPEN,
    DialogFacts,
    FinishAs,
    LineSettings,
    Outcome,
    State,
    TextTrigger,
)


class Event(StrEnum):
    CLIENT_WRITES = "client_writes"
    BOT_ANSWERS = "bot_answers"
    HAND_OVER = "hand_over"
    BOT_FINISHES = "bot_finishes"
    ACCEPT = "accept"
    TAKE_OVER = "take_over"
    TRANSFER = "transfer"
    REPLY = "reply"
    REPLY_FAILS = "reply_fails"
    WRITTEN_OUTSIDE = "written_outside"
    OFFER_LAPSES = "offer_lapses"
    SKIP = "skip"
    TRANSFER_TO_LINE = "transfer_to_line"
    BACK_TO_QUEUE = "back_to_queue"
    OPERATOR_LOST = "operator_lost"
    FINISH = "finish"
    AUTO_CLOSE = "auto_close"
    RATED_AND_CLOSED = "rated_and_closed"
    TIME_OVER = "time_over"
    SPAM = "spam"


class Ends(StrEnum):
    """Targets that depend on more than the state before."""

    ENDING = "ending"
    """Wrap-up, or closed where nothing is to be said or rated."""
    SAME = "same"
    TO_OPERATOR = "to_operator"
    """Waiting; to the queue where there is no operator (somebody wrote outside, B7)."""
    BACK_FROM_WRAP_UP = "back_from_wrap_up"
    """To the same operator; to the queue where there is none, or they are away; after a bot's finish to the bot."""


S, E = State, Event
_TABLE: dict[State, dict[Event, State | Ends]] = {
    S.WITH_BOT: {
        E.CLIENT_WRITES: Ends.SAME,
        E.BOT_ANSWERS: Ends.SAME,
        E.HAND_OVER: S.NEW,
        E.BOT_FINISHES: Ends.ENDING,
        E.AUTO_CLOSE: Ends.ENDING,
        E.WRITTEN_OUTSIDE: S.ANSWERED,
    },
    S.NEW: {E.CLIENT_WRITES: Ends.SAME, E.WRITTEN_OUTSIDE: Ends.SAME},
    S.RETURNED: {E.CLIENT_WRITES: Ends.SAME, E.WRITTEN_OUTSIDE: Ends.SAME},
    S.ACCEPTED: {E.CLIENT_WRITES: S.WAITING, E.REPLY: S.ANSWERED, E.WRITTEN_OUTSIDE: S.ANSWERED},
    S.WAITING: {E.CLIENT_WRITES: Ends.SAME, E.REPLY: S.ANSWERED, E.WRITTEN_OUTSIDE: S.ANSWERED},
    S.ANSWERED: {
        E.CLIENT_WRITES: Ends.TO_OPERATOR,
        E.REPLY: S.ANSWERED,
        E.REPLY_FAILS: S.WAITING,
        E.WRITTEN_OUTSIDE: S.ANSWERED,
    },
    S.WRAP_UP: {
        E.CLIENT_WRITES: Ends.BACK_FROM_WRAP_UP,
        E.REPLY: S.ANSWERED,
        E.TIME_OVER: S.CLOSED,
        E.FINISH: S.CLOSED,
        E.RATED_AND_CLOSED: S.CLOSED,
        E.WRITTEN_OUTSIDE: Ends.SAME,
    },
    S.CLOSED: {},
    S.SPAM: {},
}
for _state in (S.WITH_BOT, S.NEW, S.RETURNED):
    _TABLE[_state] |= {
        E.ACCEPT: S.ACCEPTED,
        E.TAKE_OVER: S.ACCEPTED,
        E.TRANSFER: S.ACCEPTED,
        E.REPLY: S.ANSWERED,
        E.FINISH: Ends.ENDING,
    }
for _state in IN_QUEUE:
    _TABLE[_state] |= {
        E.OFFER_LAPSES: S.RETURNED,
        E.SKIP: S.RETURNED,
        E.TRANSFER_TO_LINE: S.RETURNED,
        E.AUTO_CLOSE: Ends.ENDING,
    }
for _state in HELD:
    _TABLE[_state] |= {
        E.TRANSFER: Ends.SAME,
        E.TAKE_OVER: Ends.SAME,
        E.BACK_TO_QUEUE: S.RETURNED,
        E.TRANSFER_TO_LINE: S.RETURNED,
        E.OPERATOR_LOST: S.RETURNED,
        E.FINISH: Ends.ENDING,
        E.AUTO_CLOSE: Ends.ENDING,
        E.RATED_AND_CLOSED: S.CLOSED,
    }
for _state in OPEN:
    _TABLE[_state][E.SPAM] = S.SPAM


QUIET_ON_CLIENT_MESSAGE = frozenset(
    state for state in (S.NEW, S.RETURNED, S.WAITING) if _TABLE[state][E.CLIENT_WRITES] is Ends.SAME
)
"""States in which a further client's message changes no state, no clock and no deadline: the hot path's short way."""


class Refused(Exception):
    """The event does not apply in this state. ``code`` for programs; the screen's words are made by the caller."""

    def __init__(self, code: str, state: State) -> None:
        super().__init__(f"{code} in state {state}")
        self.code = code
        self.state = state


@dataclass(frozen=True)
class Reaction:
    """One run of the reaction clock that has ended (K2); not ``answered``: the dialog ended first ("no answer")."""

    started_at: datetime
    ended_at: datetime
    answered: bool


@dataclass(frozen=True)
class Step:
    """One transition. ``texts``: automatic texts due now; ``reaction``: the clock's run that this event ended."""

    before: DialogFacts
    after: DialogFacts
    event: Event
    texts: tuple[TextTrigger, ...] = ()
    reaction: Reaction | None = None

    @property
    def leaves_queue(self) -> bool:
        """Offers that stand are withdrawn."""
        return self.before.state in IN_QUEUE and self.after.state not in IN_QUEUE

    @property
    def enters_queue(self) -> bool:
        """Somebody must be found for it: distribution follows the commit."""
        return self.after.state in IN_QUEUE and self.after.distribute_since is not None


def allowed(state: State, event: Event) -> bool:
    return event in _TABLE[state]


RATING_PENDING = timedelta(days=7)
"""R5: how long a request for a rating is pending where the line has no limit of its own."""


def begin(*, now: datetime, with_bot: bool = False, frozen: bool = False) -> DialogFacts:
    """A dialog that a client's message opens; the message itself follows as ``CLIENT_WRITES``.

    ``frozen``: its line is off; it is kept for the administrator's release (L4).
    """
    if frozen:
        return DialogFacts(state=S.NEW, frozen_at=now, last_activity_at=now)
    if with_bot:
        return DialogFacts(state=S.WITH_BOT, bot_joined_at=now, last_activity_at=now)
    return DialogFacts(state=S.NEW, queued_at=now, distribute_since=now, last_activity_at=now)


def released(dialog: DialogFacts, *, now: datetime) -> DialogFacts:
    """L4: a kept dialog comes to the queue, and its clocks start now."""
    return replace(
        _shown(dialog, now=now),
        clock_started_at=now,
        unanswered_since=now,
        last_activity_at=now,
        released_at=now,
    )


def awoken(dialog: DialogFacts, *, now: datetime) -> DialogFacts:
    """L4: the client of a kept dialog writes although nobody has released it, and its line is on again. It comes to the
    queue; the clocks start with that message, which follows as ``CLIENT_WRITES``.
    """
    return replace(_shown(dialog, now=now), clock_started_at=None, unanswered_since=None)


def _shown(dialog: DialogFacts, *, now: datetime) -> DialogFacts:
    return replace(dialog, frozen_at=None, queued_at=now, distribute_since=now, offer_until=None)


def begin_by_operator(*, operator_id: int, now: datetime) -> DialogFacts:
    return DialogFacts(state=S.ACCEPTED, operator_id=operator_id, accepted_at=now, last_activity_at=now)


def step(
    dialog: DialogFacts,
    event: Event,
    *,
    settings: LineSettings,
    now: datetime,
    operator_id: int | None = None,
    operator_away: bool = False,
    reachable: bool = True,
    first_message_at: datetime | None = None,
    outcome: Outcome | None = None,
    bot_on: bool = False,
) -> Step:
    """The dialog after ``event`` at ``now``.

    ``operator_id``: who accepts, replies, takes over, finishes, or is transferred to. ``operator_away``: the holder
    cannot take the dialog back from wrap-up (Q9). ``reachable`` False: no text can reach the client, so there is
    nothing to wrap up (§6). ``first_message_at``: with ``REPLY_FAILS``, where the clock had started. ``outcome``: with
    ``FINISH`` and ``BOT_FINISHES``, what was said of it (R8). ``bot_on``: the line's bot is switched on, and takes a
    dialog back that it has finished.
    Raises ``Refused`` where §11 knows no such transition.
    """
    target = _TABLE[dialog.state].get(event)
    if target is None:
        raise Refused("not_allowed", dialog.state)
    texts: tuple[TextTrigger, ...] = ()
    if target is Ends.ENDING:
        state, texts = _ending(event, dialog, settings, reachable=reachable)
    elif target is Ends.SAME:
        state = dialog.state
    elif target is Ends.TO_OPERATOR:
        state = S.RETURNED if dialog.operator_id is None else S.WAITING
    elif target is Ends.BACK_FROM_WRAP_UP:
        state = _back_from_wrap_up(dialog, operator_away=operator_away, bot_on=bot_on)
    else:
        state = target
    after, reaction = _clock(dialog, event, state, now=now, first_message_at=first_message_at)
    after = _operator(after, event, state, now=now, operator_id=operator_id)
    after = _marks(after, event, dialog, state, now=now)
    after = without_finish(_put_aside(after, event, state))
    if outcome is not None and state in (S.WRAP_UP, S.CLOSED):
        after = replace(after, outcome=outcome)
    if TextTrigger.RATING_REQUEST in texts:
        pending = now + (settings.rating_limit or RATING_PENDING)
        after = replace(after, rating_asked_at=now, rating_pending_until=pending)
    return Step(before=dialog, after=replace(after, state=state), event=event, texts=texts, reaction=reaction)


def _back_from_wrap_up(dialog: DialogFacts, *, operator_away: bool, bot_on: bool) -> State:
    if dialog.operator_id is not None:
        return S.RETURNED if operator_away else S.WAITING
    was_the_bots = dialog.bot_joined_at is not None and dialog.unanswered_since is None
    return S.WITH_BOT if was_the_bots and bot_on else S.RETURNED


def _ending(
    event: Event, dialog: DialogFacts, settings: LineSettings, *, reachable: bool
) -> tuple[State, tuple[TextTrigger, ...]]:
    """A6, A7, A9, R1: what is said at the end, and whether there is a time to rate or think again."""
    if event is E.BOT_FINISHES:  # B3: no text, no rating, and A7 runs all the same
        return (S.WRAP_UP if reachable and settings.wrap_up else S.CLOSED), ()
    texts: tuple[TextTrigger, ...] = ()
    if reachable and event is E.FINISH and settings.finish_text:
        texts = (TextTrigger.FINISHED,)
    if reachable and event is E.AUTO_CLOSE and settings.auto_close_text:
        texts = (TextTrigger.AUTO_CLOSED,)
    if reachable and asks_rating(dialog, settings):
        texts = (*texts, TextTrigger.RATING_REQUEST)
    return (S.WRAP_UP if texts and settings.wrap_up else S.CLOSED), texts


def asks_rating(dialog: DialogFacts, settings: LineSettings) -> bool:
    """R1: once a dialog; not where no person replied to the client, nor where the client has rated already."""
    if not settings.rating or dialog.first_reply_at is None:
        return False
    return dialog.rating_asked_at is None and dialog.client_rating is None


def _clock(
    dialog: DialogFacts, event: Event, state: State, *, now: datetime, first_message_at: datetime | None
) -> tuple[DialogFacts, Reaction | None]:
    """K2: starts at the first unanswered client message, stops at a person's reply, ends unanswered with the dialog."""
    started = dialog.clock_started_at
    if event is E.CLIENT_WRITES and state is not S.WITH_BOT:
        return replace(dialog, clock_started_at=started or now), None
    if event is E.HAND_OVER:
        return replace(dialog, clock_started_at=now if dialog.first_client_message_at else None), None
    if event is E.REPLY_FAILS:
        return replace(dialog, clock_started_at=first_message_at or now), None
    if event is E.SPAM:
        return replace(dialog, clock_started_at=None), None
    answered = event in (E.REPLY, E.WRITTEN_OUTSIDE)
    if started is None or not (answered or state in (S.WRAP_UP, S.CLOSED)):
        return dialog, None
    reaction = Reaction(started_at=started, ended_at=max(now, started), answered=answered)
    return count_reaction(replace(dialog, clock_started_at=None), reaction), reaction


def count_reaction(dialog: DialogFacts, reaction: Reaction) -> DialogFacts:
    """K4: a run that ended counts in total and maximum; *first* only when the very first run was answered."""
    spent = reaction.ended_at - reaction.started_at
    return replace(
        dialog,
        first_reaction=spent if reaction.answered and dialog.reaction_count == 0 else dialog.first_reaction,
        reaction_total=dialog.reaction_total + spent,
        reaction_max=max(spent, dialog.reaction_max) if dialog.reaction_max is not None else spent,
        reaction_count=dialog.reaction_count + 1,
    )


def _operator(
    dialog: DialogFacts, event: Event, state: State, *, now: datetime, operator_id: int | None
) -> DialogFacts:
    """Who holds it, and whether it stands in the queue."""
    if state in IN_QUEUE:
        if dialog.state not in IN_QUEUE or event is E.TRANSFER_TO_LINE:
            out = replace(dialog, operator_id=None, queued_at=now, distribute_since=now)
            return _without_offer(out)
        if event in (E.OFFER_LAPSES, E.SKIP):
            return _without_offer(replace(dialog, distribute_since=now))
        return dialog
    out = _without_offer(replace(dialog, queued_at=None, distribute_since=None))
    if event in (E.ACCEPT, E.TAKE_OVER, E.TRANSFER):
        return replace(out, operator_id=operator_id, accepted_at=dialog.accepted_at or now)
    if event in (E.REPLY, E.FINISH) and dialog.operator_id is None:
        return replace(out, operator_id=operator_id, accepted_at=dialog.accepted_at or now)
    return out


def _marks(
    dialog: DialogFacts, event: Event, before: DialogFacts, state: State, *, now: datetime
) -> DialogFacts:
    """Times of §11's list, the unanswered mark (A4), and where A7 and A8 count from."""
    out = dialog
    if event is E.CLIENT_WRITES:
        out = replace(
            out,
            first_client_message_at=out.first_client_message_at or now,
            last_activity_at=now,
            released_at=None,
        )
        if state is not S.WITH_BOT:
            out = replace(out, unanswered_since=out.unanswered_since or now)
    if event is E.HAND_OVER and out.first_client_message_at:
        out = replace(out, unanswered_since=out.unanswered_since or now)
    if event is E.BOT_ANSWERS:
        out = replace(out, last_bot_message_at=now, last_activity_at=now)
    if event in (E.ACCEPT, E.TAKE_OVER, E.TRANSFER):
        out = replace(out, last_activity_at=now)
    if event in (E.REPLY, E.WRITTEN_OUTSIDE):
        out = replace(out, is_unanswered=False, last_activity_at=now, last_reply_at=now)
        if out.first_client_message_at:  # what we said before he wrote answers nothing (A4)
            out = replace(out, first_reply_at=out.first_reply_at or now)
    if event is E.REPLY_FAILS:
        out = replace(out, last_activity_at=now)
    if out.last_activity_at != dialog.last_activity_at:  # A8 counts anew; put aside, from when that is over
        still = out.snoozed_until - now if out.snoozed_until else timedelta()
        out = replace(out, auto_close_put_off=max(still, timedelta()))
    if state in (S.WRAP_UP, S.CLOSED) and before.state is not S.WRAP_UP:
        out = replace(out, finished_at=now)
    if state is S.WRAP_UP and before.state is not S.WRAP_UP:
        out = replace(out, wrap_up_from=now)
    if before.state is S.WRAP_UP and state is not S.WRAP_UP:
        out = replace(out, wrap_up_from=None, finished_at=out.finished_at if state is S.CLOSED else None)
    if state is S.WITH_BOT and before.state is S.WRAP_UP:
        out = replace(out, bot_joined_at=now)
    if state in (S.CLOSED, S.SPAM):
        out = replace(out, closed_at=now)
    return out


def _put_aside(dialog: DialogFacts, event: Event, state: State) -> DialogFacts:
    """What ends a pin (transfer, take-over, finish), a snooze (also the client's message), an outcome and a request."""
    out = dialog
    given_away = event in (E.TRANSFER, E.TAKE_OVER) or state not in HELD
    if given_away:
        out = replace(out, pinned_at=None)
    if given_away or event is E.CLIENT_WRITES:
        out = replace(out, snoozed_until=None, kept_open_until=None, auto_close_put_off=timedelta())
    if event in (E.CLIENT_WRITES, E.SPAM):
        out = replace(out, rating_pending_until=None)
    if state not in (S.WRAP_UP, S.CLOSED):
        out = replace(out, outcome="")
    return out


def rated(dialog: DialogFacts, *, value: int, now: datetime) -> DialogFacts:
    """R3: a rating changes no state; in wrap-up it starts A7 anew. R5: it is no longer pending."""
    again = now if dialog.state is S.WRAP_UP else dialog.wrap_up_from
    return replace(dialog, client_rating=value, rating_pending_until=None, wrap_up_from=again)


def mark_unanswered(dialog: DialogFacts, *, now: datetime) -> DialogFacts:
    """A4: the mark, once a dialog; it stays in the statistics as ``marked_unanswered_at``."""
    return replace(dialog, is_unanswered=True, marked_unanswered_at=now)


def offered(dialog: DialogFacts, *, until: datetime | None) -> DialogFacts:
    """A distribution has offered it; ``until`` None: the offer stays with its holder until somebody else is free (Q3)."""
    return replace(dialog, distribute_since=None, offer_until=until, offer_held_from=None)


def left_waiting(dialog: DialogFacts) -> DialogFacts:
    """A distribution has looked at it and found nobody (Q7)."""
    return _without_offer(replace(dialog, distribute_since=None))


def _without_offer(dialog: DialogFacts) -> DialogFacts:
    return replace(dialog, offer_until=None, offer_held_from=None)


def finishing(dialog: DialogFacts, *, at: datetime, by: int, as_: FinishAs) -> DialogFacts:
    """A person has asked to finish it, and can undo that until ``at``. Whatever else happens calls it off."""
    return replace(dialog, finish_at=at, finish_by_id=by, finish_as=as_)


def without_finish(dialog: DialogFacts) -> DialogFacts:
    return replace(dialog, finish_at=None, finish_by_id=None, finish_as="")
