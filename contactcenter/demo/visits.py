"""How visits of customers go, as one would watch them: each a generator that yields the time of its next deed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

from contactcenter.demo.agenda import Visit
from contactcenter.demo.stage import Guest, Stage
from contactcenter.demo.talks import CLIENT, NOTE, Said, Talk
from contactcenter.staff.models import Employee
from openlines.models import Dialog
from openlines.services import dialogs, routing
from openlines.services.errors import CommandRefused

MINUTE = timedelta(minutes=1)

THANKS = {"pl": "Dziękuję, miłego dnia! 😊", "en": "Thanks a lot, have a nice day! 😊"}
YOU_TOO = {"pl": "Nawzajem! ☕", "en": "You too! ☕"}
ASK_COLLEAGUE = {
    "pl": "Możesz przejąć? To Twoja działka.",
    "en": "Could you take this one? It is yours, I think.",
}
ASK_LINE = {"pl": "Klient pyta o coś, co robicie Wy.", "en": "The question is one for you."}
GIVE_BACK = {"pl": "Mam drugi telefon na linii, oddaję.", "en": "I am on the phone, please take it."}


class Turn(StrEnum):
    """Something out of the ordinary on the way."""

    NONE = auto()
    SKIPPED = auto()
    TO_COLLEAGUE = auto()
    TO_LINE = auto()
    BACK = auto()
    TAKEN_OVER = auto()
    EDITED = auto()
    BLOCKED = auto()


class End(StrEnum):
    FINISHED = auto()
    THANKED = auto()
    """After the end he says thank you: it opens again, and is finished once more."""
    SILENT = auto()
    """Nobody finishes it: it closes by itself."""
    UNANSWERED = auto()
    """Finished without a word to him."""
    SPAM = auto()
    OPEN = auto()
    """Stays as the last thing said leaves it."""


@dataclass(frozen=True)
class Plan:
    guest: Guest
    talk: Talk
    start: datetime
    accepted_after: timedelta = timedelta(seconds=15)
    answers_after: timedelta = timedelta(seconds=70)
    """Roughly: each answer takes up to twice as long, or half."""
    turn: Turn = Turn.NONE
    end: End = End.FINISHED
    lines: int = 1_000
    """So many of the talk's lines are said."""
    photo: bool = False
    by: str = ""
    """Log-in name of who accepts, where it is his to accept."""


def visit(stage: Stage, plan: Plan) -> Visit:
    said = _said(plan)
    order = str(40_000 + stage.dice.randrange(9_999))
    at = yield plan.start
    number, operator = 0, None
    for position, line in enumerate(said):
        text = line.text.format(order=order)
        if line.by == CLIENT:
            at = yield at + _typing(stage, text)
            if number:
                stage.reads(plan.guest, number, at=at)
            number = stage.write(plan.guest, text, at=at, photo=plan.photo and position == 0)
            if plan.turn is Turn.EDITED and position == 0 and plan.guest.on_telegram:
                at = yield at + timedelta(seconds=12)
                stage.edit(plan.guest, f"{text} 🙏", at=at)
            continue
        if plan.end in (End.SPAM, End.UNANSWERED):
            break
        if operator is None:
            operator = yield from _accepted(stage, plan, number)
            at = stage.dialog(number).accepted_at or at
        at = yield at + (timedelta(seconds=20) if line.by == NOTE else _about(stage, plan.answers_after))
        if plan.turn is Turn.BLOCKED and plan.guest.on_telegram and position == len(said) - 1:
            stage.block(plan.guest)
        stage.reply(number, text, by=operator, at=at, note=line.by == NOTE)
    yield from _end(stage, plan, number, operator, at=at)


def _said(plan: Plan) -> tuple[Said, ...]:
    """Where it closes by itself the last word is ours: it never does while a customer waits (A8)."""
    said = plan.talk.said[: plan.lines]
    if plan.end is End.SILENT or plan.turn is Turn.BLOCKED:
        while said[-1].by == CLIENT and len(said) > 1:
            said = said[:-1]
    return said


