"""Background work of a connection: at most one task waits, and a deadline behind it in case the task is lost.

``drain`` sends what is in the outbox, ``fetch`` gets files from the provider. The pending ``Deadline`` row is the flag
that a task is on its way. While the task works it holds the row as a lease, which it renews every second or so: a
killed one is replaced within seconds. The row is written right after the commit, not in it: writers of one connection
would otherwise queue behind one another's unique key. A crash between the two is found by the minute's sweep
(``outbound.sweep``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection as database
from django_q.tasks import async_task

from contactcenter.lib.commits import after_commit
from openlines.models import Deadline
from openlines.services.only_one import Work, only_one

NET = timedelta(seconds=5)
"""How long a task may take to start before the ticker asks for another."""
LEASE = timedelta(seconds=4)
"""How long a task that works may be silent before the ticker asks for another."""
RENEWED = 1.0
"""Seconds between two renewals of a lease."""

TASKS = {"drain": "openlines.tasks.drain", "fetch": "openlines.tasks.fetch"}
_LOCKS = {"drain": Work.DRAIN, "fetch": Work.FETCH}

_ASK = """
INSERT INTO openlines_deadline (connection_id, kind, due_at, attempts, error)
SELECT %(connection)s, %(kind)s, %(at)s, 0, ''
WHERE NOT EXISTS (
    SELECT FROM openlines_deadline WHERE connection_id = %(connection)s AND kind = %(kind)s AND due_at <= %(at)s
)
ON CONFLICT (connection_id, kind) WHERE connection_id IS NOT NULL
DO UPDATE SET due_at = excluded.due_at WHERE openlines_deadline.due_at > excluded.due_at
"""
_HOLD = """
INSERT INTO openlines_deadline (connection_id, kind, due_at, attempts, error) VALUES (%s, %s, %s, 0, '')
ON CONFLICT (connection_id, kind) WHERE connection_id IS NOT NULL
DO UPDATE SET due_at = excluded.due_at, was_due_at = NULL, attempts = 0, error = ''
"""


def request(kind: str, *, connection_id: int, now: datetime) -> None:
    """Have ``kind`` done for the connection right after this transaction; nothing where a task is on its way already."""
    after_commit(_request, kind, connection_id, now)


def _request(kind: str, connection_id: int, now: datetime) -> None:
    if _ask(kind, connection_id=connection_id, at=now + NET):
        enqueue(kind, connection_id=connection_id)


def enqueue(kind: str, *, connection_id: int) -> None:
    async_task(TASKS[kind], connection_id, save=False)


def again(kind: str, *, connection_id: int, at: datetime) -> None:
    """Have it done once more at ``at`` (a back-off, the provider's Retry-After), unless it is to be done before."""
    _ask(kind, connection_id=connection_id, at=at)


def _ask(kind: str, *, connection_id: int, at: datetime) -> bool:
    """False where it is to be done by then anyway."""
    with database.cursor() as cursor:
        cursor.execute(_ASK, {"connection": connection_id, "kind": kind, "at": at})
        return bool(cursor.rowcount)


def begun(kind: str, *, connection_id: int) -> None:
    """The task has started: whoever writes from here on asks for another."""
    Deadline.objects.filter(connection_id=connection_id, kind=kind).delete()


def ask_anew(*, now: datetime) -> int:
    """A pool has started: what was asked for and did not begin may have died with the one before."""
    lost = Deadline.objects.filter(connection__isnull=False, kind__in=TASKS, attempts__gt=0)
    return lost.update(due_at=now, attempts=0)


class Lease:
    """Held by the one task that works: its deadline is never due while it is renewed."""

    def __init__(self, kind: str, *, connection_id: int, now: datetime) -> None:
        self._kind, self._connection_id = kind, connection_id
        self._now, self._started = now, time.monotonic()
        self._hold()

    @property
    def now(self) -> datetime:
        """The task's time, moved on by as long as it has worked."""
        return self._now + timedelta(seconds=time.monotonic() - self._started)

    def renew(self) -> None:
        """To be called between any two things that may take their time."""
        if time.monotonic() - self._held > RENEWED:
            self._hold()

    def _hold(self) -> None:
        self._held = time.monotonic()
        with database.cursor() as cursor:
            cursor.execute(_HOLD, [self._connection_id, self._kind, self.now + LEASE])


@contextmanager
def working(kind: str, *, connection_id: int, now: datetime) -> Iterator[Lease | None]:
    """What one task does at a time. None: another one is at it, and is looked after in a second.

    At the end whoever writes from here on asks for another; what came before that is the caller's to look for. An
    exception leaves the lease, so that another task follows soon.
    """
    with only_one(_LOCKS[kind], connection_id) as alone:
        if not alone:
            again(kind, connection_id=connection_id, at=now + timedelta(seconds=1))
            yield None
            return
        yield Lease(kind, connection_id=connection_id, now=now)
    begun(kind, connection_id=connection_id)
