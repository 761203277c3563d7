from __future__ import annotations

from django import template
from django.contrib.auth.models import AnonymousUser

from contactcenter.staff.models import Employee, Right

register = template.Library()


@register.filter
def reads_reports(user: Employee | AnonymousUser) -> bool:
    """Whether the main menu leads him to the reports (§12)."""
    return isinstance(user, Employee) and user.has_right(Right.REPORTS)
