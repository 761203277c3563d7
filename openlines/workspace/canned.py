"""What the composer says about canned replies (A10): which ones a message is made of, and their files."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest

from contactcenter.lib.parameters import whole_number
from contactcenter.staff.models import Employee, Right
from openlines.models import Attachment, CannedReply, Dialog
from openlines.services import canned_replies

MOST: Final = 10
"""Replies or files that one message is made of."""


def may_change(employee: Employee) -> bool:
    """§12 "canned replies: change"."""
    return employee.has_right(Right.CANNED_CHANGE)


def used(request: HttpRequest, dialog: Dialog) -> tuple[int, ...]:
    """Those of the dialog's line; anything may stand in the form."""
    named = [whole_number(value) for value in request.POST.getlist("canned")[:MOST]]
    wanted = [pk for pk in named if pk is not None]
    if not wanted or dialog.line.reply_list_id is None:
        return ()
    known = CannedReply.objects.filter(pk__in=wanted, list=dialog.line.reply_list_id)
    return tuple(known.values_list("pk", flat=True))


def files_of(request: HttpRequest, dialog: Dialog) -> tuple[Attachment, ...]:
    """Copies of the files that came with them, and that the writer left in the composer."""
    return canned_replies.attachments(_uuids(request.POST.getlist("canned_files")[:MOST]), dialog)


def _uuids(values: list[str]) -> list[UUID]:
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
