"""The contact centre: home of who sets the channels up."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from contactcenter.centre import tiles
from contactcenter.staff.landing import landing_address
from contactcenter.staff.models import Employee, Right, Scope


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Tiles and lines; who has no right to see them goes to the place of his own work."""
    employee = cast("Employee", request.user)
    rights = (Right.LINES_SEE, Right.LINES_CHANGE, Right.CONNECTIONS_CHANGE)
    if not any(employee.has_right(right, Scope.ALL) for right in rights):
        return redirect(landing_address(employee))
    now = timezone.now()
    lines = tiles.lines_today(now=now)
    shown = tiles.tiles(now=now)
    context = {
        "tiles": [(tile, tiles.free_lines(tile, lines)) for tile in shown],
        "lines": lines,
        "now": now,
        "may_change_lines": employee.has_right(Right.LINES_CHANGE, Scope.ALL),
        "may_change_connections": employee.has_right(Right.CONNECTIONS_CHANGE, Scope.ALL),
    }
    return render(request, "centre/home.html", context)
