"""A line off and on again (L4). Off: its open dialogs stand still, and what clients write is kept for the administrator.

On again, a kept dialog is shown as soon as the administrator releases it, or its client writes again
(``client_messages.py``), or one of us writes to the client: nobody who writes to a line that is on stays unseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, Sum

from openlines.models import (
    Connection,
    Dialog,
    LineQueue,
    Message,
    Offer,
    OpenLine,
    OutboxItem,
)
from openlines.policies import conversation
from openlines.policies.facts import IN_QUEUE
from openlines.services import automatic_actions, message_content, routing, wakeups
from openlines.services.change import DialogChange, lock_dialog, lock_first


@dataclass(frozen=True)
class Kept:
    """What arrived while the line was off. ``dialogs``: those that were opened then, to be released or discarded.

    ``messages``: all that clients wrote; ``of_open``: how many of them into dialogs that were open before and go on with
    the line.
    """

    dialogs: int
    messages: int
    of_open: int = 0

    @property
    def to_release(self) -> int:
        """Messages in ``dialogs``."""
        return self.messages - self.of_open


def follow(line: OpenLine, *, now: datetime) -> None:
    """``line.is_active`` has just been saved, in this transaction and under the queue's lock."""
    if line.is_active:
        _go_on(line, now=now)
    else:
        _stand_still(line, now=now)


def kept(line_id: int) -> Kept:
    rows = Dialog.objects.filter(line_id=line_id, is_kept=True)
    found = rows.aggregate(dialogs=Count("pk"), messages=Sum("client_message_count"))
    of_open = Message.objects.filter(
        dialog__line_id=line_id,
        dialog__frozen_at__isnull=False,
        dialog__is_kept=False,
        created_at__gte=F("dialog__frozen_at"),
        author=Message.Author.CLIENT,
    ).count()
    return Kept(dialogs=found["dialogs"], messages=(found["messages"] or 0) + of_open, of_open=of_open)


def release(line_id: int, *, now: datetime) -> int:
    """What waited comes to the queue, clocks from now (``conversation.released``); the number of dialogs.

    On a line that is still off nothing is released.
    """
    if not OpenLine.objects.filter(pk=line_id, **_ON).exists():
        return 0
    return release_dialogs(Dialog.objects.filter(line_id=line_id, is_kept=True), now=now)


def release_dialogs(rows: Iterable[Dialog], *, now: datetime) -> int:
    released = 0
    lines = set()
    for pk in sorted(dialog.pk for dialog in rows):
        with transaction.atomic():
            dialog = lock_first(Dialog.objects.filter(pk=pk, is_kept=True))
            if dialog is None:  # its client wrote again, or somebody else was quicker
                continue
            _release(DialogChange(dialog, now=now))
            lines.add(dialog.line_id)
            released += 1
    for line_id in lines:
        routing.distribute(line_id, now=now)
    return released


def show(dialog: Dialog, *, now: datetime) -> None:
    """One of us wants to write to the client of ``dialog``, inside the caller's transaction. Kept, it is released where its
    line is on; one that stands still stays as it is.
    """
    if not dialog.is_kept or not OpenLine.objects.filter(pk=dialog.line_id, **_ON).exists():
        return
    locked = lock_first(Dialog.objects.filter(pk=dialog.pk, is_kept=True))
    if locked is not None:
        _release(DialogChange(locked, now=now))
        routing.distribute_after_commit(locked.line_id, now=now)


_ON = {"is_active": True, "deleting_since__isnull": True}


def _release(change: DialogChange) -> None:
    """``change`` holds a kept dialog on a line that is on."""
    automatic_actions.apply(change, conversation.released(automatic_actions.talk(change)))
    change.set_fields(is_kept=False)
    change.write()


def discard(line_id: int) -> int:
    """Away with what waited: dialogs, messages, files, and the raw deliveries that brought them; the number of dialogs.
    The page has counted them before.
    """
    discarded = 0
    for pk in (
        Dialog.objects.filter(line_id=line_id, is_kept=True).order_by("pk").values_list("pk", flat=True)
    ):
        with transaction.atomic():
            dialog = Dialog.objects.select_for_update().filter(pk=pk, is_kept=True).first()
            if dialog is None:
                continue
            message_content.forget_copies([pk])
            OutboxItem.objects.filter(dialog=dialog).delete()
            Message.objects.filter(dialog=dialog).delete()
            dialog.delete()
            discarded += 1
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
        if change.facts.frozen_at is None:
            continue
        facts = replace(change.facts, frozen_at=None, resumed_at=now)
        if facts.state in IN_QUEUE:
            facts = replace(facts, distribute_since=now, offer_until=None, offer_held_from=None)
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
    is_on = OpenLine.objects.filter(pk=to.pk, **_ON).exists()
    rows = Dialog.objects.open().filter(connection=connection).exclude(line=to)
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            change = DialogChange(lock_dialog(pk), now=now)
            earlier = change.dialog.line_id
            was_kept = change.dialog.is_kept
            change.set_facts(replace(change.facts, frozen_at=None, resumed_at=now))
            if change.facts.state in {*HELD, *IN_QUEUE}:
                change.step(Event.TRANSFER_TO_LINE)
            elif change.facts.state is State.WRAP_UP:
                change.step(Event.TIME_OVER)
            change.move_to_line(to)
            change.set_fields(tried=[])
            change.record(Event.TRANSFER_TO_LINE, to_line=to.pk, earlier_line=earlier)
            if was_kept and is_on:
                _release(change)
            else:
                if not is_on and change.facts.is_open:
                    change.set_facts(replace(change.facts, frozen_at=now, resumed_at=None))
                change.write()
            moved += 1
    if moved and is_on:
        routing.distribute(to.pk, now=now)
        wakeups.request("drain", connection_id=connection.pk, now=now)
    return moved


def sweep(*, now: datetime) -> int:
    """The net: a dialog that was opened or moved there at the very moment when its line was switched off stands still,
    too; one that stands still on a line that is on goes on. The number found.
    """
    rows = Dialog.objects.open().filter(line__is_active=False, frozen_at__isnull=True)
    found = OpenLine.objects.filter(pk__in=rows.values("line"))
    count = rows.count()
    for line in found:
        with transaction.atomic():
            LineQueue.objects.select_for_update().filter(line=line).first()
            if not OpenLine.objects.filter(pk=line.pk, is_active=True).exists():
                _stand_still(line, now=now)
    left = Dialog.objects.filter(line__is_active=True, frozen_at__isnull=False, is_kept=False)
    for line in OpenLine.objects.filter(pk__in=left.values("line")):
        count += left.filter(line=line).count()
        with transaction.atomic():
            LineQueue.objects.select_for_update().filter(line=line).first()
            if OpenLine.objects.filter(pk=line.pk, is_active=True).exists():
                _go_on(line, now=now)
    return count
