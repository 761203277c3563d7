"""A guard around what may kill its process: an exception is caught where it happens, a kill (memory, the task queue's
time-out) is not, and the same thing would be begun again and again, with everything behind it waiting.

What is begun is committed as a row before, and the row goes when it has ended, well or badly. A row found is a death.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from django.db import connection as database

from openlines.models import UnderWay

logger = logging.getLogger(__name__)
T = TypeVar("T")

MOST_DEATHS = 2
"""After so many the thing is not begun again by itself."""
KEEP = timedelta(days=7)
"""Of rows whose thing never came again."""

_BEGIN = """
INSERT INTO openlines_underway (kind, key, begun_at, deaths) VALUES (%s, %s, %s, 0)
ON CONFLICT (kind, key) DO UPDATE SET deaths = least(openlines_underway.deaths + 1, 1000), begun_at = excluded.begun_at
RETURNING deaths
"""
_DIED = """
INSERT INTO openlines_underway (kind, key, begun_at, deaths) VALUES (%s, %s, %s, 1)
ON CONFLICT (kind, key) DO UPDATE SET deaths = least(openlines_underway.deaths + 1, 1000), begun_at = excluded.begun_at
"""


class Kind(StrEnum):
    DELIVERY = "delivery"
    REPLAY = "replay"
    FILE = "file"
    NAME = "name"
    ERASURE = "erasure"
    LINE = "line"


@contextmanager
def guarded(
    kind: Kind, key: object, *, now: datetime, is_end: Callable[[Exception], bool] = lambda _error: True
) -> Iterator[int]:
    """How often a process has died of it so far; from ``MOST_DEATHS`` on leave it, and say so where a person sees it.

    ``is_end``: an exception is an end as good as any where whoever calls deals with it; else it counts as a death.
    Not within a transaction: the row must be committed before the thing is begun.
    """
    with database.cursor() as cursor:
        cursor.execute(_BEGIN, [kind, str(key)[:200], now])
        (deaths,) = cursor.fetchone() or (0,)
    try:
        yield int(deaths)
    except Exception as error:
        if is_end(error):
            _end(kind, key)
        raise
    # A BaseException (the task queue's time-out, a stop) is what is guarded against: the row stays.
    _end(kind, key)


def _end(kind: Kind, key: object) -> None:
    UnderWay.objects.filter(kind=kind, key=str(key)[:200]).delete()


def each(things: Iterable[T], work: Callable[[T], int | bool]) -> int:
    """``work`` for each of them, and the sum. What fails for one keeps no other: it is logged, and the first failure is
    raised when all are done, so that the schedule shows it.
    """
    total, errors = 0, []
    for thing in things:
        try:
            total += work(thing)
        except Exception as error:
            logger.exception("%s failed for %s; the others go on", getattr(work, "__qualname__", work), thing)
            errors.append(error)
    if errors:
        raise errors[0]
    return total


def count_death(kind: Kind, key: str, *, now: datetime) -> None:
    """It was begun without a row, and the process is gone."""
    with database.cursor() as cursor:
        cursor.execute(_DIED, [kind, key[:200], now])


def died_of(kind: Kind) -> frozenset[str]:
    """The keys of what was begun and has not ended; of what runs at this moment, too."""
    return frozenset(UnderWay.objects.filter(kind=kind).values_list("key", flat=True))


def clean_up(*, now: datetime) -> int:
    return UnderWay.objects.filter(begun_at__lt=now - KEEP).delete()[0]
