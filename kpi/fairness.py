"""Who was offered what on a line in a period, and how evenly (Q2, Q11; ux: Reports). One statement, however many people.

Offers count in the period in which they were made, whatever became of them later; transfers and returns in the period
in which they happened, on the line on which they happened.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection

from contactcenter.staff.models import Employee
from kpi.evenness import Evenness, evenness
from openlines.models import OpenLine
from openlines.policies.facts import Distribution
from openlines.services import queue_members


class What(StrEnum):
    """The numbers of a row; each opens to its dialogs."""

    OFFERED = "offered"
    BY_TURN = "by_turn"
    """Automatic offers without C5's: what "evenly" shares out (Q2)."""
    ACCEPTED = "accepted"
    SKIPPED = "skipped"
    LAPSED = "lapsed"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"
    STANDING = "standing"
    TRANSFERRED_IN = "transferred_in"
    TRANSFERRED_OUT = "transferred_out"
    GIVEN_BACK = "given_back"
    LONGEST_WAIT = "longest_wait"
    OPEN_NOW = "open_now"


@dataclass(frozen=True)
class Counts:
    """Of one employee, or of all. ``offered`` is the sum of what became of the offers: ``accepted`` to ``standing``.

    ``taken``: accepted by somebody else meanwhile. ``transferred_in``: a colleague handed them to him;
    ``transferred_out``: they left him for a colleague, or he sent them to another line. ``longest_wait``: of the dialogs
    that he accepted from an offer, the longest time they had waited for *anybody*: the first acceptance counts from the
    client's first message (after a bot: from its hand-over), a later one from when the dialog came back to the queue.
    """

    offered: int = 0
    by_turn: int = 0
    accepted: int = 0
    skipped: int = 0
    lapsed: int = 0
    taken: int = 0
    withdrawn: int = 0
    standing: int = 0
    transferred_in: int = 0
    transferred_out: int = 0
    given_back: int = 0
    open_now: int = 0
    longest_wait: timedelta | None = None


@dataclass(frozen=True)
class Row:
    """``is_member``: he is in the line's queue now."""

    employee: Employee
    counts: Counts
    is_member: bool


@dataclass(frozen=True)
class Report:
    """``evenness``: of the offers by turn, among those in the queue now who got any; None where it says nothing.

    ``not_counted``: members who got none. Absences lower it: who is away cannot be offered anything.
    """

    line: OpenLine
    rows: tuple[Row, ...] = ()
    total: Counts = field(default_factory=Counts)
    evenness: Evenness | None = None
    not_counted: tuple[Employee, ...] = ()

    @property
    def is_even_mode(self) -> bool:
        return self.line.distribution == Distribution.EVENLY


def report(
    line: OpenLine, *, since: datetime | None, until: datetime | None, people: Collection[int] | None
) -> Report:
    """``since``/``until``: [from, to); ``people``: whom the reader may see, None for all. Four statements."""
    counted = counts(line.pk, since=since, until=until, people=people)
    members = [pk for pk in queue_members.employee_ids(line.pk) if people is None or pk in people]
    employees = Employee.objects.in_bulk({*counted, *members})
    others = sorted(
        (one for pk, one in employees.items() if pk not in members), key=lambda e: (e.last_name, e.pk)
    )
    rows = [
        Row(one, counted.get(one.pk, Counts()), is_member=one.pk in members)
        for one in [*(employees[pk] for pk in members if pk in employees), *others]
    ]
    turns = [row.counts.by_turn for row in rows if row.is_member and row.counts.by_turn]
    is_even = line.distribution == Distribution.EVENLY
    return Report(
        line=line,
        rows=tuple(rows),
        total=_sum([row.counts for row in rows]),
        evenness=evenness(turns) if is_even else None,
        not_counted=tuple(row.employee for row in rows if row.is_member and not row.counts.by_turn),
    )


def _sum(rows: Sequence[Counts]) -> Counts:
    """Numbers add up; of the waits the longest."""
    numbers = [one.name for one in fields(Counts) if one.name != "longest_wait"]
    waits = [row.longest_wait for row in rows if row.longest_wait is not None]
    total = Counts(longest_wait=max(waits, default=None))
    return replace(total, **{name: sum(getattr(row, name) for row in rows) for name in numbers})


# -- the statement --------------------------------------------------------------------------------------------

LINE_THEN = """COALESCE((
    SELECT (later.data ->> 'earlier_line')::bigint FROM openlines_dialogevent later
    WHERE later.dialog_id = event.dialog_id AND later.rev >= event.rev AND later.kind = 'transfer_to_line'
    ORDER BY later.rev LIMIT 1), dialog.line_id)"""
"""The line that the dialog of ``event`` was on when it happened."""

