"""The sandbox's world: a customer, the queue's people, a virtual clock, and the very policies that run live.

Pure: no database, no real clock. Lifecycle, routing, deadlines, texts, consent and rating decide here as they do in
``services/``; a test plays the same random scripts in both and compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from openlines import lifecycle
from openlines.lifecycle import Event, Refused, Step
from openlines.policies import capacity, conversation, dealing, offers, opening, routing, texts, worktime
from openlines.policies import deadlines as deadline_policy
from openlines.policies.automatic_actions import HOUR
from openlines.policies.capacity import Load
from openlines.policies.conversants import Channel, ClientFacts
from openlines.policies.conversation import Decided, Drop, Note, Say, Talk
from openlines.policies.dealing import Standing
from openlines.policies.facts import (
    HELD,
    IN_QUEUE,
    OPEN,
    ConsentState,
    DeadlineKind,
    DialogFacts,
    Distribution,
    LineSettings,
    Outcome,
    State,
    TextTrigger,
)

MOST_HAPPENINGS = 20_000
"""Of one wait: a script cannot make the server play for ever. A month of offers every minute is more."""
NEVER = timedelta(days=400)


class Impossible(Exception):
    """This cannot be done in the dialog as it is now; ``code`` as ``lifecycle.Refused`` has it, or our own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Person:
    """Of the queue. ``obstacle``: as the check of availability finds him; None: available."""

    employee_id: int
    name: str
    obstacle: routing.Obstacle | None = None
    other_dialogs: int = 0
    """Dialogs he has besides, as the limit counts them (Q5)."""


@dataclass(frozen=True)
class Entry:
    """One line of the story. ``kind``: ``client``, ``operator``, ``automatic``, or what happened; ``rule``: its id."""

    at: datetime
    kind: str
    text: str = ""
    person: int | None = None
    trigger: str = ""
    rule: str = ""
    buttons: tuple[tuple[str, str], ...] = ()
    """(text, payload) of what the client can press."""
    data: dict[str, object] = field(default_factory=dict)


@dataclass
class Conversation:
    """A dialog of the sandbox."""

    number: int
    created_at: datetime
    facts: DialogFacts
    standing: list[Standing] = field(default_factory=list)
    tried: tuple[int, ...] = ()
    said: list[TextTrigger] = field(default_factory=list)
    said_at: list[datetime] = field(default_factory=list)


