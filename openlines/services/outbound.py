"""The outbox: what people and automatic texts wrote leaves here, in order, once; and so do changes of what has left.

One drain runs for a connection at a time (advisory lock). It takes the oldest item of each dialog and has one attempt
made of it (``sending.py``). What it finds *claimed* or *sending* when it begins was left by one that died.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from openlines.connectors import registry
from openlines.connectors.base import Failed
from openlines.models import Attachment, Connection, Deadline, Message, OutboxItem
from openlines.services import outcomes, pausing, sending, wakeups
from openlines.services.change import lock_dialog
from openlines.work import pulse

logger = logging.getLogger(__name__)

OVERDUE = timedelta(seconds=6)
"""So long after its time something due is looked for."""
COMING = timedelta(seconds=30)
"""A task that is asked for by then is on its way; a later one waits for something else (a back-off)."""
LONGEST_DRAIN = 120.0
"""Seconds after which a drain asks for another and ends: below the task queue's time-out."""


def drain(connection_id: int, *, now: datetime) -> int:
    """Send what is due on the connection; the number of messages that came to an end. Another drain at work: 0."""
    done = 0
    with wakeups.working("drain", connection_id=connection_id, now=now) as lease:
        if lease is None:
            return 0
        connection = Connection.objects.select_related("line").get(pk=connection_id)
        sending.settle_interrupted(connection, now=now)
        started = time.monotonic()
        while time.monotonic() - started < LONGEST_DRAIN and not pulse.stopping():
            lease.renew()
            connection.refresh_from_db(fields=["paused_reason", "held_until", "is_active", "credentials"])
            if _stands_still(connection):
                break
            if connection.held_until and connection.held_until > lease.now:
                break
            item = _next(connection, now=lease.now)
            if item is None:
                break
            done += sending.attempt(item, connection, now=lease.now)
            _keep_pace(connection)
    if not _stands_still(connection):
        _come_back(connection, now=lease.now)
    return done


def _stands_still(connection: Connection) -> bool:
    """Until a person does something about it: then ``resume`` has it drained."""
    return bool(connection.paused_reason) or not connection.is_active


def _keep_pace(connection: Connection) -> None:
    """Below what the provider allows a connection each second, so that it need not refuse."""
    allowed = registry.get(connection.kind).features.per_second
    if allowed:
        time.sleep(1 / allowed)


def resume(connection: Connection, *, now: datetime) -> None:
    """The credentials are mended: what waits goes out. What an operator wrote over 24 hours ago, or in a dialog that is
    closed by now, asks first: it is shown as not sent, to be sent again by hand.
    """
    ask_first(connection, now=now)
    # health: as never looked at, so that failing anew is told anew (``services/health.py``)
    Connection.objects.filter(pk=connection.pk).update(
        paused_reason="", last_error="", held_until=None, health=""
    )
    pausing.tell_desks(connection.pk)
    wakeups.request("drain", connection_id=connection.pk, now=now)
    Attachment.objects.filter(message__connection=connection, state=Attachment.State.PENDING).update(
        next_attempt_at=None
    )
    wakeups.request("fetch", connection_id=connection.pk, now=now)


def ask_first(connection: Connection, *, now: datetime) -> None:
    """What a person wrote long ago, or in a dialog that is closed by now, does not leave by itself after a standstill."""
    waiting = OutboxItem.objects.filter(
        connection=connection, state=OutboxItem.State.QUEUED, message__author=Message.Author.OPERATOR
    ).order_by("pk")
    for pk, dialog_id in waiting.values_list("pk", "dialog_id"):
        with transaction.atomic():
            lock_dialog(dialog_id)  # its author may be changing it or taking it back at this moment
            found = waiting.select_related("connection", "message", "dialog__client").filter(pk=pk)
            item = found.first()
            if item is not None and (
                now - item.created_at > sending.GIVE_UP_AFTER or not item.dialog.is_open
            ):
                outcomes.write(item, Failed(_asks_first(item)), now=now)


def _asks_first(item: OutboxItem) -> str:
    if item.action == OutboxItem.Action.SEND:
        return _("Not sent: the channel did not work for a while. If it is still right, send it again.")
    return _("The channel did not work for a while. If it is still right, do it again.")


def sweep(*, now: datetime) -> int:
    """The net: connections with something due and no task on its way. Finds nothing unless a process died between a
    commit and the request for a task.
    """
    due = OutboxItem.objects.filter(
        ~Exists(_earlier()),
        connection=OuterRef("pk"),
        next_attempt_at__lte=now - OVERDUE,
        dialog__frozen_at__isnull=True,
    ).exclude(state=OutboxItem.State.DONE)
    files = Attachment.objects.filter(
        message__connection=OuterRef("pk"), state=Attachment.State.PENDING
    ).exclude(next_attempt_at__gt=now - OVERDUE)
    waiting = Connection.objects.filter(is_active=True, paused_reason="").exclude(held_until__gt=now)
    found = 0
    for kind, rows in (("drain", due), ("fetch", files)):
        coming = Deadline.objects.filter(connection=OuterRef("pk"), kind=kind, due_at__lte=now + COMING)
        for connection in waiting.filter(Exists(rows)).exclude(Exists(coming)):
            wakeups.request(kind, connection_id=connection.pk, now=now)
            found += 1
    return found


# -- one message ----------------------------------------------------------------------------------------------


def _next(connection: Connection, *, now: datetime) -> OutboxItem | None:
    """The oldest item that is due and first of its dialog, taken as *sending*.

    Whoever changes or withdraws what is still queued holds its row (``own_messages.py``): the UPDATE waits for him, and
    only what is read after it is sent.
    """
    due = _at_the_head(connection).filter(next_attempt_at__lte=now).order_by("pk")
    while (pk := due.values_list("pk", flat=True).first()) is not None:
        item = _claim(pk, now=now)
        if item is not None:
            return item
    return None


def _at_the_head(connection: Connection) -> QuerySet[OutboxItem]:
    """What waits for nothing but its time: what stands behind another of its dialog has no turn of its own."""
    return OutboxItem.objects.filter(
        ~Exists(_earlier()),
        connection=connection,
        state=OutboxItem.State.QUEUED,
        dialog__frozen_at__isnull=True,  # L4
    )


def _earlier() -> QuerySet[OutboxItem]:
    """Of the same dialog, and not done."""
    rows = OutboxItem.objects.filter(dialog=OuterRef("dialog"), pk__lt=OuterRef("pk"))
    return rows.exclude(state=OutboxItem.State.DONE)


def _claim(pk: int, *, now: datetime) -> OutboxItem | None:
    """None where it was withdrawn meanwhile."""
    queued = OutboxItem.objects.filter(pk=pk, state=OutboxItem.State.QUEUED)
    if not queued.update(state=OutboxItem.State.CLAIMED, attempts=F("attempts") + 1):
        return None
    rows = OutboxItem.objects.select_related(
        "connection", "message__operator", "message__reply_to", "dialog__client", "dialog__line"
    )
    return rows.get(pk=pk)


def _come_back(connection: Connection, *, now: datetime) -> None:
    """Have the next drain at the earliest time when something can go: at once where something has come meanwhile."""
    rows = _at_the_head(connection)
    at = rows.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    if at is None:
        return
    held = Connection.objects.values_list("held_until", flat=True).get(pk=connection.pk)
    at = max(at, held or at)
    if at <= now:
        wakeups.request("drain", connection_id=connection.pk, now=now)
    else:
        wakeups.again("drain", connection_id=connection.pk, at=at)
