"""Lines and their settings: the only writer of ``OpenLine``, its texts and its queue.

Block pages save through ``save_block``: it loads an ``OpenLine`` (saving through a proxy would record no history),
sets only the fields that differ *from the row*, counts the version up, and lets what waits and what is due follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.lib.commits import after_commit
from contactcenter.staff.models import Employee
from openlines.models import LineEntry, LineQueue, LineText, OpenLine, QueueEntry
from openlines.models.blocks import ConsentBlock, WorkingTimeBlock
from openlines.services import consents, deadlines, line_switch, queue_members, routing, staffing
from openlines.services.errors import CommandRefused

LIMIT_LOCK = (0x0D1A, 3)


_HOURS = {field.name for field in WorkingTimeBlock._meta.local_fields}
_CONSENT = {field.name for field in ConsentBlock._meta.local_fields}
_FREEING = {"limit", "limit_enabled", "limit_leaves_out", "check_availability", *_HOURS}
"""Settings that can leave somebody free who was not, or open the line: what waits is looked at at once (Q1, Q3)."""


@dataclass(frozen=True)
class Place:
    """A place in the queue: exactly one of the two."""

    employee_id: int | None = None
    department_id: int | None = None


def create(*, name: str, by: Employee | None, values: Mapping[str, Any] | None = None) -> OpenLine:
    """A line with the defaults of the specification; whoever creates it is its queue (Q1).

    Raises ``CommandRefused`` (``limit``) at the installation's limit (L3).
    """
    with transaction.atomic():
        refuse_over_limit(lock=True)
        line = OpenLine(name=name, created_by=by, **(values or {}))
        line.save()
        LineQueue.objects.create(line=line)
        consents.ensure_version(line, by_id=by.pk if by else None, now=timezone.now())
        if by is not None:
            QueueEntry.objects.create(line=line, employee=by, position=0)
        return line


def refuse_over_limit(*, lock: bool = False) -> None:
    """L3. ``lock``: others who create a line wait, so that two at once do not pass the limit together."""
    most = settings.CONTACTCENTER_MAX_LINES
    if not most:
        return
    if lock:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LIMIT_LOCK)
    if OpenLine.objects.filter(deleting_since__isnull=True).count() >= most:
        raise CommandRefused(
            "limit",
            ngettext(
                "This installation may have %(most)d line, and it has it. Use that one.",
                "This installation may have %(most)d lines, and it has them. Use one of them.",
                most,
            )
            % {"most": most},
        )


def save_block(
    line_id: int, values: Mapping[str, Any], *, now: datetime, version: int | None = None
) -> tuple[OpenLine, list[str]]:
    """Save settings; (the line, names of the fields that changed).

    ``version``: the one the page showed. Raises ``CommandRefused`` (``stale``) where one of the same fields has been
    changed since; other blocks may have been.
    """
    with transaction.atomic():
        line = locked(line_id)
        changed = [name for name, value in values.items() if getattr(line, name) != value]
        if version is not None and version != line.version and _touched_since(line, version, values):
            raise CommandRefused(
                "stale",
                _(
                    "Somebody else has changed these settings meanwhile. Load the page again and repeat your change."
                ),
            )
        if not changed:
            return line, []
        mode_changed = "distribution" in changed
        for name in changed:
            setattr(line, name, values[name])
        line.version += 1
        line.save(update_fields=[*changed, "version"])
        if "is_active" in changed:
            line_switch.follow(line, now=now)
        if not _CONSENT.isdisjoint(changed):
            consents.ensure_version(line, by_id=line.history.first().history_user_id, now=now)
        after_commit(deadlines.resync_line, line.pk, now=now)
        if not _HOURS.isdisjoint(changed):
            routing.wake_resting(line.pk, now=now)
        if mode_changed:
            routing.deal_anew(line.pk, now=now)
        elif not _FREEING.isdisjoint(changed):
            routing.request(line.pk, now=now)
        return line, changed


def set_queue(line_id: int, places: Sequence[Place], *, now: datetime) -> None:
    """Q1: the queue in this order. Raises ``CommandRefused`` (``empty``) where it expands to nobody."""
    with transaction.atomic():
        line = locked(line_id)
        wanted = list(dict.fromkeys(places))
        before = set(queue_members.employee_ids(line.pk))
        entries = {Place(e.employee_id, e.department_id): e for e in QueueEntry.objects.filter(line=line)}
        QueueEntry.objects.filter(
            pk__in=[e.pk for place, e in entries.items() if place not in wanted]
        ).delete()
        for position, place in enumerate(wanted):
            if place in entries:
                QueueEntry.objects.filter(pk=entries[place].pk).update(position=position)
            else:
                QueueEntry.objects.create(
                    line=line,
                    employee_id=place.employee_id,
                    department_id=place.department_id,
                    position=position,
                )
        _refuse_empty(line)
        for employee_id in sorted(before - set(queue_members.employee_ids(line.pk))):
            after_commit(staffing.take_back, employee_id, line_id=line.pk, now=now)
        routing.request(line.pk, now=now)


def queue_edited(line_id: int, *, now: datetime) -> None:
    """After rows of the queue were saved by a form: check Q1 and let what waits go out."""
    _refuse_empty(OpenLine.objects.get(pk=line_id))
    routing.request(line_id, now=now)


def texts_edited(line_id: int, *, by_id: int | None = None, now: datetime | None = None) -> None:
    """After texts were saved by a form: the settings have a new version, and so has a changed consent (P1)."""
    line = locked(line_id)
    line.version += 1
    line.save(update_fields=["version"])
    consents.ensure_version(line, by_id=by_id, now=now or timezone.now())


def set_text(line_id: int, trigger: str, language: str, text: str) -> None:
    """The line's own text; empty goes back to the shipped one."""
    with transaction.atomic():
        if text.strip():
            LineText.objects.update_or_create(
                line_id=line_id, trigger=trigger, language=language, defaults={"text": text.strip()}
            )
        else:
            LineText.objects.filter(line_id=line_id, trigger=trigger, language=language).delete()
        texts_edited(line_id)


