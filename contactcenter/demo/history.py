"""Weeks of dialogs, so that nothing looks empty, and a cast that is in the middle of things right now.

The past ends some hours ago, so that all of it has come to its end by itself; who is there now stands one by one below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Final, Generic, TypeVar

from django.db import transaction
from django.utils import timezone

from contactcenter.demo import cast, talks, world
from contactcenter.demo.agenda import Agenda
from contactcenter.demo.stage import Guest, Stage
from contactcenter.demo.talks import Talk
from contactcenter.demo.visits import End, Plan, Turn, visit
from contactcenter.demo.world import World
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.models import Connection, Dialog

DAYS: Final = 14
BEFORE_NOW: Final = timedelta(hours=5)
"""Nothing of the past begins later: the longest automatic action takes four hours."""
SEED: Final = 2026

DAY: Final = timedelta(days=1)

PAGES: Final = {
    "shop": (
        "https://ziarno.example/",
        "https://ziarno.example/kawy/etiopia-guji",
        "https://ziarno.example/mlynki/mahlo-40?utm_source=newsletter",
        "https://ziarno.example/koszyk",
    ),
    "service": ("https://ziarno.example/serwis", "https://ziarno.example/serwis/cennik"),
}
"""Where the live chat's customers were."""

TURNS: Final = (*[Turn.NONE] * 9, *(one for one in Turn if one is not Turn.NONE))
ENDS: Final = (*[End.FINISHED] * 8, *[End.THANKED] * 3, *[End.SILENT] * 3, End.UNANSWERED, End.SPAM)

_ADVERT: Final = "🔥🔥 SEO for your shop, 1st page of search in 7 days!!! → http://win.example"
SPAM_TALK: Final = Talk("shop", "en", (talks.Said(talks.CLIENT, _ADVERT),))

Card = TypeVar("Card")


def seed(*, now: datetime, days: int = DAYS) -> bool:
    """The cast and its history, in one transaction: as a whole or not at all. False where they are there already."""
    if world.exists():
        return False
    with transaction.atomic():
        play(world.build(now=now - timedelta(days=days + 1)), now=now, days=days)
    return True


def play(made: World, *, now: datetime, days: int = DAYS) -> None:
    dice = Random(SEED)  # noqa: S311 - the same history every time
    with _telegram(made) as telegram:
        stage = Stage(made, telegram, dice=dice)
        agenda = Agenda([*made.chats.values(), *made.bots.values()], until=now)
        for plan in [*_past(dice, now=now, days=days), *_present(now=now)]:
            agenda.add(visit(stage, plan))
        agenda.play()


def summary() -> dict[str, int]:
    """How many dialogs are in which state."""
    return dict(Counter(Dialog.objects.values_list("state", flat=True)))


@contextmanager
def _telegram(made: World) -> Iterator[FakeTelegram]:
    """A Telegram of our own for the while: what operators answer really goes out, and ids are a provider's."""
    with FakeTelegram(tokens=[one.token for one in cast.LINES], any_chat=True) as telegram:
        for bot in made.bots.values():
            Connection.objects.filter(pk=bot.pk).update(base_url=telegram.url)
            bot.refresh_from_db()
        yield telegram


# -- the past -------------------------------------------------------------------------------------------------


