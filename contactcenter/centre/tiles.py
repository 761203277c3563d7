"""What the contact-centre page shows: a tile a channel kind (L1) and today's figures of the lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection as database
from django.utils import timezone

from openlines.models import Connection
from openlines.policies.health import Health
from openlines.services import health


@dataclass(frozen=True)
class Connected:
    """One connection on its tile. ``trouble``: why it does not work, in words."""

    connection: Connection
    report: health.Report

    @property
    def trouble(self) -> str:
        if self.report.health is not Health.FAILING:
            return ""
        return self.connection.paused_reason or self.connection.last_error


@dataclass(frozen=True)
class Tile:
    kind: str
    label: str
    connected: list[Connected] = field(default_factory=list)

    @property
    def worst(self) -> Health | None:
        """What the tile's mark shows; None where nothing is connected."""
        found = {connected.report.health for connected in self.connected}
        order = (Health.FAILING, Health.SILENT, Health.OK, Health.OFF)
        return next((state for state in order if state in found), None)


@dataclass(frozen=True)
class LineToday:
    """``median``: first reaction of the dialogs that began today and were answered; None without any."""

    pk: int
    name: str
    waiting: int
    open: int
    unanswered: int
    begun: int
    median: timedelta | None
    channels: int
    """0: nobody can write to the line yet."""


def tiles(*, now: datetime) -> list[Tile]:
    """Every kind the product has, connected or not. Two statements."""
    rows = list(Connection.objects.select_related("line").defer("credentials").order_by("line__name", "pk"))
    reports = health.report(rows, now=now)
    by_kind: dict[str, list[Connected]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(Connected(row, reports[row.pk]))
    return [Tile(kind.value, str(kind.label), by_kind.get(kind.value, [])) for kind in Connection.Kind]


_TODAY = """
SELECT line.id, line.name, coalesce(standing.waiting, 0), coalesce(standing.open, 0), coalesce(standing.unanswered, 0),
       coalesce(today.begun, 0), today.median,
       (SELECT count(*) FROM openlines_connection WHERE line_id = line.id) AS channels
FROM openlines_openline line
LEFT JOIN (
    SELECT line_id,
           count(*) FILTER (WHERE state IN ('new', 'returned')) AS waiting,
           count(*) AS open,
           count(*) FILTER (WHERE is_unanswered) AS unanswered
    FROM openlines_dialog WHERE state NOT IN ('closed', 'spam') GROUP BY line_id
) standing ON standing.line_id = line.id
LEFT JOIN (
    SELECT line_id,
           count(*) FILTER (WHERE state <> 'spam') AS begun,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY first_reaction) AS median
    FROM openlines_dialog WHERE created_at >= %(midnight)s GROUP BY line_id
) today ON today.line_id = line.id
ORDER BY line.name, line.id
"""


def lines_today(*, now: datetime) -> list[LineToday]:
    """Every line; "today" begins at midnight where the reader is. One statement."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    with database.cursor() as cursor:
        cursor.execute(_TODAY, {"midnight": midnight})
        return [LineToday(*row) for row in cursor.fetchall()]


def free_lines(tile: Tile, lines: list[LineToday]) -> list[LineToday]:
    """Those that can still take a connection of the tile's kind (L2)."""
    taken = {connected.connection.line_id for connected in tile.connected}
    return [line for line in lines if line.pk not in taken]
