"""Who may open and change lines: roles (§12), and guardian's permissions for single lines.

Permissions live on ``OpenLine``: guardian cannot assign a proxy's, so the block pages ask for the line's. A person
with rights to single lines only is let into the list, which shows him those lines.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from guardian.shortcuts import get_objects_for_user

from contactcenter.staff.models import Employee
from openlines.models import OpenLine

VIEW = "openlines.view_openline"
CHANGE = "openlines.change_openline"


def has(user: Employee | AnonymousUser, permission: str, line: OpenLine | None) -> bool:
    """For everything by role, or for this one line."""
    return user.has_perm(permission) or (line is not None and user.has_perm(permission, line))


def may_view(request: HttpRequest, line: OpenLine | None = None) -> bool:
    """With no line: whether the list opens, which it does for whoever holds any line."""
    if has(request.user, VIEW, line) or has(request.user, CHANGE, line):
        return True
    return line is None and holds_any(request)


def may_change(request: HttpRequest, line: OpenLine | None = None) -> bool:
    return has(request.user, CHANGE, line)


def holds_any(request: HttpRequest) -> bool:
    """Whether a single line was given to him. Asked several times a request: kept on it."""
    if not hasattr(request, "_holds_any_line"):
        request._holds_any_line = _given(request).exists()  # type: ignore[attr-defined]
    found: bool = request._holds_any_line  # type: ignore[attr-defined]
    return found


def lines_for(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """``rows`` of lines, cut to those he may see."""
    if request.user.has_perm(VIEW) or request.user.has_perm(CHANGE):
        return rows
    return rows.filter(pk__in=_given(request).values("pk"))


def _given(request: HttpRequest) -> QuerySet[OpenLine]:
    given: QuerySet[OpenLine] = get_objects_for_user(
        request.user, [VIEW, CHANGE], klass=OpenLine, any_perm=True, accept_global_perms=False
    )
    return given.order_by()


class LineAccess:
    """For ``OpenLine``'s and the block pages' ModelAdmin."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_view(request)

    def has_view_permission(self, request: HttpRequest, obj: OpenLine | None = None) -> bool:
        return may_view(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: OpenLine | None = None) -> bool:
        return may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: OpenLine | None = None) -> bool:
        return False  # L7 is a procedure of its own
