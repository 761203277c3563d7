"""A line's queue as it stands at this moment: people and departments expanded, each person once (Q1)."""

from __future__ import annotations

from contactcenter.staff.departments import members_of
from contactcenter.staff.models import Employee
from openlines.models import QueueEntry, Turn
from openlines.policies.routing import Member


def employee_ids(line_id: int) -> list[int]:
    """Active members in list order, each at his first place."""
    entries = list(
        QueueEntry.objects.filter(line_id=line_id).values_list("employee_id", "department_id", "employee__is_active")
    )
    departments = members_of([d for _, d, _ in entries if d]) if any(d for _, d, _ in entries) else {}
    found: dict[int, None] = {}
    for employee_id, department_id, active in entries:
        if employee_id and active:
            found.setdefault(employee_id)
        for member in departments.get(department_id, ()) if department_id else ():
            found.setdefault(member)
    return list(found)


def members(line_id: int) -> list[Member]:
    """The policy's facts. Until the availability check and the limit exist, every active member is free (Q4, Q5)."""
    ids = employee_ids(line_id)
    turns = dict(
        Turn.objects.filter(line_id=line_id, employee_id__in=ids).values_list("employee_id", "last_assigned_at")
    )
    return [Member(employee_id=pk, last_assigned_at=turns.get(pk)) for pk in ids]


def is_member(line_id: int, employee: Employee) -> bool:
    return employee.pk in employee_ids(line_id)
