"""Makers of rows for tests: everything has a default, a test names only what it is about."""

from itertools import count
from typing import Any

from contactcenter.staff.models import Department, Employee, Role, RoleBinding, RoleGrant, Scope

_number = count(1)


# -- staff


def make_department(name: str = "", *, parent: Department | None = None, **fields: Any) -> Department:
    return Department.objects.create(name=name or f"Department {next(_number)}", parent=parent, **fields)


def make_employee(
    username: str = "",
    *,
    role: str = "",
    department: Department | None = None,
    password: str = "",
    **fields: Any,
) -> Employee:
    """An employee, with the role of that key (`administrator`, `supervisor`, `operator` or a test's own).

    Without a password nobody can log in with one (tests use `client.force_login`), which saves the hashing.
    """
    number = next(_number)
    fields.setdefault("first_name", "Anna")
    fields.setdefault("last_name", f"Nowak {number:05}")
    employee = Employee(username=username or f"employee{number}", department=department, **fields)
    if password:
        employee.set_password(password)
    else:
        employee.set_unusable_password()
    employee.save()
    if role:
        RoleBinding.objects.create(role=Role.objects.get(key=role), employee=employee)
    return employee


def make_role(key: str = "", **rights: Scope) -> Role:
    """A role with the named rights: `make_role("clerk", dialogs_see=Scope.OWN)`."""
    key = key or f"role-{next(_number)}"
    role = Role.objects.create(key=key, name=key.replace("-", " ").capitalize())
    RoleGrant.objects.bulk_create(
        RoleGrant(role=role, right=right, scope=scope) for right, scope in rights.items()
    )
    return role
