"""What one does with messages that are there: change one's own, delete it, send again what failed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contactcenter.lib.parameters import storable, whole_number
from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require_right
from openlines import permissions
from openlines.models import Dialog, Message
from openlines.services import own_messages, resending
from openlines.services.errors import CommandRefused
from openlines.workspace.access import employee_of, known_of
from openlines.workspace.views_actions import LONGEST_TEXT, carry_out, updated


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """``message``, ``text``. Answers with what is new, as a reply does."""
    text = storable(request.POST.get("text", ""))

    def deed(dialog: Dialog, me: Employee) -> str:
        if len(text) > LONGEST_TEXT:
            raise CommandRefused("too_large", _("The text is longer than 20,000 characters. Shorten it."))
        message, known = _message(request, dialog), known_of(request)
        own_messages.edit(message, text, known=known, **_giver(dialog, me))
        return ""

    answer = carry_out(request, pk, deed)
    return updated(request, pk, me=employee_of(request)) if answer.status_code == 200 else answer


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    def deed(dialog: Dialog, me: Employee) -> str:
        own_messages.delete(_message(request, dialog), **_giver(dialog, me))
        return ""

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """409 with the code ``ask`` and a question, until it comes with ``sure``."""
    sure = request.POST.get("sure") == "1"

    def deed(dialog: Dialog, me: Employee) -> str:
        message, known = _message(request, dialog), known_of(request)
        resending.send_again(message, sure=sure, known=known, **_giver(dialog, me))
        return ""

    return carry_out(request, pk, deed)


def _giver(dialog: Dialog, me: Employee) -> dict[str, Any]:
    leads = permissions.may_take_over(me, dialog)
    return {"by": me, "now": timezone.now(), "may_take_over": leads, "may_join": leads}


def _message(request: HttpRequest, dialog: Dialog) -> int:
    """Its id, where it is one of this dialog's, which he may see."""
    asked = whole_number(request.POST.get("message", "")) or 0
    found = Message.objects.filter(dialog=dialog, pk=asked).values_list("pk", flat=True).first()
    if found is None:
        raise CommandRefused("gone", _("This message is no longer there."))
    return found
