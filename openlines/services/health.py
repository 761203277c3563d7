"""What was going on on connections: last message in and out, whether the silence is unusual (L1), what waits to leave.

Read by the index ``message_last``, a few entries a connection, however many messages there are; what waits and what is
parked by partial indexes of just these rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.utils import timezone

from openlines.connectors import registry
from openlines.models import Connection
from openlines.policies.health import LEAST_A_WEEK, WEEKS, ConnectionFacts, Health, assess
from openlines.services import alarms

_TRAFFIC = """
SELECT c.id,
       (SELECT max(created_at) FROM openlines_message WHERE connection_id = c.id AND author = 'client'),
       (SELECT max(last) FROM unnest(ARRAY['operator', 'automatic', 'bot', 'outside']) AS who, LATERAL (
            SELECT max(created_at) AS last FROM openlines_message WHERE connection_id = c.id AND author = who
        ) AS sent),
       (SELECT count(*) FROM (
            SELECT FROM openlines_message
            WHERE connection_id = c.id AND author = 'client' AND created_at >= %(since)s LIMIT %(enough)s
        ) AS recent),
       (SELECT max(gap) FROM unnest(%(hours)s::timestamptz[]) AS hour, LATERAL (
            SELECT at - lag(at) OVER (ORDER BY at) AS gap FROM (
                (SELECT max(created_at) AS at FROM openlines_message
                 WHERE connection_id = c.id AND author = 'client' AND created_at < hour)
                UNION ALL
                (SELECT created_at FROM openlines_message
                 WHERE connection_id = c.id AND author = 'client'
                   AND created_at >= hour AND created_at < hour + interval '1 hour')
                UNION ALL
                (SELECT min(created_at) FROM openlines_message
                 WHERE connection_id = c.id AND author = 'client' AND created_at >= hour + interval '1 hour')
            ) AS around WHERE at IS NOT NULL
        ) AS gaps),
       (SELECT count(*) FROM openlines_outboxitem WHERE connection_id = c.id AND state <> 'done'),
       (SELECT min(created_at) FROM openlines_outboxitem WHERE connection_id = c.id AND state <> 'done'),
       (SELECT count(*) FROM openlines_inboundevent WHERE connection_id = c.id AND state = 'parked')
FROM unnest(%(connections)s::bigint[]) AS c (id)
"""


@dataclass(frozen=True)
class Report:
    """``waiting``: messages in the outbox, ``waiting_since``: when the oldest of them came there; ``parked``: deliveries
    that could not be read.
    """

    health: Health
    last_in: datetime | None
    last_out: datetime | None
    waiting: int = 0
    waiting_since: datetime | None = None
    parked: int = 0
    is_unseen: bool = False
    """A chat of our own that no page has asked for, and through which nobody has written: it is on no page yet."""


def report(connections: Iterable[Connection], *, now: datetime) -> dict[int, Report]:
    """Connection → how it does. One statement for all of them."""
    rows = {connection.pk: connection for connection in connections}
    if not rows:
        return {}
    # this hour of this weekday as the installation's clocks show it, also across a change of summer time
    here = now.astimezone(timezone.get_default_timezone()).replace(minute=0, second=0, microsecond=0)
    hours = [
        (here - timedelta(weeks=week)).astimezone(timezone.get_default_timezone())
        for week in range(1, WEEKS + 1)
    ]
    values: dict[str, Any] = {
        "connections": list(rows),
        "since": now - timedelta(weeks=WEEKS),
        "enough": WEEKS * LEAST_A_WEEK,
        "hours": hours,
    }
    with database.cursor() as cursor:
        cursor.execute(_TRAFFIC, values)
        found = cursor.fetchall()
    return {
        pk: Report(
            health=_assess(rows[pk], last_in, messages, gap, now=now),
            last_in=last_in,
            last_out=last_out,
            waiting=waiting,
            waiting_since=waiting_since,
            parked=parked,
            is_unseen=_is_unseen(rows[pk], last_in),
        )
        for pk, last_in, last_out, messages, gap, waiting, waiting_since, parked in found
    }


def _is_unseen(connection: Connection, last_in: datetime | None) -> bool:
    is_our_own = not registry.has(connection.kind)
    return is_our_own and connection.is_active and connection.seen_at is None and last_in is None


def watch(*, now: datetime) -> int:
    """L1: a notice when one turns silent or failing; the number that did. Looked at by a schedule."""
    turned = 0
    rows = {connection.pk: connection for connection in Connection.objects.all()}
    for pk, found in report(rows.values(), now=now).items():
        connection = rows[pk]
        if connection.health == found.health:
            continue
        Connection.objects.filter(pk=pk).update(health=found.health)
        worse = found.health in (Health.SILENT, Health.FAILING)
        if worse and not connection.paused_reason:  # that was told when it happened
            turned += 1
            alarms.connection_turned(pk, found.health, reason=connection.last_error, now=now)
    return turned


def _assess(
    connection: Connection, last_in: datetime | None, messages: int, gap: timedelta | None, *, now: datetime
) -> Health:
    facts = ConnectionFacts(
        is_active=connection.is_active,
        paused=bool(connection.paused_reason),
        failed=bool(connection.last_error),
        last_in=last_in,
        messages=messages,
        longest_gap=gap,
    )
    return assess(facts, now=now)
