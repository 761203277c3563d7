"""What comes from clients: raw deliveries into the log, messages into dialogs.

A delivery is stored under its key before it is read, and read under a savepoint of the same transaction: an error
rolls back to it, parks the delivery with its reason and still commits, so nothing is lost and the provider gets its
2xx only after the commit. Live chat has no deliveries: it calls ``receive_message`` with the page's own UUID.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, transaction
from django.db import connection as database
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from contactcenter.lib.commits import after_commit
from contactcenter.lib.in_hand import InHand
from contactcenter.lib.limits import TookTooLong, time_limit
from contactcenter.lib.passing import is_passing
from openlines.connectors import base, registry
from openlines.models import Connection, InboundEvent
from openlines.services import alarms, early_marks, guards, inbound_items
from openlines.services.connections import webhook_url

logger = logging.getLogger(__name__)
_in_hand = InHand(Path(settings.VAR) / "in-hand")

KEEP = timedelta(days=30)
"""How long the raw log is kept; parked deliveries stay."""
KEPT_HEADERS = ("content-type", "user-agent")
READING_SECONDS = 20.0
"""What a task may take to read one delivery: a mail is read in milliseconds."""


@dataclass(frozen=True)
class Delivery:
    """What became of a raw delivery. ``repeated``: it was here before and nothing was done again."""

    event_id: int | None
    repeated: bool = False
    parked: bool = False


_STORE = """
INSERT INTO openlines_inboundevent (connection_id, key, received_at, headers, body, state, reason, processed_at)
SELECT %(connection)s, %(key)s, %(now)s, %(headers)s::jsonb, %(body)s,
       CASE WHEN deadly THEN 'parked' ELSE 'processed' END, CASE WHEN deadly THEN %(reason)s ELSE '' END, %(now)s
