"""How far a polled channel has been read: where it begins (L5), kept in ``Connection.cursor``.

Apart from ``services/polling.py``, which takes what is there and so stands above connections.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from openlines.connectors import base, registry
from openlines.models import Connection

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The connection was switched off or paused meanwhile: what was just read is not kept."""


def forget(connection: Connection) -> None:
    """L5: nothing of the time before the next poll (or ``begin``) comes in."""
    if connector_of(connection) is not None:
        Connection.objects.filter(pk=connection.pk).update(cursor={})
        connection.cursor = {}


def begin(connection: Connection, *, now: datetime) -> None:
    """What comes from now on is taken, where the connection has not begun yet; else, and on any trouble, nothing."""
    connector = connector_of(connection)
    if connector is None or is_begun(connection.cursor):
        return
    try:
        skip(connection, connector, now=now)
    except (base.CredentialsRefused, base.MediaUnavailable, Stopped) as error:
        logger.info("Connection %s begins with its next poll: %s", connection.pk, error)


def skip(connection: Connection, connector: base.Polling, *, now: datetime) -> None:
    error = {"error": connection.cursor["error"]} if "error" in connection.cursor else {}
    cursor = {**connector.skip_to_now(connection.account()), **error, "since": now.isoformat()}
    if not Connection.objects.filter(pk=connection.pk, cursor=connection.cursor).update(cursor=cursor):
        raise Stopped
    connection.cursor = cursor


def is_begun(cursor: Mapping[str, Any]) -> bool:
    return bool(set(cursor) - {"error"})


def connector_of(connection: Connection) -> base.Polling | None:
    found: object = registry.get(connection.kind) if registry.has(connection.kind) else None
    return found if isinstance(found, base.Polling) else None
