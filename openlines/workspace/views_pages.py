"""What the desk shows: the page, and the fragments that it is made of."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contactcenter.lib.parameters import storable, whole_number
from contactcenter.staff import notices
from contactcenter.staff.models import Right
from contactcenter.staff.roles import require_right
from openlines.services import dialog_notices, starting
from openlines.workspace import ticket as live_ticket
from openlines.workspace import timeline, transfer
from openlines.workspace.access import by_script, dialog_to_read, employee_of, not_found
from openlines.workspace.deeds import deeds
from openlines.workspace.listing import Listing, listing
from openlines.workspace.message_item import instant_of
from openlines.workspace.moved_on import moved_on
from openlines.workspace.pane import pane

LONGEST_QUERY = 100
MOST_SHOWN = 500
_SHOWN = re.compile(r"(?P<key>o?[1-9][0-9]{0,17})\.(?P<version>[0-9a-f]{8})")


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def desk(request: HttpRequest) -> HttpResponse:
    context = {
        "listing": _listing(request),
        "may_start": starting.may_start(employee_of(request)),
        "now": timezone.now(),
    }
    return render(request, "workspace/desk.html", context)


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def dialog(request: HttpRequest, pk: int) -> HttpResponse:
    """The desk with a dialog open: an address to keep and to send. Where it has moved on, it says where to."""
    me, now = employee_of(request), timezone.now()
    notices.mark_read(me.pk, now=now, about=dialog_notices.link(pk))
    context = {
        "listing": _listing(request, current=str(pk)),
        "may_start": starting.may_start(me),
        "now": now,
    }
    try:
        context["pane"] = pane(dialog_to_read(request, pk), me=me, now=now)
    except Http404:
        moved = moved_on(me, pk)
        status = 404 if by_script(request) else moved.status
        return render(request, "workspace/desk.html", context | {"moved": moved}, status=status)
    return render(request, "workspace/desk.html", context)


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def dialog_list(request: HttpRequest) -> HttpResponse:
    context = {"listing": _listing(request, current=request.GET.get("dialog", ""))}
    return render(request, "workspace/_list.html", context)


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def dialog_pane(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        shown = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    now = timezone.now()
    notices.mark_read(employee_of(request).pk, now=now, about=dialog_notices.link(pk))
    context = {"pane": pane(shown, me=employee_of(request), now=now), "now": now}
    return render(request, "workspace/_pane.html", context)


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def update(request: HttpRequest, pk: int) -> HttpResponse:
    """What changed since the revision the screen knows."""
    try:
        shown = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    since = whole_number(request.GET.get("since", ""))
    if since is None:
        return JsonResponse({"words": "since: a revision is needed"}, status=400)
    now = timezone.now()
    context = {"pane": pane(shown, me=employee_of(request), now=now, since=since), "now": now}
    return render(request, "workspace/_update.html", context)


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def earlier(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        shown = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    try:
        before = instant_of(request.GET.get("before", ""))
    except (ValueError, OverflowError, OSError):
        return JsonResponse({"words": "before: an item's order is needed"}, status=400)
    items, more = timeline.newest(shown, me=employee_of(request), before=before)
    return render(request, "workspace/_earlier.html", {"items": items, "more": more})


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def transfer_window(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        shown = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    employee = employee_of(request)
    choices = transfer.choices(shown, me=employee, may_go_back=deeds(employee, shown).give_back)
    return render(request, "workspace/_transfer.html", {"transfer": choices})


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def ticket(request: HttpRequest) -> JsonResponse:
    """For the event stream."""
    key = request.session.session_key or ""
    issued = live_ticket.issue(employee_of(request).pk, session_key=key, now=timezone.now())
    return JsonResponse({"ticket": issued})


def _listing(request: HttpRequest, *, current: str = "") -> Listing:
    return listing(
        employee_of(request),
        tab=request.GET.get("tab", ""),
        query=storable(request.GET.get("q", "")).strip()[:LONGEST_QUERY],
        current=current,
        only_unanswered=request.GET.get("only") == "unanswered",
        had=_had(request.GET.get("had", "")),
    )


def _had(value: str) -> dict[str, str]:
    """``o12.1f3a5c77,7.00ab34ef``: what the page shows. What cannot be read is drawn anew."""
    shown = (_SHOWN.fullmatch(one) for one in value.split(",", MOST_SHOWN)[:MOST_SHOWN])
    return {match["key"]: match["version"] for match in shown if match}