FROM (
    SELECT %(deadly)s OR EXISTS (
        SELECT FROM openlines_underway WHERE kind = %(kind)s AND key = %(guard)s AND deaths >= %(most)s
    ) AS deadly
) AS known
ON CONFLICT (connection_id, key) DO NOTHING RETURNING id, state
"""


def receive(connection: Connection, request: base.RawRequest, *, now: datetime) -> Delivery:
    """Store and read one verified delivery. Never raises for what is in it; for the database's troubles it does, and
    then nothing is stored.
    """
    connector = registry.get(connection.kind)
    request = replace(request, received_at=now)
    with transaction.atomic():
        stored = _store(connection, request, connector.key(request), now=now)
        if stored.repeated or stored.event_id is None or stored.parked:
            return stored
        event_id = stored.event_id
        parked = not _process(event_id, connection, request, now=now)
        if isinstance(connector, base.Acknowledging) and connector.awaits(request):
            after_commit(async_task, "openlines.tasks.acknowledge", event_id, save=False)
    return Delivery(event_id=event_id, parked=parked)


def receive_guarded(connection: Connection, request: base.RawRequest, *, now: datetime) -> Delivery:
    """As ``receive``, for tasks, which ask for a delivery again until they have it: what they died of is parked unread.

    Not within a transaction.
    """
    with guards.guarded(guards.Kind.DELIVERY, guard_key(connection, request), now=now) as deaths:
        if deaths >= guards.MOST_DEATHS:
            return park_unread(connection, request, now=now)
        return receive(connection, request, now=now)


def receive_watched(connection: Connection, request: base.RawRequest, *, now: datetime) -> Delivery:
    """As ``receive``, for requests, whose sender brings again what it got no answer for: what two processes died of is
    parked unread. Costs no statement: who died of what is looked for when a process takes its first delivery.
    """
    if _in_hand.is_new:
        for key in _in_hand.left_behind():
            logger.error("A process died while it read the delivery %s", key)
            guards.count_death(guards.Kind.DELIVERY, key, now=now)
    with _in_hand.noted(guard_key(connection, request)):
        return receive(connection, request, now=now)


def guard_key(connection: Connection, request: base.RawRequest) -> str:
    """By the bytes alone: whatever looks into them may be what kills."""
    return f"{connection.pk}:{hashlib.sha256(request.body).hexdigest()}"


def park_unread(connection: Connection, request: base.RawRequest, *, now: datetime) -> Delivery:
    """Keep a delivery as it came, without looking into it: the process has died of that. An administrator is told."""
    key = f"unread:{hashlib.sha256(request.body).hexdigest()}"
    with transaction.atomic():
        return _store(connection, request, key, is_deadly=True, now=now)


def _store(
    connection: Connection, request: base.RawRequest, key: str, *, is_deadly: bool = False, now: datetime
) -> Delivery:
    """``parked``: unread, because processes have died of it."""
    headers = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
    values: dict[str, str | int | bool | bytes | datetime] = {
        "connection": connection.pk,
        "key": key[:200],
        "now": now,
        "headers": json.dumps(headers),
        "body": request.body,
        "deadly": is_deadly,
        "reason": _unread(),
        "kind": guards.Kind.DELIVERY,
        "guard": guard_key(connection, request),
        "most": guards.MOST_DEATHS,
    }
    with database.cursor() as cursor:
        cursor.execute(_STORE, values)
        row = cursor.fetchone()
    if row is None:
        return Delivery(event_id=None, repeated=True)
    event_id, state = row
    is_parked = state == InboundEvent.State.PARKED
    if is_parked:
        logger.error("Inbound delivery %s is parked unread: processes died of it", event_id)
        _tell(connection, now=now)
    return Delivery(event_id=int(event_id), parked=is_parked)


def _unread() -> str:
    return _(
        "It was not read: each time the program began to read it, it was stopped or failed (too much memory or time, "
        "or a mistake in the program). "
        "Read it at the provider; after an update of this program it can be read again here."
    )


def _tell(connection: Connection, *, now: datetime) -> None:
    """The connection's health and the administrators."""
    reason = _("A delivery could not be read. It stands, as it came, in the inbound log under “parked”.")
    alarms.connection_fails(connection.pk, reason=reason, now=now)


def acknowledge(event_id: int) -> None:
    """Tell the provider that its delivery has been taken, where it waits for that (a pressed button)."""
    event = InboundEvent.objects.select_related("connection").filter(pk=event_id).first()
    if event is None or event.emptied_at is not None:
        return
    connector = registry.get(event.connection.kind)
    if isinstance(connector, base.Acknowledging):
        request = base.RawRequest(headers=event.headers, body=bytes(event.body))
        connector.acknowledge(request, event.connection.account())


def replay(event: InboundEvent, *, now: datetime) -> bool:
    """Read a stored delivery again, from the admin; True when it is no longer parked. A repeated one changes nothing, and
    one that was emptied (``message_content``) cannot be read.
    """
    connection = Connection.objects.select_related("line").get(pk=event.connection_id)
    request = base.RawRequest(headers=event.headers, body=bytes(event.body), received_at=event.received_at)
    try:
        with guards.guarded(guards.Kind.REPLAY, event.pk, now=now) as deaths, transaction.atomic():
            locked = InboundEvent.objects.select_for_update().get(pk=event.pk)
            if locked.emptied_at is not None:
                return False
            if deaths >= guards.MOST_DEATHS:  # this once; whoever tries again, after an update, may
                return _park(event.pk, reason=_stopped_again(), now=now)
            return _process(event.pk, connection, request, now=now)
    except Exception as error:
        if not is_passing(error):
            raise
        logger.warning("Inbound delivery %s could not be read again", event.pk, exc_info=True)
        return False


def _stopped_again() -> str:
    return _(
        "It was not read again: the program was stopped each time it began to (too much memory or time)."
    )


