"""To whom a dialog can be handed (Q10), as the window offers it and as the form names it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from contactcenter.lib.parameters import whole_number
from contactcenter.staff.models import Employee, Presence
from openlines.models import Dialog, OpenLine
from openlines.services.errors import CommandRefused


@dataclass(frozen=True)
class Colleague:
    pk: int
    name: str
    department: str
    online: bool


@dataclass(frozen=True)
class Choices:
    dialog_id: int
    number: int
    line_name: str
    may_go_back: bool
    colleagues: tuple[Colleague, ...]
    lines: tuple[OpenLine, ...]


def choices(dialog: Dialog, *, me: Employee, may_go_back: bool) -> Choices:
    """Online colleagues first. Three statements."""
    online = set(Presence.objects.online(timezone.now()).values_list("employee_id", flat=True))
    people = (
        Employee.objects.active()
        .exclude(pk__in=[me.pk, dialog.operator_id or 0])
        .select_related("department")
    )
    colleagues = [
        Colleague(
            pk=one.pk,
            name=one.display_name,
            department=one.department.name if one.department else "",
            online=one.pk in online,
        )
        for one in people
    ]
    return Choices(
        dialog_id=dialog.pk,
        number=dialog.number,
        line_name=dialog.line.name,
        may_go_back=may_go_back,
        colleagues=tuple(sorted(colleagues, key=lambda one: (not one.online, one.name.lower()))),
        lines=tuple(OpenLine.objects.filter(is_active=True).exclude(pk=dialog.line_id)),
    )


def target(value: str) -> Employee | OpenLine | None:
    """What the form's ``to`` means; None is this line's queue. Raises ``CommandRefused`` (``no_target``)."""
    if value == "queue":
        return None
    kind, _colon, number = value.partition(":")
    pk = whole_number(number)
    found: Employee | OpenLine | None = None
    if pk is not None and kind == "employee":
        found = Employee.objects.active().filter(pk=pk).first()
    elif pk is not None and kind == "line":
        found = OpenLine.objects.filter(pk=pk).first()
    if found is None:
        raise CommandRefused("no_target", _("Choose a colleague, a line or the queue."))
    return found
