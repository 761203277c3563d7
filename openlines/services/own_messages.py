"""What an operator does with a message that he has written: change it, delete it (§11). Sending again: ``resending.py``.

Changes are no reply: they start and stop no clock and leave every state as it is. Rights are asked by the views; here
what the message and its dialog allow (``policies/own_messages.py``), asked again under the dialog's lock. What waits in
the outbox is held by its row besides, so that the drain sends either what stood there before or what stands there after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.connectors import registry
from openlines.models import Dialog, Message, OutboxItem
from openlines.policies import own_messages as policy
from openlines.policies.own_messages import OwnMessage, Way, Why
from openlines.policies.stale_view import Known
from openlines.services import attempts, dialog_notices, dialogs, replies, sent_changes, stale_view, wakeups
from openlines.services.change import DialogChange, lock_dialog
from openlines.services.errors import CommandRefused

Action = OutboxItem.Action
State = OutboxItem.State


@dataclass(frozen=True)
class _Held:
    """A message under its dialog's lock, with its rows of the outbox that are not done, locked too."""

    message: Message
    change: DialogChange
    rows: tuple[OutboxItem, ...]
    last_change: OutboxItem | None

    @property
    def waiting(self) -> OutboxItem | None:
        """The change of it that waits."""
        return next((row for row in self.rows if row.action != Action.SEND), None)


def edit(
    message_id: int,
    text: str,
    *,
    by: Employee,
    now: datetime,
    may_take_over: bool = False,
    may_join: bool = False,
    known: Known | None = None,
) -> None:
    """The text is changed: at once in the live chat and of a note, in the outbox what will leave, else the channel is
    asked. Raises ``CommandRefused`` (``empty``, ``unchangeable``, ``taken``, ``closed``, ``line_off``, ``stale`` …).
    """
    text = text.strip()
    if not text:
        raise CommandRefused("empty", _("The message is empty. Write something, or delete the message."))
    with transaction.atomic():
        held = _hold(message_id, now=now)
        way = _allowed(policy.edit(_facts(held, by)))
        _guard(held, by, may_take_over=may_take_over, may_join=may_join, now=now)
        if not held.message.is_note:
            stale_view.guard(held.change.dialog, known, by=by, now=now)
        if way is Way.BY_CHANNEL:
            changed = _ask_to_edit(held, text)
        else:
            changed = text != held.message.text
            if held.waiting is not None:  # of an earlier sending
                _close(held.waiting, now=now)
            if changed:
                before = held.message.text
                sent_changes.put_text(held.change, held.message, text, has_left=way is Way.AT_ONCE)
                if held.message.is_note:
                    dialog_notices.mentioned(held.change.dialog, text, by=by, now=now, before=before)
        if changed:
            _write(held)


def delete(
    message_id: int, *, by: Employee, now: datetime, may_take_over: bool = False, may_join: bool = False
) -> None:
    """It is taken back, and a mark stays. What has not left never leaves: then the client has had no answer, and his
    waiting goes on as after a reply that failed. Raises as ``edit``.
    """
    with transaction.atomic():
        held = _hold(message_id, now=now)
        way = _allowed(policy.delete(_facts(held, by)))
        _guard(held, by, may_take_over=may_take_over, may_join=may_join, now=now)
        match way:
            case Way.AT_ONCE:
                sent_changes.take_away(held.change, held.message)
            case Way.IN_QUEUE:
                _withdraw(held)
            case Way.BY_CHANNEL:
                _ask_to_delete(held)
        _write(held)


def facts(
    message: Message,
    dialog: Dialog,
    *,
    by: Employee,
    is_leaving: bool = False,
    deletion_waits: bool = False,
) -> OwnMessage:
    """What the policy looks at. ``dialog`` with its connection at hand; no statement."""
    by_outbox = registry.has(dialog.connection.kind)
    features = registry.get(dialog.connection.kind).features if by_outbox else None
    return OwnMessage(
        is_authors=message.author == Message.Author.OPERATOR and message.operator_id == by.pk,
        is_note=message.is_note,
        is_deleted=message.deleted_at is not None,
        is_erased=dialog.is_forgotten,
        has_text=bool(message.text),
        is_template=bool(message.extra.get("template")),
        delivery=message.delivery,
        is_named=bool(message.external_id),
        is_leaving=is_leaving,
        deletion_waits=deletion_waits,
        goes_by_outbox=by_outbox,
        channel_edits=features is not None and features.edits,
        channel_deletes=features is not None and features.deletes,
    )


# -- under the lock -------------------------------------------------------------------------------------------