def locked(line_id: int) -> OpenLine:
    """The line for a change of settings. The queue's row first, as everywhere: a distribution that holds it writes rows
    that refer to the line. Deadlines of open dialogs follow after the commit, dialog by dialog.
    """
    LineQueue.objects.select_for_update().get(line_id=line_id)
    return OpenLine.objects.select_for_update(no_key=True).get(pk=line_id)


def _refuse_empty(line: OpenLine) -> None:
    if not queue_members.employee_ids(line.pk):
        raise CommandRefused(
            "empty", _("The queue has nobody in it. Add an employee, or a department with active members.")
        )


def _touched_since(line: OpenLine, version: int, values: Mapping[str, Any]) -> bool:
    """Whether one of the fields was changed after the page with ``version`` was shown."""
    records = list(line.history.order_by("-history_date", "-history_id")[: line.version - version + 1])
    if len(records) <= line.version - version:
        return True
    then = records[-1]
    return any(held(then, name) != held(line, name) for name in values)


def held(record: Any, name: str) -> Any:
    """The value of a line's field in the line or in a record of its history; of a relation the number alone, as what
    it led to may have been deleted since.
    """
    column: Any = OpenLine._meta.get_field(name)
    return getattr(record, column.attname)


def set_entry(
    line_id: int, employee_id: int, *, name: str = "", position: str = "", photo: Any = None
) -> None:
    """Q6: what clients of this line see of an employee. ``photo``: an uploaded file; None keeps the one there is."""
    with transaction.atomic():
        entry, _created = LineEntry.objects.get_or_create(line_id=line_id, employee_id=employee_id)
        entry.name, entry.position = name.strip(), position.strip()
        if photo is not None:
            entry.photo = photo
        entry.full_clean()
        entry.save()
        texts_edited(line_id)
