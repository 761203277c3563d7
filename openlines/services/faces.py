"""Whom the client sees (Q6). Everything that reaches a client takes an employee's name and picture from here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from contactcenter.staff.models import Employee
from openlines.models import LineEntry, OpenLine
from openlines.models.blocks import QueueBlock


@dataclass(frozen=True)
class Face:
    """Empty: hidden. ``photo``: an address clients can open. A log-in name never gets here."""

    name: str = ""
    position: str = ""
    photo: str = ""


def face(line: OpenLine, employee: Employee | None) -> Face:
    """What clients of ``line`` see of ``employee``."""
    if employee is None:
        return Face()
    if line.identity == QueueBlock.Identity.INFORMATION:
        photo = line.identity_photo.url if line.identity_photo else ""
        return Face(name=employee.first_name if line.identity_first_name else "", photo=photo)
    own = Face(name=employee.get_full_name(), photo=employee.photo.url if employee.photo else "")
    if line.identity == QueueBlock.Identity.PROFILE:
        return own
    entry = _entries(line.pk, line.version).get(employee.pk)
    if entry is None:
        return own
    return Face(name=entry.name or own.name, position=entry.position, photo=entry.photo or own.photo)


@lru_cache(maxsize=1024)
def _entries(line_id: int, version: int) -> dict[int, Face]:
    """By employee; a changed entry counts the line's version up, so there is nothing to invalidate."""
    return {
        entry.employee_id: Face(entry.name, entry.position, entry.photo.url if entry.photo else "")
        for entry in LineEntry.objects.filter(line_id=line_id)
    }
