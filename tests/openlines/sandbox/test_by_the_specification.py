"""The most important rules as a table written from the specification, not from the code: settings, what happens, and what
the client is told and where the dialog stands. ``test_same_as_live.py`` compares the sandbox with the services, so what
holds here holds live.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from openlines.policies.conversants import Channel
from openlines.policies.facts import Distribution, GreetingRule, LineSettings, OffHoursRule
from openlines.policies.routing import Obstacle
from openlines.policies.worktime import Interval, WorkingTime
from openlines.sandbox.world import Person, World

ANNA = 1
CHAT = Channel(is_chat=True, buttons=True)
BUTTONS = Channel(buttons=True)
PLAIN = Channel()
MONDAY_TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
WORKDAYS = WorkingTime(
    zone="UTC",
    week=tuple((Interval(time(9), time(18)),) if day < 5 else () for day in range(7)),
    days_off=frozenset(),
    holidays=(),
)
QUIET: dict[str, Any] = {"greeting": False, "finish_text": False, "rating": False}


@dataclass(frozen=True)
class Case:
    """``steps``: who does what, in order; ``told``: triggers of the last dialog; ``state``: where it stands."""

    rule: str
    steps: str
    told: str
    state: str
    settings: dict[str, Any] = field(default_factory=dict)
    channel: Channel = CHAT
    dialogs: int = 1
    hour: int = 10
    away: bool = False


CASES = (
    Case("A1 at the first contact", "client", "greeting", "new", {"greeting": True}),
    Case("A1 not again", "client reply finish client", "", "new", {"greeting": True}, dialogs=2),
    Case(
        "A1 at every dialog",
        "client reply finish client",
        "greeting",
        "new",
        {"greeting": True, "greeting_rule": GreetingRule.EVERY_DIALOG},
        dialogs=2,
    ),
    Case("A5 at the mark", "client 5m", "unanswered", "new", {"unanswered_text": True}),
    Case("A5 accepted or not", "client accept 5m", "unanswered", "accepted", {"unanswered_text": True}),
    Case("A5 not after a reply", "client reply client 9m", "", "waiting", {"unanswered_text": True}),
    Case("A6 and A7", "client reply finish", "finished", "wrap_up", {"finish_text": True}),
    Case("A7 is over", "client reply finish 10m", "finished", "closed", {"finish_text": True}),
    Case("A7 the same dialog", "client reply finish 9m client", "finished", "waiting", {"finish_text": True}),
    Case("A7 a new dialog", "client reply finish 11m client", "", "new", {"finish_text": True}, dialogs=2),
    Case("A7 at once without a text", "client reply finish", "", "closed"),
    Case(
        "A7 at once with a text",
        "client reply finish",
        "finished",
        "closed",
        {"finish_text": True, "wrap_up": timedelta()},
    ),
    Case("A8 after four hours", "client reply 240m", "", "closed"),
    Case("A8 not a moment before", "client reply 239m", "", "answered"),
    Case("A8 never while a message waits", "client reply client 999m", "", "waiting"),
    Case("A8 nor in the queue", "client 999m", "", "new"),
    Case("A9", "client reply 240m", "auto_closed", "wrap_up", {"auto_close_text": True}),
    Case("R1 in the chat", "client reply finish", "rating_request_chat", "wrap_up", {"rating": True}),
    Case("R1 also by itself", "client reply 240m", "rating_request_chat", "wrap_up", {"rating": True}),
    Case("R1 not where nobody replied", "client accept finish", "", "closed", {"rating": True}),
    Case(
        "R1 once a dialog",
        "client reply finish client reply finish",
        "rating_request_chat",
        "closed",
        {"rating": True},
    ),
    Case(
        "R3 closes",
        "client reply finish 1",
        "rating_request rated_good",
        "closed",
        {"rating": True, "rating_closes": True},
        PLAIN,
    ),
    Case(
        "R5 a bare 0",
        "client reply finish 0",
        "rating_request rated_bad",
        "wrap_up",
        {"rating": True},
        PLAIN,
    ),
    Case(
        "R5 anything else first",
        "client reply finish client 1",
        "rating_request",
        "waiting",
        {"rating": True},
        PLAIN,
    ),
    Case("P1 asked at once", "client", "consent", "new", {"consent_version": 1}, BUTTONS),
    Case("P1 once", "client client", "consent", "new", {"consent_version": 1}, BUTTONS),
    Case(
        "P1 before the greeting",
        "client",
        "consent greeting",
        "new",
        {"consent_version": 1, "greeting": True},
        PLAIN,
    ),
    Case("W4 outside hours", "client", "off_hours", "new", {"working_time": WORKDAYS}, hour=19),
    Case("W4 once", "client 20m client", "off_hours", "new", {"working_time": WORKDAYS}, hour=19),
    Case("W4 not in hours", "client", "", "new", {"working_time": WORKDAYS}),
    Case(
        "W4 nothing",
        "client",
        "",
        "new",
        {"working_time": WORKDAYS, "off_hours_rule": OffHoursRule.NOTHING},
        hour=19,
    ),
    Case("W5", "client", "unavailable", "new", {"check_availability": True}, away=True),
    Case("W5 only with the check", "client", "", "new", away=True),
    Case(
        "W5 can be off",
        "client",
        "",
        "new",
        {"check_availability": True, "unavailable_text": False},
        away=True,
    ),
    Case(
        "W4 and W5 are one slot",
        "client",
        "off_hours",
        "new",
        {"working_time": WORKDAYS, "check_availability": True},
        hour=19,
        away=True,
    ),
    Case(
        "W6",
        "client 5m",
        "off_hours",
        "new",
        {"working_time": WORKDAYS, "unanswered_text": True},
        hour=19,
    ),
)


def play(case: Case) -> World:
    settings = LineSettings(
        line_id=1, version=1, **{**QUIET, "distribution": Distribution.STRICTLY, **case.settings}
    )
    anna = Person(ANNA, "Anna", obstacle=Obstacle.OFFLINE if case.away else None)
    start = MONDAY_TEN.replace(hour=case.hour)
    world = World(settings, [anna], now=start, channel=case.channel)
    for step in case.steps.split():
        if step.endswith("m"):
            world.wait(timedelta(minutes=int(step[:-1])))
        elif step in ("client", "0", "1"):
            world.write("Hello?" if step == "client" else step)
        elif step == "reply":
            world.reply(ANNA, "Good morning")
        else:
            getattr(world, step)(ANNA)
    return world


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_what_the_specification_says(case: Case) -> None:
    world = play(case)
    last = world.dialogs[-1]
    assert " ".join(last.said) == case.told
    assert (last.facts.state, len(world.dialogs)) == (case.state, case.dialogs)
