"""What an employee may do (§12): roles × rights × scope, bound to him or to a department above him."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils.translation import gettext as _

from contactcenter.staff.departments import own_department
from contactcenter.staff.models.role import Right, Scope

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from contactcenter.staff.models import Employee

View = TypeVar("View", bound=Callable[..., "HttpResponseBase"])

_SCOPES = """
WITH RECURSIVE above (id, parent_id) AS (
    SELECT id, parent_id FROM staff_department WHERE id = %s
    UNION
    SELECT parent.id, parent.parent_id FROM staff_department parent JOIN above ON parent.id = above.parent_id
)
SELECT "right", max(scope)
FROM staff_rolegrant JOIN staff_rolebinding USING (role_id)
WHERE employee_id = %s OR department_id IN (SELECT id FROM above)
GROUP BY "right"
"""


def scopes(employee: "Employee") -> dict[str, Scope]:
    """Every right he has, and how far it reaches; the widest of his roles wins.

    Kept on the instance, and thereby for the request: one statement however many questions, and a change of
    rights acts at the next request.
    """
    # by attribute: `request.user` is a lazy object, whose own `__dict__` is another than the employee's
    kept: dict[str, Scope] | None = getattr(employee, "_scopes", None)
    if kept is None:
        kept = _scopes(employee)
        setattr(employee, "_scopes", kept)  # noqa: B010 - no field of the model
    return kept


def _scopes(employee: "Employee") -> dict[str, Scope]:
    if not employee.is_active:
        return {}
    if employee.is_superuser:
        return dict.fromkeys(Right.values, Scope.ALL)
    with connection.cursor() as cursor:
        cursor.execute(_SCOPES, [employee.department_id, employee.pk])
        return {right: Scope(widest) for right, widest in cursor.fetchall()}


def scope(employee: "Employee", right: Right) -> Scope:
    return scopes(employee).get(right, Scope.NOTHING)


def department_of_scope(employee: "Employee") -> set[int]:
    """The employees whose things "own department" lets him reach. One statement."""
    return own_department(employee.pk, department_id=employee.department_id)


def require(employee: "Employee", right: Right, *, at_least: Scope = Scope.OWN) -> None:
    """Raises PermissionDenied, with words for the 403 page, unless he has the right."""
    if scope(employee, right) < at_least:
        raise PermissionDenied(
            _("Your role does not include “%(right)s”. An administrator can give it to you.")
            % {"right": right.label}
        )


def require_right(right: Right, *, at_least: Scope = Scope.OWN) -> Callable[[View], View]:
    """Gates a view: who is not logged in goes to the log-in page, who lacks the right gets the 403 page."""

    def gate(view: View) -> View:
        @login_required
        @wraps(view)
        def gated(request: "HttpRequest", *args: Any, **kwargs: Any) -> "HttpResponseBase":
            require(cast("Employee", request.user), right, at_least=at_least)
            return view(request, *args, **kwargs)

        return cast("View", gated)

    return gate
