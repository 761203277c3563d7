"""Background work of a connection: at most one task waits, and a deadline behind it in case the task is lost.

``drain`` sends what is in the outbox, ``fetch`` gets files from the provider. The pending ``Deadline`` row is the flag
that a task is on its way; the task takes it away when it starts. The row is written right after the commit, not in it:
writers of one connection would otherwise queue behind one another's unique key. A crash between the two is found by
the minute's sweep (``outbound.sweep``).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection as database
from django_q.tasks import async_task

from contactcenter.lib.commits import after_commit
from openlines.models import Deadline

NET = timedelta(seconds=20)
"""How long a task may take to start before the ticker asks for another."""

TASKS = {"drain": "openlines.tasks.drain", "fetch": "openlines.tasks.fetch"}

_INSERT = """
INSERT INTO openlines_deadline (connection_id, kind, due_at, attempts, error) VALUES (%s, %s, %s, 0, '')
ON CONFLICT (connection_id, kind) WHERE connection_id IS NOT NULL DO NOTHING
"""


def request(kind: str, *, connection_id: int, now: datetime) -> None:
    """Have ``kind`` done for the connection right after this transaction; nothing where a task is on its way already."""
    after_commit(_request, kind, connection_id, now)


def _request(kind: str, connection_id: int, now: datetime) -> None:
    with database.cursor() as cursor:
        cursor.execute(_INSERT, [connection_id, kind, now + NET])
        asked = cursor.rowcount == 1
    if asked:
        enqueue(kind, connection_id=connection_id)


def enqueue(kind: str, *, connection_id: int) -> None:
    async_task(TASKS[kind], connection_id, save=False)


def begun(kind: str, *, connection_id: int) -> None:
    """The task has started: whoever writes from here on asks for another."""
    Deadline.objects.filter(connection_id=connection_id, kind=kind).delete()


def again(kind: str, *, connection_id: int, at: datetime) -> None:
    """Have it done once more at ``at`` (a back-off, the provider's Retry-After)."""
    with database.cursor() as cursor:
        cursor.execute(_INSERT, [connection_id, kind, at])
