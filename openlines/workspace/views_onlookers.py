"""A page of the desk says that it has a dialog open, and hears who else has."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contactcenter.staff.models import Right
from contactcenter.staff.roles import require_right
from openlines import permissions
from openlines.services import onlookers
from openlines.workspace.access import employee_of, not_found


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def here(request: HttpRequest, pk: int) -> HttpResponse:
    """``writing``: something is being written, also a note. ``leaves``: the page shows the dialog no more."""
    me, now = employee_of(request), timezone.now()
    if request.POST.get("leaves") == "1":
        onlookers.leave(pk, by=me, now=now)
        return HttpResponse(status=204)
    if not permissions.visible_dialogs(me).filter(pk=pk).exists():
        return not_found(request, Http404(_("There is no such dialog.")), dialog_id=pk)
    present = onlookers.look(pk, by=me, now=now, writing=request.POST.get("writing") == "1")
    return JsonResponse({"people": [one.data for one in present]})
