"""A line's queue as it stands at this moment: people and departments expanded, each person once (Q1)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import OuterRef, Q, Subquery

from contactcenter.staff.availability import statuses
from contactcenter.staff.departments import members_of
from contactcenter.staff.models import Employee
from openlines.models import QueueEntry, Turn
from openlines.policies import capacity
from openlines.policies.availability import Presence, obstacle
from openlines.policies.capacity import Load
from openlines.policies.facts import HELD, Distribution, LineSettings, State
from openlines.policies.routing import Member


def employee_ids(line_id: int) -> list[int]:
    """Active members in list order, each at his first place."""
    return expand(
        list(
            QueueEntry.objects.filter(line_id=line_id).values_list(
                "employee_id", "department_id", "employee__is_active"
            )
        )
    )


def lines_of(employee_ids: Collection[int]) -> list[int]:
    """Lines whose queue one of them is in, by himself or through a department. Two statements."""
    people = set(employee_ids)
    entries = list(
        QueueEntry.objects.filter(Q(employee__in=people) | Q(department__isnull=False)).values_list(
            "line_id", "department_id"
        )
    )
    members = members_of({department for _line, department in entries if department})
    return sorted(
        {
            line
            for line, department in entries
            if department is None or not people.isdisjoint(members[department])
        }
    )


def expand(
    entries: Sequence[tuple[int | None, int | None, bool | None]],
    *,
    members: dict[int, list[int]] | None = None,
) -> list[int]:
    """The people behind places, saved or not yet: (employee, department, whether the employee is active).

    ``members``: of the departments, where the caller has them already.
    """
    departments = members_of([d for _, d, _ in entries if d]) if members is None else members
    found: dict[int, None] = {}
    for employee_id, department_id, active in entries:
        if employee_id and active:
            found.setdefault(employee_id)
        for member in departments.get(department_id, ()) if department_id else ():
            found.setdefault(member)
    return list(found)


def members(line_id: int, *, settings: LineSettings, now: datetime) -> list[Member]:
    """The policy's facts of everybody in the queue: whose turn it is, who is available (Q4), who has room (Q5)."""
    turn = Turn.objects.filter(line_id=OuterRef("line_id"), employee_id=OuterRef("employee_id"))
    entries = list(
        QueueEntry.objects.filter(line_id=line_id)
        .annotate(turn=Subquery(turn.values("last_assigned_at")[:1]))
        .values_list("employee_id", "department_id", "employee__is_active", "turn")
    )
    ids = expand([entry[:3] for entry in entries])
    turns = {employee_id: at for employee_id, _, _, at in entries if employee_id}
    by_department = [pk for pk in ids if pk not in turns]
    if by_department:
        assigned = Turn.objects.filter(line_id=line_id, employee_id__in=by_department)
        turns |= dict(assigned.values_list("employee_id", "last_assigned_at"))
    people = presences(ids, now=now) if settings.check_availability else {}
    loads = load_of(line_id, ids, settings=settings) if settings.limit is not None else {}
    return [
        _member(pk, settings=settings, turn=turns.get(pk), presence=people.get(pk), load=loads.get(pk))
        for pk in ids
    ]


def member_outside(employee_id: int, *, settings: LineSettings, now: datetime) -> Member | None:
    """C5's responsible as a candidate: queue member or not, no limit; None for who is unknown or dismissed."""
    if not Employee.objects.filter(pk=employee_id, is_active=True).exists():
        return None
    people = presences([employee_id], now=now) if settings.check_availability else {}
    return _member(employee_id, settings=settings, turn=None, presence=people.get(employee_id), load=None)


def presences(employee_ids: Collection[int], *, now: datetime) -> dict[int, Presence]:
    """What staff knows of them, as the policies' facts."""
    return {pk: Presence(**vars(status)) for pk, status in statuses(employee_ids, now=now).items()}


_LOADS = """
SELECT dialog.operator_id, dialog.state, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM openlines_message message
    WHERE message.dialog_id = dialog.id AND message.operator_id = dialog.operator_id AND NOT message.is_note))
FROM openlines_dialog dialog
WHERE dialog.line_id = %(line)s AND dialog.operator_id = ANY(%(employees)s) AND dialog.state = ANY(%(held)s)
GROUP BY dialog.operator_id, dialog.state
UNION ALL
SELECT employee_id, 'offered', count(*), 0
FROM openlines_offer
WHERE line_id = %(line)s AND employee_id = ANY(%(employees)s) AND ended_at IS NULL AND %(offers)s
GROUP BY employee_id
"""


def load_of(line_id: int, employee_ids: Collection[int], *, settings: LineSettings) -> dict[int, Load]:
    """Their open dialogs and standing offers on the line (Q5); who has none is missing.

    One statement, so one moment: between two, an accept would be missed by both, or counted twice.
    """
    found: dict[int, Counter[str]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(
            _LOADS,
            {
                "line": line_id,
                "employees": list(employee_ids),
                "held": [str(state) for state in HELD],
                "offers": settings.distribution is not Distribution.TO_ALL,
            },
        )
        for employee_id, state, count, replied in cursor.fetchall():
            found[employee_id][state] += count
            if state != State.ANSWERED:
                found[employee_id]["answered_before"] += replied
    return {
        pk: Load(
            offers=counts["offered"],
            accepted=counts[State.ACCEPTED],
            waiting=counts[State.WAITING],
            answered=counts[State.ANSWERED],
            answered_before=counts["answered_before"],
        )
        for pk, counts in found.items()
    }


def _member(
    employee_id: int,
    *,
    settings: LineSettings,
    turn: datetime | None,
    presence: Presence | None,
    load: Load | None,
) -> Member:
    why, detail = obstacle(presence or Presence(), check=settings.check_availability and presence is not None)
    room = capacity.room(load or Load(), settings)
    if why is None and room == 0:
        detail = f"{capacity.counted(load or Load(), settings.limit_leaves_out)}/{settings.limit}"
    return Member(employee_id=employee_id, obstacle=why, detail=detail, last_assigned_at=turn, room=room)


def is_member(line_id: int, employee: Employee) -> bool:
    return employee.pk in employee_ids(line_id)
