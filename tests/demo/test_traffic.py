from __future__ import annotations

import threading

import pytest

from contactcenter.demo import traffic
from contactcenter.demo.talks import CLIENT, OPERATOR, Said, Talk
from tests.waiting import wait_until

TALK = Talk(
    "shop", "en", (Said(CLIENT, "Where is {order}?"), Said(OPERATOR, "There."), Said(CLIENT, "I see"))
)


class Counter:
    """A door behind which somebody answers each burst after being asked ``after`` times."""

    def __init__(self, *, after: int = 3) -> None:
        self.said: list[str] = []
        self.typed = 0
        self._after, self._asked = after, 0

    def type(self, text: str) -> None:
        self.typed += 1

    def write(self, text: str) -> None:
        self.said.append(text)

    def answers(self) -> int:
        self._asked += 1
        return self._asked // self._after


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contactcenter.demo.traffic.time.sleep", lambda seconds: None)
    monkeypatch.setattr(traffic._dice, "random", lambda: 0.0)


def test_a_customer_goes_on_after_each_answer_and_says_thank_you() -> None:
    door, answered = Counter(), threading.Event()
    traffic.converse(door, TALK, first_answer=answered.set)
    assert door.said[0].startswith("Where is 4")
    assert door.said[1] == "I see"
    assert door.said[2] in traffic.THANKS["en"]
    assert door.typed == 2
    assert answered.is_set()


def test_who_had_an_answer_leaves_when_no_other_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "LEAVES_AFTER", 0.0)
    door = Counter()
    door.answers = lambda: 1  # type: ignore[method-assign]
    traffic.converse(door, TALK, first_answer=lambda: None)
    assert door.said[1:] == ["I see"]


def test_nobody_new_comes_while_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, came = threading.Event(), []

    def waits(door: object, talk: Talk, *, first_answer: object) -> None:
        came.append(talk)
        go_on.wait(10)

    for door in ("ChatDoor", "TelegramDoor"):
        monkeypatch.setattr(traffic, door, lambda *told: None)
    monkeypatch.setattr(traffic, "converse", waits)
    street = traffic.Street(base="", telegram="")
    for _visit in range(traffic.MOST_WAITING + 5):
        street.come()
    assert street.waiting == traffic.MOST_WAITING
    go_on.set()
    wait_until(lambda: street.waiting == 0)
    assert len(came) == traffic.MOST_WAITING
