"""The deadline ticker: fires what is due, within milliseconds, in one process at a time.

Any number of tickers may run: a django-q2 task that the schedule starts each minute (``Ticker.serve``) and a
standby in every ``manage.py work`` (``Ticker.stand_by``). One of them leads, under an advisory lock; it
fires, and sleeps until the next deadline, a second at most, or until somebody who wrote an early deadline
says so (``WAKE_CHANNEL``). The serving task leads until its successor *has arrived* and asks for the lead
(``HANDOVER_CHANNEL``): a task queue that is full delays the hand-over and leaves no gap. The standby covers
the time before the scheduler's first look, and the death of the leader.

The lock saves work and nothing else. Deadlines are claimed with SKIP LOCKED, so that two leaders (one of them
cut off from the database without knowing) fire nothing twice.

The lock and LISTEN live on a connection of the ticker's own: ``async_task`` closes Django's where
CONN_MAX_AGE is 0, and both would be gone in silence.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, Protocol

import psycopg
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.utils import timezone

logger = logging.getLogger(__name__)

WAKE_CHANNEL: Final = "openlines_deadlines"
"""NOTIFY it, after the commit, when a deadline due within ``LONGEST_SLEEP`` was written. The payload is not
read.
"""

HANDOVER_CHANNEL: Final = "openlines_ticker"
"""A ticker that has arrived asks the one that leads to let go."""

LEAD_LOCK: Final = (0x0D1A, 1)

LONGEST_SLEEP: Final = 1.0
"""Seconds. Bounds how late a deadline fires whose NOTIFY was lost, and how long a stop takes."""

LOCK_TIMEOUT: Final = 2.0
"""Seconds that one wait for the lock takes: a blocked query holds back vacuum, so none stays blocked for
long.
"""

LONGEST_TASK: Final = 240.0
"""Seconds that a serving ticker leads when no successor comes; below the task queue's time-out (300)."""

PATIENCE: Final = 15.0
"""Seconds that a serving ticker asks for the lead before it leaves its place in the task queue's pool."""

COURTESY: Final = 0.1
"""Seconds that a standby keeps back after it handed over, so that the asker is the first to get the lock."""

CONTENDED: Final = 0.05
"""Seconds until the next look when everything due is being fired by somebody else."""

FIRST_BACK_OFF: Final = 0.1
LONGEST_BACK_OFF: Final = 5.0
LONGEST_RECONNECT: Final = 1.0


class Fired(Protocol):
    """``count`` deadlines were done; ``next_due`` is the time of the next one, past ones included."""

    @property
    def count(self) -> int: ...
    @property
    def next_due(self) -> datetime | None: ...


class Fire(Protocol):
    """Does what is due at ``now``; ``openlines.services.deadlines.fire_due``."""

    def __call__(self, *, now: datetime) -> Fired: ...


class End(Enum):
    """Why a ticker no longer leads."""

    HANDED_OVER = auto()
    TIME_IS_UP = auto()
    STOPPED = auto()
    NEVER_LED = auto()


@dataclass(frozen=True)
class Served:
    """What a serving ticker did: deadlines fired, seconds from start to end, and why it ended."""

    fired: int
    seconds: float
    end: End


def own_connection(application_name: str) -> psycopg.Connection[Any]:
    """A connection to Django's database that Django does not manage. Raises psycopg.OperationalError."""
    wrapper = connections[DEFAULT_DB_ALIAS].copy()
    params = wrapper.get_connection_params() | {"application_name": application_name}
    params |= {"connect_timeout": 10, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3}
    connection: psycopg.Connection[Any] = wrapper.get_new_connection(params)
    connection.autocommit = True
    return connection


