"""The outbox: what people and automatic texts wrote leaves here, in order, once.

One drain runs for a connection at a time (advisory lock). It takes the oldest item of each dialog, commits it as
*sending*, calls the connector, and writes what came of it. A drain that finds an item *sending* is looking at one that
died in the call: whether the provider took it is *unknown*, it is shown as such and never sent again by itself.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from openlines.connectors import registry
from openlines.connectors.base import Broken, Failed, Outcome, Sent, TryLater, Unknown
from openlines.models import Attachment, Client, Connection, Message, MessagePart, OutboxItem
from openlines.policies.deadlines import LATE_TEXT
from openlines.services import early_marks, outgoing, pausing, replies, wakeups
from openlines.services.addresses import webhook_url
from openlines.services.change import JOIN_WAIT, DialogChange, lock_dialog
from openlines.services.only_one import Work, only_one
from openlines.work import pulse

logger = logging.getLogger(__name__)

FIRST_BACK_OFF = timedelta(seconds=2)
LONGEST_BACK_OFF = timedelta(hours=1)
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
    for item in OutboxItem.objects.filter(
        connection=connection, state=OutboxItem.State.QUEUED, message__author=Message.Author.OPERATOR
    ).select_related("connection", "message", "dialog__client"):
        if now - item.created_at > GIVE_UP_AFTER or not item.dialog.is_open:
            reason = _("Not sent: the channel did not work for a while. If it is still right, send it again.")
            _finish(item, Failed(reason), now=now)
    # health: as never looked at, so that failing anew is told anew (``services/health.py``)
    Connection.objects.filter(pk=connection.pk).update(
        paused_reason="", last_error="", held_until=None, health=""
    )
    wakeups.request("drain", connection_id=connection.pk, now=now)


def retry(message: Message, *, now: datetime) -> bool:
    """Send a failed or unknown message again, because a person asked for it; False where there is nothing to send."""
    with transaction.atomic():
        change = DialogChange(lock_dialog(message.dialog_id), now=now)
        item = OutboxItem.objects.filter(message=message, state=OutboxItem.State.DONE).first()
        message.refresh_from_db()
        if item is None or message.delivery not in (Message.Delivery.FAILED, Message.Delivery.UNKNOWN):
            return False
        OutboxItem.objects.filter(pk=item.pk).update(
            state=OutboxItem.State.QUEUED, attempts=0, created_at=now, next_attempt_at=now
        )
        Message.objects.filter(pk=message.pk).update(
            delivery=Message.Delivery.QUEUED, failure="", rev=change.rev
        )
        change.write()
        wakeups.request("drain", connection_id=item.connection_id, now=now)
        return True


def sweep(*, now: datetime) -> int:
    """The net: connections with something due and no task on its way. Finds nothing unless a task was lost."""
    due = OutboxItem.objects.filter(
        connection=OuterRef("pk"), next_attempt_at__lte=now - timedelta(seconds=30)
    ).exclude(state=OutboxItem.State.DONE)
    files = Attachment.objects.filter(message__connection=OuterRef("pk"), state=Attachment.State.PENDING)
    waiting = Connection.objects.filter(is_active=True, paused_reason="").exclude(held_until__gt=now)
    found = 0
    for kind, rows in (("drain", due), ("fetch", files)):
        for connection in waiting.filter(Exists(rows)).exclude(deadlines__kind=kind):
            wakeups.request(kind, connection_id=connection.pk, now=now)
            found += 1
    return found


# -- one message ----------------------------------------------------------------------------------------------


def _next(connection: Connection, *, now: datetime) -> OutboxItem | None:
    """The oldest item that is due and first of its dialog, taken as *sending*."""
    earlier = OutboxItem.objects.filter(dialog=OuterRef("dialog"), pk__lt=OuterRef("pk")).exclude(
        state=OutboxItem.State.DONE
    )
    item = (
        OutboxItem.objects.filter(
            ~Exists(earlier),
            connection=connection,
            state=OutboxItem.State.QUEUED,
            next_attempt_at__lte=now,
            dialog__frozen_at__isnull=True,  # L4
        )
        .select_related(
            "connection", "message__operator", "message__reply_to", "dialog__client", "dialog__line"
        )
        .order_by("pk")
        .first()
    )
    if item is None:
        return None
    OutboxItem.objects.filter(pk=item.pk).update(state=OutboxItem.State.SENDING, attempts=item.attempts + 1)
    item.attempts += 1
    return item


def _attempt(item: OutboxItem, connection: Connection, *, now: datetime) -> int:
    """One call and its outcome; 1 when the message has come to an end."""
    message = item.message
    if message.author == Message.Author.AUTOMATIC and now - item.created_at > LATE_TEXT:
        reason = _("Not sent: the text was due more than 15 minutes ago.")
        return _finish(item, Failed(reason), now=now)
    if outgoing.outdated(item, now=now):
        return _finish(item, Failed(_("Not sent: it was no longer true when its turn came.")), now=now)
    if now - item.created_at > GIVE_UP_AFTER:
        reason = _("Not sent: the channel could not be reached for 24 hours. Send it again.")
        return _finish(item, Failed(reason), now=now)
    connector = registry.get(connection.kind)
    joined = _joined(item, now=now) if connector.features.joins_texts else []
    composed = outgoing.compose(item, tuple(one.message for one in joined), now=now)
    if isinstance(composed, outgoing.Forbidden):
        return _finish(item, Failed(composed.reason), now=now)
    OutboxItem.objects.filter(pk__in=[one.pk for one in joined]).update(state=OutboxItem.State.SENDING)
    try:
        outcome = connector.send(composed, connection.account(webhook_url=webhook_url(connection)))
    except Exception as error:
        logger.exception("The connector of %s failed", connection)
        outcome = Unknown(f"{type(error).__name__}: {error}")
    done = _finish(item, outcome, now=now)
    for one in joined:
        done += _finish(one, replace(outcome, external_ids=()), now=now)
    return done


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


def _finish(item: OutboxItem, outcome: Outcome, *, now: datetime) -> int:
    """Write the outcome: item, message, connection; the dialog where a reply has failed for good."""
    ids = [*item.accepted_ids, *outcome.external_ids]
    log = [
        *item.log,
        {"at": now.isoformat(), "outcome": type(outcome).__name__, "detail": getattr(outcome, "reason", "")},
    ]
    later = isinstance(outcome, TryLater | Broken)
    with transaction.atomic():
        if (
            isinstance(outcome, Failed) and outcome.unreachable
        ):  # he is written to: his row comes before the dialog's
            Client.objects.select_for_update(no_key=True).get(pk=item.dialog.client_id)
        change = DialogChange(lock_dialog(item.dialog_id), now=now)
        message = Message.objects.get(pk=item.message_id)
        message.rev = change.rev
        _name(message, ids, connection_id=item.connection_id)
        match outcome:
            case Sent():
                if message.delivery in (
                    Message.Delivery.QUEUED,
                    Message.Delivery.UNKNOWN,
                    Message.Delivery.SENDING,
                ):
                    message.delivery = Message.Delivery.SENT
                message.failure = ""
                if any(one["outcome"] == "Failed" for one in item.log):
                    replies.redo(change, message)
            case Failed():
                message.delivery, message.failure = Message.Delivery.FAILED, outcome.reason
                if outcome.unreachable:
                    Client.objects.filter(pk=change.dialog.client_id).update(is_reachable=False)
                    change.record("client_blocked")
                replies.undo(change, message)
            case Unknown():
                message.delivery, message.failure = Message.Delivery.UNKNOWN, outcome.reason
            case TryLater() | Broken():
                message.failure = outcome.reason
        message.save(update_fields=["rev", "external_id", "delivery", "failure"])
        OutboxItem.objects.filter(pk=item.pk).update(
            accepted_ids=ids,
            log=log[-50:],
            state=OutboxItem.State.QUEUED if later else OutboxItem.State.DONE,
            next_attempt_at=now + _wait(item, outcome),
        )
        _connection_after(item.connection_id, outcome, now=now)
        change.write()
        if ids:
            early_marks.apply(item.connection, *ids, now=now)
    return 0 if later else 1


def _name(message: Message, ids: list[str], *, connection_id: int) -> None:
    """The provider's ids: the first is the message's own, the others are its parts."""
    if not ids:
        return
    # Echoes may have come first, as something written outside.
    Message.objects.filter(
        connection_id=connection_id, external_id__in=ids, author=Message.Author.OUTSIDE
    ).update(external_id=None, deleted_at=message.created_at)
    if not message.external_id:
        message.external_id = ids[0][:200]
    MessagePart.objects.bulk_create(
        [MessagePart(connection_id=connection_id, external_id=one[:200], message=message) for one in ids[1:]],
        ignore_conflicts=True,
    )


def _wait(item: OutboxItem, outcome: Outcome) -> timedelta:
    if isinstance(outcome, TryLater):
        own: timedelta = FIRST_BACK_OFF * 2 ** min(item.attempts - 1, 11)
        return min(outcome.after or own, LONGEST_BACK_OFF)
    return timedelta()


def _connection_after(connection_id: int, outcome: Outcome, *, now: datetime) -> None:
    match outcome:
        case Broken():
            pausing.pause(connection_id, reason=outcome.reason, now=now)
            return
        case TryLater(whole_connection=True, after=after):
            values = {
                "held_until": now + (after or FIRST_BACK_OFF),
                "last_error": outcome.reason,
                "last_error_at": now,
            }
        case Failed():  # this client's or this message's affair: the connection works
            return
        case TryLater() | Unknown():
            values = {"last_error": outcome.reason, "last_error_at": now}
        case Sent():
            Connection.objects.filter(pk=connection_id).exclude(last_error="").update(
                last_error="", checked_at=now
            )
            return
    Connection.objects.filter(pk=connection_id).update(**values)


def _settle_interrupted(connection: Connection, *, now: datetime) -> None:
    interrupted = OutboxItem.objects.filter(connection=connection, state=OutboxItem.State.SENDING)
    for item in interrupted.select_related("message", "dialog__client"):
        reason = _("Sending was interrupted: the client may or may not have got this message.")
        _finish(item, Unknown(reason), now=now)


def _come_back(connection: Connection, *, now: datetime) -> None:
    """Have the next drain at the earliest time when something can go."""
    rows = OutboxItem.objects.filter(
        connection=connection, state=OutboxItem.State.QUEUED, dialog__frozen_at__isnull=True
    )
    at = rows.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    if at is None:
        return
    held = Connection.objects.values_list("held_until", flat=True).get(pk=connection.pk)
    wakeups.again("drain", connection_id=connection.pk, at=max(at, held or at))
