"""What is known of employees at a moment (Q4, Q9), for whoever hands out dialogs. It judges nothing."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from contactcenter.staff.models.presence import ONLINE_WITHIN
from contactcenter.staff.zones import end_of, start_of, zone_named

#: Zones are less than a day from UTC, so that these are the absences which may run somewhere in the world.
_NEAR = timedelta(days=1)

_STATUSES = """
SELECT employee.id, employee.is_active, employee.time_zone,
    CASE employee.work_day_tracking
        WHEN 'always' THEN true
        WHEN 'never' THEN false
        ELSE coalesce((SELECT work_day_tracking FROM staff_installation), false)
    END,
    work_day.started_at, pause.started_at, presence.seen_at,
    absence.kind, absence.first_day, absence.starts_at_noon, absence.last_day, absence.ends_at_noon
FROM staff_employee employee
LEFT JOIN staff_workday work_day ON work_day.employee_id = employee.id AND work_day.ended_at IS NULL
LEFT JOIN staff_break pause ON pause.employee_id = employee.id AND pause.ended_at IS NULL
LEFT JOIN staff_presence presence ON presence.employee_id = employee.id
LEFT JOIN staff_absence absence ON absence.employee_id = employee.id
    AND absence.first_day <= %(tomorrow)s AND absence.last_day >= %(yesterday)s
WHERE employee.id = ANY(%(employees)s)
"""

_COMING = """
SELECT employee.time_zone, first_day, starts_at_noon, last_day, ends_at_noon
FROM staff_absence absence JOIN staff_employee employee ON employee.id = absence.employee_id
WHERE employee_id = ANY(%(employees)s) AND last_day >= %(yesterday)s
"""


@dataclass(frozen=True)
class Status:
    """Facts, side by side: who is on leave may be online too.

    `leave_since`, `leave_kind`, `leave_whole_day`: an absence (`Absence.Kind`) covers now in his own zone,
    and whether it is of a whole day or longer; of several that do the earliest, whole ones first.
    `tracked`: work-day tracking holds for him, and `day_since` counts in place of `online`.
    `seen_at`: when a desk page of his answered last.
    """

    dismissed: bool = False
    leave_since: datetime | None = None
    leave_kind: str = ""
    leave_whole_day: bool = False
    break_since: datetime | None = None
    tracked: bool = False
    day_since: datetime | None = None
    online: bool = False
    seen_at: datetime | None = None


@dataclass(frozen=True)
class _Leave:
    since: datetime
    until: datetime
    whole_day: bool


def statuses(employee_ids: Collection[int], *, now: datetime) -> dict[int, Status]:
    """The status of each; who cannot log in, or is no employee, counts as dismissed. One statement."""
    found = {employee_id: Status(dismissed=True) for employee_id in employee_ids}
    if not found:
        return found
    today = now.astimezone(UTC).date()
    with connection.cursor() as cursor:
        cursor.execute(
            _STATUSES,
            {"employees": list(found), "tomorrow": today + _NEAR, "yesterday": today - _NEAR},
        )
        rows = cursor.fetchall()
    seen: set[int] = set()
    for employee_id, is_active, zone, tracked, day, pause, seen_at, kind, *days in rows:
        if employee_id not in seen:  # one row for each absence that is near
            seen.add(employee_id)
            found[employee_id] = Status(
                dismissed=not is_active,
                break_since=pause,
                tracked=tracked,
                day_since=day,
                online=seen_at is not None and seen_at >= now - ONLINE_WITHIN,
                seen_at=seen_at,
            )
        if kind is not None:
            found[employee_id] = _with_leave(found[employee_id], kind, _leave(zone, *days), now=now)
    return found


def next_change(employee_ids: Collection[int], *, now: datetime) -> datetime | None:
    """The first moment after now at which an absence of one of them begins or ends. One statement."""
    if not employee_ids:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            _COMING, {"employees": list(employee_ids), "yesterday": now.astimezone(UTC).date() - _NEAR}
        )
        leaves = [_leave(*row) for row in cursor.fetchall()]
    moments = [moment for leave in leaves for moment in (leave.since, leave.until) if moment > now]
    return min(moments, default=None)


def _leave(zone: str, first_day: date, starts_at_noon: bool, last_day: date, ends_at_noon: bool) -> _Leave:
    where = zone_named(zone)
    halves = 2 * (last_day - first_day).days + 2 - starts_at_noon - ends_at_noon
    return _Leave(
        since=start_of(first_day, at_noon=starts_at_noon, zone=where),
        until=end_of(last_day, at_noon=ends_at_noon, zone=where),
        whole_day=halves >= 2,
    )


def _with_leave(status: Status, kind: str, leave: _Leave, *, now: datetime) -> Status:
    if not leave.since <= now < leave.until:
        return status
    if status.leave_since is not None:
        known = (not status.leave_whole_day, status.leave_since)
        if known <= (not leave.whole_day, leave.since):
            return status
    return replace(status, leave_since=leave.since, leave_kind=kind, leave_whole_day=leave.whole_day)