WAITED = """offer.ended_at - CASE
    WHEN offer.ended_at = dialog.accepted_at THEN COALESCE(dialog.unanswered_since, dialog.created_at)
    ELSE COALESCE((
        SELECT min(event.at) FROM openlines_dialogevent event
        WHERE event.dialog_id = offer.dialog_id AND event.at <= offer.ended_at
        AND event.kind IN ('back_to_queue', 'transfer_to_line', 'operator_lost', 'client_writes')
        AND event.rev > (
            SELECT max(held.rev) FROM openlines_dialogevent held
            WHERE held.dialog_id = offer.dialog_id AND held.at < offer.ended_at
            AND held.kind IN ('accept', 'take_over', 'transfer'))
        AND (event.kind <> 'client_writes' OR event.data ->> 'state' = 'returned')
    ), offer.offered_at) END"""
"""How long the dialog of an accepted ``offer`` had waited (``Counts.longest_wait``)."""

HANDED_ON = f"""
SELECT event.dialog_id, event.at, event.kind, event.actor_id,
    (event.data ->> 'to')::bigint AS to_id, (event.data ->> 'earlier')::bigint AS from_id
FROM openlines_dialogevent event JOIN openlines_dialog dialog ON dialog.id = event.dialog_id
WHERE event.kind IN ('transfer', 'transfer_to_line', 'back_to_queue')
AND event.at >= %(since)s AND event.at < %(until)s AND {LINE_THEN} = %(line)s"""  # noqa: S608 - our own pieces

_COUNTS = f"""
WITH handed_on AS ({HANDED_ON}),
counted (employee_id, offered, by_turn, accepted, skipped, lapsed, taken, withdrawn, standing,
         transferred_in, transferred_out, given_back, open_now, longest_wait) AS (
    SELECT offer.employee_id, count(*),
        count(*) FILTER (WHERE NOT offer.is_first),
        count(*) FILTER (WHERE offer.outcome = 'accepted'),
        count(*) FILTER (WHERE offer.outcome = 'skipped'),
        count(*) FILTER (WHERE offer.outcome = 'lapsed'),
        count(*) FILTER (WHERE offer.outcome = 'taken'),
        count(*) FILTER (WHERE offer.outcome = 'withdrawn'),
        count(*) FILTER (WHERE offer.ended_at IS NULL),
        0, 0, 0, 0,
        max(CASE WHEN offer.outcome = 'accepted' THEN {WAITED} END)
    FROM openlines_offer offer JOIN openlines_dialog dialog ON dialog.id = offer.dialog_id
    WHERE offer.line_id = %(line)s AND offer.offered_at >= %(since)s AND offer.offered_at < %(until)s
    GROUP BY offer.employee_id
  UNION ALL
    SELECT to_id, 0, 0, 0, 0, 0, 0, 0, 0, count(*), 0, 0, 0, NULL
    FROM handed_on WHERE kind = 'transfer' GROUP BY to_id
  UNION ALL
    SELECT CASE kind WHEN 'transfer' THEN from_id ELSE actor_id END, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*), 0, 0, NULL
    FROM handed_on WHERE kind IN ('transfer', 'transfer_to_line') GROUP BY 1
  UNION ALL
    SELECT actor_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*), 0, NULL
    FROM handed_on WHERE kind = 'back_to_queue' GROUP BY actor_id
  UNION ALL
    SELECT operator_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*), NULL
    FROM openlines_dialog
    WHERE line_id = %(line)s AND operator_id IS NOT NULL AND NOT state IN ('closed', 'spam') GROUP BY operator_id
)
SELECT employee_id, sum(offered), sum(by_turn), sum(accepted), sum(skipped), sum(lapsed), sum(taken), sum(withdrawn),
    sum(standing), sum(transferred_in), sum(transferred_out), sum(given_back), sum(open_now), max(longest_wait)
FROM counted
WHERE employee_id IS NOT NULL AND (%(people)s::bigint[] IS NULL OR employee_id = ANY(%(people)s))
GROUP BY employee_id
"""  # noqa: S608 - our own pieces


def counts(
    line_id: int, *, since: datetime | None, until: datetime | None, people: Collection[int] | None
) -> dict[int, Counts]:
    """By employee; who has nothing is missing."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, bounds(line_id, since=since, until=until, people=people))
        rows = cursor.fetchall()
    names = [one.name for one in fields(Counts)]
    return {pk: Counts(**dict(zip(names, _whole(values), strict=True))) for pk, *values in rows}


def _whole(values: Sequence[Any]) -> list[Any]:
    """PostgreSQL's sums of counts are numerics."""
    *numbers, longest = values
    return [*map(int, numbers), longest]


def bounds(
    line_id: int, *, since: datetime | None, until: datetime | None, people: Collection[int] | None
) -> dict[str, Any]:
    """The statement's parameters."""
    return {
        "line": line_id,
        "since": since or "-infinity",
        "until": until or "infinity",
        "people": None if people is None else list(people),
    }
