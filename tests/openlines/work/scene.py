"""What the tests of the background work share: tickers in threads, and conditions to wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.db import connections

from openlines.ticker import HANDOVER_CHANNEL, LEAD_LOCK, WAKE_CHANNEL, Fire, Served, Ticker, own_connection


def eventually(condition: Callable[[], object], *, seconds: float = 10, what: str = "") -> None:
    """Wait until ``condition`` holds; fail after ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what or condition} did not come true in {seconds} s"
        time.sleep(0.005)


@dataclass(frozen=True)
class Turned:
    count: int = 0
    next_due: datetime | None = None


@dataclass
class Turns:
    """A ``fire`` that does nothing but note when it was called, by whom, and what it then said."""

    answer: Turned = field(default_factory=Turned)
    times: list[float] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    failing: bool = False

    def __call__(self, *, now: datetime) -> Turned:
        self.times.append(time.monotonic())
        self.by.append(threading.current_thread().name)
        if self.failing:
            raise RuntimeError("one bad minute")
        return self.answer

    def longest_gap(self, *, since: float) -> float:
        times = [since, *[at for at in self.times if at > since], time.monotonic()]
        return max(after - before for before, after in pairwise(times))


class Thread:
    """A ticker in a thread; leaves when the test does."""

    def __init__(self, fire: Fire, *, name: str, task: bool, seconds: float = 60.0) -> None:
        self.name = name
        self.served: Served | None = None
        self._stop = threading.Event()
        self._ticker = Ticker(fire, stopping=self._stop.is_set, name=name)
        self._task, self._seconds = task, seconds
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            if self._task:
                self.served = self._ticker.serve(seconds=self._seconds)
            else:
                self._ticker.stand_by()
        finally:
            connections.close_all()

    def stop(self) -> None:
        """Stop it, and wake it up so that it notices at once."""
        self._stop.set()

        def gone() -> bool:
            notify(WAKE_CHANNEL)
            notify(HANDOVER_CHANNEL)
            self.thread.join(0.02)
            return not self.thread.is_alive()

        eventually(gone, what=f"the end of {self.name}")


@contextmanager
def tickers(fire: Fire) -> Iterator[Callable[..., Thread]]:
    """Start tickers with ``start(name, task=…)``; all of them are stopped at the end."""
    started: list[Thread] = []

    def start(name: str, *, task: bool, seconds: float = 60.0) -> Thread:
        started.append(Thread(fire, name=name, task=task, seconds=seconds))
        return started[-1]

    try:
        yield start
    finally:
        for one in started:
            one.stop()


def leaders() -> list[str]:
    """The application names of those who hold the lead's lock: never more than one."""
    with own_connection("test") as connection:
        rows = connection.execute(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s AND l.objid = %s"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            LEAD_LOCK,
        ).fetchall()
    return [name for (name,) in rows]


def waiting() -> list[str]:
    """Those who wait for the lead."""
    with own_connection("test") as connection:
        rows = connection.execute(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND NOT l.granted AND l.classid = %s AND l.objid = %s"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            LEAD_LOCK,
        ).fetchall()
    return [name for (name,) in rows]


def kill_backend(name: str) -> None:
    """End the server's side of the connection called ``name``, as a restart or a firewall does."""
    with own_connection("test") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [name],
        )


def notify(channel: str) -> None:
    with own_connection("test") as connection:
        connection.execute(f"NOTIFY {channel}")
