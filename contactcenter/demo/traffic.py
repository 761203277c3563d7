"""Simulated customers, through the doors that real ones use: the live chat's HTTP API and the fake Telegram.

``python -m contactcenter.demo.traffic --base http://127.0.0.1:8000 --telegram http://127.0.0.1:8081``

A few come each minute, write with pauses, wait for an answer, go on, say thank you. Who gets no answer waits; when
``MOST_WAITING`` do, nobody new comes until one of them is answered, so that a demo left alone does not fill up.
"""

from __future__ import annotations

import argparse
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol
from uuid import uuid4

import httpx

from contactcenter.demo import cast, talks
from contactcenter.demo.talks import Customer, Talk
from openlines.policies.texts import SHIPPED

MOST_WAITING: Final = 10
EVERY: Final = 18.0
"""Seconds between two new customers, on average."""
LETTER: Final = 0.06
"""Seconds a typed letter takes."""
LOOK_EVERY: Final = 3.0
"""Seconds between two looks for an answer."""
LEAVES_AFTER: Final = 900.0
"""Seconds without a further answer after which a customer who had one leaves."""

THANKS: Final = {
    "en": ("Thank you!", "Thanks a lot 🙏", "great, thx"),
    "pl": ("Dziękuję!", "Super, dzięki 🙏", "ok, dzięki"),
}
AUTOMATIC: Final = frozenset(SHIPPED.values())
_dice = random.Random()  # noqa: S311 - nothing here is secret
_numbers = itertools.count(790_000_000 + int(time.time()) % 1_000_000)


class Door(Protocol):
    """A way in for one customer."""

    def type(self, text: str) -> None: ...
    def write(self, text: str) -> None: ...

    def answers(self) -> int:
        """How many messages people of the shop have written to him."""


class ChatDoor:
    """The live chat's API, as the page's script uses it."""

    def __init__(self, base: str, talk: Talk) -> None:
        chat = cast.line(talk.line).chat
        self._client = httpx.Client(base_url=f"{base}/chat/{chat}/", timeout=20)
        self._language = talk.language
        self._page = f"https://ziarno.example/{_dice.choice(['', 'kawy', 'mlynki', 'serwis'])}"
        session = self._client.post("session/", json={})
        session.raise_for_status()
        self._client.headers["X-Chat-Token"] = session.json()["token"]
        self._seen: set[str] = set()
        self._cursor = ""

    def type(self, text: str) -> None:
        """The operator sees it grow."""
        for end in range(8, len(text) + 8, 8):
            self._client.post("typing/", json={"text": text[:end]})
            time.sleep(8 * LETTER)

    def write(self, text: str) -> None:
        said = {"uuid": str(uuid4()), "text": text, "page": self._page, "language": self._language}
        self._client.post("messages/", json=said).raise_for_status()

    def answers(self) -> int:
        response = self._client.get("messages/", params={"since": self._cursor} if self._cursor else {})
        response.raise_for_status()
        news = response.json()
        self._cursor = news["cursor"]
        fresh = [one for one in news["messages"] if one["author"] == "operator"]
        if fresh:
            last = fresh[-1]
            self._client.post("seen/", json={"dialog": last["dialog"], "seq": last["seq"], "read": True})
        self._seen |= {one["id"] for one in fresh}
        return len(self._seen)


class TelegramDoor:
    """The customers' side of the fake Telegram, which does not know people's answers from automatic texts."""

    def __init__(self, telegram: str, talk: Talk, customer: Customer) -> None:
        self._client = httpx.Client(base_url=telegram, timeout=30)
        self._bot = int(cast.line(talk.line).token.partition(":")[0])
        self._chat = next(_numbers)
        told = {"name": customer.name, "language": customer.language}
        self._act("meet", **told)

    def type(self, text: str) -> None:
        time.sleep(len(text) * LETTER)

    def write(self, text: str) -> None:
        self._act("write", text=text)

    def answers(self) -> int:
        state = self._client.get("/customers").raise_for_status().json()
        bot = next(bot for bot in state["bots"] if bot["id"] == self._bot)
        chat = next(chat for chat in bot["chats"] if chat["id"] == self._chat)
        return sum(not one["mine"] and one["text"] not in AUTOMATIC for one in chat["messages"])

    def _act(self, deed: str, **told: str) -> None:
        self._client.post(
            f"/customers/{deed}", json={"bot": self._bot, "chat": self._chat, **told}
        ).raise_for_status()


class Street:
    """Where customers come from. ``waiting``: those who never had an answer."""

    def __init__(self, *, base: str, telegram: str) -> None:
        self._base, self._telegram = base, telegram
        self._lock = threading.Lock()
        self.waiting = 0
        self._talks = self._shuffled()

    def come(self) -> None:
        """One customer more, unless too many wait."""
        with self._lock:
            if self.waiting >= MOST_WAITING:
                return
            self.waiting += 1
        threading.Thread(target=self._visit, args=(next(self._talks),), daemon=True).start()

    def _visit(self, talk: Talk) -> None:
        answered = False

        def first_answer() -> None:
            nonlocal answered
            if not answered:
                answered = True
                self._one_less()

        customer = _dice.choice(talks.customers(talk.language))
        on_telegram = bool(customer.username) and _dice.random() < 0.5
        try:
            door = TelegramDoor(self._telegram, talk, customer) if on_telegram else ChatDoor(self._base, talk)
            say(
                f"{customer.name} comes by {'Telegram' if on_telegram else 'the chat'}: {talk.questions[0][0][:60]}"
            )
            converse(door, talk, first_answer=first_answer)
        except (httpx.HTTPError, LookupError, ValueError) as error:
            say(f"{customer.name} leaves: {type(error).__name__}: {error}")
        finally:
            first_answer()

    def _one_less(self) -> None:
        with self._lock:
            self.waiting -= 1

    def _shuffled(self) -> Iterator[Talk]:
        while True:
            yield from _dice.sample(talks.all_talks(), len(talks.all_talks()))


def converse(door: Door, talk: Talk, *, first_answer: Callable[[], None]) -> None:
    """Say it all, a burst at a time, each after an answer; then thank you."""
    had = 0
    for burst in talk.questions:
        for text in burst:
            said = text.format(order=40_000 + _dice.randrange(9_999))
            door.type(said)
            door.write(said)
            time.sleep(_dice.uniform(1, 4))
        found = wait_for_answer(door, had, patience=LEAVES_AFTER if had else float("inf"))
        if found is None:
            return
        had = found
        first_answer()
        time.sleep(_dice.uniform(2, 9))
    if _dice.random() < 0.7:
        door.write(_dice.choice(THANKS[talk.language]))


def wait_for_answer(door: Door, had: int, *, patience: float) -> int | None:
    """The number of answers when it has grown; None when he lost his patience."""
    end = time.monotonic() + patience
    while (now := door.answers()) <= had:
        if time.monotonic() > end:
            return None
        time.sleep(LOOK_EVERY)
    return now


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)  # noqa: T201 - our log


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m contactcenter.demo.traffic", description=__doc__)
    parser.add_argument("--base", required=True)
    parser.add_argument("--telegram", required=True)
    options = parser.parse_args()
    street = Street(base=options.base, telegram=options.telegram)
    while True:
        street.come()
        time.sleep(_dice.uniform(0.4, 1.6) * EVERY)


if __name__ == "__main__":
    main()
