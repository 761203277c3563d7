"""Who may open which dialog at the desk, and how a view answers where he may not or was too late."""

from __future__ import annotations

from typing import Final, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from contactcenter.lib.parameters import whole_number
from contactcenter.staff.models import Employee
from openlines import permissions
from openlines.models import Dialog
from openlines.policies.stale_view import Known
from openlines.services.errors import CommandRefused, StaleView
from openlines.workspace.moved_on import moved_on

UNPROCESSABLE: Final = {
    "empty",
    "too_large",
    "empty_file",
    "self",
    "dismissed",
    "same",
    "unreachable",
    "no_target",
    "outcome",
    "past",
    "waiting",
    "value",
    "own",
    "no_file",
    "window",
    "template",
    "unchangeable",
    "gone",
    "off",
}
"""Refused for what was asked, not because somebody was quicker."""


def employee_of(request: HttpRequest) -> Employee:
    """Behind ``require_right``, which lets in nobody else."""
    return cast(Employee, request.user)


def by_script(request: HttpRequest) -> bool:
    return request.headers.get("x-requested-with") == "fetch"


def dialog_to_read(request: HttpRequest, pk: int) -> Dialog:
    """The dialog with line, connection, client and operator at hand. Raises ``Http404`` where he may not see it."""
    found = permissions.visible_dialogs(employee_of(request)).filter(pk=pk)
    dialog = found.select_related("line", "connection", "client", "operator").first()
    if dialog is None:
        raise Http404(_("This dialog is not yours to see any more, or it never was."))
    return dialog


def dialog_to_act_on(request: HttpRequest, pk: int) -> Dialog:
    """As ``dialog_to_read``; but who was offered it, or could have accepted it, and came too late, is told who holds
    it now: raises ``CommandRefused`` (``taken``)."""
    try:
        return dialog_to_read(request, pk)
    except Http404:
        refusal = moved_on(employee_of(request), pk).refusal
        if refusal is None:
            raise
        raise refusal from None


def refused(request: HttpRequest, error: CommandRefused, *, dialog_id: int) -> HttpResponse:
    if not by_script(request):
        messages.warning(request, error.message)
        return redirect("workspace:dialog", dialog_id)
    status = 422 if error.code in UNPROCESSABLE else 409
    answer: dict[str, object] = {"words": error.message, "code": error.code, "holder": error.holder}
    if isinstance(error, StaleView):
        written = [{"who": one.name, "at": one.at.isoformat(), "text": one.text} for one in error.written]
        answer |= {"seq": error.seq, "written": written}
    return JsonResponse(answer, status=status)


def known_of(request: HttpRequest) -> Known | None:
    """What the person's screen showed; None: the person is ``sure``, or the screen says nothing of it."""
    if request.POST.get("sure") == "1":
        return None
    begun, looked, rev = (whole_number(request.POST.get(name, "")) for name in ("begun", "looked", "since"))
    known = Known(begun=begun, looked=looked, rev=rev)
    return None if known == Known() else known


def not_found(request: HttpRequest, error: Http404, *, dialog_id: int) -> HttpResponse:
    """A person gets the page; a script gets the words: where the dialog is now, for whom it concerns. ``error`` tells it of
    what is missing in a dialog that is there.
    """
    me = employee_of(request)
    is_there = permissions.visible_dialogs(me).filter(pk=dialog_id).exists()
    words = str(error) if is_there else moved_on(me, dialog_id).words
    if not by_script(request):
        raise Http404(words) from error
    return JsonResponse({"words": words}, status=404)
