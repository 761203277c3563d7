"""A line off and on again (L4). Off: its open dialogs stand still, and what clients write is kept for the administrator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from openlines.models import (
    Attachment,
    Connection,
    Dialog,
    LineQueue,
    Message,
    Offer,
    OpenLine,
    OutboxItem,
)
from openlines.policies.facts import IN_QUEUE
from openlines.services import routing, wakeups
from openlines.services.change import DialogChange, lock_dialog


@dataclass(frozen=True)
class Kept:
    """What arrived while the line was off."""

    dialogs: int
    messages: int


def follow(line: OpenLine, *, now: datetime) -> None:
    """``line.is_active`` has just been saved, in this transaction and under the queue's lock."""
    if line.is_active:
        _go_on(line, now=now)
    else:
        _stand_still(line, now=now)


def kept(line_id: int) -> Kept:
    rows = Dialog.objects.filter(line_id=line_id, is_kept=True)
    total = rows.aggregate(messages=Sum("client_message_count"))["messages"]
    return Kept(dialogs=rows.count(), messages=total or 0)


def release(line_id: int, *, now: datetime) -> int:
    """What waited comes to the queue, clocks from now, no greeting and no off-hours text; the number of dialogs.

    On a line that is still off nothing is released.
    """
    if not OpenLine.objects.filter(pk=line_id, is_active=True, deleting_since__isnull=True).exists():
        return 0
    return release_dialogs(Dialog.objects.filter(line_id=line_id, is_kept=True), now=now)


def release_dialogs(rows: Iterable[Dialog], *, now: datetime) -> int:
    released = 0
    lines = set()
    for pk in sorted(dialog.pk for dialog in rows):
        with transaction.atomic():
            dialog = lock_dialog(pk)
            if not dialog.is_kept:
                continue
            change = DialogChange(dialog, now=now)
            change.set_facts(
                replace(
                    change.facts,
                    frozen_at=None,
                    clock_started_at=now,
                    unanswered_since=now,
                    queued_at=now,
                    distribute_since=now,
                    last_activity_at=now,
                    closed_notice_at=now,
                )
            )
            change.set_fields(is_kept=False)
            change.record("released")
            change.write()
            lines.add(dialog.line_id)
            released += 1
    for line_id in lines:
        routing.distribute(line_id, now=now)
    return released


def discard(line_id: int) -> int:
    """Away with what waited: dialogs, messages and files; the number of dialogs. The page has counted them before."""
    discarded = 0
    for pk in (
        Dialog.objects.filter(line_id=line_id, is_kept=True).order_by("pk").values_list("pk", flat=True)
    ):
        with transaction.atomic():
            dialog = Dialog.objects.select_for_update().filter(pk=pk, is_kept=True).first()
            if dialog is None:
                continue
            files = [one.file for one in Attachment.objects.filter(message__dialog=dialog) if one.file]
            OutboxItem.objects.filter(dialog=dialog).delete()
            Message.objects.filter(dialog=dialog).delete()
            dialog.delete()
            discarded += 1
        for file in files:
            file.delete(save=False)
    return discarded


def _stand_still(line: OpenLine, *, now: datetime) -> None:
    rows = Dialog.objects.open().filter(line=line, frozen_at__isnull=True)
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        change = DialogChange(lock_dialog(pk), now=now)
        if change.facts.frozen_at is not None or not change.facts.is_open:
            continue
        offers = Offer.objects.filter(dialog_id=pk, ended_at__isnull=True)
        change.tell(*offers.values_list("employee_id", flat=True))
        offers.update(ended_at=now, outcome=Offer.Outcome.WITHDRAWN)
        change.set_facts(replace(change.facts, frozen_at=now))
        change.record("frozen")
        change.write()


def _go_on(line: OpenLine, *, now: datetime) -> None:
    """Where they were; due deadlines are counted from now (``policies/deadlines.py``)."""
    rows = Dialog.objects.filter(line=line, frozen_at__isnull=False, is_kept=False)
    queued = False
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        change = DialogChange(lock_dialog(pk), now=now)
        facts = replace(change.facts, frozen_at=None, resumed_at=now)
        if facts.state in IN_QUEUE:
            facts = replace(facts, distribute_since=now, offer_until=None)
            queued = True
        change.set_facts(facts)
        change.record("resumed")
        change.write()
    for connection_id in (
        Connection.objects.filter(dialogs__line=line).distinct().values_list("pk", flat=True)
    ):
        wakeups.request("drain", connection_id=connection_id, now=now)
    if queued:
        routing.request(line.pk, now=now)


def move_along(connection: Connection, *, to: OpenLine, now: datetime) -> int:
    """L6: the old line is off or being deleted: the connection's open and kept dialogs come to the new line as returned;
    where that is off, too, they stand still there.
    """
    from openlines.lifecycle import Event
    from openlines.policies.facts import HELD, State

    moved = 0
    is_on = OpenLine.objects.filter(pk=to.pk, is_active=True).exists()
    rows = Dialog.objects.open().filter(connection=connection).exclude(line=to)
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            change = DialogChange(lock_dialog(pk), now=now)
            earlier = change.dialog.line_id
            was_kept = change.dialog.is_kept
            change.set_facts(replace(change.facts, frozen_at=None, resumed_at=now))
            stays_kept = was_kept and not is_on
            if change.facts.state in {*HELD, *IN_QUEUE}:
                change.step(Event.TRANSFER_TO_LINE)
            elif change.facts.state is State.WRAP_UP:
                change.step(Event.TIME_OVER)
            if was_kept:
                change.set_facts(
                    replace(change.facts, clock_started_at=now, unanswered_since=now, closed_notice_at=now)
                )
            if not is_on:
                change.set_facts(replace(change.facts, frozen_at=now, resumed_at=None))
            change.move_to_line(to)
            change.set_fields(tried=[], is_kept=stays_kept)
            change.record(Event.TRANSFER_TO_LINE, to_line=to.pk, earlier_line=earlier)
            change.write()
            moved += 1
    if moved and is_on:
        routing.distribute(to.pk, now=now)
        wakeups.request("drain", connection_id=connection.pk, now=now)
    return moved


def sweep(*, now: datetime) -> int:
    """The net: a dialog that was opened or moved there at the very moment when its line was switched off stands still,
    too. The number found.
    """
    rows = Dialog.objects.open().filter(line__is_active=False, frozen_at__isnull=True)
    found = OpenLine.objects.filter(pk__in=rows.values("line"))
    count = rows.count()
    for line in found:
        with transaction.atomic():
            LineQueue.objects.select_for_update().filter(line=line).first()
            if not OpenLine.objects.filter(pk=line.pk, is_active=True).exists():
                _stand_still(line, now=now)
    return count
