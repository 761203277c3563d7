"""Deadlines are marked as taken up before they fire: what kills its process is known afterwards, and stops no other.

Those of one turn are marked by one statement. Whoever finds a mark of a process that is gone takes that row up alone,
so that a further death says which of them it was.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection as database

MOST_DEATHS = 2
"""From here on a deadline is put off before it is tried again."""

_TAKE = """
UPDATE openlines_deadline AS d
SET holder = pg_backend_pid(),
    deaths = d.deaths + CASE
        WHEN d.holder IS NULL OR EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.pid = d.holder) THEN 0 ELSE 1 END
WHERE d.id IN (SELECT id FROM openlines_deadline WHERE id = ANY(%s) FOR NO KEY UPDATE SKIP LOCKED)
RETURNING d.id, d.deaths
"""
_PUT_DOWN = """
UPDATE openlines_deadline SET holder = NULL, deaths = 0 WHERE id = ANY(%s) AND holder = pg_backend_pid()
"""


def take(ids: Collection[int]) -> dict[int, int]:
    """Those that could be marked, with how often a process has died of each. Not within a transaction."""
    with database.cursor() as cursor:
        cursor.execute(_TAKE, [list(ids)])
        return dict(cursor.fetchall())


def put_down(ids: Collection[int]) -> None:
    """They have been seen to: what is left of them is not fired at this moment."""
    with database.cursor() as cursor:
        cursor.execute(_PUT_DOWN, [list(ids)])
