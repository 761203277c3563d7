"""Makers of what the staff app keeps of people's time."""

from datetime import date, datetime
from typing import Any

from contactcenter.staff.models import Absence, Employee, Installation, WorkDayTracking
from tests.factories import make_employee


def make_absence(employee: Employee, first: str, last: str = "", **fields: Any) -> Absence:
    """`make_absence(anna, "2026-03-08", "2026-03-09", ends_at_noon=True)`, unannounced."""
    return Absence.objects.create(
        employee=employee,
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last or first),
        **fields,
    )


def make_tracked(username: str = "", **fields: Any) -> Employee:
    """Somebody whose work days are tracked, whatever the installation says."""
    return make_employee(username, work_day_tracking=WorkDayTracking.ALWAYS, **fields)


def track_work_days(on: bool) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"work_day_tracking": on})


def local_time(moment: datetime) -> str:
    """As an <input type="datetime-local"> sends it."""
    return moment.strftime("%Y-%m-%dT%H:%M")
