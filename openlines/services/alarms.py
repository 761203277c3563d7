"""Notices to administrators about a line or a connection that cannot work as it stands."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from contactcenter.staff import notices
from contactcenter.staff.models import Employee, Notice, Right, RoleBinding, Scope
from contactcenter.staff.roles import scope
from openlines.models import Connection, OpenLine
from openlines.policies.health import Health

QUEUE_EMPTY = "queue_empty"
CONNECTION_STOPPED = "connection_stopped"
CONNECTION_SILENT = "connection_silent"
CONNECTION_FAILING = "connection_failing"


def queue_is_empty(line: OpenLine, *, now: datetime) -> None:
    """Q1: a queue that became empty later. Who has an unread notice of it gets no second one."""
    told = Notice.objects.filter(kind=QUEUE_EMPTY, data__line=line.pk, read_at__isnull=True)
    people = administrators() - set(told.values_list("employee_id", flat=True))
    notices.notify(people, kind=QUEUE_EMPTY, data={"line": line.pk, "name": line.name}, now=now)


def connection_stopped(connection_id: int, *, reason: str, now: datetime) -> None:
    """The provider refuses our credentials: nothing leaves until somebody mends them."""
    _about_connection(CONNECTION_STOPPED, connection_id, reason=reason, now=now)


def connection_turned(connection_id: int, health: Health, *, reason: str, now: datetime) -> None:
    """L1: it has turned silent or failing since the last look."""
    kind = CONNECTION_SILENT if health is Health.SILENT else CONNECTION_FAILING
    _about_connection(kind, connection_id, reason=reason, now=now)


def connection_fails(connection_id: int, *, reason: str, now: datetime) -> None:
    """Something of it is lost to people's eyes until somebody looks: told at once, and at the connection itself."""
    rows = Connection.objects.filter(pk=connection_id)
    newly = rows.exclude(last_error=reason).update(
        last_error=reason, last_error_at=now, health=Health.FAILING
    )
    if newly:
        connection_turned(connection_id, Health.FAILING, reason=reason, now=now)


def _about_connection(kind: str, connection_id: int, *, reason: str, now: datetime) -> None:
    """Told at each turn for the worse: an older word about it that nobody has read yet gives way, so there is one."""
    connection = Connection.objects.get(pk=connection_id)
    kinds = (CONNECTION_STOPPED, CONNECTION_SILENT, CONNECTION_FAILING)
    Notice.objects.filter(kind__in=kinds, data__connection=connection_id, read_at__isnull=True).delete()
    notices.notify(
        people_with(Right.CONNECTIONS_CHANGE),
        kind=kind,
        data={"connection": connection_id, "name": connection.name, "reason": reason[:300]},
        now=now,
        link=reverse("admin:openlines_connection_change", args=[connection_id]),
    )


def administrators() -> set[int]:
    """Who may change lines, by whatever role."""
    return people_with(Right.LINES_CHANGE)


def people_with(right: Right) -> set[int]:
    """Who has ``right`` for all, by whatever role."""
    who = Q(is_superuser=True) | Q(role_bindings__role__grants__right=right)
    if RoleBinding.objects.filter(department__isnull=False, role__grants__right=right).exists():
        who |= Q(department__isnull=False)
    able = Employee.objects.active().filter(who).distinct()
    return {person.pk for person in able if scope(person, right) is Scope.ALL}