def _accepted(stage: Stage, plan: Plan, number: int) -> Generator[datetime, datetime, Employee]:
    """From the queue to the one who answers, by whatever detours; returns him."""
    start = stage.dialog(number).created_at
    people = stage.world.people
    at = yield start + plan.accepted_after
    if plan.turn is Turn.SKIPPED and (asked := stage.offered_to(number)):
        with suppress(CommandRefused):  # nobody else was there
            routing.skip(number, employee_id=asked.pk, now=at)
        at = yield at + timedelta(seconds=9)
    operator = stage.accept(number, at=at, by=people.get(plan.by))
    match plan.turn:
        case Turn.TO_COLLEAGUE:
            at = yield at + MINUTE
            colleague = next(one for one in stage.world.operators if one != operator)
            note = ASK_COLLEAGUE[plan.talk.language]
            dialogs.transfer_to_colleague(number, to=colleague, by=operator, note=note, now=at)
            return colleague
        case Turn.TO_LINE:
            at = yield at + MINUTE
            other = next(one for key, one in stage.world.lines.items() if key != plan.guest.line)
            dialogs.transfer_to_line(number, to=other, by=operator, note=ASK_LINE[plan.talk.language], now=at)
            at = yield at + timedelta(seconds=12)
            return stage.accept(number, at=at)
        case Turn.BACK:
            at = yield at + MINUTE
            dialogs.back_to_queue(number, by=operator, note=GIVE_BACK[plan.talk.language], now=at)
            if plan.end is End.OPEN:
                yield datetime.max.replace(tzinfo=at.tzinfo)
            at = yield at + timedelta(seconds=12)
            return stage.accept(number, at=at)
        case Turn.TAKEN_OVER:
            at = yield at + 3 * MINUTE
            dialogs.take_over(number, by=people["supervisor"], now=at)
            return people["supervisor"]
    return operator


def _end(stage: Stage, plan: Plan, number: int, operator: Employee | None, *, at: datetime) -> Visit:
    supervisor = stage.world.people["supervisor"]
    match plan.end:
        case End.FINISHED | End.THANKED if operator is not None:
            at = yield at + _about(stage, 2 * MINUTE)
            _finish(stage, number, by=operator, at=at)
            if plan.end is End.THANKED and stage.dialog(number).state == Dialog.State.WRAP_UP:
                at = yield at + 2 * MINUTE
                stage.reads(plan.guest, number, at=at)
                stage.write(plan.guest, THANKS[plan.talk.language], at=at)
                at = yield at + MINUTE / 2
                stage.reply(number, YOU_TOO[plan.talk.language], by=operator, at=at)
                at = yield at + MINUTE
                _finish(stage, number, by=operator, at=at)
            elif plan.guest.on_telegram and stage.dice.random() < 0.3:
                at = yield at + MINUTE
                stage.thumbs_up(plan.guest, at=at)
        case End.UNANSWERED:
            marked = stage.dialog(number).line.unanswered_after
            at = yield at + marked + timedelta(seconds=stage.dice.randrange(30, 200))
            dialogs.finish(number, by=supervisor, now=at, may_take_over=True)
        case End.SPAM:
            at = yield at + timedelta(seconds=25)
            dialogs.spam(number, by=stage.accept(number, at=at), now=at)


def _finish(stage: Stage, number: int, *, by: Employee, at: datetime) -> None:
    if stage.dialog(number).is_open and stage.dialog(number).state != Dialog.State.WRAP_UP:
        dialogs.mark_seen(stage.dialog(number), by=by, now=at)
        dialogs.finish(number, by=by, now=at)


def _typing(stage: Stage, text: str) -> timedelta:
    return timedelta(seconds=4 + len(text) / 9 + stage.dice.randrange(20))


def _about(stage: Stage, time: timedelta) -> timedelta:
    return time * stage.dice.triangular(0.5, 2.0, 0.8)
