"""The bell at the top of every page: how many notices are unread, and what they say. Fragments for htmx."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contactcenter.staff import notices
from contactcenter.staff.models import Employee, Notice


@require_GET
def own_notices(request: HttpRequest) -> HttpResponse:
    """The bell's number, and the newest notice for the desk's sound and desktop notification."""
    return _fragment(request, "staff/_notices.html")


@require_GET
def own_notices_panel(request: HttpRequest) -> HttpResponse:
    return _fragment(request, "staff/_notices_panel.html")


def _fragment(request: HttpRequest, template: str) -> HttpResponse:
    """401 and no log-in page in the midst of a page."""
    if not isinstance(request.user, Employee):
        return HttpResponse(status=401)
    return render(request, template, {"notices": notices.unread_of(request.user.pk)})


@require_GET
@login_required
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Reads one, and goes where it leads."""
    employee_id = _employee_id(request)
    notice = get_object_or_404(Notice, pk=notice_id, employee=employee_id)
    notices.mark_read(employee_id, now=timezone.now(), notice_id=notice_id)
    return redirect(notice.link or "staff:profile")


@require_POST
@login_required
def read_notices(request: HttpRequest) -> HttpResponse:
    """All of them; back to the panel where its button was pressed, else to the profile."""
    notices.mark_read(_employee_id(request), now=timezone.now())
    if request.headers.get("hx-request"):
        answer = _fragment(request, "staff/_notices_panel.html")
        answer.headers["HX-Trigger"] = "notices"
        return answer
    return redirect("staff:profile")


def _employee_id(request: HttpRequest) -> int:
    if not isinstance(request.user, Employee):  # which `login_required` has seen to
        raise PermissionDenied
    return request.user.pk
