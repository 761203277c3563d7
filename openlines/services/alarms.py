"""Notices to administrators about a line that cannot work as it stands."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from contactcenter.staff import notices
from contactcenter.staff.models import Employee, Notice, Right, RoleBinding, Scope
from contactcenter.staff.roles import scope
from openlines.models import OpenLine

QUEUE_EMPTY = "queue_empty"


def queue_is_empty(line: OpenLine, *, now: datetime) -> None:
    """Q1: a queue that became empty later. Who has an unread notice of it gets no second one."""
    told = Notice.objects.filter(kind=QUEUE_EMPTY, data__line=line.pk, read_at__isnull=True)
    people = administrators() - set(told.values_list("employee_id", flat=True))
    notices.notify(people, kind=QUEUE_EMPTY, data={"line": line.pk, "name": line.name}, now=now)


def administrators() -> set[int]:
    """Who may change lines, by whatever role."""
    by_role = Q(role_bindings__role__grants__right=Right.LINES_CHANGE)
    who = Q(is_superuser=True) | by_role
    if _departments_have_the_right():
        who |= Q(department__isnull=False)
    able = Employee.objects.active().filter(who).distinct()
    return {person.pk for person in able if scope(person, Right.LINES_CHANGE) is Scope.ALL}


def _departments_have_the_right() -> bool:
    return RoleBinding.objects.filter(
        department__isnull=False, role__grants__right=Right.LINES_CHANGE
    ).exists()
