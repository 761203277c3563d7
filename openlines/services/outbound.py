"""The outbox: what people and automatic texts wrote leaves here, in order, once; and so do changes of what has left.

One drain runs for a connection at a time (advisory lock). It takes the oldest item of each dialog, commits it as
*sending*, calls the connector, and writes what came of it (``outcomes.py``). A drain that finds an item *sending* is
looking at one that died in the call: whether the provider took it is *unknown*, it is shown as such and never sent
again by itself.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from openlines.connectors import registry
from openlines.connectors.base import Failed, Unknown
from openlines.models import Attachment, Connection, Dialog, Message, OutboxItem
from openlines.policies.deadlines import LATE_TEXT
from openlines.services import attempts, outcomes, outgoing, pausing, sent_changes, wakeups
from openlines.services.addresses import webhook_url
from openlines.services.change import JOIN_WAIT, lock_dialog
from openlines.services.only_one import Work, only_one
from openlines.work import pulse

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(hours=24)
LONGEST_DRAIN = 120.0
"""Seconds after which a drain asks for another and ends: below the task queue's time-out."""


def drain(connection_id: int, *, now: datetime) -> int:
    """Send what is due on the connection; the number of messages that came to an end. Another drain at work: 0."""
    wakeups.begun("drain", connection_id=connection_id)
    with only_one(Work.DRAIN, connection_id) as alone:
        if not alone:
            wakeups.again("drain", connection_id=connection_id, at=now + timedelta(seconds=1))
            return 0
        connection = Connection.objects.select_related("line").get(pk=connection_id)
        _settle_interrupted(connection, now=now)
        done = 0
        started = time.monotonic()
        while time.monotonic() - started < LONGEST_DRAIN and not pulse.stopping():
            at = now + timedelta(seconds=time.monotonic() - started)
            connection.refresh_from_db(fields=["paused_reason", "held_until", "is_active", "credentials"])
            if connection.paused_reason or not connection.is_active:
                return done
            if connection.held_until and connection.held_until > at:
                break
            item = _next(connection, now=at)
            if item is None:
                break
            done += _attempt(item, connection, now=at)
            _keep_pace(connection)
    _come_back(connection, now=now + timedelta(seconds=time.monotonic() - started))
    return done


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
            if item is not None and (now - item.created_at > GIVE_UP_AFTER or not item.dialog.is_open):
                outcomes.write(item, Failed(_asks_first(item)), now=now)


def _asks_first(item: OutboxItem) -> str:
    if item.action == OutboxItem.Action.SEND:
        return _("Not sent: the channel did not work for a while. If it is still right, send it again.")
    return _("The channel did not work for a while. If it is still right, do it again.")


def sweep(*, now: datetime) -> int:
    """The net: connections with something due and no task on its way. Finds nothing unless a task was lost."""
    due = OutboxItem.objects.filter(
        connection=OuterRef("pk"),
        next_attempt_at__lte=now - timedelta(seconds=30),
        dialog__frozen_at__isnull=True,
    ).exclude(state=OutboxItem.State.DONE)
    files = Attachment.objects.filter(
        message__connection=OuterRef("pk"), state=Attachment.State.PENDING
    ).exclude(next_attempt_at__gt=now - timedelta(seconds=30))
    waiting = Connection.objects.filter(is_active=True, paused_reason="").exclude(held_until__gt=now)
    found = 0
    for kind, rows in (("drain", due), ("fetch", files)):
        for connection in waiting.filter(Exists(rows)).exclude(deadlines__kind=kind):
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
    earlier = OutboxItem.objects.filter(dialog=OuterRef("dialog"), pk__lt=OuterRef("pk")).exclude(
        state=OutboxItem.State.DONE
    )
    return OutboxItem.objects.filter(
        ~Exists(earlier),
        connection=connection,
        state=OutboxItem.State.QUEUED,
        dialog__frozen_at__isnull=True,  # L4
    )


def _claim(pk: int, *, now: datetime) -> OutboxItem | None:
    """None where it was withdrawn meanwhile."""
    queued = OutboxItem.objects.filter(pk=pk, state=OutboxItem.State.QUEUED)
    taken = attempts.begun(now=now)
    if not queued.update(state=OutboxItem.State.SENDING, attempts=F("attempts") + 1, log=taken):
        return None
    rows = OutboxItem.objects.select_related(
        "connection", "message__operator", "message__reply_to", "dialog__client", "dialog__line"
    )
    return rows.get(pk=pk)


