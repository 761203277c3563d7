"""What follows from a happening in a dialog: steps of the life cycle and texts, in order. Pure.

One function a happening. The live services write what they get from here, and "Try your line" plays it on a virtual
clock: the very same decisions. Order after a client's message (§6): store; consent; greeting; distribution; then the
off-hours text or W5's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from openlines import lifecycle
from openlines.lifecycle import Event, Step
from openlines.policies import automatic_actions as actions
from openlines.policies.automatic_actions import Why
from openlines.policies.conversants import Channel, ClientFacts
from openlines.policies.facts import (
    HELD,
    IN_QUEUE,
    ConsentState,
    DeadlineKind,
    DialogFacts,
    FinishAs,
    LineSettings,
    Outcome,
    State,
    TextTrigger,
)


@dataclass(frozen=True)
class Say:
    """An automatic text to send now."""

    trigger: TextTrigger


@dataclass(frozen=True)
class Drop:
    """An automatic text that was due and is not sent."""

    trigger: TextTrigger
    why: Why


@dataclass(frozen=True)
class Note:
    """Something to tell in the dialog's story."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)


Effect = Step | Say | Drop | Note


@dataclass(frozen=True)
class Decided:
    """``effects`` in order; ``facts`` after all of them. ``consent``: what the client's consent has become, if it moved."""

    facts: DialogFacts
    effects: tuple[Effect, ...] = ()
    consent: ConsentState | None = None

    @property
    def texts(self) -> tuple[TextTrigger, ...]:
        return tuple(effect.trigger for effect in self.effects if isinstance(effect, Say))


@dataclass(frozen=True)
class Talk:
    """A dialog with who takes part in it."""

    facts: DialogFacts
    settings: LineSettings
    client: ClientFacts
    channel: Channel
    now: datetime


