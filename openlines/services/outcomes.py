"""What came of one attempt is written: the outbox's row, the message, the connection; the dialog where a reply has
failed for good.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from openlines.connectors import registry
from openlines.connectors.base import Broken, Failed, Outcome, Sent, TryLater, Unknown
from openlines.models import Client, Connection, Message, MessagePart, OutboxItem
from openlines.policies.facts import TextTrigger
from openlines.services import attempts, clients, consents, early_marks, pausing, replies, sent_changes
from openlines.services.change import DialogChange, lock_dialog

FIRST_BACK_OFF = timedelta(seconds=2)
LONGEST_BACK_OFF = timedelta(hours=1)


def write(item: OutboxItem, outcome: Outcome, *, now: datetime, call: attempts.Call | None = None) -> int:
    """1 when it has come to an end, 0 when it is to be tried again.

    ``call`` None: the provider was not asked, or its answer is not known.
    """
    ids = [*item.accepted_ids, *outcome.external_ids]
    log = attempts.ended(item.log, outcome, now=now, call=call)
    later = isinstance(outcome, TryLater | Broken)
    with transaction.atomic():
        asked = item.message.trigger == TextTrigger.CONSENT
        if isinstance(outcome, Failed) and (outcome.unreachable or asked):
            # the client is written to: that row comes before the dialog's
            Client.objects.select_for_update(no_key=True).get(pk=item.dialog.client_id)
        change = DialogChange(lock_dialog(item.dialog_id), now=now)
        message = Message.objects.get(pk=item.message_id)
        message.rev = change.rev
        if isinstance(outcome, Failed) and outcome.unreachable:
            Client.objects.filter(pk=change.dialog.client_id).update(is_reachable=False)
            change.record("client_blocked")
        if item.action == OutboxItem.Action.SEND:
            _name(message, ids, connection_id=item.connection_id)
            _deliver(change, message, item, outcome)
        else:
            sent_changes.settle(change, message, item, outcome)
        OutboxItem.objects.filter(pk=item.pk).update(
            accepted_ids=ids,
            log=log,
            state=OutboxItem.State.QUEUED if later else OutboxItem.State.DONE,
            next_attempt_at=now + _wait(item, outcome),
        )
        _connection_after(item.connection_id, outcome, now=now)
        if isinstance(outcome, Sent) and item.action == OutboxItem.Action.SEND:
            _spare_chat(item, messages=len(outcome.external_ids), now=now)
        change.write()
        if ids:
            early_marks.apply_after_commit(item.connection, *ids, now=now)
    if isinstance(outcome, Sent) and outcome.recipient is not None:
        clients.answered_as(item.dialog.client_id, item.connection, outcome.recipient, now=now)
    return 0 if later else 1


def _deliver(change: DialogChange, message: Message, item: OutboxItem, outcome: Outcome) -> None:
    match outcome:
        case Sent():
            if message.delivery in (
                Message.Delivery.QUEUED,
                Message.Delivery.UNKNOWN,
                Message.Delivery.SENDING,
            ):
                message.delivery = Message.Delivery.SENT
            message.failure = ""
            if any("Failed" in (one["outcome"], one.get("was")) for one in item.log):
                replies.redo(change, message)
                consents.heard(change, message)
        case Failed():
            message.delivery, message.failure = Message.Delivery.FAILED, outcome.reason
            replies.undo(change, message)
            consents.unheard(change, message)
        case Unknown():
            message.delivery, message.failure = Message.Delivery.UNKNOWN, outcome.reason
        case TryLater() | Broken():
            message.failure = outcome.reason
    message.save(update_fields=["rev", "external_id", "delivery", "failure"])


def _name(message: Message, ids: list[str], *, connection_id: int) -> None:
    """The provider's ids: the first is the message's own, the others are its parts."""
    if not ids:
        return
    # Echoes may have come first, as something written outside.
    Message.objects.filter(
        connection_id=connection_id, external_id__in=ids, author=Message.Author.OUTSIDE
    ).update(external_id=None, deleted_at=message.created_at, rev=message.rev)
    if not message.external_id:
        message.external_id = ids[0][:200]
    MessagePart.objects.bulk_create(
        [MessagePart(connection_id=connection_id, external_id=one[:200], message=message) for one in ids[1:]],
        ignore_conflicts=True,
    )


def _spare_chat(item: OutboxItem, *, messages: int, now: datetime) -> None:
    """What waits for this client follows at the pace that the provider allows a chat. What a person writes after this is
    not put off: providers bear short bursts.
    """
    pause = registry.get(item.connection.kind).features.chat_pause
    if pause and messages:
        until = now + pause * messages
        OutboxItem.objects.filter(
            dialog_id=item.dialog_id, state=OutboxItem.State.QUEUED, next_attempt_at__lt=until
        ).update(next_attempt_at=until)


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