def _hold(message_id: int, *, now: datetime) -> _Held:
    dialog_id = Message.objects.filter(pk=message_id).values_list("dialog_id", flat=True).first()
    if dialog_id is None:
        raise CommandRefused("gone", _("This message is no longer there."))
    change = DialogChange(lock_dialog(dialog_id), now=now)
    rows = OutboxItem.objects.select_for_update().filter(message_id=message_id).order_by("pk")
    found = list(rows)
    return _Held(
        message=Message.objects.get(pk=message_id),
        change=change,
        rows=tuple(row for row in found if row.state != State.DONE),
        last_change=next((row for row in reversed(found) if row.action != Action.SEND), None),
    )


def _facts(held: _Held, by: Employee) -> OwnMessage:
    in_part = any(row.action == Action.SEND and row.accepted_ids for row in held.rows)
    waiting = held.waiting
    return facts(
        held.message,
        held.change.dialog,
        by=by,
        is_leaving=in_part or any(row.state in (State.CLAIMED, State.SENDING) for row in held.rows),
        deletion_waits=waiting is not None and waiting.action == Action.DELETE,
    )


def _guard(held: _Held, by: Employee, *, may_take_over: bool, may_join: bool, now: datetime) -> None:
    """A note reaches nobody outside: its author changes it whatever became of the dialog."""
    dialog = held.change.dialog
    dialogs.guard_frozen(dialog)
    if not held.message.is_note:
        dialogs.guard_reply(dialog, by, may_take_over=may_take_over, may_join=may_join, now=now)


def _allowed(answer: Way | Why) -> Way:
    if isinstance(answer, Why):
        raise CommandRefused("unchangeable", words(answer))
    return answer


def _ask_to_edit(held: _Held, text: str) -> bool:
    """False where nothing is to be changed. A second edit takes the place of one that waits."""
    waiting, last = held.waiting, held.last_change
    is_same = text == held.message.text
    if waiting is not None:
        if is_same and not waiting.attempts:
            _close(waiting, now=held.change.now)
        else:
            _put(waiting, Action.EDIT, text, now=held.change.now)
        return True
    # After an edit of which nobody knows whether it was made, the same text is worth being sent.
    if is_same and (last is None or last.last_outcome in ("", "Sent", attempts.WITHDRAWN)):
        return False
    _queue(held, Action.EDIT, text)
    return True


def _ask_to_delete(held: _Held) -> None:
    if held.waiting is not None:
        _put(held.waiting, Action.DELETE, "", now=held.change.now)
    else:
        _queue(held, Action.DELETE, "")


def _queue(held: _Held, action: str, text: str) -> None:
    now = held.change.now
    OutboxItem.objects.create(
        connection_id=held.message.connection_id,
        dialog_id=held.message.dialog_id,
        message=held.message,
        action=action,
        text=text,
        created_at=now,
        next_attempt_at=now,
    )
    wakeups.request("drain", connection_id=held.message.connection_id, now=now)


def _put(row: OutboxItem, action: str, text: str, *, now: datetime) -> None:
    """Its place in the queue and its back-off stay."""
    row.action, row.text, row.created_at = action, text, now
    row.save(update_fields=["action", "text", "created_at"])


def _close(row: OutboxItem, *, now: datetime) -> None:
    row.state = State.DONE
    row.log = attempts.withdrawn(row.log, now=now)
    row.save(update_fields=["state", "log"])


def _withdraw(held: _Held) -> None:
    for row in held.rows:
        _close(row, now=held.change.now)
    held.message.delivery = ""
    sent_changes.take_away(held.change, held.message)
    held.change.record("reply_withdrawn", actor_id=held.message.operator_id, message=held.message.pk)
    replies.take_back(held.change, held.message)


def _write(held: _Held) -> None:
    held.message.rev = held.change.rev
    held.message.save(update_fields=["rev"])
    held.change.write()


def words(why: Why) -> str:
    """Why it cannot be done, and what can be done instead."""
    return {
        Why.NOT_YOURS: _("Only who wrote a message can change or delete it."),
        Why.DELETED: _("This message has been deleted."),
        Why.BEING_DELETED: _("This message is being deleted."),
        Why.ERASED: _("The messages of this dialog are not kept, by the line's settings."),
        Why.NOT_DELIVERED: _("This message was not delivered. Send it again, or write a new one."),
        Why.UNCONFIRMED: _("The channel has not confirmed this message, so it cannot be changed there."),
        Why.LEAVING: _("This message is being sent right now. Try again in a moment."),
        Why.CHANNEL_NO_EDITS: _("This channel cannot change what has been sent. Write another message."),
        Why.CHANNEL_NO_DELETIONS: _("This channel cannot take back what has been sent."),
        Why.NO_TEXT: _("There is no text to change. Delete the message and send another one."),
        Why.TEMPLATE: _("A template's text is the provider's and cannot be changed."),
        Why.NOT_FAILED: _("This message is not one to be sent again. Look at it again."),
    }[why]