def clean_up(*, now: datetime) -> int:
    """Remove raw deliveries older than ``KEEP`` (parked ones stay); the number removed."""
    removed, _rows = (
        InboundEvent.objects.filter(received_at__lt=now - KEEP)
        .exclude(state=InboundEvent.State.PARKED)
        .delete()
    )
    early_marks.clean_up(now=now)
    guards.clean_up(now=now)
    return removed


def _process(event_id: int, connection: Connection, request: base.RawRequest, *, now: datetime) -> bool:
    """Everything in the delivery that can be read: True unless (some of) it was parked.

    One bad element does not take its neighbours along; a replay reads all of it again, which changes nothing twice.
    """
    try:
        said = _read(connection, request, event_id=event_id, now=now)
    except TookTooLong:
        logger.error("Inbound delivery %s was parked: reading it took too long", event_id)
        _tell(connection, now=now)
        reason = _("Reading it took longer than %(seconds)d seconds.") % {"seconds": READING_SECONDS}
        return _park(event_id, reason=reason, now=now)
    except base.Unreadable as error:
        return _park(event_id, reason=str(error) or "unreadable", now=now)
    except Exception as error:
        # none of its doing: nothing is kept, so that it is brought, or asked for, again
        if is_passing(error):
            raise
        logger.exception("Inbound delivery %s was parked", event_id)
        return _park(event_id, reason=f"{type(error).__name__}: {error}", now=now)
    if said.failures:
        return _park(event_id, reason="; ".join(said.failures), now=now)
    unsupported = said.reasons and len(said.reasons) == said.count
    state = InboundEvent.State.NOT_SUPPORTED if unsupported else InboundEvent.State.PROCESSED
    if said.reasons:
        InboundEvent.objects.filter(pk=event_id).update(
            state=state, reason="; ".join(said.reasons)[:2000], processed_at=now
        )
    else:
        InboundEvent.objects.filter(pk=event_id).exclude(state=state).update(
            state=state, reason="", processed_at=now
        )
    return True


@dataclass(frozen=True)
class _Said:
    """``reasons``: of elements that are not for us; ``failures``: of those that could not be taken."""

    count: int
    reasons: tuple[str, ...]
    failures: tuple[str, ...]


def _read(connection: Connection, request: base.RawRequest, *, event_id: int, now: datetime) -> _Said:
    """Under a savepoint. What the database refused for a passing reason (a deadlock) is read once more."""
    for last in (False, True):
        try:
            with transaction.atomic():
                account = connection.account(webhook_url=webhook_url(connection))
                with time_limit(READING_SECONDS):
                    items = registry.get(connection.kind).parse(request, account)
                return _take_all(items, connection, event_id=event_id, now=now)
        except OperationalError as error:
            if last or not is_passing(error):
                raise
            logger.warning("A delivery of connection %s is read once more", connection.pk, exc_info=True)
    raise AssertionError("unreachable")


def _take_all(
    items: Sequence[base.InboundItem], connection: Connection, *, event_id: int, now: datetime
) -> _Said:
    reasons: list[str] = []
    failures: list[str] = []
    for item in items:
        if isinstance(item, base.Malformed):
            failures.append(item.reason)
            continue
        if len(items) == 1:
            reason = inbound_items.take(item, connection, inbound_id=event_id, now=now)
        else:
            try:
                with transaction.atomic():
                    reason = inbound_items.take(item, connection, inbound_id=event_id, now=now)
            except Exception as error:
                if is_passing(error):
                    raise
                logger.exception("One element of inbound delivery %s was parked", event_id)
                failures.append(f"{type(error).__name__}: {error}")
                continue
        if reason:
            reasons.append(reason)
    return _Said(count=len(items), reasons=tuple(reasons), failures=tuple(failures))


def _park(event_id: int, *, reason: str, now: datetime) -> bool:
    InboundEvent.objects.filter(pk=event_id).update(
        state=InboundEvent.State.PARKED, reason=reason[:2000], processed_at=now
    )
    return False
