"""What a link to a dialog shows to whom the dialog is not (any more): where it is now, as far as the person may know.

Names are for who could have accepted it, was offered it, held it or wrote in it. Who has only had it before their eyes is
told that it is theirs no more. To everybody else a dialog of others and one that never was look the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines import permissions
from openlines.models import Dialog, DialogEvent, Message, Offer
from openlines.models.seen import Seen, Shown
from openlines.services import whereabouts
from openlines.services.errors import CommandRefused


@dataclass(frozen=True)
class MovedOn:
    """``refusal``: where it is now, for whom it concerns; None for everybody else. ``status``: of the answer."""

    number: int
    title: str
    words: str
    status: int
    refusal: CommandRefused | None = None


def moved_on(employee: Employee, pk: int) -> MovedOn:
    """For a dialog that ``employee`` may not see now, and for numbers of none."""
    dialog = Dialog.objects.select_related("operator", "line").filter(pk=pk).first()
    if dialog is not None and _concerns(employee, dialog):
        refusal = whereabouts.refusal(dialog)
        title = _("No. %(number)s has moved on") % {"number": pk}
        return MovedOn(pk, title, refusal.message, 200, refusal)
    if dialog is not None and _has_seen(employee, dialog):
        return MovedOn(
            pk,
            _("You no longer have access to No. %(number)s") % {"number": pk},
            _("You could see it before; now others work in it. Ask a supervisor if you need it."),
            403,
        )
    return MovedOn(
        pk,
        _("No. %(number)s cannot be shown") % {"number": pk},
        _("There is no dialog with this number that you may see. It may have been deleted, or be others’."),
        404,
    )


def _concerns(employee: Employee, dialog: Dialog) -> bool:
    if dialog.line_id in permissions.member_lines(employee):
        return True
    if Offer.objects.filter(dialog=dialog, employee=employee).exists():
        return True
    if Message.objects.filter(dialog=dialog, operator=employee).exists():
        return True
    given = Q(actor=employee) | Q(data__to=employee.pk) | Q(data__earlier=employee.pk)
    return DialogEvent.objects.filter(given, dialog=dialog).exists()


def _has_seen(employee: Employee, dialog: Dialog) -> bool:
    rows = {"dialog": dialog, "employee": employee}
    return Shown.objects.filter(**rows).exists() or Seen.objects.filter(**rows).exists()
