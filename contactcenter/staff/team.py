"""Who leads whom: heads their departments with all below them, and who may change employees everybody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from contactcenter.staff.departments import in_tree_order, own_department, subtree
from contactcenter.staff.models import Absence, Department, Employee, Right, Scope
from contactcenter.staff.states import State, states


def leads_everybody(leader: Employee) -> bool:
    return leader.has_right(Right.ROLES_CHANGE, Scope.ALL)


def leads_somebody(leader: Employee) -> bool:
    """Whether he has a team to look at. At most two statements."""
    return leads_everybody(leader) or Department.objects.filter(head=leader).exists()


def leads(leader: Employee, employee_id: int) -> bool:
    """Whether he may see and write the absences of that employee. A head leads himself too, where he is a
    member of what he heads; whoever heads nothing leads nobody."""
    if leads_everybody(leader):
        return True
    return leads_somebody(leader) and employee_id in own_department(leader.pk, department_id=None)


@dataclass(frozen=True)
class Person:
    employee: Employee
    state: State
    next_absence: Absence | None


@dataclass(frozen=True)
class Group:
    """The people of one department; `department` is empty for those who belong to none."""

    department: Department | None
    depth: int
    people: list[Person]


def groups(leader: Employee, *, now: datetime, department_id: int | None = None) -> list[Group]:
    """His active people, department by department in the order of the tree. At most seven statements.

    `department_id` narrows it to that department and those below.
    """
    employees = Employee.objects.active()
    if not leads_everybody(leader):
        employees = employees.filter(pk__in=own_department(leader.pk, department_id=None))
    if department_id is not None:
        employees = employees.filter(department__in=subtree([department_id]))
    found = list(employees.select_related("department"))
    known = states(found, now=now)
    coming = _next_absences(found, now=now)
    people: dict[int | None, list[Person]] = {}
    for employee in found:
        person = Person(employee, known[employee.pk], coming.get(employee.pk))
        people.setdefault(employee.department_id, []).append(person)
    ordered = [
        Group(people[place.department_id][0].employee.department, place.depth, people[place.department_id])
        for place in in_tree_order()
        if place.department_id in people
    ]
    listed = {group.department.pk for group in ordered if group.department}
    rest = [person for key, members in people.items() if key not in listed for person in members]
    return [*ordered, Group(None, 0, rest)] if rest else ordered


def departments_of(leader: Employee) -> list[Department]:
    """The departments his people may be narrowed to, in the order of the tree."""
    departments = Department.objects.all()
    if not leads_everybody(leader):
        headed = departments.filter(head=leader).values_list("pk", flat=True)
        departments = departments.filter(pk__in=subtree(list(headed)))
    by_id = departments.in_bulk()
    return [by_id[place.department_id] for place in in_tree_order() if place.department_id in by_id]


def _next_absences(employees: list[Employee], *, now: datetime) -> dict[int, Absence]:
    """The next absence of each that has not begun, within the next four weeks."""
    today = timezone.localdate(now)
    soon = Absence.objects.filter(
        employee__in=employees,
        first_day__gte=today - timedelta(days=1),
        first_day__lte=today + timedelta(days=28),
    )
    nearest: dict[int, Absence] = {}
    for absence in soon.select_related("employee"):
        if absence.starts_at > now:
            nearest.setdefault(absence.employee_id, absence)
    return nearest
