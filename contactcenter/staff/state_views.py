"""The own state at the top of every page: work day, break, online. Fragments for htmx."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contactcenter.staff import team, work_days
from contactcenter.staff.forms import DayEndForm
from contactcenter.staff.models import Employee
from contactcenter.staff.states import state
from contactcenter.staff.work_days import StateRefused

VERBS: dict[str, Callable[..., object]] = {
    "start-day": work_days.start_day,
    "end-day": work_days.end_day,
    "start-break": work_days.start_break,
    "end-break": work_days.end_break,
}

View = Callable[..., HttpResponse]


def _for_employees(view: View) -> View:
    """A fragment for who is logged in. Else 401, and no log-in page in the midst of a page; the page is told
    to load again where somebody pressed a button."""

    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, Employee):
            return view(request, request.user, *args, **kwargs)
        pressed = request.method == "POST"
        return HttpResponse(status=401, headers={"HX-Refresh": "true"} if pressed else {})

    return gated


@require_GET
@_for_employees
def own_state(request: HttpRequest, employee: Employee) -> HttpResponse:
    """The state in a word or two."""
    now = timezone.now()
    return render(request, "staff/_own_state.html", {"state": state(employee, now=now), "now": now})


@require_GET
@_for_employees
def own_state_panel(request: HttpRequest, employee: Employee) -> HttpResponse:
    """What is behind the word: since when, and what can be done."""
    return _panel(request, employee)


@require_POST
@_for_employees
def change_state(request: HttpRequest, employee: Employee, verb: str) -> HttpResponse:
    """One of VERBS; 409 with the panel and the words of the refusal where it makes no sense now."""
    now = timezone.now()
    details: dict[str, Any] = {}
    if verb == "end-day" and "ended_at" in request.POST:
        form = DayEndForm(request.POST)
        if not form.is_valid():
            return _panel(request, employee, problem=" ".join(map(str, form.errors["ended_at"])), status=409)
        details["ended_at"] = form.cleaned_data["ended_at"]
    try:
        VERBS[verb](employee.pk, now=now, **details)
    except StateRefused as refusal:
        return _panel(request, employee, problem=str(refusal), status=409)
    return _panel(request, employee)


def _panel(request: HttpRequest, employee: Employee, *, problem: str = "", status: int = 200) -> HttpResponse:
    now = timezone.now()
    context = {
        "state": state(employee, now=now),
        "now": now,
        "problem": problem,
        "form": DayEndForm(),
        "leads": team.leads_somebody(employee),
    }
    return render(request, "staff/_own_state_panel.html", context, status=status)
