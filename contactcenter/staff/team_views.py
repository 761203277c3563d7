"""Absences (one's own, and of those one leads), and the state of the team."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contactcenter.lib.parameters import whole_number
from contactcenter.staff import absences, team, work_days
from contactcenter.staff.forms import AbsenceForm, DayEndForm
from contactcenter.staff.models import Absence, Employee
from contactcenter.staff.states import latest_days, state
from contactcenter.staff.work_days import StateRefused

#: How long an absence that is over stays on the list.
SHOWN_FOR = timedelta(days=365)


def _employee(request: HttpRequest) -> Employee:
    if not isinstance(request.user, Employee):  # which `login_required` has seen to
        raise PermissionDenied
    return request.user


def _led(request: HttpRequest, employee_id: int) -> Employee:
    """The employee, if the one who asks leads him; raises PermissionDenied or Http404."""
    if not team.leads(_employee(request), employee_id):
        raise PermissionDenied(_("Only the heads of somebody's department and administrators see this."))
    return get_object_or_404(Employee.objects.select_related("department"), pk=employee_id)


# -- one's own


@login_required
def own_absences(request: HttpRequest) -> HttpResponse:
    employee, now = _employee(request), timezone.now()
    absence = Absence(employee=employee, created_by=employee)
    form = AbsenceForm(
        request.POST or None, instance=absence, earliest=timezone.localdate(now, employee.zone)
    )
    if request.method == "POST" and _save(form, now=now):
        messages.success(request, _("The absence is entered."))
        return redirect("staff:own_absences")
    context = {"form": form, "person": employee, "is_own": True, **_lists(employee, now=now)}
    return render(request, "staff/absences.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def delete_own_absence(request: HttpRequest, absence_id: int) -> HttpResponse:
    """One's own, and only while it has not begun: what was is the head's to correct."""
    employee, now = _employee(request), timezone.now()
    absence = get_object_or_404(Absence, pk=absence_id, employee=employee)
    if absence.starts_at > now:
        absences.delete(absence, now=now)
        messages.success(request, _("The absence is deleted."))
    else:
        text = _("The absence has begun. The head of your department can change or delete it.")
        messages.error(request, text)
    return redirect("staff:own_absences")


# -- those one leads


@require_GET
@login_required
def team_page(request: HttpRequest) -> HttpResponse:
    leader, now = _employee(request), timezone.now()
    if not team.leads_somebody(leader):
        raise PermissionDenied(_("You head no department, so there is no team to show."))
    department_id = whole_number(request.GET.get("department", ""))
    groups = team.groups(leader, now=now, department_id=department_id)
    people = [person for group in groups for person in group.people]
    context: dict[str, Any] = {
        "groups": groups,
        "now": now,
        "chosen": department_id,
        "total": len(people),
        "taking": sum(person.state.takes_dialogs for person in people),
    }
    if getattr(request, "htmx", False):
        return render(request, "staff/_team.html", context)
    return render(request, "staff/team.html", context | {"departments": team.departments_of(leader)})


@login_required
def person_page(request: HttpRequest, employee_id: int) -> HttpResponse:
    """His state and absences; a POST enters an absence, also one that was."""
    employee, now = _led(request, employee_id), timezone.now()
    absence = Absence(employee=employee, created_by=_employee(request))
    form = AbsenceForm(request.POST or None, instance=absence)
    if request.method == "POST" and _save(form, now=now):
        messages.success(request, _("The absence is entered."))
        return redirect("staff:person", employee_id)
    return _render_person(request, employee, form=form, now=now)


@login_required
def change_absence(request: HttpRequest, absence_id: int) -> HttpResponse:
    now = timezone.now()
    absence = get_object_or_404(Absence.objects.select_related("employee"), pk=absence_id)
    employee = _led(request, absence.employee_id)
    form = AbsenceForm(request.POST or None, instance=absence)
    if request.method == "POST" and _save(form, now=now):
        messages.success(request, _("The absence is changed."))
        return redirect("staff:person", employee.pk)
    context = {"form": form, "person": employee, "absence": absence}
    return render(request, "staff/absence.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def delete_absence(request: HttpRequest, absence_id: int) -> HttpResponse:
    absence = get_object_or_404(Absence.objects.select_related("employee"), pk=absence_id)
    employee = _led(request, absence.employee_id)
    absences.delete(absence, now=timezone.now())
    messages.success(request, _("The absence is deleted."))
    return redirect("staff:person", employee.pk)


@login_required
@require_POST
def end_day_of(request: HttpRequest, employee_id: int) -> HttpResponse:
    """A head says when the day ended that one of his people forgot to end; by the head's own clock."""
    employee, now = _led(request, employee_id), timezone.now()
    form = DayEndForm(request.POST)
    try:
        if form.is_valid():
            work_days.end_day(employee.pk, now=now, ended_at=form.cleaned_data["ended_at"])
            messages.success(request, _("The work day is ended."))
            return redirect("staff:person", employee.pk)
    except StateRefused as refusal:
        form.add_error("ended_at", str(refusal))
    return _render_person(request, employee, day_form=form, now=now)


def _render_person(
    request: HttpRequest,
    employee: Employee,
    *,
    now: datetime,
    form: AbsenceForm | None = None,
    day_form: DayEndForm | None = None,
) -> HttpResponse:
    form = form or AbsenceForm(instance=Absence(employee=employee))
    day_form = day_form or DayEndForm()
    context = {
        "form": form,
        "day_form": day_form,
        "person": employee,
        "state": state(employee, now=now),
        "now": now,
        **_lists(employee, now=now),
    }
    refused = form.errors or day_form.errors
    return render(request, "staff/absences.html", context, status=422 if refused else 200)


def _save(form: AbsenceForm, *, now: datetime) -> bool:
    """False where the form, or somebody who was quicker, stands against it; the form then says what."""
    if not form.is_valid():
        return False
    try:
        absences.save(form.instance, now=now)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _lists(employee: Employee, *, now: datetime) -> dict[str, Any]:
    found = Absence.objects.filter(
        employee=employee, last_day__gte=timezone.localdate(now, employee.zone) - SHOWN_FOR
    )
    rows = list(found.select_related("employee", "created_by"))
    return {
        "coming": [{"absence": row, "has_begun": row.starts_at <= now} for row in rows if row.ends_at > now],
        "past": [row for row in reversed(rows) if row.ends_at <= now],
        "days": latest_days(employee.pk),
    }
