"""The desk's ticket for the event stream: which lines' signals an employee may hear."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import connection

from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require
from openlines import permissions
from openlines.live import topics


def issue(employee_id: int, *, session_key: str, now: datetime) -> str:
    """Everything is read anew after the snapshot, so that a change which the ticket has not seen ends its stream.

    Raises PermissionDenied.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        (snapshot,) = cursor.fetchone()
    session = Session.objects.filter(pk=session_key, expire_date__gt=now).first()
    employee = Employee.objects.filter(pk=employee_id, is_active=True).first()
    if session is None or employee is None:
        raise PermissionDenied
    require(employee, Right.DIALOGS_HISTORY)
    own = topics.employee(employee_id)
    lines = {*permissions.watched_lines(employee), *permissions.member_lines(employee)}
    return topics.issue_ticket(
        holder=own,
        topics=[own, *(topics.line(pk) for pk in lines)],
        now=now,
        through=[topics.session(session_key)],
        until=session.expire_date,
        snapshot=snapshot,
    )
