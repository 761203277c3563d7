"""Absences are written here, so that what they change at once is announced (Q4, Q9)."""

from datetime import datetime

from contactcenter.staff import signals
from contactcenter.staff.announcements import announced
from contactcenter.staff.models import Absence


def save(absence: Absence, *, now: datetime) -> None:
    """Write a new or a changed absence. Raises ValidationError where it meets another of the same employee:
    forms have looked before, and this is for two at once."""
    with announced([absence.employee_id], now=now):
        absence.refuse_overlap(Absence.objects.filter(employee=absence.employee_id))
        absence.save()
        _tell_change(absence.employee_id, now=now)


def delete(absence: Absence, *, now: datetime) -> None:
    with announced([absence.employee_id], now=now):
        absence.delete()
        _tell_change(absence.employee_id, now=now)


def _tell_change(employee_id: int, *, now: datetime) -> None:
    signals.absences_changed.send(Absence, employee_ids=[employee_id], now=now)
