"""Channels that nobody delivers (mailboxes): we ask, and take one thing a transaction, its cursor with it.

A thing and the cursor behind it are committed together, so that a killed poll neither loses one nor, but for the
connector's own key of it, takes one twice. A thing that killed or failed its reader twice is parked unread (``guards.py``), so
that it stops nothing behind it. One poll runs for a connection at a time (advisory lock).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django_q.tasks import async_task

from contactcenter.lib.passing import is_passing
from openlines.connectors import base, registry
from openlines.models import Connection
from openlines.services import cursors, guards, inbound, pausing
from openlines.services.only_one import Work, only_one
from openlines.work import pulse

logger = logging.getLogger(__name__)

LONGEST_POLL = 100.0
"""Seconds after which a poll ends, however much is left: below the task queue's time-out. The next minute goes on."""
MAX_BYTES = 30 * 1024 * 1024
"""Of one mail; of a larger one the headers are taken. A file of 20 MB has 27 in a mail."""
TASK = "openlines.tasks.poll"


def polled_kinds() -> list[str]:
    return [kind for kind in registry.kinds() if isinstance(registry.get(kind), base.Polling)]


def wake() -> int:
    """A task for each connection that has to be asked; their number. One connection's slow server keeps no other waiting."""
    found = Connection.objects.filter(kind__in=polled_kinds(), is_active=True, paused_reason="")
    found = found.filter(line__deleting_since__isnull=True)
    for pk in (pks := list(found.values_list("pk", flat=True))):
        async_task(TASK, pk, save=False)
    return len(pks)


def poll(connection_id: int, *, now: datetime) -> int:
    """Take what is new on the connection; the number of things taken. Another poll at work: 0.

    Nothing raises for what the provider or the network does: refused credentials pause the connection, the rest is
    its last error.
    """
    with only_one(Work.POLL, connection_id) as alone:
        connection = Connection.objects.select_related("line").filter(pk=connection_id).first()
        connector = cursors.connector_of(connection) if connection else None
        if not alone or connection is None or connector is None or not _is_on(connection):
            return 0
        started = time.monotonic()
        taken = 0
        try:
            if not cursors.is_begun(connection.cursor):
                cursors.skip(connection, connector, now=now)
            account = connection.account()
            for one in _asked(connector, account, connection.cursor):
                at = now + timedelta(seconds=time.monotonic() - started)
                taken += _take(one, connection, now=at)
                if time.monotonic() - started > LONGEST_POLL or pulse.stopping():
                    break
        except cursors.Stopped:
            return taken
        except base.CredentialsRefused as error:
            _failed(connection, str(error), paused=True, now=now)
        except base.MediaUnavailable as error:
            _failed(connection, str(error), paused=False, now=now)
        except (
            Exception
        ) as error:  # the connection's last error; what fails for one mail alone is parked by its guard
            logger.exception("Polling connection %s failed", connection_id)
            _failed(connection, f"{type(error).__name__}: {error}", paused=False, now=now)
        else:
            _worked(connection, now=now)
        return taken


def _asked(
    connector: base.Polling, account: base.Account, cursor: Mapping[str, Any]
) -> Iterator[base.Polled]:
    """What is there; whoever stops early ends the provider's connection too, by ending this generator."""
    found = connector.poll(account, cursor, max_bytes=MAX_BYTES)
    try:
        yield from found
    finally:
        if isinstance(found, Generator):
            found.close()


def _take(one: base.Polled, connection: Connection, *, now: datetime) -> int:
    """Store, read and move on, in one transaction. Raises ``cursors.Stopped``, and then nothing of it has happened."""
    if one.request is None:
        _move(connection, one.cursor)
        return 0
    key = inbound.guard_key(connection, one.request)
    guard = guards.guarded(guards.Kind.DELIVERY, key, now=now, is_end=_is_not_its_fault)
    with guard as deaths, transaction.atomic():
        if deaths >= guards.MOST_DEATHS:
            inbound.park_unread(connection, one.request, now=now)
        else:
            inbound.receive(connection, one.request, now=now)
        # Last, as in the outbox: whoever holds a dialog's lock may wait for the connection's, never the other way.
        _move(connection, one.cursor)
    return 1


def _is_not_its_fault(error: Exception) -> bool:
    return isinstance(error, cursors.Stopped) or is_passing(error)


def _move(connection: Connection, to: Mapping[str, Any]) -> None:
    """Raises ``cursors.Stopped`` where somebody has switched it off or set the cursor meanwhile."""
    before = connection.cursor
    cursor = {**_kept(before), **to}
    rows = Connection.objects.filter(pk=connection.pk, is_active=True, paused_reason="", cursor=before)
    if not rows.update(cursor=cursor):
        raise cursors.Stopped
    connection.cursor = cursor


def _kept(cursor: Mapping[str, Any]) -> dict[str, Any]:
    """What is ours in a cursor, not the connector's: where it began, and the last poll's error."""
    return {name: cursor[name] for name in ("since", "error") if name in cursor}


def _is_on(connection: Connection) -> bool:
    return connection.is_active and not connection.paused_reason


def _failed(connection: Connection, reason: str, *, paused: bool, now: datetime) -> None:
    reason = reason[: pausing.LONGEST_REASON]
    if paused:
        pausing.pause(connection.pk, reason=reason, now=now)
    else:
        Connection.objects.filter(pk=connection.pk).update(last_error=reason, last_error_at=now)
    Connection.objects.filter(pk=connection.pk, cursor=connection.cursor).update(
        cursor={**connection.cursor, "error": reason}
    )


def _worked(connection: Connection, *, now: datetime) -> None:
    """A poll's own error is mended; one of the way out stays until something was sent."""
    rows = Connection.objects.filter(pk=connection.pk)
    rows.update(checked_at=now)
    if "error" in connection.cursor:
        cursor = {name: value for name, value in connection.cursor.items() if name != "error"}
        rows.filter(last_error=connection.cursor["error"]).update(last_error="")
        rows.filter(cursor=connection.cursor).update(cursor=cursor)
