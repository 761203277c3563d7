"""The reference: a captured request's statements, sent by bare psycopg, by as many connections as there are clients.

Threads in two processes, as the web server has two workers: one process would be slower than the database.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.pool import Pool
from types import TracebackType
from typing import Any
from uuid import uuid4

import psycopg

from tests.load.bench.capture import NOW, Script

PROCESSES = 2
PREPARATION = 0.3
"""Seconds for the threads to connect; then all begin at the same instant."""

Values = dict[str, Any]


@dataclass(frozen=True)
class _Span:
    began: float
    ended: float


def send(connection: psycopg.Connection[Any], script: Script, values: Values) -> None:
    """One request's statements, with what each answer brings filled in."""
    known = {**values, NOW: datetime.now(UTC), **{name: str(uuid4()) for name in script.fresh}}
    cursor = connection.cursor()
    for statement in script.statements:
        cursor.execute(statement.text(known).encode())
        if cursor.description is not None:
            rows = cursor.fetchall()
            for name, (row, column) in statement.answers.items():
                known[name] = rows[row][column]


class Bare:
    """Processes that wait for work. A context."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: Pool | None = None

    def __enter__(self) -> Bare:
        context = multiprocessing.get_context("spawn")
        self._pool = context.Pool(PROCESSES, initializer=_be_quiet)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.terminate()
            self._pool.join()

    def rate(self, script: Script, lanes: Sequence[Sequence[Values]]) -> float:
        """Requests a second; each lane has a connection of its own and goes through its values one by one."""
        assert self._pool is not None
        shares = [lanes[number::PROCESSES] for number in range(PROCESSES)]
        start = time.monotonic() + PREPARATION
        work = [(self._dsn, script, share, start) for share in shares if share]
        spans = [span for found in self._pool.starmap(_work, work, chunksize=1) for span in found]
        seconds = max(span.ended for span in spans) - min(span.began for span in spans)
        return sum(map(len, lanes)) / seconds


def _be_quiet() -> None:
    """Ctrl+C reaches the whole terminal; who started us ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(dsn: str, script: Script, lanes: Sequence[Sequence[Values]], start: float) -> list[_Span]:
    spans: list[_Span] = []
    failures: list[Exception] = []

    def lane(items: Sequence[Values]) -> None:
        try:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.prepare_threshold = None
                connection.execute("SELECT 1")
                time.sleep(max(start - time.monotonic(), 0))
                began = time.monotonic()
                for values in items:
                    send(connection, script, values)
                spans.append(_Span(began, time.monotonic()))
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=lane, args=(items,)) for items in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return spans