class World:
    def __init__(
        self,
        settings: LineSettings,
        people: Sequence[Person],
        *,
        now: datetime,
        channel: Channel,
        language: str = "en",
        known_client: bool = False,
    ) -> None:
        self.settings = settings
        self.people = {person.employee_id: person for person in people}
        self.now = now
        self.channel = channel
        self.language = language
        self.client = ClientFacts(first_contact=not known_client)
        self.turns: dict[int, datetime] = {}
        self.dialogs: list[Conversation] = []
        self.story: list[Entry] = []

    # -- what the customer does --------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """A message. On channels without buttons a bare 1 or 0 may be a rating (R5)."""
        if self.channel.is_chat and self.consent_is_due():
            raise Impossible("consent")
        if not self.channel.is_chat:
            newest_first = list(reversed(self.dialogs))[:5]
            found = conversation.rating_in(text, [d.facts for d in newest_first], now=self.now)
            if found is not None:
                self._tell("client", text, rule="R5")
                self._rate(newest_first[found], value=int(text.strip()))
                return
        dialog = self.open_dialog()
        is_new = dialog is None
        if dialog is None:
            dialog = self._begin()
        self._tell("client", text, dialog=dialog)
        self.client = replace(self.client, last_wrote_at=self.now)
        away = dialog.facts.state in (State.ANSWERED, State.WRAP_UP) and self._is_away(
            dialog.facts.operator_id
        )
        before = dialog.facts
        self._take(dialog, conversation.client_writes(self._talk(dialog), is_new=is_new, operator_away=away))
        if before.state is not State.RETURNED and dialog.facts.state is State.RETURNED:
            dialog.tried = (before.operator_id,) if before.operator_id else ()
        self.client = replace(self.client, first_contact=False)
        self._distribute_if_due(dialog)

    def press(self, payload: str) -> None:
        """A button of one of our messages."""
        what, _colon, rest = payload.partition(":")
        number, _colon, value = rest.partition(":")
        if what == "consent":
            self.answer_consent(given=value == "1")
        elif what == "rating":
            dialog = next((d for d in self.dialogs if str(d.number) == number), None)
            if dialog is None:
                raise Impossible("unknown")
            self._tell("client", "👍" if value == "1" else "👎", rule="R5")
            self._rate(dialog, value=int(value == "1"))

    def rate(self, *, value: int) -> None:
        """R2: in the live chat, during the dialog or after it."""
        if not self.dialogs:
            raise Impossible("not_yet")
        dialog = self.dialogs[-1]
        if not conversation.takes_rating(dialog.facts, self.settings):
            raise Impossible("off")
        over = dialog.facts.state in (State.WRAP_UP, State.CLOSED)
        if not over and not self.settings.rating_in_dialog:
            raise Impossible("off")
        if dialog.facts.first_reply_at is None:
            raise Impossible("not_yet")
        self._tell("client", "👍" if value else "👎", rule="R2")
        self._rate(dialog, value=value)

    def answer_consent(self, *, given: bool) -> None:
        state = ConsentState.GIVEN if given else ConsentState.REFUSED
        dialog = self.dialogs[-1] if self.dialogs else None
        if self.channel.is_chat or dialog is None:
            self._consent(state)
            self._tell("consent", rule="P2", data={"decision": state, "how": "chat"})
            return
        self._take(dialog, conversation.answer_consent(self._talk(dialog), given=given))

    def consent_is_due(self) -> bool:
        """P2, live chat: nothing can be written before the answer."""
        version = self.settings.consent_version
        if version is None:
            return False
        return self.client.consent is not ConsentState.GIVEN or self.client.consent_version != version

    # -- what people do ----------------------------------------------------------------------------------------

    def accept(self, employee_id: int) -> None:
        dialog = self._dialog()
        if dialog.facts.operator_id == employee_id:
            return  # twice is no error
        if dialog.facts.state not in IN_QUEUE:
            raise Impossible("taken")
        self._guard_offer(dialog, employee_id)
        self._step(dialog, Event.ACCEPT, operator_id=employee_id)
        self._tell(Event.ACCEPT, person=employee_id, rule="Q3")

    def reply(self, employee_id: int, text: str) -> None:
        dialog = self._dialog()
        if dialog.facts.state in IN_QUEUE:
            self._guard_offer(dialog, employee_id)
        elif dialog.facts.operator_id not in (None, employee_id):
            raise Impossible("taken")
        self._step(dialog, Event.REPLY, operator_id=employee_id)
        self._tell("operator", text, person=employee_id)

    def type(self, employee_id: int) -> None:
        """Somebody writes an answer: an offer to them is held."""
        dialog = self._dialog()
        standing = next((offer for offer in dialog.standing if offer.employee_id == employee_id), None)
        held = standing and offers.held_by_typing(
            dialog.facts, self.settings, standing=standing, now=self.now
        )
        if not held:
            return
        if dialog.facts.offer_held_from is None:
            self._tell("offer_held", person=employee_id, rule="Q3")
        dialog.facts = held

    def skip(self, employee_id: int) -> None:
        """Q8."""
        dialog = self._dialog()
        standing = [offer for offer in dialog.standing if offer.employee_id == employee_id]
        if dialog.facts.state not in IN_QUEUE or not standing:
            raise Impossible("no_offer")
        if self.settings.distribution is Distribution.TO_ALL and not standing[0].is_first:
            dialog.standing.remove(standing[0])
            dialog.tried = tuple(sorted({*dialog.tried, employee_id}))
            self._tell(Event.SKIP, person=employee_id, rule="Q8")
            return
        decision = self._plan(dialog, overdue=True)
        if decision is None or decision.stays:
            raise Impossible("alone")
        self._tell(Event.SKIP, person=employee_id, rule="Q8")
        self._deal(dialog, decision, skipped=True)

    def finish(self, employee_id: int, *, outcome: Outcome | None = Outcome.SOLVED) -> None:
        dialog = self._dialog()
        if dialog.facts.state in IN_QUEUE:
            self._guard_offer(dialog, employee_id)
        self._take(
            dialog,
            conversation.finish(self._talk(dialog), by=employee_id, outcome=outcome),
            person=employee_id,
        )

    def back_to_queue(self, employee_id: int) -> None:
        dialog = self._dialog()
        self._step(dialog, Event.BACK_TO_QUEUE)
        dialog.tried = (employee_id,)
        self._tell(Event.BACK_TO_QUEUE, person=employee_id, rule="Q10")
        self._distribute_if_due(dialog)

    def set_available(self, employee_id: int, obstacle: routing.Obstacle | None) -> None:
        """He comes, goes on a break, leaves …: what waits is looked at (Q7)."""
        self.people[employee_id] = replace(self.people[employee_id], obstacle=obstacle)
        dialog = self.open_dialog()
        if dialog is not None and obstacle is None and dialog.facts.state in IN_QUEUE:
            self._distribute(dialog)

    # -- time --------------------------------------------------------------------------------------------------

    def wait_until(self, moment: datetime) -> None:
        """Everything that comes due until ``moment`` happens, each at its own time."""
        for _happening in range(MOST_HAPPENINGS):
            due = self._next_due(moment)
            if due is None:
                break
            at, kind, dialog = due
            self.now = max(self.now, at)
            if kind in (DeadlineKind.OFFER, DeadlineKind.DISTRIBUTE):
                self._distribute(dialog)
            else:
                self._take(dialog, conversation.deadline(self._talk(dialog), kind, due_at=at))
        self.now = max(self.now, moment)

    def wait(self, span: timedelta) -> None:
        self.wait_until(self.now + span)

    def next_deadlines(self) -> dict[DeadlineKind, datetime]:
        """What is coming in the open dialog, if there is one."""
        dialog = self.open_dialog()
        return deadline_policy.due(dialog.facts, self.settings) if dialog else {}

    def _next_due(self, until: datetime) -> tuple[datetime, DeadlineKind, Conversation] | None:
        found = [
            (at, kind, dialog)
            for dialog in self.dialogs
            if dialog.facts.state in OPEN
            for kind, at in deadline_policy.due(dialog.facts, self.settings).items()
            if at <= until
        ]
        return min(found, key=lambda one: (one[0], one[2].number, one[1]), default=None)

    # -- the policies' own business ----------------------------------------------------------------------------

    def open_dialog(self) -> Conversation | None:
        last = self.dialogs[-1] if self.dialogs else None
        return last if last is not None and last.facts.state in OPEN else None

    def _dialog(self) -> Conversation:
        dialog = self.open_dialog()
        if dialog is None:
            raise Impossible("closed")
        return dialog

    def _begin(self) -> Conversation:
        for earlier in self.dialogs:
            earlier.facts = replace(earlier.facts, rating_pending_until=None)
        dialog = Conversation(len(self.dialogs) + 1, self.now, lifecycle.begin(now=self.now))
        self.dialogs.append(dialog)
        return dialog

    def _talk(self, dialog: Conversation) -> Talk:
        lately = sum(at > self.now - HOUR for one in self.dialogs for at in one.said_at)
        client = replace(self.client, automatic_texts=lately)
        return Talk(dialog.facts, self.settings, client, self.channel, self.now)

    def _rate(self, dialog: Conversation, *, value: int) -> None:
        in_time = conversation.rates_in_time(dialog.facts, self.settings, now=self.now)
        self._take(dialog, conversation.rate(self._talk(dialog), value=value, in_time=in_time))

    def _step(self, dialog: Conversation, event: Event, *, operator_id: int | None = None) -> None:
        try:
            step = lifecycle.step(
                dialog.facts, event, settings=self.settings, now=self.now, operator_id=operator_id
            )
        except Refused as refused:
            raise Impossible(refused.code) from None
        self._after_step(dialog, step)

    def _after_step(self, dialog: Conversation, step: Step) -> None:
        dialog.facts = step.after
        if step.leaves_queue:
            dialog.standing = []

    def _take(self, dialog: Conversation, decided: Decided, *, person: int | None = None) -> None:
        for effect in decided.effects:
            match effect:
                case Step():
                    self._after_step(dialog, effect)
                case Say(trigger):
                    self._say(dialog, trigger)
                case Drop(trigger, why):
                    self._tell(
                        "text_dropped", trigger=trigger, rule=RULES.get(trigger, ""), data={"reason": why}
                    )
                case Note(kind, data):
                    self._tell(kind, person=person, rule=RULES.get(kind, ""), data=dict(data), dialog=dialog)
        dialog.facts = decided.facts
        if decided.consent is not None:
            self._consent(decided.consent)

    def _consent(self, state: ConsentState) -> None:
        self.client = replace(self.client, consent=state, consent_version=self.settings.consent_version)

    def _say(self, dialog: Conversation, trigger: TextTrigger) -> None:
        dialog.said.append(trigger)
        dialog.said_at.append(self.now)
        found = []
        language = self.language
        for part in conversation.parts_of(trigger, self.channel):
            text, language = texts.choose(
                self.settings.texts, part, languages=(self.language, self.settings.language)
            )
            holder = self.people.get(dialog.facts.operator_id or 0)
            values = texts.MacroValues(
                operator=holder.name if holder else "",
                dialog=str(dialog.number),
                line=self.settings.name,
                document=self.settings.consent_url,
                opens=opening.words(self.settings.working_time, now=self.now, language=language),
            )
            found.append(texts.render(text, values, language=language))
        self._tell(
            "automatic",
            "\n".join(found),
            trigger=trigger,
            rule=RULES.get(trigger, ""),
            buttons=self._buttons(dialog, trigger, language=language),
        )

    def _buttons(
        self, dialog: Conversation, trigger: TextTrigger, *, language: str
    ) -> tuple[tuple[str, str], ...]:
        if not self.channel.buttons:
            return ()
        if trigger is TextTrigger.CONSENT:
            names = (("agree", "consent:0:1"), ("refuse", "consent:0:0"))
        elif trigger in (TextTrigger.RATING_REQUEST, TextTrigger.RATING_REQUEST_CHAT):
            names = (("good", f"rating:{dialog.number}:1"), ("bad", f"rating:{dialog.number}:0"))
        else:
            return ()
        return tuple((texts.label(name, language=language), payload) for name, payload in names)

    # -- distribution ------------------------------------------------------------------------------------------

    def _distribute_if_due(self, dialog: Conversation) -> None:
        if dialog.facts.distribute_since is not None:
            self._distribute(dialog)

    def _distribute(self, dialog: Conversation) -> None:
        decision = self._plan(dialog)
        if decision is not None and not dealing.nothing_new(
            decision, dialog.facts, dialog.standing, now=self.now
        ):
            self._deal(dialog, decision)

    def _plan(self, dialog: Conversation, *, overdue: bool = False) -> routing.Decision | None:
        fact = dealing.queued(
            dialog.number,
            dialog.facts,
            standing=dialog.standing if dialog.facts.distribute_since is None else (),
            tried=dialog.tried,
            created_at=dialog.created_at,
            now=self.now,
            overdue=overdue,
        )
        runs = dialog.facts.offer_until is not None and dialog.facts.offer_until > self.now
        if runs and not overdue and self.settings.distribution is not Distribution.TO_ALL:
            return None  # an offer to one person that still runs is left alone
        found = routing.plan(
            self.settings.distribution,
            self.members(),
            [fact],
            now=self.now,
            is_open=self._opens() is None,
        )
        return found[0] if found else None

    def _deal(self, dialog: Conversation, decision: routing.Decision, *, skipped: bool = False) -> None:
        first_look = dialog.facts.distribute_since is not None
        standing = [] if first_look else dialog.standing
        dealt = dealing.deal(
            decision,
            dialog.facts,
            standing=standing,
            tried=dialog.tried,
            settings=self.settings,
            now=self.now,
            opens=self._opens(),
            skipped=skipped,
        )
        if dealt.step is not None:
            self._after_step(dialog, dealt.step)
        dialog.facts, dialog.tried = dealt.facts, dealt.tried
        dialog.standing = [
            replace(offer, lapsed=offer.lapsed or dealt.lapsed)
            for offer in standing
            if offer.employee_id not in dealt.ended
        ] + [Standing(pk, is_first=dealt.is_first) for pk in dealt.offered]
        if decision.assigned_at:
            self.turns[decision.chosen[0]] = decision.assigned_at
        self._tell(
            "offered" if decision.chosen else "waits",
            rule="Q3" if decision.stays or decision.new_round else "Q2",
            data={
                "rule": decision.rule,
                "chosen": list(decision.chosen),
                "stays": decision.stays,
                "new_round": decision.new_round,
                "passed": [vars(one) for one in decision.passed],
            },
        )
        somebody = any(member.obstacle is None for member in self.members())
        self._take(
            dialog,
            conversation.distributed(self._talk(dialog), somebody_available=somebody, first_look=first_look),
        )

    def members(self) -> list[routing.Member]:
        """The queue in order: whose turn it is, who is available (Q4), who has room (Q5)."""
        found = []
        for person in self.people.values():
            dismissed = person.obstacle is routing.Obstacle.DISMISSED
            obstacle = person.obstacle if self.settings.check_availability or dismissed else None
            load = self._load(person)
            room = capacity.room(load, self.settings)
            found.append(
                routing.Member(
                    person.employee_id,
                    obstacle=obstacle,
                    last_assigned_at=self.turns.get(person.employee_id),
                    room=max(room - person.other_dialogs, 0) if room is not None else None,
                )
            )
        return found

    def _load(self, person: Person) -> Load:
        to_all = self.settings.distribution is Distribution.TO_ALL
        counts = dict.fromkeys(("offers", "accepted", "waiting", "answered", "answered_before"), 0)
        for dialog in self.dialogs:
            facts = dialog.facts
            if facts.state in IN_QUEUE and not to_all:
                counts["offers"] += any(o.employee_id == person.employee_id for o in dialog.standing)
            elif facts.state in HELD and facts.operator_id == person.employee_id:
                counts[facts.state.value] += 1
                held = facts.state in (State.ACCEPTED, State.WAITING)
                counts["answered_before"] += held and facts.last_reply_at is not None
        return Load(**counts)

    def _opens(self) -> datetime | None:
        if worktime.look(self.settings.working_time, self.now).is_open:
            return None
        return worktime.next_change(self.settings.working_time, self.now) or self.now + NEVER

    def _guard_offer(self, dialog: Conversation, employee_id: int) -> None:
        holders = [offer.employee_id for offer in dialog.standing]
        rests = any(offer.lapsed for offer in dialog.standing) and self._opens() is not None
        if employee_id not in holders and not ((not holders or rests) and employee_id in self.people):
            raise Impossible("lapsed")

    def _is_away(self, employee_id: int | None) -> bool:
        person = self.people.get(employee_id or 0)
        if person is None:
            return False
        dismissed = person.obstacle is routing.Obstacle.DISMISSED
        return dismissed or (self.settings.check_availability and person.obstacle is not None)

    def _tell(
        self,
        kind: str,
        text: str = "",
        *,
        person: int | None = None,
        trigger: str = "",
        rule: str = "",
        buttons: tuple[tuple[str, str], ...] = (),
        data: dict[str, object] | None = None,
        dialog: Conversation | None = None,
    ) -> None:
        data = dict(data or {})
        if dialog is not None:
            data.setdefault("number", dialog.number)
        self.story.append(Entry(self.now, str(kind), text, person, str(trigger), rule, buttons, data))


