"""The facts that decisions are made from: frozen, complete, and free of Django.

``DialogFacts`` mirrors columns of ``Dialog`` by name: a service writes the fields that a decision changed and
nothing else. ``LineSettings`` is a line's settings at one version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openlines.policies.worktime import WorkingTime


class State(StrEnum):
    """Spec §11 "States"."""

    WITH_BOT = "with_bot"
    NEW = "new"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    WAITING = "waiting"
    ANSWERED = "answered"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"
    SPAM = "spam"


OPEN = frozenset(State) - {State.CLOSED, State.SPAM}
IN_QUEUE = frozenset({State.NEW, State.RETURNED})
HELD = frozenset({State.ACCEPTED, State.WAITING, State.ANSWERED})


class Distribution(StrEnum):
    """Q2."""

    EVENLY = "evenly"
    STRICTLY = "strictly"
    TO_ALL = "to_all"


class LimitLeavesOut(StrEnum):
    """Q5: which of an operator's open dialogs do not count; wrap-up never does."""

    ANSWERED = "answered"
    """He has replied at least once."""
    WAITING = "waiting"
    """The ball is with the client."""
    CLOSED = "closed"
    """Finished by the operator: nothing beyond wrap-up."""


class GreetingRule(StrEnum):
    """A1."""

    FIRST_CONTACT = "first_contact"
    EVERY_DIALOG = "every_dialog"


class OffHoursRule(StrEnum):
    """W4."""

    TEXT = "text"
    NOTHING = "nothing"


class Outcome(StrEnum):
    """R8."""

    SOLVED = "solved"
    NOT_SOLVED = "not_solved"


class FinishAs(StrEnum):
    """What a dialog ends as when a person finishes it."""

    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    SPAM = "spam"


class TextTrigger(StrEnum):
    """What an automatic text is sent for: P1, A1, W4, W5, A5, A6, A9, R5."""

    CONSENT = "consent"
    CONSENT_BY_WRITING = "consent_by_writing"
    """Added to the consent's text where there are no buttons."""
    GREETING = "greeting"
    OFF_HOURS = "off_hours"
    DAY_OFF = "day_off"
    HOLIDAY = "holiday"
    UNAVAILABLE = "unavailable"
    UNANSWERED = "unanswered"
    FINISHED = "finished"
    AUTO_CLOSED = "auto_closed"
    RATING_REQUEST_CHAT = "rating_request_chat"
    RATING_REQUEST = "rating_request"
    RATING_BY_WRITING = "rating_by_writing"
    """Added to the request where there are no buttons."""
    RATED_GOOD_CHAT = "rated_good_chat"
    RATED_GOOD = "rated_good"
    RATED_BAD_CHAT = "rated_bad_chat"
    RATED_BAD = "rated_bad"
    RATING_LATE = "rating_late"


CLOSED_NOTICES = frozenset(
    {TextTrigger.OFF_HOURS, TextTrigger.DAY_OFF, TextTrigger.HOLIDAY, TextTrigger.UNAVAILABLE}
)
"""W4's and W5's texts: one slot, one of them once a dialog."""


class ConsentState(StrEnum):
    """P1: what is known of a client's consent; the values of ``ConsentRecord.Decision``, and ``UNHEARD``."""

    NEVER_ASKED = ""
    ASKED = "asked"
    UNHEARD = "unheard"
    """The text could not be sent: the client knows nothing of it, and is asked with the next message."""
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class DeadlineKind(StrEnum):
    """The columns of §11's deadline table, and ``DISTRIBUTE``: a dialog that nobody has looked at for the queue yet.

    ``DISTRIBUTE`` is written with the dialog and withdrawn by the distribution that follows the commit at once,
    so that a crash between the two loses nothing (Q7).
    """

    DISTRIBUTE = "distribute"
    OFFER = "offer"
    UNANSWERED = "unanswered"
    KPI = "kpi"
    HAND_OVER = "hand_over"
    AUTO_CLOSE = "auto_close"
    CLOSE = "close"
    FINISH = "finish"
    """Not in the table: a person's finish, when it can no longer be undone."""