class _Play:
    """Collects effects while the facts move on."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.facts = talk.facts
        self.effects: list[Effect] = []
        self.consent: ConsentState | None = None

    def step(self, event: Event, **details: Any) -> Step:
        step = lifecycle.step(self.facts, event, settings=self.talk.settings, now=self.talk.now, **details)
        self.facts = step.after
        self.effects.append(step)
        return step

    def note(self, kind: str, **data: Any) -> None:
        self.effects.append(Note(kind, data))

    def say(self, trigger: TextTrigger, *, late: bool = False) -> None:
        talk = self.talk
        said = sum(isinstance(effect, Say) for effect in self.effects)
        client = replace(talk.client, automatic_texts=talk.client.automatic_texts + said)
        why = Why.LATE if late else actions.forbidden(client, talk.channel, self.facts, now=talk.now)
        trigger = for_channel(trigger, talk.channel)
        self.effects.append(Say(trigger) if why is None else Drop(trigger, why))

    def closed_notice(self, trigger: TextTrigger | None) -> None:
        """W4, W5: the slot is used up even where the channel forbids the text."""
        if trigger is not None:
            self.say(trigger)
            self.facts = replace(self.facts, closed_notice_at=self.talk.now)

    def decided(self) -> Decided:
        return Decided(self.facts, tuple(self.effects), self.consent)


_IN_CHAT = {
    TextTrigger.RATING_REQUEST: TextTrigger.RATING_REQUEST_CHAT,
    TextTrigger.RATED_GOOD: TextTrigger.RATED_GOOD_CHAT,
    TextTrigger.RATED_BAD: TextTrigger.RATED_BAD_CHAT,
}


def for_channel(trigger: TextTrigger, channel: Channel) -> TextTrigger:
    """R5: texts for the live chat and for other channels separately."""
    return _IN_CHAT.get(trigger, trigger) if channel.is_chat else trigger


def parts_of(trigger: TextTrigger, channel: Channel) -> tuple[TextTrigger, ...]:
    """The texts that one message is made of: without buttons it says how to answer (P2, R5)."""
    if trigger is TextTrigger.CONSENT and not channel.buttons and not channel.is_chat:
        return (trigger, TextTrigger.CONSENT_BY_WRITING)
    if trigger is TextTrigger.RATING_REQUEST and not channel.buttons:
        return (trigger, TextTrigger.RATING_BY_WRITING)
    return (trigger,)


def client_writes(talk: Talk, *, is_new: bool, operator_away: bool = False, awakes: bool = False) -> Decided:
    """The client's message is stored; ``talk.facts`` are those before it. Distribution, if it is due, follows.

    ``operator_away``: who holds it is away (Q9): an answered or finished dialog goes back to the queue, a pinned one
    stays. ``awakes``: the dialog was kept (L4), and its line is on.
    """
    play = _Play(talk)
    first_in_dialog = play.facts.first_client_message_at is None
    first_shown = first_in_dialog or awakes or play.facts.released_at is not None
    if awakes:
        play.facts = lifecycle.awoken(play.facts, now=talk.now)
        play.note("released", by_client=True)
    play.step(Event.CLIENT_WRITES, operator_away=operator_away)
    if operator_away and play.facts.state is State.WAITING and play.facts.pinned_at is None:
        earlier = play.facts.operator_id
        play.step(Event.OPERATOR_LOST)
        play.note(Event.OPERATOR_LOST, earlier=earlier)
    if is_new:
        play.note("created")
    elif talk.facts.state != play.facts.state:
        play.note(Event.CLIENT_WRITES, state=play.facts.state)
    if play.facts.frozen_at:
        return play.decided()
    _consent(play, first_shown=first_shown)
    if is_new and actions.greets(
        talk.settings,
        first_contact=talk.client.first_contact,
        bot_took_over=play.facts.state is State.WITH_BOT,
    ):
        play.say(TextTrigger.GREETING)
    if play.facts.distribute_since is None:  # else the text follows the distribution
        play.closed_notice(actions.off_hours_notice(talk.settings, play.facts, now=talk.now))
    return play.decided()


def _consent(play: _Play, *, first_shown: bool) -> None:
    """``first_shown``: as a rule the first message in the dialog; of a dialog that was kept (L4) also the one that comes
    first after the line was off, as nothing could be asked before. Who was asked by a text that never arrived is asked
    again: writing on is no answer to it.
    """
    talk = play.talk
    if talk.channel.is_chat:  # the chat asks before anything can be written (P2)
        return
    may_ask = first_shown or talk.client.consent is ConsentState.UNHEARD
    asks = may_ask and actions.asks_consent(talk.settings, talk.client)
    if not asks and actions.consents_by_writing(talk.client, talk.channel):
        play.consent = ConsentState.GIVEN
        play.note("consent", decision=ConsentState.GIVEN, how="writing")
    elif asks:
        _ask_consent(play)


def _ask_consent(play: _Play) -> None:
    if not play.talk.channel.is_chat and actions.asks_consent(play.talk.settings, play.talk.client):
        play.say(TextTrigger.CONSENT)
        play.consent = ConsentState.ASKED if isinstance(play.effects[-1], Say) else ConsentState.UNHEARD


def released(talk: Talk) -> Decided:
    """L4: what waited while the line was off comes to the queue: no greeting and no off-hours text, but consent is asked
    as at every beginning (P1).
    """
    play = _Play(talk)
    play.facts = lifecycle.released(play.facts, now=talk.now)
    play.note("released")
    _ask_consent(play)
    return play.decided()


def distributed(talk: Talk, *, somebody_available: bool, first_look: bool) -> Decided:
    """After a distribution has looked at the dialog. ``somebody_available``: of the queue, full or not.

    ``first_look``: since it came to the queue; W4's text follows what the client did, not each re-offer.
    """
    play = _Play(talk)
    if play.facts.frozen_at or play.facts.released_at:
        return play.decided()
    notice = actions.off_hours_notice(talk.settings, play.facts, now=talk.now) if first_look else None
    play.closed_notice(
        notice
        or actions.unavailable_notice(
            talk.settings, play.facts, somebody_available=somebody_available, now=talk.now
        )
    )
    return play.decided()


def deadline(talk: Talk, kind: DeadlineKind, *, due_at: datetime) -> Decided:
    """What the deadlines of A4, A7 and A8 do. ``due_at``: when it should have happened."""
    play = _Play(talk)
    late = actions.too_late(due_at=due_at, now=talk.now)
    match kind:
        case DeadlineKind.UNANSWERED:
            excuse = actions.excuses(talk.settings, play.facts)
            play.facts = lifecycle.mark_unanswered(play.facts, now=talk.now)
            play.note("marked_unanswered")
            if excuse:
                play.say(TextTrigger.UNANSWERED, late=late)
        case DeadlineKind.AUTO_CLOSE:
            _end(play, Event.AUTO_CLOSE, late=late)
        case DeadlineKind.CLOSE:
            play.step(Event.TIME_OVER)
            play.note(Event.TIME_OVER)
        case DeadlineKind.FINISH:
            return _finish_as_asked(talk, late=late)
        case _:
            raise NotImplementedError(kind)
    return play.decided()


def _finish_as_asked(talk: Talk, *, late: bool) -> Decided:
    """The time to undo a finish is over."""
    asked = talk.facts
    if asked.finish_as != FinishAs.SPAM:
        return finish(talk, by=asked.finish_by_id, outcome=Outcome(asked.finish_as), late=late)
    play = _Play(talk)
    play.step(Event.SPAM, operator_id=asked.finish_by_id)
    play.note(Event.SPAM)
    return play.decided()


def finish(
    talk: Talk,
    *,
    by: int | None,
    outcome: Outcome | None = None,
    silently: bool = False,
    late: bool = False,
) -> Decided:
    """A6, A7, R1, R8 on a person's finish. A dialog without an operator is accepted for him first.

    ``silently``: no texts and no wrap-up (a withdrawn consent, P2). Raises ``lifecycle.Refused``.
    """
    play = _Play(talk)
    if by is not None and play.facts.state in {*IN_QUEUE, State.WITH_BOT}:
        play.step(Event.ACCEPT, operator_id=by)
        play.note(Event.ACCEPT, by_finish=True)
    if silently:
        play.step(Event.FINISH, operator_id=by, reachable=False, outcome=outcome)
    else:
        _end(play, Event.FINISH, outcome=outcome, operator_id=by, late=late)
        return play.decided()
    play.note(Event.FINISH, outcome=outcome or "")
    return play.decided()


def _end(
    play: _Play,
    event: Event,
    *,
    late: bool = False,
    outcome: Outcome | None = None,
    operator_id: int | None = None,
) -> None:
    """If nothing can be said, it closes without wrap-up, and the reasons are told (§6)."""
    talk = play.talk
    before = play.facts
    why = actions.forbidden(talk.client, talk.channel, before, now=talk.now)
    wanted = lifecycle.step(
        before, event, settings=talk.settings, now=talk.now, operator_id=operator_id, outcome=outcome
    ).texts
    nothing = why is not None or (late and bool(wanted))
    play.step(event, reachable=not nothing, operator_id=operator_id, outcome=outcome)
    play.note(event, **({"outcome": outcome or ""} if event is Event.FINISH else {}))
    for trigger in wanted:
        play.say(trigger, late=late)
        if trigger is TextTrigger.RATING_REQUEST and isinstance(play.effects[-1], Drop):
            play.facts = replace(play.facts, rating_asked_at=None, rating_pending_until=None)


def rate(talk: Talk, *, value: int, in_time: bool) -> Decided:
    """R3–R5: the client's rating, 1 or 0. ``in_time`` False: a polite refusal, and nothing is stored.

    A closed dialog stays closed: a late rating that is allowed is stored and reopens nothing. Where none is taken
    (``takes_rating``) nothing is stored and nothing is said.
    """
    play = _Play(talk)
    if not takes_rating(talk.facts, talk.settings):
        return play.decided()
    if not in_time:
        play.say(TextTrigger.RATING_LATE)
        return play.decided()
    closes = talk.settings.rating_closes and play.facts.state in {*HELD, State.WRAP_UP}
    play.facts = lifecycle.rated(play.facts, value=value, now=talk.now)
    play.note("rated", value=value)
    if closes:
        play.step(Event.RATED_AND_CLOSED)
    play.say(TextTrigger.RATED_GOOD if value else TextTrigger.RATED_BAD)
    return play.decided()


def answer_consent(talk: Talk, *, given: bool, by: int | None = None) -> Decided:
    """P2: a button, or an operator's mark ``by`` him. A refusal takes consent back and finishes without texts."""
    play = _Play(talk)
    play.consent = ConsentState.GIVEN if given else ConsentState.REFUSED
    play.note("consent", decision=play.consent, how="operator" if by else "button")
    if not given and play.facts.state not in (State.CLOSED, State.SPAM, State.WRAP_UP):
        if by is not None and play.facts.state in {*IN_QUEUE, State.WITH_BOT}:
            play.step(Event.ACCEPT, operator_id=by)
        play.step(Event.FINISH, operator_id=by, reachable=False)
        play.note(Event.FINISH, consent_refused=True)
    elif not given and play.facts.state is State.WRAP_UP:
        play.step(Event.TIME_OVER)
    return play.decided()


def rating_in(text: str, facts: Sequence[DialogFacts], *, now: datetime) -> int | None:
    """R5: which of ``facts`` (the client's dialogs, newest first) a bare 1 or 0 rates; None: an ordinary message.

    Precedence: an open dialog with a bot (``0`` is B3), then a pending rating. ``text`` without a mail's quoted part.
    """
    if text.strip() not in ("0", "1"):
        return None
    if any(one.state is State.WITH_BOT for one in facts):
        return None
    for index, one in enumerate(facts):
        if one.rating_pending_until is not None and one.rating_pending_until > now:
            return index
    return None


def takes_rating(facts: DialogFacts, settings: LineSettings) -> bool:
    """R1, R2: where ratings are on, or the client was asked while they were; never in spam, nor while the line is off."""
    if facts.state is State.SPAM or facts.frozen_at is not None:
        return False
    return settings.rating or facts.rating_asked_at is not None


def rates_in_time(facts: DialogFacts, settings: LineSettings, *, now: datetime) -> bool:
    """R4: from the end of the dialog; without a limit, always. An open dialog can be rated at any time."""
    if facts.finished_at is None or settings.rating_limit is None:
        return True
    return now - facts.finished_at <= settings.rating_limit
