"""What happened to a message: a window of the desk, and a page of its own for addresses that are sent or followed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contactcenter.staff.models import Right
from contactcenter.staff.roles import require_right
from openlines import permissions
from openlines.journey.rows import rows_of
from openlines.journey.story import build
from openlines.models import Dialog, Message
from openlines.workspace.access import by_script, dialog_to_read, employee_of, not_found


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def journey(request: HttpRequest, pk: int, message: int) -> HttpResponse:
    try:
        dialog = _dialog(request, pk)
        found = Message.objects.filter(pk=message, dialog=dialog).values_list("pk", flat=True).first()
        if found is None:
            raise Http404(_("This message does not belong to this dialog."))
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    rows = rows_of(found)
    context = {
        "dialog": dialog,
        "message": rows.message,
        "journey": build(rows, now=timezone.now()),
        "reads_log": request.user.has_perm("openlines.view_inboundevent"),
    }
    template = "workspace/_journey.html" if by_script(request) else "workspace/journey.html"
    return render(request, template, context)


def _dialog(request: HttpRequest, pk: int) -> Dialog:
    """As for reading; of a line that is off also for who may see all: why nothing leaves is his to find out."""
    try:
        return dialog_to_read(request, pk)
    except Http404:
        still = permissions.standing_still(employee_of(request)).filter(pk=pk)
        dialog = still.select_related("line", "connection", "client", "operator").first()
        if dialog is None:
            raise
        return dialog