def _past(dice: Random, *, now: datetime, days: int) -> Iterator[Plan]:
    choice = _Deck(dice, talks.all_talks())
    turns, ends = _Deck(dice, TURNS), _Deck(dice, ENDS)
    today = timezone.localtime(now).date()
    busy_until: dict[tuple[str, int], datetime] = {}
    for back in range(days, -1, -1):
        day = today - timedelta(days=back)
        for _number in range(dice.randrange(3, 6) if day.weekday() < 5 else dice.randrange(1, 3)):
            minute = int(dice.triangular(8 * 60, 18 * 60, 11 * 60))
            start = timezone.make_aware(
                datetime.combine(day, time(minute // 60, minute % 60, dice.randrange(60)))
            )
            if start > now - BEFORE_NOW:
                continue
            talk, end = choice.draw(), ends.draw()
            if end is End.SPAM:
                talk = SPAM_TALK
            index = dice.randrange(len(talks.customers(talk.language)))
            known = bool(talks.customers(talk.language)[index].username)
            guest = _guest(talk, index, on_telegram=known and dice.random() < 0.7)
            if busy_until.get((guest.line, guest.number), start) > start:
                continue
            busy_until[guest.line, guest.number] = start + timedelta(hours=6)
            yield Plan(
                guest=guest,
                talk=talk,
                start=start,
                accepted_after=timedelta(seconds=_waits(dice)),
                answers_after=timedelta(seconds=_answers(dice)),
                turn=turns.draw(),
                end=end,
                photo=dice.random() < 0.06,
            )


def _waits(dice: Random) -> float:
    """Seconds until somebody accepts: mostly the first who is asked, at times the fourth."""
    return min(dice.lognormvariate(2.8, 0.8), 130)


def _answers(dice: Random) -> float:
    """Seconds that an answer takes: about a minute; now and then so long that it counts as unanswered first."""
    return dice.uniform(400, 1200) if dice.random() < 0.08 else dice.lognormvariate(4.0, 0.6)


class _Deck(Generic[Card]):
    """Drawn from without repeating until it is used up."""

    def __init__(self, dice: Random, cards: Sequence[Card]) -> None:
        self._dice, self._cards, self._left = dice, cards, list[Card]()

    def draw(self) -> Card:
        if not self._left:
            self._left = self._dice.sample(self._cards, len(self._cards))
        return self._left.pop()


def _guest(talk: Talk, index: int, *, on_telegram: bool) -> Guest:
    """A customer by his place in the list of his language; on each connection he is always the same."""
    number = 100 * (1 + index) + 10 * (talk.language == "pl") + on_telegram
    pages = PAGES[talk.line]
    return Guest(
        talks.customers(talk.language)[index], talk.line, number, on_telegram, page=pages[index % len(pages)]
    )


# -- the present ----------------------------------------------------------------------------------------------


def _present(*, now: datetime) -> Iterator[Plan]:
    """Every state of a dialog that an operator meets, in both lines and on both channels."""

    def one(word: str, index: int, minutes: float, *, on_telegram: bool = False, **plan: Any) -> Plan:
        talk = next(talk for talk in talks.all_talks() if any(word in said.text for said in talk.said))
        guest = _guest(talk, index, on_telegram=on_telegram)
        plan.setdefault("end", End.OPEN)
        plan.setdefault("answers_after", timedelta(seconds=40))
        return Plan(guest=guest, talk=talk, start=now - timedelta(minutes=minutes), **plan)

    # finished today
    yield one("ship to Ireland", 20, 285, end=End.FINISHED)
    yield one("odebrać osobiście", 24, 230, on_telegram=True, end=End.THANKED)
    yield one("steam wand", 0, 170, end=End.FINISHED)
    yield one("kod rabatowy", 26, 95, on_telegram=True, end=End.FINISHED)
    yield one("gift card", 10, 50, end=End.UNANSWERED)
    nobody = _guest(SPAM_TALK, 18, on_telegram=False)
    yield Plan(guest=nobody, talk=SPAM_TALK, start=now - timedelta(minutes=35), end=End.SPAM)
    # just finished: time to rate or think again
    yield one("delivery address", 4, 12, on_telegram=True, end=End.FINISHED)
    # answered, the customer thinks about it
    yield one("Etiopia Guji", 1, 140, lines=4)
    yield one("return a kettle", 11, 75, on_telegram=True, lines=2)
    yield one("E04", 20, 66, on_telegram=True, lines=7, photo=True)
    yield one("washed and natural", 12, 31, on_telegram=True, lines=2, turn=Turn.EDITED)
    yield one("Młynarska 7, the door", 15, 22, on_telegram=True, lines=4)
    # the customer waits for an answer
    yield one("cold brew", 6, 13, on_telegram=True, lines=3)
    yield one("Mahlo 40", 21, 9, on_telegram=True, lines=3)
    yield one("charged twice", 3, 16, lines=5, turn=Turn.TO_COLLEAGUE)
    yield one("uszczelkę grupy", 29, 7, on_telegram=True, lines=3)
    # accepted, not a word yet: one of them for too long
    yield one("paczkomatem", 8, 3, answers_after=DAY)
    yield one("35 people", 19, 19, on_telegram=True, answers_after=DAY)
    # in the queue: unanswered for long, given back, gone from one to the next, and just in
    yield one("Po naprawie cieknie", 16, 27, on_telegram=True, accepted_after=DAY, photo=True)
    yield one("oat milk", 17, 6, turn=Turn.BACK, on_telegram=True)
    yield one("do Niemiec", 9, 4, accepted_after=DAY)
    yield one("display says", 7, 1.5, on_telegram=True, accepted_after=DAY)
    yield one("torn open", 22, 0.7, on_telegram=True, accepted_after=DAY, lines=1)
