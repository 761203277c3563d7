"""One connection that listens, in each process that has streams. It outlives restarts of the database."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from openlines.live.publish import CHANNEL
from openlines.live.topics import TICKET_LIFETIME

HEALTH_CHECK: Final = 15.0
"""Seconds without a signal after which the connection must answer a question."""
PATIENCE: Final = 5.0
"""Seconds to wait for that answer, and for a new connection."""
BACK_OFF: Final = (0.1, 5.0)
"""Seconds before the first and, doubling, between later attempts to connect."""

logger = logging.getLogger(__name__)


class Listener:
    def __init__(
        self,
        *,
        on_payload: Callable[[str], None],
        on_gap: Callable[[], None],
        on_drops: Callable[[Sequence[tuple[str, float, int]]], None],
    ) -> None:
        """``on_gap`` is called when the connection is back after a loss: signals may have been missed.

        ``on_drops``: with holder, time and transaction of the drops of late, before anybody listens here.
        """
        self._on_payload = on_payload
        self._on_drops = on_drops
        self._on_gap = on_gap
        self._listening = asyncio.Event()
        self._wait = BACK_OFF[0]
        self._task: asyncio.Task[None] | None = None

    async def listening(self) -> bool:
        """Start at the first call; return whether signals arrive now, after waiting a little for that."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="live listener")
        try:
            async with asyncio.timeout(PATIENCE):
                await self._listening.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        connected_before = False
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    connection = await psycopg.AsyncConnection.connect(**_parameters())
                # Not "async with": closing must not wait for a transaction that cannot end.
                try:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    self._on_drops(await _drops(connection))
                    self._listening.set()
                    self._wait = BACK_OFF[0]
                    if connected_before:
                        self._on_gap()
                    connected_before = True
                    await self._hear(connection)
                finally:
                    self._listening.clear()
                    await connection.close()
            except (psycopg.Error, OSError, TimeoutError) as error:
                logger.warning("Live signals are interrupted (next try in %.1f s): %s", self._wait, error)
            except Exception:
                logger.exception("Live signals are interrupted (next try in %.1f s)", self._wait)
            await asyncio.sleep(self._wait * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
            self._wait = min(self._wait * 2, BACK_OFF[1])

    async def _hear(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Pass on what arrives until the connection breaks; a half-dead one is found by the question."""
        while True:
            async for notification in connection.notifies(timeout=HEALTH_CHECK):
                self._on_payload(notification.payload)
            async with asyncio.timeout(PATIENCE):
                await connection.execute("SELECT 1")


async def _drops(connection: psycopg.AsyncConnection[Any]) -> list[tuple[str, float, int]]:
    """Those that a ticket may still be older than; a process that has just started has heard none of them."""
    found = await connection.execute(
        "SELECT holder, extract(epoch FROM at)::float8, xid FROM openlines_livedrop WHERE at > now() - %s",
        [TICKET_LIFETIME],
    )
    return await found.fetchall()


def _parameters() -> dict[str, Any]:
    """Django's own parameters, without what belongs to its cursors; nothing is connected here."""
    ours = connections[DEFAULT_DB_ALIAS].get_connection_params()
    for django_only in ("context", "cursor_factory", "prepare_threshold"):
        ours.pop(django_only, None)
    return {
        **ours,
        "autocommit": True,
        "application_name": "contactcenter live",
        "connect_timeout": int(PATIENCE),
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
