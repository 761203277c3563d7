"""The manager's pages: the dialog list, and a dialog beside it."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require_right
from kpi import dialog_list, filters
from kpi.presenters import chips, choices, headers
from openlines.explanations import explain
from openlines.models import Dialog
from openlines.permissions import may_see
from openlines.still_waiting import still_waiting
from openlines.workspace import timeline
from openlines.workspace.moved_on import moved_on


@require_right(Right.DIALOGS_SEE)
def dialogs(request: HttpRequest) -> HttpResponse:
    """K4's list. Asked by htmx it answers with the rows alone."""
    reader = cast(Employee, request.user)
    now = timezone.now()
    query = filters.read(dict(request.GET.lists()), sortable=dialog_list.SORTABLE)
    page = dialog_list.page(reader, query, now=now)
    context = {
        "page": page,
        "query": query,
        "headers": headers(query),
        "chips": chips(query, reader),
        "now": now,
    }
    context |= {
        "previous_address": query.address(page=query.page - 1),
        "next_address": query.address(page=query.page + 1),
    }
    if getattr(request, "htmx", False) and not request.htmx.boosted:  # type: ignore[attr-defined]  # set by its middleware
        return render(request, "kpi/_list.html", context)
    return render(request, "kpi/dialogs.html", context | {"choices": choices(query, reader)})


@require_right(Right.DIALOGS_SEE)
def dialog(request: HttpRequest, number: int) -> HttpResponse:
    """One dialog: conversation, events in plain words, the intervals its figures are made of (K5, Q11)."""
    reader = cast(Employee, request.user)
    now = timezone.now()
    found = (
        Dialog.objects.select_related("client", "line", "operator", "connection").filter(pk=number).first()
    )
    if found is None or not may_see(reader, found):
        raise Http404(moved_on(reader, number).words)
    return render(
        request,
        "kpi/dialog.html",
        {
            "dialog": found,
            "row": dialog_list.row(found, now=now),
            "items": timeline.since(found, 0, me=reader),
            "waiting": still_waiting(found, now=now, me=reader),
            "explanations": explain(found.events.all(), me=reader),
            "reactions": found.reactions.select_related("operator", "reply"),
            "now": now,
        },
    )
