"""The places of a queue between page and service: ``e12,d3`` is employee 12, then department 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.staff.departments import members_of
from contactcenter.staff.models import Department, Employee
from openlines.models import QueueEntry
from openlines.search import folded_words
from openlines.services import queue_members
from openlines.services.lines import Place

MOST_FOUND = 12
MOST_PLACES = 500


def encode(places: Sequence[Place]) -> str:
    return ",".join(f"e{p.employee_id}" if p.employee_id else f"d{p.department_id}" for p in places)


def decode(value: str) -> list[Place]:
    """Each once, at its first place; what is no place is left out."""
    found: dict[Place, None] = {}
    for item in value.split(",")[:MOST_PLACES]:
        kind, number = item[:1], item[1:]
        if number.isdecimal() and len(number) < 18 and kind in ("e", "d"):
            place = Place(employee_id=int(number)) if kind == "e" else Place(department_id=int(number))
            found.setdefault(place)
    return list(found)


def of_line(line_id: int) -> list[Place]:
    rows = QueueEntry.objects.filter(line_id=line_id).values_list("employee_id", "department_id")
    return [Place(employee_id=employee, department_id=department) for employee, department in rows]


def existing(places: Sequence[Place]) -> list[Place]:
    employees, departments = _rows(places)
    return [p for p in places if p.employee_id in employees or p.department_id in departments]


@dataclass(frozen=True)
class Loaded:
    """Chosen places with what stands behind them: read once, shown as the list and as its expansion."""

    places: list[Place]
    employees: dict[Any, Employee]
    departments: dict[Any, Department]
    members: dict[int, list[int]]

    def rows(self) -> list[dict[str, Any]]:
        """As rows of the list; what no longer exists is left out."""
        rows = []
        for place in self.places:
            if place.employee_id in self.employees:
                rows.append(_employee(self.employees[place.employee_id]))
            elif place.department_id in self.departments:
                department = self.departments[place.department_id]
                rows.append(_department(department, len(self.members.get(department.pk, ()))))
        return rows

    def people(self) -> list[Employee]:
        """Whom the places stand for today, in order, each once (Q1)."""
        active = {pk for pk, employee in self.employees.items() if employee.is_active}
        places = [(p.employee_id, p.department_id, p.employee_id in active) for p in self.places]
        ids = queue_members.expand(places, members=self.members)
        further = [pk for pk in ids if pk not in self.employees]
        found = self.employees | (Employee.objects.in_bulk(further) if further else {})
        return [found[pk] for pk in ids if pk in found]

    def names(self) -> list[str]:
        return [row["name"] for row in self.rows()]


def load(places: Sequence[Place]) -> Loaded:
    employees, departments = _rows(places)
    members = members_of(list(departments)) if departments else {}
    return Loaded(list(places), employees, departments, members)


def search(text: str) -> list[dict[str, Any]]:
    """Active employees and departments whose name has every word of ``text``."""
    person = folded_words(text, "first_name", "last_name", "username")
    unit = folded_words(text, "name")
    departments = list(Department.objects.filter(unit)[: MOST_FOUND // 2])
    members = members_of([d.pk for d in departments])
    employees = Employee.objects.filter(person, is_active=True).select_related("department")[
        : MOST_FOUND - len(departments)
    ]
    return [
        *(_department(d, len(members[d.pk])) for d in departments),
        *(_employee(e) for e in employees),
    ]


def _rows(places: Sequence[Place]) -> tuple[dict[Any, Employee], dict[Any, Department]]:
    employees = [p.employee_id for p in places if p.employee_id]
    departments = [p.department_id for p in places if p.department_id]
    return (
        Employee.objects.select_related("department").in_bulk(employees) if employees else {},
        Department.objects.in_bulk(departments) if departments else {},
    )


def _employee(employee: Employee) -> dict[str, Any]:
    if not employee.is_active:
        detail = _("gets no dialogs: dismissed or unable to log in")
    else:
        detail = employee.position or (employee.department.name if employee.department else "")
    initials = (employee.first_name[:1] + employee.last_name[:1]) or employee.username[:2]
    return {
        "key": f"e{employee.pk}",
        "kind": "employee",
        "name": employee.display_name,
        "detail": detail,
        "mark": initials.upper(),
        "warn": not employee.is_active,
    }


def _department(department: Department, people: int) -> dict[str, Any]:
    detail = ngettext("department, %(n)d person", "department, %(n)d people", people) % {"n": people}
    return {
        "key": f"d{department.pk}",
        "kind": "department",
        "name": department.name,
        "detail": detail,
        "mark": "",
        "warn": people == 0,
    }
