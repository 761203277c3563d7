"""The fairness report, and the dialogs behind each of its numbers."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contactcenter.staff.models import Employee, Right, Scope
from contactcenter.staff.roles import department_of_scope, require_right, scope
from kpi import fairness as figures
from kpi import fairness_dialogs, fairness_page, filters
from kpi.presenters import Choice
from openlines.models import Offer, OpenLine, QueueEntry


@require_GET
@require_right(Right.REPORTS)
def fairness(request: HttpRequest) -> HttpResponse:
    """Asked by htmx it answers with the report alone."""
    reader, now = cast(Employee, request.user), timezone.now()
    query = _query(request)
    people = _people(reader)
    lines = list(_lines(people))
    line = next((one for one in lines if one.pk == query.line), lines[0] if lines else None)
    context: dict[str, Any] = {
        "query": query,
        "line": line,
        "lines": [Choice(str(one.pk), one.name, one == line) for one in lines],
        "periods": fairness_page.periods(query),
        "backwards": bool(query.since and query.until and query.since > query.until),
        "only_own": people is not None,
        "now": now,
    }
    if line is not None:
        since, until = query.bounds(now=now)
        report = figures.report(line, since=since, until=until, people=people)
        context |= {
            "report": report,
            "columns": fairness_page.columns(report),
            "table": fairness_page.table(report, query),
            "evenness": fairness_page.evenness_in_words(report),
        }
    if getattr(request, "htmx", False):  # set by its middleware
        return render(request, "kpi/_fairness.html", context)
    return render(request, "kpi/fairness.html", context)


@require_GET
@require_right(Right.REPORTS)
def fairness_of(request: HttpRequest) -> HttpResponse:
    """The dialogs behind one number."""
    reader, now = cast(Employee, request.user), timezone.now()
    query = _query(request)
    people = _people(reader)
    line = _lines(people).filter(pk=query.line or 0).first()
    what = request.GET.get("what", "")
    if line is None or what not in fairness_dialogs.LISTED:
        raise Http404
    whose = people
    if query.operator is not None:
        whose = {query.operator} if people is None or query.operator in people else set()
    since, until = query.bounds(now=now)
    page = fairness_dialogs.page(
        figures.What(what),
        line.pk,
        reader=reader,
        since=since,
        until=until,
        people=whose,
        number=query.page,
    )
    column = next(one for one in fairness_page.COLUMNS if one.what == what)
    words = fairness_page.outcomes()
    person = Employee.objects.filter(pk=query.operator).first() if whose and query.operator else None
    return render(
        request,
        "kpi/fairness_dialogs.html",
        {
            "column": column,
            "line": line,
            "person": person,
            "page": page,
            "rows": [(entry, words.get(entry.outcome, "") % {"name": entry.actor}) for entry in page.entries],
            "is_offer": what not in fairness_dialogs.EVENTS,
            "back": query.address(operator=None),
            "previous_address": query.address(what=what, page=query.page - 1),
            "next_address": query.address(what=what, page=query.page + 1),
        },
    )


def _query(request: HttpRequest) -> filters.ListQuery:
    return filters.read(dict(request.GET.lists()), sortable={filters.DEFAULT_SORT.removeprefix("-")})


def _people(reader: Employee) -> set[int] | None:
    """Whose figures he may see (§12); None: everybody's."""
    reach = scope(reader, Right.REPORTS)
    if reach is Scope.ALL:
        return None
    return department_of_scope(reader) if reach is Scope.DEPARTMENT else {reader.pk}


def _lines(people: set[int] | None) -> QuerySet[OpenLine]:
    """Lines on which they are, or were offered something."""
    rows = OpenLine.objects.order_by("name", "pk")
    if people is None:
        return rows
    offered = Offer.objects.filter(line=OuterRef("pk"), employee__in=people)
    queued = QueueEntry.objects.filter(line=OuterRef("pk"), employee__in=people)
    return rows.filter(Q(Exists(queued)) | Q(Exists(offered)))
