"""Finishing at the desk: solved, not solved, spam, and undoing it for a few seconds. As ``views_actions``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require_right
from openlines import permissions
from openlines.models import Dialog
from openlines.policies.facts import FinishAs, Outcome
from openlines.services import dialogs, finishing
from openlines.workspace.access import known_of
from openlines.workspace.deeds import deeds
from openlines.workspace.views_actions import carry_out, require


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """``outcome``; with ``undo`` it is done a few seconds later, unless it is undone."""
    said = request.POST.get("outcome", "")
    outcome = Outcome(said) if said in list(Outcome) else None

    def deed(dialog: Dialog, me: Employee) -> str:
        require(deeds(me, dialog).finish, dialog)
        if _can_be_undone(request):
            return _ask(request, dialog, me, as_=FinishAs(outcome) if outcome else None)
        done = dialogs.finish(
            dialog.pk,
            by=me,
            now=timezone.now(),
            may_take_over=permissions.may_take_over(me, dialog),
            expects=dialog.operator_id,
            outcome=outcome,
            known=known_of(request),
        )
        return _("Dialog No. %(number)s is finished.") % {"number": done.number}

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.DIALOGS_START_SPAM)
def spam(request: HttpRequest, pk: int) -> HttpResponse:
    """As ``finish``."""

    def deed(dialog: Dialog, me: Employee) -> str:
        require(deeds(me, dialog).spam, dialog)
        if _can_be_undone(request):
            return _ask(request, dialog, me, as_=FinishAs.SPAM)
        done = dialogs.spam(
            dialog.pk,
            by=me,
            now=timezone.now(),
            expects=dialog.operator_id,
            may_take_over=permissions.may_take_over(me, dialog),
        )
        return _("Dialog No. %(number)s is marked as spam.") % {"number": done.number}

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    def deed(dialog: Dialog, me: Employee) -> str:
        require(deeds(me, dialog).finish, dialog)
        finishing.undo(dialog.pk, by=me, now=timezone.now())
        return ""

    return carry_out(request, pk, deed)


def _can_be_undone(request: HttpRequest) -> bool:
    """The page asks for it; who has no script has no few seconds either."""
    return request.POST.get("undo") == "1"


def _ask(request: HttpRequest, dialog: Dialog, me: Employee, *, as_: FinishAs | None) -> str:
    done = finishing.ask(
        dialog.pk,
        by=me,
        now=timezone.now(),
        as_=as_,
        expects=dialog.operator_id,
        may_take_over=permissions.may_take_over(me, dialog),
        known=known_of(request),
    )
    if done.finish_at is not None:
        return ""
    return _("Dialog No. %(number)s is finished.") % {"number": done.number}
