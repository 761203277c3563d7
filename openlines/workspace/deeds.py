"""What one employee may do with one dialog now: the screen's buttons and the views' first check agree by asking here.

The services ask again under the dialog's lock; between the two somebody may have been quicker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee, Right
from openlines import permissions
from openlines.models import Dialog, Offer
from openlines.policies.facts import HELD, IN_QUEUE, State
from openlines.services import resting


@dataclass(frozen=True)
class Deeds:
    accept: bool = False
    skip: bool = False
    reply: bool = False
    note: bool = False
    transfer: bool = False
    give_back: bool = False
    """Back to the queue."""
    finish: bool = False
    spam: bool = False
    take_over: bool = False
    undo_finish: bool = False
    """A finish was asked for, and can still be undone."""
    resend: bool = False
    """Send again what failed."""
    offer_until: datetime | None = None
    is_held: bool = False
    """The offer is held, for the person is writing."""
    words: str = ""
    """Why one cannot reply, or what stands before replying."""


def deeds(employee: Employee, dialog: Dialog) -> Deeds:
    """``dialog`` with line, client and operator at hand. Three statements at most."""
    state = State(dialog.state)
    if not dialog.is_open:
        held = dialog.operator_id == employee.pk or permissions.may_take_over(employee, dialog)
        return Deeds(
            resend=held and state is not State.SPAM and dialog.client.is_reachable,
            note=True,
            words=_("This dialog is closed. When the client writes again, a new one begins."),
        )
    leads = permissions.may_take_over(employee, dialog)
    spam = employee.has_right(Right.DIALOGS_START_SPAM)
    if state in IN_QUEUE or state is State.WITH_BOT:
        return _in_queue(employee, dialog, leads=leads, spam=spam)
    own = dialog.operator_id == employee.pk
    acts = own or leads
    reachable = dialog.client.is_reachable
    return Deeds(
        reply=acts and reachable,
        resend=acts and reachable,
        note=True,
        transfer=acts and state in HELD,
        give_back=acts and state in HELD,
        finish=acts,
        spam=spam and acts,
        undo_finish=acts and dialog.finish_at is not None,
        take_over=leads and not own and state in HELD,
        words=_held_words(dialog, own=own, state=state, reachable=reachable),
    )


def may_rate(employee: Employee, dialog: Dialog) -> bool:
    """R6: by right, within its scope, and nobody his own."""
    if dialog.operator_id in (None, employee.pk) or not employee.has_right(Right.SUPERVISOR_RATING):
        return False
    seen = permissions.visible_dialogs(employee, right=Right.SUPERVISOR_RATING)
    return seen.filter(pk=dialog.pk).exists()


def _in_queue(employee: Employee, dialog: Dialog, *, leads: bool, spam: bool) -> Deeds:
    offers = list(Offer.objects.filter(dialog=dialog, ended_at__isnull=True).select_related("employee"))
    own = next((offer for offer in offers if offer.employee_id == employee.pk), None)
    rests = resting.rests(dialog.line, offers, now=timezone.now())
    member = (not offers or rests) and dialog.line_id in permissions.member_lines(employee)
    queued = State(dialog.state) in IN_QUEUE
    acts = own is not None or leads or (member and queued)
    if own is not None:
        words = ""
    elif not queued:
        words = _("The bot speaks with the client.")
    elif offers:
        people = ", ".join(offer.employee.display_name for offer in offers)
        words = _("Offered to %(people)s.") % {"people": people}
        if rests and member:
            words = _("It rests with %(people)s until the line opens; you may accept it.") % {
                "people": people
            }
    else:
        words = _("Nobody holds this dialog yet.")
    return Deeds(
        accept=acts,
        skip=own is not None,
        reply=acts and dialog.client.is_reachable,
        resend=acts and dialog.client.is_reachable,
        note=True,
        transfer=acts,
        finish=acts,
        spam=spam and acts,
        offer_until=own.until if own else None,
        is_held=own is not None and dialog.offer_held_from is not None,
        words=words,
    )


def _held_words(dialog: Dialog, *, own: bool, state: State, reachable: bool) -> str:
    if not reachable:
        return _("The client has blocked messages from us. You can write again when the client writes first.")
    if state is State.WRAP_UP:
        return _("Finished. A reply opens the dialog again; otherwise it closes by itself.")
    if not own and dialog.operator:
        return _("%(name)s holds this dialog.") % {"name": dialog.operator.display_name}
    return ""
