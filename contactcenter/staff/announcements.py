"""Tells the apps above when a change of settings or of absences makes somebody available, or ends it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from contactcenter.staff import signals
from contactcenter.staff.availability import Status, statuses
from contactcenter.staff.models import Employee
from contactcenter.staff.signals import Reason


@contextmanager
def announced(employee_ids: Collection[int], *, now: datetime) -> Iterator[None]:
    """A transaction around a change: the employees are locked, looked at before and after it, and for whom it
    made a difference the signal is sent."""
    with transaction.atomic():
        list(
            Employee.objects.select_for_update(no_key=True)
            .filter(pk__in=employee_ids)
            .order_by("pk")
            .values_list("pk")
        )
        before = statuses(employee_ids, now=now)
        yield
        for employee_id, after in statuses(employee_ids, now=now).items():
            _announce(employee_id, before[employee_id], after, now=now)


def _announce(employee_id: int, before: Status, after: Status, *, now: datetime) -> None:
    worse = _obstacles(after) - _obstacles(before)
    better = _obstacles(before) - _obstacles(after)
    if worse:
        signals.became_unavailable.send(Employee, employee_id=employee_id, now=now, reason=min(worse)[1])
    elif better:
        signals.became_available.send(Employee, employee_id=employee_id, now=now)


def _obstacles(status: Status) -> set[tuple[int, str]]:
    """What keeps him from dialogs, the gravest first."""
    found: set[tuple[int, str]] = set()
    if status.leave_since is not None:
        found.add((1, Reason.LEAVE))
        if status.leave_whole_day:
            found.add((0, Reason.WHOLE_DAY_LEAVE))
    if status.tracked and status.day_since is None:
        found.add((2, Reason.DAY_ENDED))
    if not status.tracked and not status.online:
        found.add((3, Reason.OFFLINE))
    return found
