"""Who else has a dialog open, and who is writing in it (§11 "Operator's actions"): shown to everybody in it.

Each open page says every few seconds that it is there; who says nothing for ``LOOKS_FOR`` has gone, whatever ended the page.
One statement, which touches no dialog; another where there is company. Screens are told at once, over their streams, of who
comes, begins to write or leaves; that somebody has fallen silent they see by the time that comes with each name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection as database

from contactcenter.staff.models import Employee
from openlines.live import publish, topics
from openlines.models import Onlooker

LOOKS_FOR: Final = timedelta(seconds=15)
WRITES_FOR: Final = timedelta(seconds=8)

_LOOK = """
WITH lapsed AS (
    DELETE FROM openlines_onlooker
    WHERE employee_id = %(employee)s AND dialog_id <> %(dialog)s AND until <= %(now)s
), mine AS (
    INSERT INTO openlines_onlooker (dialog_id, employee_id, until, writing_until)
    VALUES (%(dialog)s, %(employee)s, %(until)s, %(writing)s)
    ON CONFLICT (dialog_id, employee_id) DO UPDATE
    SET until = EXCLUDED.until, writing_until = coalesce(EXCLUDED.writing_until, openlines_onlooker.writing_until)
)
SELECT employee_id, until, writing_until FROM openlines_onlooker
WHERE dialog_id = %(dialog)s AND until > %(now)s
"""
"""Those who were there before: the select sees neither the insert nor the delete of its own statement."""


@dataclass(frozen=True)
class Present:
    """Somebody who has the dialog open, for so many seconds more unless their page says so again."""

    employee_id: int
    name: str
    looks_for: float
    writes_for: float

    @property
    def data(self) -> dict[str, object]:
        return {
            "id": self.employee_id,
            "name": self.name,
            "looking": self.looks_for,
            "writing": self.writes_for,
        }


@dataclass(frozen=True)
class _Row:
    employee_id: int
    until: datetime
    writing_until: datetime | None

    def is_writing(self, now: datetime) -> bool:
        return self.writing_until is not None and self.writing_until > now


def look(dialog_id: int, *, by: Employee, now: datetime, writing: bool = False) -> tuple[Present, ...]:
    """``by`` has the dialog open, and perhaps writes in it. Returns who else is there."""
    mine = _Row(by.pk, now + LOOKS_FOR, now + WRITES_FOR if writing else None)
    with database.cursor() as cursor:
        cursor.execute(
            _LOOK,
            {
                "dialog": dialog_id,
                "employee": by.pk,
                "now": now,
                "until": mine.until,
                "writing": mine.writing_until,
            },
        )
        rows = [_Row(*row) for row in cursor.fetchall()]
    before = next((row for row in rows if row.employee_id == by.pk), None)
    others = [row for row in rows if row.employee_id != by.pk]
    if not others:
        return ()
    present = _named(others, now=now)
    if before is None or (writing and not before.is_writing(now)):
        writes_for = (before and before.is_writing(now)) or writing
        me = Present(
            by.pk,
            by.display_name,
            LOOKS_FOR.total_seconds(),
            WRITES_FOR.total_seconds() if writes_for else 0.0,
        )
        _tell(dialog_id, present, (*present, me))
    return present


def leave(dialog_id: int, *, by: Employee, now: datetime) -> None:
    """The page is closed, or shows another dialog."""
    if not Onlooker.objects.filter(dialog_id=dialog_id, employee_id=by.pk).delete()[0]:
        return
    rows = Onlooker.objects.filter(dialog_id=dialog_id, until__gt=now)
    others = [_Row(*row) for row in rows.values_list("employee_id", "until", "writing_until")]
    if others:
        present = _named(others, now=now)
        _tell(dialog_id, present, present)


def _named(rows: Iterable[_Row], *, now: datetime) -> tuple[Present, ...]:
    found = Employee.objects.in_bulk([row.employee_id for row in rows])
    return tuple(
        Present(
            row.employee_id,
            found[row.employee_id].display_name,
            (row.until - now).total_seconds(),
            (row.writing_until - now).total_seconds() if row.writing_until and row.is_writing(now) else 0.0,
        )
        for row in sorted(rows, key=lambda row: row.employee_id)
        if row.employee_id in found
    )


def _tell(dialog_id: int, listeners: Iterable[Present], people: Iterable[Present]) -> None:
    data = {"dialog": dialog_id, "people": [one.data for one in people]}
    publish.signal_many([(topics.employee(one.employee_id), "onlookers", data) for one in listeners])
