"""Who may see and do what with dialogs (§12), as query sets and questions about one dialog.

"Own" = dialogs one took part in or is offered. A dialog without an operator belongs to the queue members of its line
and their departments.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from contactcenter.staff.models import Employee, Right, Scope
from contactcenter.staff.roles import department_of_scope, scope
from openlines.models import Dialog, Message, Offer
from openlines.models.dialog import DialogQuerySet
from openlines.services.queue_members import lines_of
from openlines.services.resting import lines_at_rest

IS_SHOWN = Q(frozen_at__isnull=True)
"""L4: dialogs of a line that is off are hidden."""


def visible_dialogs(employee: Employee, *, right: Right = Right.DIALOGS_HISTORY) -> DialogQuerySet:
    """Dialogs that ``right`` lets him see."""
    reach = scope(employee, right)
    if reach is Scope.ALL:
        return Dialog.objects.filter(IS_SHOWN)
    if reach is Scope.NOTHING:
        return Dialog.objects.none()
    people = {employee.pk} if reach is Scope.OWN else department_of_scope(employee)
    theirs = _part_of(people) | waiting_for(employee)
    if reach is Scope.DEPARTMENT:
        # Its members' queues are the department's, whoever of them it is offered to; heads stand in none (Q1).
        queues = lines_of(people)
        theirs |= Q(state__in=[Dialog.State.NEW, Dialog.State.RETURNED], line__in=queues)
    return Dialog.objects.filter(theirs & IS_SHOWN)


def standing_still(employee: Employee) -> DialogQuerySet:
    """L4: dialogs of lines that are off are hidden from who works in them. Whoever may see all may look into them."""
    if scope(employee, Right.DIALOGS_HISTORY) is not Scope.ALL:
        return Dialog.objects.none()
    return Dialog.objects.filter(frozen_at__isnull=False)


def waiting_for(employee: Employee) -> Q:
    """Dialogs that wait in a queue of theirs and are offered to nobody, or rest with somebody until the line opens (Q3):
    they may accept them.
    """
    standing = Offer.objects.filter(dialog=OuterRef("pk"), ended_at__isnull=True)
    in_queue = Q(state__in=[Dialog.State.NEW, Dialog.State.RETURNED], line__in=member_lines(employee))
    anybodys = Q(~Exists(standing))
    if at_rest := lines_at_rest(member_lines(employee), now=timezone.now()):
        lapsed = standing.filter(lapsed_at__isnull=False).exclude(employee=employee)
        anybodys |= Q(Exists(lapsed), line__in=at_rest)
    return in_queue & IS_SHOWN & anybodys


def member_lines(employee: Employee) -> list[int]:
    """Lines whose queue he is in, by himself or through his department."""
    if "_member_lines" not in employee.__dict__:
        employee.__dict__["_member_lines"] = lines_of({employee.pk})
    lines: list[int] = employee.__dict__["_member_lines"]
    return lines


def watched_lines(employee: Employee) -> list[int]:
    """Lines whose changes his screens follow: those he serves, and all where he may see all."""
    from openlines.models import OpenLine

    if scope(employee, Right.DIALOGS_HISTORY) >= Scope.DEPARTMENT:
        return list(OpenLine.objects.values_list("pk", flat=True))
    return member_lines(employee)


def may_see(employee: Employee, dialog: Dialog) -> bool:
    return visible_dialogs(employee).filter(pk=dialog.pk).exists()


def may_take_over(employee: Employee, dialog: Dialog) -> bool:
    """Join and take over: by right, for dialogs within its reach."""
    reach = scope(employee, Right.DIALOGS_JOIN)
    if reach is Scope.ALL:
        return True
    if reach is Scope.NOTHING:
        return False
    return visible_dialogs(employee, right=Right.DIALOGS_JOIN).filter(pk=dialog.pk).exists()


def _part_of(people: set[int]) -> Q:
    """They hold it or have held it, wrote in it, or it is offered to them."""
    wrote = Message.objects.filter(dialog=OuterRef("pk"), operator__in=people)
    offered = Offer.objects.filter(dialog=OuterRef("pk"), employee__in=people, ended_at__isnull=True)
    return Q(operator__in=people) | Q(held_by__overlap=list(people)) | Exists(wrote) | Exists(offered)
