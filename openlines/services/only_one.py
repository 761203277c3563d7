"""One worker at a time for a connection: a session's advisory lock, gone with the process: a killed one blocks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum

from django.db import InterfaceError, OperationalError
from django.db import connection as database


class Work(IntEnum):
    """What is done by one at a time: the first half of the lock's number."""

    DRAIN = 0x0D1B
    POLL = 0x0D1C
    TEST = 0x0D1D
    FETCH = 0x0D1E


@contextmanager
def only_one(work: Work, connection_id: int) -> Iterator[bool]:
    """Whether nobody else is at it; the lock is held until the end of the block, on this thread's database connection."""
    key = [int(work), connection_id % 2**31]
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        (alone,) = cursor.fetchone() or (False,)
    held_by = database.connection
    try:
        yield bool(alone)
    finally:
        if alone and database.connection is held_by:
            with (
                suppress(OperationalError, InterfaceError),
                database.cursor() as cursor,
            ):  # gone with its connection
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
