"""The ticker's loop: who leads, how the lead passes on, and what it survives."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from openlines.ticker import HANDOVER_CHANNEL, LONGEST_SLEEP, WAKE_CHANNEL, End
from tests.openlines.work.scene import (
    Turned,
    Turns,
    eventually,
    kill_backend,
    leaders,
    notify,
    tickers,
    waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_tickers_one_leads() -> None:
    turns = Turns()
    with tickers(turns) as start:
        start("first", task=False)
        eventually(lambda: leaders() == ["first"])
        start("second", task=False)
        eventually(lambda: "second" in waiting())
        seen = len(turns.by)
        eventually(lambda: len(turns.by) >= seen + 2)
        assert set(turns.by) == {"first"}
        assert leaders() == ["first"]


def test_a_standby_follows_the_leader_that_stops() -> None:
    turns = Turns()
    with tickers(turns) as start:
        first = start("first", task=True)
        eventually(lambda: leaders() == ["first"])
        start("second", task=False)
        eventually(lambda: "second" in waiting())
        first.stop()
        eventually(lambda: leaders() == ["second"])
        assert first.served is not None
        assert first.served.end is End.STOPPED


def test_a_successor_takes_over_without_a_gap() -> None:
    # Something is always due, and taken by others: a turn each 50 ms.
    turns = Turns(answer=Turned(next_due=timezone.now()))
    with tickers(turns) as start:
        first = start("first", task=True)
        eventually(lambda: leaders() == ["first"])
        arrival = time.monotonic()
        start("second", task=True)
        eventually(lambda: leaders() == ["second"] and turns.by[-1] == "second")
        assert turns.longest_gap(since=arrival) < LONGEST_SLEEP
        eventually(lambda: first.served is not None)
        assert first.served is not None
        assert first.served.end is End.HANDED_OVER


def test_a_successor_also_gets_past_a_standby_that_waits_in_front_of_it() -> None:
    turns = Turns()
    with tickers(turns) as start:
        start("first", task=True)
        eventually(lambda: leaders() == ["first"])
        start("standby", task=False)
        eventually(lambda: "standby" in waiting())
        start("second", task=True)
        eventually(lambda: leaders() == ["second"])


def test_the_standby_of_a_cold_start_hands_over_to_the_first_task() -> None:
    turns = Turns()
    with tickers(turns) as start:
        start("standby", task=False)
        eventually(lambda: leaders() == ["standby"])
        task = start("task", task=True)
        eventually(lambda: leaders() == ["task"])
        task.stop()
        eventually(lambda: leaders() == ["standby"])


def test_a_task_without_a_successor_leaves_when_its_time_is_up() -> None:
    turns = Turns()
    with tickers(turns) as start:
        task = start("task", task=True, seconds=0.3)
        start("standby", task=False)
        eventually(lambda: task.served is not None)
        assert task.served is not None
        assert task.served.end is End.TIME_IS_UP
        eventually(lambda: leaders() == ["standby"])


def test_a_task_that_gets_no_lead_does_not_stay() -> None:
    from openlines.ticker import LEAD_LOCK, Ticker, own_connection

    turns = Turns()
    with own_connection("stubborn") as stubborn:
        stubborn.execute("SELECT pg_advisory_lock(%s, %s)", LEAD_LOCK)
        served = Ticker(turns, name="task").serve(patience=0.1)
    assert served.end is End.NEVER_LED
    assert turns.times == []


def test_the_standby_leads_when_the_leaders_connection_is_killed() -> None:
    turns = Turns()
    with tickers(turns) as start:
        start("first", task=False)
        eventually(lambda: leaders() == ["first"])
        start("second", task=False)
        eventually(lambda: "second" in waiting())
        kill_backend("first")
        eventually(lambda: leaders() == ["second"] and turns.by[-1] == "second")
        eventually(lambda: "first" in waiting(), what="the first, connected again,")


def test_a_lone_leader_connects_again_and_goes_on() -> None:
    turns = Turns()
    with tickers(turns) as start:
        task = start("task", task=True)
        eventually(lambda: leaders() == ["task"])
        for _ in range(3):
            kill_backend("task")
            seen = len(turns.times)
            eventually(lambda: leaders() == ["task"])
            eventually(lambda seen=seen: len(turns.times) > seen)  # type: ignore[misc]
        assert task.served is None


def test_a_notify_wakes_the_leader() -> None:
    turns = Turns(answer=Turned(next_due=timezone.now() + timedelta(hours=1)))
    with tickers(turns) as start:
        start("first", task=False)
        eventually(lambda: len(turns.times) >= 2)
        at, seen = time.monotonic(), len(turns.times)
        notify(WAKE_CHANNEL)
        eventually(lambda: len(turns.times) > seen)
        assert turns.times[seen] - at < LONGEST_SLEEP / 2


def test_it_sleeps_to_the_next_due_time() -> None:
    turns = Turns()
    with tickers(turns) as start:
        start("first", task=False)
        eventually(lambda: len(turns.times) >= 1)
        turns.answer = Turned(count=1, next_due=timezone.now() + timedelta(seconds=0.4))
        due = time.monotonic() + 0.4
        notify(WAKE_CHANNEL)
        eventually(lambda: any(at >= due for at in turns.times))
        assert min(at for at in turns.times if at >= due) - due < 0.3


def test_errors_neither_end_nor_spin_it(caplog: pytest.LogCaptureFixture) -> None:
    turns = Turns(failing=True)
    with tickers(turns) as start:
        start("first", task=False)
        eventually(lambda: len(turns.times) >= 2)
        for _ in range(50):  # a storm of wakes does not cut the back-off short
            notify(WAKE_CHANNEL)
        eventually(lambda: len(turns.times) >= 4)
        waits = [after - before for before, after in pairwise(turns.times)]
        assert waits[:3] == sorted(waits[:3])
        assert waits[0] >= 0.09
        turns.failing = False
        seen = len(turns.times)
        eventually(lambda: len(turns.times) >= seen + 2)
        assert leaders() == ["first"]
    assert "one bad minute" in caplog.text


def test_it_hands_over_while_firing_fails() -> None:
    turns = Turns(failing=True)
    with tickers(turns) as start:
        first = start("first", task=True)
        eventually(lambda: len(turns.times) >= 5)
        notify(HANDOVER_CHANNEL)
        eventually(lambda: first.served is not None)


def test_the_lead_outlives_a_close_of_djangos_connection() -> None:
    """``async_task`` does that where CONN_MAX_AGE is 0."""
    from django.db import connection

    turns = Turns()
    with tickers(turns) as start:
        start("first", task=False)
        eventually(lambda: leaders() == ["first"])
        connection.close()
        seen = len(turns.times)
        eventually(lambda: len(turns.times) > seen)
        assert leaders() == ["first"]