RULES: dict[str, str] = {
    TextTrigger.CONSENT: "P1",
    TextTrigger.GREETING: "A1",
    TextTrigger.OFF_HOURS: "W4",
    TextTrigger.DAY_OFF: "W4",
    TextTrigger.HOLIDAY: "W4",
    TextTrigger.UNAVAILABLE: "W5",
    TextTrigger.UNANSWERED: "A5",
    TextTrigger.FINISHED: "A6",
    TextTrigger.AUTO_CLOSED: "A9",
    TextTrigger.RATING_REQUEST: "R1",
    TextTrigger.RATING_REQUEST_CHAT: "R1",
    TextTrigger.RATED_GOOD: "R5",
    TextTrigger.RATED_GOOD_CHAT: "R5",
    TextTrigger.RATED_BAD: "R5",
    TextTrigger.RATED_BAD_CHAT: "R5",
    TextTrigger.RATING_LATE: "R4",
    "created": "L2",
    "marked_unanswered": "A4",
    "consent": "P2",
    "rated": "R1",
    Event.CLIENT_WRITES: "K2",
    Event.OPERATOR_LOST: "Q9",
    Event.ACCEPT: "Q3",
    Event.FINISH: "A7",
    Event.AUTO_CLOSE: "A8",
    Event.TIME_OVER: "A7",
}
"""Kind of an entry → the rule of the specification it follows from."""