class Ticker:
    """One ticker. ``stopping`` is asked at least once in ``LONGEST_SLEEP`` seconds; ``name`` is what
    pg_stat_activity shows, and tells who leads.
    """

    def __init__(
        self,
        fire: Fire,
        *,
        stopping: Callable[[], bool] = lambda: False,
        name: str = "openlines ticker",
        clock: Callable[[], datetime] = timezone.now,
        connect: Callable[[str], psycopg.Connection[Any]] = own_connection,
    ) -> None:
        self._fire = fire
        self._stopping = stopping
        self._name = name
        self._clock = clock
        self._connect = connect
        self._fired = 0
        self._failures = 0

    def serve(self, *, seconds: float = LONGEST_TASK, patience: float = PATIENCE) -> Served:
        """Ask for the lead, and lead until a successor asks for it, ``seconds`` have passed or the process
        stops.
        """
        start = time.monotonic()
        end = start + seconds
        led = False

        def tenure(connection: psycopg.Connection[Any]) -> End:
            nonlocal led
            while not self._stopping():
                _ask_for_the_lead(connection)
                if _take_the_lead(connection):
                    led = True
                    return self._lead(connection, until=end)
                if not led and time.monotonic() >= start + patience:
                    return End.NEVER_LED
            return End.STOPPED

        why = self._connected(tenure, until=end)
        return Served(fired=self._fired, seconds=time.monotonic() - start, end=why)

    def stand_by(self) -> None:
        """Lead whenever nobody does, and hand over to whoever asks, until the process stops."""

        def watch(connection: psycopg.Connection[Any]) -> End:
            while not self._stopping():
                if _take_the_lead(connection):
                    logger.debug("The standby ticker leads")
                    if self._lead(connection, until=None) is End.HANDED_OVER:
                        _let_go(connection)
                        time.sleep(COURTESY)
            return End.STOPPED

        self._connected(watch, until=None)

    def _connected(self, work: Callable[[psycopg.Connection[Any]], End], *, until: float | None) -> End:
        """Do ``work`` on a connection, and again on a new one when it breaks."""
        delay = 0.02
        while not self._stopping():
            if until is not None and time.monotonic() >= until:
                return End.TIME_IS_UP
            try:
                with self._connect(self._name) as connection:
                    _prepare(connection)
                    delay = 0.02
                    return work(connection)
            except psycopg.Error as error:
                reason = str(error).strip().split("\n", 1)[0]
                logger.warning(
                    "The ticker has no connection to the database, next try in %.2f s: %s", delay, reason
                )
            time.sleep(delay)
            delay = min(delay * 2, LONGEST_RECONNECT)
        return End.STOPPED

    def _lead(self, connection: psycopg.Connection[Any], *, until: float | None) -> End:
        """Fire and sleep, in turns. Who asked before we led asks again (every ``LOCK_TIMEOUT``), if he still
        wants.
        """
        list(connection.notifies(timeout=0))
        while not self._stopping():
            if until is not None and time.monotonic() >= until:
                return End.TIME_IS_UP
            sleep = self._turn()
            if self._asked_while_asleep(connection, sleep, heed_wakes=not self._failures):
                return End.HANDED_OVER
        return End.STOPPED

    def _turn(self) -> float:
        """Fire what is due; the seconds until the next turn. An error is logged and never ends the ticker."""
        try:
            fired = self._fire(now=self._clock())
        except Exception:
            sleep: float = min(FIRST_BACK_OFF * 2 ** min(self._failures, 10), LONGEST_BACK_OFF)
            self._failures += 1
            logger.exception("Firing deadlines failed; next try in %.1f s", sleep)
            close_old_connections()
            return sleep
        self._failures = 0
        self._fired += fired.count
        if fired.next_due is None:
            return LONGEST_SLEEP
        left = (fired.next_due - self._clock()).total_seconds()
        if left <= 0 and not fired.count:
            return CONTENDED
        return min(max(left, 0.0), LONGEST_SLEEP)

    def _asked_while_asleep(
        self, connection: psycopg.Connection[Any], seconds: float, *, heed_wakes: bool
    ) -> bool:
        """Sleep; a wake-up ends it early, unless a failing turn has to be kept from spinning. True: hand
        over.
        """
        end = time.monotonic() + seconds
        own = connection.info.backend_pid
        while True:
            left = max(end - time.monotonic(), 0.0)
            heard = list(connection.notifies(timeout=min(left, LONGEST_SLEEP), stop_after=1))
            if any(notice.channel == HANDOVER_CHANNEL and notice.pid != own for notice in heard):
                return True
            woken = heed_wakes and any(notice.channel == WAKE_CHANNEL for notice in heard)
            if woken or left == 0.0 or self._stopping():
                return False


def _prepare(connection: psycopg.Connection[Any]) -> None:
    connection.execute(f"LISTEN {WAKE_CHANNEL}")
    connection.execute(f"LISTEN {HANDOVER_CHANNEL}")
    connection.execute(f"SET lock_timeout = {int(LOCK_TIMEOUT * 1000)}")


def _ask_for_the_lead(connection: psycopg.Connection[Any]) -> None:
    connection.execute(f"NOTIFY {HANDOVER_CHANNEL}")


def _take_the_lead(connection: psycopg.Connection[Any]) -> bool:
    """Wait for the lock; False when it did not come within ``LOCK_TIMEOUT``."""
    try:
        connection.execute("SELECT pg_advisory_lock(%s, %s)", LEAD_LOCK)
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _let_go(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SELECT pg_advisory_unlock(%s, %s)", LEAD_LOCK)
