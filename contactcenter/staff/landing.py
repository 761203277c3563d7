"""Where people land after logging in: each at the place of his work."""

from django.urls import NoReverseMatch, reverse

from contactcenter.staff.models import Employee, Right, Scope


def landing_address(employee: Employee) -> str:
    """Contact centre for who sets it up, dialogs for who leads, desk for who answers, else his profile."""
    if employee.has_right(Right.LINES_CHANGE) or employee.has_right(Right.CONNECTIONS_CHANGE):
        names = ["centre:home"]
    elif employee.has_right(Right.REPORTS, Scope.DEPARTMENT):
        names = ["kpi:dialogs", "workspace:desk"]
    elif employee.has_right(Right.DIALOGS_SEE):
        names = ["workspace:desk"]
    else:
        names = []
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:  # an installation without that app
            continue
    return reverse("staff:profile")
