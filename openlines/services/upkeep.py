"""What connections need now and then: what was missed is asked for, access is renewed, clients get their names."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q

from openlines.connectors import base, registry
from openlines.models import Client, Connection
from openlines.services import guards, inbound, pausing, provider_side
from openlines.services.addresses import webhook_url
from openlines.services.clients import find_or_create

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(hours=3)
"""Each hourly look overlaps the ones before: known deliveries change nothing."""
NEWCOMERS = timedelta(minutes=10)
"""So long after his first message a client without a name is asked about."""
MOST_NAMES = 50


def reconcile(*, now: datetime) -> int:
    """Deliveries that got lost on the way to us (Twilio); the number that were new."""
    found = 0
    for connection in _active():
        connector = registry.get(connection.kind)
        if not isinstance(connector, base.Reconciling):
            continue
        try:
            missed = connector.missed(
                _account(connection), max(now - LOOK_BACK, provider_side.on_since(connection))
            )
            found += sum(not inbound.receive_guarded(connection, one, now=now).repeated for one in missed)
        except Exception as error:  # the other connections have theirs
            _trouble(connection, error, now=now)
    return found


def renew(*, now: datetime) -> int:
    """Access that expires unless it is renewed; the number of connections that got a new one."""
    renewed = 0
    for connection in _active():
        connector = registry.get(connection.kind)
        if not isinstance(connector, base.Renewing):
            continue
        try:
            fresh = connector.renew(_account(connection))
        except Exception as error:  # the other connections have theirs
            _trouble(connection, error, now=now)
            continue
        if fresh:
            connection.credentials = {**connection.credentials, **fresh}
            connection.save(update_fields=["credentials"])
            renewed += 1
    return renewed


def name_clients(*, now: datetime) -> int:
    """New clients whose channel told their id alone (Meta); the number named."""
    kinds = [kind for kind in registry.kinds() if isinstance(registry.get(kind), base.Profiled)]
    rows = Client.objects.filter(
        Q(name=""), connection__kind__in=kinds, connection__is_active=True, created_at__gte=now - NEWCOMERS
    ).select_related("connection__line")[:MOST_NAMES]
    named = 0
    for client in rows:
        with guards.guarded(guards.Kind.NAME, client.pk, now=now) as deaths:
            if deaths >= guards.MOST_DEATHS:  # they stay without a name
                continue
            try:
                named += _name(client, now=now)
            except Exception:  # a name is no loss: the others get theirs, and this one is asked for again
                logger.exception("Client %s could not be named", client.pk)
    return named


def _name(client: Client, *, now: datetime) -> bool:
    connector = registry.get(client.connection.kind)
    if not isinstance(connector, base.Profiled):
        return False
    known = connector.profile(client.external_id, _account(client.connection))
    if known is None or not known.name:
        return False
    find_or_create(client.connection, known, now=now)
    return True


def _active() -> list[Connection]:
    rows = Connection.objects.filter(is_active=True, paused_reason="").select_related("line")
    return [connection for connection in rows if registry.has(connection.kind)]


def _account(connection: Connection) -> base.Account:
    return connection.account(webhook_url=webhook_url(connection))


def _trouble(connection: Connection, error: Exception, *, now: datetime) -> None:
    """A refusal pauses the connection, as a refused message would; anything else passes, and is its last error."""
    is_ours = not isinstance(error, base.CredentialsRefused | base.MediaUnavailable)
    logger.warning("Upkeep of connection %s: %s", connection.pk, error, exc_info=is_ours)
    reason = (f"{type(error).__name__}: {error}" if is_ours else str(error))[: pausing.LONGEST_REASON]
    if isinstance(error, base.CredentialsRefused):
        pausing.pause(connection.pk, reason=reason, now=now)
    else:
        Connection.objects.filter(pk=connection.pk).update(last_error=reason, last_error_at=now)