@dataclass(frozen=True)
class LineSettings:
    """The settings of one line at one ``version``. Durations are timedeltas; ``wrap_up`` zero means closed at once (A7)."""

    line_id: int
    version: int
    name: str = ""
    language: str = "en"
    distribution: Distribution = Distribution.EVENLY
    idle_time: timedelta = timedelta(minutes=1)
    check_availability: bool = False
    limit: int | None = None
    """Q5: None: no limit."""
    limit_leaves_out: LimitLeavesOut = LimitLeavesOut.WAITING
    greeting: bool = True
    greeting_rule: GreetingRule = GreetingRule.FIRST_CONTACT
    unanswered_after: timedelta = timedelta(minutes=5)
    unanswered_text: bool = False
    finish_text: bool = True
    wrap_up: timedelta = timedelta(minutes=10)
    auto_close_after: timedelta = timedelta(hours=4)
    auto_close_text: bool = False
    confirm_finish: bool = False
    working_time: WorkingTime | None = None
    """None: open always (W1)."""
    off_hours_rule: OffHoursRule = OffHoursRule.TEXT
    unavailable_text: bool = True
    consent_version: int | None = None
    """The ``ConsentVersion`` that clients are asked for; None: consent is off (P1)."""
    consent_url: str = ""
    rating: bool = True
    """R1."""
    rating_in_dialog: bool = True
    rating_closes: bool = False
    rating_limit: timedelta | None = None
    """R4: None: no limit."""
    outcome_required: bool = False
    is_active: bool = True
    keep_log: bool = True
    live_typing: bool = True
    bot_hand_over_after: timedelta | None = None
    first_reaction_target: timedelta | None = None
    further_reaction_target: timedelta | None = None
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(trigger, language) → the line's own text; what is missing falls back to the shipped ones (A12)."""

    @property
    def first_offer_time(self) -> timedelta:
        """C5: how long the responsible person is asked alone."""
        return timedelta(minutes=1) if self.distribution is Distribution.TO_ALL else self.idle_time

    @property
    def reoffer_every(self) -> timedelta:
        """How long an offer stands before it is looked at again (Q3: "to all" each hour)."""
        return timedelta(hours=1) if self.distribution is Distribution.TO_ALL else self.idle_time


@dataclass(frozen=True)
class DialogFacts:
    """What the life cycle needs to know of one dialog; names are those of the columns."""

    state: State
    operator_id: int | None = None
    queued_at: datetime | None = None
    """When it came to the queue; None while nobody's queue holds it."""
    distribute_since: datetime | None = None
    """Set from coming to the queue until a distribution has looked at it (the net below is a deadline on it)."""
    offer_until: datetime | None = None
    offer_held_from: datetime | None = None
    """When the offer would have lapsed, had its holder not been writing; None: nobody holds it."""
    first_client_message_at: datetime | None = None
    unanswered_since: datetime | None = None
    """Where A4 counts from: the client's first message, or the bot's hand-over."""
    is_unanswered: bool = False
    marked_unanswered_at: datetime | None = None
    clock_started_at: datetime | None = None
    """K2: the first client message that nobody has answered; None while no clock runs."""
    accepted_at: datetime | None = None
    first_reply_at: datetime | None = None
    last_activity_at: datetime | None = None
    """A8: the last message either way, acceptance or transfer."""
    bot_joined_at: datetime | None = None
    last_bot_message_at: datetime | None = None
    finished_at: datetime | None = None
    wrap_up_from: datetime | None = None
    closed_at: datetime | None = None
    last_reply_at: datetime | None = None
    """The last message by a person of ours (W4)."""
    closed_notice_at: datetime | None = None
    """When W4's or W5's text was due in this dialog (W6)."""
    pinned_at: datetime | None = None
    snoozed_until: datetime | None = None
    kept_open_until: datetime | None = None
    """A8: the operator was typing when little time was left."""
    auto_close_put_off: timedelta = timedelta()
    """A8: how long it stands still while the dialog is put aside; counted anew with each message, as A8 is."""
    outcome: str = ""
    """An ``Outcome``, or empty: not said (R8)."""
    finish_at: datetime | None = None
    """A person has asked to finish it and can undo that until then; nothing has happened yet."""
    finish_by_id: int | None = None
    finish_as: str = ""
    """A ``FinishAs``: what it ends as."""
    client_rating: int | None = None
    """R1: 1 good, 0 bad; None: he has not rated this dialog."""
    rating_asked_at: datetime | None = None
    """R1: asked for once a dialog."""
    rating_pending_until: datetime | None = None
    """R5: a bare 1 or 0 is a rating until then."""
    frozen_at: datetime | None = None
    """L4: its line is off."""
    resumed_at: datetime | None = None
    released_at: datetime | None = None
    """L4: released, and the client has not written since: nothing is said about the hours (W4, W5)."""
    first_reaction: timedelta | None = None
    reaction_total: timedelta = timedelta()
    reaction_max: timedelta | None = None
    reaction_count: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