def _attempt(item: OutboxItem, connection: Connection, *, now: datetime) -> int:
    """One call and its outcome; the number of messages and changes that have come to an end."""
    if item.action != OutboxItem.Action.SEND:
        return _attempt_change(item, connection, now=now)
    message = item.message
    if message.author == Message.Author.AUTOMATIC and now - item.created_at > LATE_TEXT:
        reason = _("Not sent: the text was due more than 15 minutes ago.")
        return outcomes.write(item, Failed(reason), now=now)
    if outgoing.outdated(item, now=now):
        return outcomes.write(item, Failed(_("Not sent: it was no longer true when its turn came.")), now=now)
    if item.dialog.state == Dialog.State.SPAM:
        return outcomes.write(item, Failed(_("Not sent: the dialog was marked as spam.")), now=now)
    if now - item.created_at > GIVE_UP_AFTER:
        reason = _("Not sent: it has waited for 24 hours. If it is still right, send it again.")
        return outcomes.write(item, Failed(reason), now=now)
    connector = registry.get(connection.kind)
    joined = _joined(item, now=now) if connector.features.joins_texts else []
    composed = outgoing.compose(item, tuple(one.message for one in joined), now=now)
    if isinstance(composed, outgoing.Forbidden):
        return outcomes.write(item, Failed(composed.reason), now=now)
    OutboxItem.objects.filter(pk__in=[one.pk for one in joined]).update(state=OutboxItem.State.SENDING)
    with attempts.watched() as watch:
        try:
            outcome = connector.send(composed, connection.account(webhook_url=webhook_url(connection)))
        except Exception as error:
            logger.exception("The connector of %s failed", connection)
            outcome = Unknown(f"{type(error).__name__}: {error}")
    done = outcomes.write(item, outcome, now=now, call=watch.call())
    for one in joined:
        call = watch.call(together=item.message_id)
        done += outcomes.write(one, replace(outcome, external_ids=()), now=now, call=call)
    return done


def _attempt_change(item: OutboxItem, connection: Connection, *, now: datetime) -> int:
    if now - item.created_at > GIVE_UP_AFTER:
        reason = _("It has waited for 24 hours. If it is still right, do it again.")
        return outcomes.write(item, Failed(reason), now=now)
    if item.dialog.state == Dialog.State.SPAM and item.action == OutboxItem.Action.EDIT:
        reason = _("Not sent: the dialog was marked as spam.")
        return outcomes.write(item, Failed(reason), now=now)
    with attempts.watched() as watch:
        try:
            outcome = sent_changes.call(item, connection, now=now)
        except Exception:
            logger.exception("The connector of %s failed", connection)
            outcome = sent_changes.interrupted()
    return outcomes.write(item, outcome, now=now, call=watch.call())


def _joined(item: OutboxItem, *, now: datetime) -> list[OutboxItem]:
    """§6: automatic texts of the same moment that stand right behind ``item`` go with it as one message."""
    if (
        item.message.author != Message.Author.AUTOMATIC
        or item.accepted_ids
        or item.message.extra.get("buttons")
    ):
        return []
    rows = (
        OutboxItem.objects.filter(dialog=item.dialog, pk__gt=item.pk, state=OutboxItem.State.QUEUED)
        .select_related("connection", "message__operator", "dialog__client", "dialog__line")
        .order_by("pk")[:5]
    )
    found = []
    for one in rows:
        near = one.created_at - item.created_at <= JOIN_WAIT
        if one.message.author != Message.Author.AUTOMATIC or not near:
            break
        if not outgoing.outdated(one, now=now):
            found.append(one)
    return found


def _settle_interrupted(connection: Connection, *, now: datetime) -> None:
    interrupted = OutboxItem.objects.filter(connection=connection, state=OutboxItem.State.SENDING)
    for item in interrupted.select_related("connection", "message", "dialog__client"):
        reason = _("Sending was interrupted: the client may or may not have got this message.")
        is_change = item.action != OutboxItem.Action.SEND
        outcomes.write(item, sent_changes.interrupted() if is_change else Unknown(reason), now=now)


def _come_back(connection: Connection, *, now: datetime) -> None:
    """Have the next drain at the earliest time when something can go."""
    rows = _at_the_head(connection)
    at = rows.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    if at is None:
        return
    held = Connection.objects.values_list("held_until", flat=True).get(pk=connection.pk)
    wakeups.again("drain", connection_id=connection.pk, at=max(at, held or at))
