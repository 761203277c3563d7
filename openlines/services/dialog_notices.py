"""Notices to employees about a dialog: it was handed to them, a message of theirs failed, a colleague names them, a rating."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from contactcenter.lib.folding import fold
from contactcenter.staff import notices
from contactcenter.staff.models import Employee
from contactcenter.staff.models.notice import Notice
from openlines.models import Dialog
from openlines.policies.names import readable

TRANSFERRED = "dialog_transferred"
TRANSFERRED_WITH_NOTE = "dialog_transferred_with_note"
REPLY_FAILED = "reply_failed"
MENTIONED = "mentioned"
MENTIONED_HIDDEN = "mentioned_hidden"
SUPERVISOR_RATING = "supervisor_rating"
LONGEST = 300
SHORT_NOTE = 200
"""Of a transfer's note: what a row of the list shows."""


def link(dialog_id: int) -> str:
    return reverse("workspace:dialog", args=[dialog_id])


def transferred(dialog: Dialog, *, to: Employee, by: Employee, note: str, now: datetime) -> None:
    """Q10."""
    kind = TRANSFERRED_WITH_NOTE if note.strip() else TRANSFERRED
    data = {"who": by.display_name, "dialog": _name(dialog), "note": note.strip()[:LONGEST]}
    notices.notify([to.pk], kind=kind, data=data, now=now, link=link(dialog.pk))


def handed_to(employee_id: int) -> dict[str, str]:
    """Dialogs (by ``link``) handed to somebody who has not read so yet → the sender, with the note."""
    unread = Notice.objects.filter(
        employee=employee_id, read_at__isnull=True, kind__in=[TRANSFERRED, TRANSFERRED_WITH_NOTE]
    )
    newest_last = unread.order_by("created_at", "pk").values_list("link", "data")
    return {link: _by_whom(data) for link, data in newest_last}


def _by_whom(data: dict[str, Any]) -> str:
    if data.get("note"):
        return f"{data.get('who', '')}: {data['note']}"
    return _("Transferred by %(name)s") % {"name": data.get("who", "")}


def reply_failed(dialog: Dialog, *, to: Collection[int], reason: str, now: datetime) -> None:
    """§11: what a client never got. Several in one dialog are one notice."""
    notices.notify(
        sorted(to),
        kind=REPLY_FAILED,
        data={"dialog": _name(dialog), "reason": reason[:LONGEST]},
        now=now,
        link=link(dialog.pk),
        once=True,
    )


def rated(dialog: Dialog, *, to: int, by: Employee, stars: int, now: datetime) -> None:
    """R6."""
    data = {"stars": stars, "number": dialog.number, "who": by.display_name}
    notices.notify([to], kind=SUPERVISOR_RATING, data=data, now=now, link=link(dialog.pk))


def retell(dialog: Dialog, old: str, new: str) -> None:
    """A note says ``new`` now, or nothing any more: so do the notices that repeat it."""
    told = Notice.objects.filter(
        kind__in=[TRANSFERRED_WITH_NOTE, MENTIONED], link=link(dialog.pk), data__note=old[:LONGEST]
    )
    if new:
        for notice in told:
            notice.data = {**notice.data, "note": new[:LONGEST]}
            notice.save(update_fields=["data"])
        return
    for notice in told.filter(kind=TRANSFERRED_WITH_NOTE):
        notice.kind, notice.data = TRANSFERRED, {**notice.data, "note": ""}
        notice.save(update_fields=["kind", "data"])
    told.filter(kind=MENTIONED).delete()


def mentioned(dialog: Dialog, text: str, *, by: Employee, now: datetime, before: str = "") -> None:
    """§11: the colleagues whom a note names as "@Anna", "@Anna Nowak" or by user name. Who may not see the dialog gets
    neither link nor note. No statement where there is no "@".

    ``before``: what the note said before it was changed; whom it named already is told nothing again.
    """
    if "@" not in text:
        return
    from openlines import permissions

    colleagues = list(Employee.objects.active().exclude(pk=by.pk))
    known = {person.pk for person in _named(before, colleagues)}
    people = [person for person in _named(text, colleagues) if person.pk not in known]
    data = {"who": by.display_name, "dialog": _name(dialog), "note": text.strip()[:LONGEST]}
    hidden = {"who": by.display_name, "number": dialog.number}
    for person in people:
        if permissions.may_see(person, dialog):
            notices.notify([person.pk], kind=MENTIONED, data=data, now=now, link=link(dialog.pk))
        else:
            notices.notify([person.pk], kind=MENTIONED_HIDDEN, data=hidden, now=now)


def _named(text: str, people: Collection[Employee]) -> list[Employee]:
    """At each "@" the longest name that stands there decides: "@Anna Nowak" is not every Anna."""
    folded = fold(text)
    found: dict[int, Employee] = {}
    for at in re.finditer(r"(?<!\w)@", folded):
        rest = folded[at.end() :]
        matches = [
            (len(name), person)
            for person in people
            for name in map(fold, {person.display_name, person.first_name, person.username})
            if name and rest.startswith(name) and not re.match(r"\w", rest[len(name) :])
        ]
        longest = max((length for length, _person in matches), default=0)
        found |= {person.pk: person for length, person in matches if length == longest}
    return list(found.values())


def _name(dialog: Dialog) -> str:
    """``12 (Karl)``."""
    client = readable(dialog.client.name) or readable(dialog.client.username)
    return f"{dialog.number} ({client})" if client else str(dialog.number)
