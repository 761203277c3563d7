"""A message that failed, or of which nobody knows, is sent again because a person asked for it (§11)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Message, OutboxItem
from openlines.policies import own_messages as policy
from openlines.policies.facts import State
from openlines.policies.own_messages import Ask
from openlines.policies.stale_view import Known
from openlines.services import attempts, dialogs, own_messages, stale_view, wakeups, whereabouts, windows
from openlines.services.change import DialogChange, lock_dialog
from openlines.services.errors import CommandRefused


def send_again(
    message_id: int,
    *,
    by: Employee,
    now: datetime,
    sure: bool = False,
    may_take_over: bool = False,
    may_join: bool = False,
    known: Known | None = None,
) -> None:
    """Whoever may write to the client may; of a closed dialog who held it, who wrote the message, or who ``may_join``.

    ``sure``: he has been asked. Raises ``CommandRefused``: ``ask`` where he must be asked first, with the reason;
    ``unchangeable``, ``closed``, ``taken``, ``unreachable``, ``window``, ``off`` where it cannot be done; ``stale`` as for a
    reply.
    """
    with transaction.atomic():
        dialog_id = Message.objects.filter(pk=message_id).values_list("dialog_id", flat=True).first()
        if dialog_id is None:
            raise CommandRefused("gone", _("This message is no longer there."))
        dialog = lock_dialog(dialog_id)
        message = Message.objects.select_related("operator").get(pk=message_id)
        item = OutboxItem.objects.select_for_update().filter(message=message, action="send").first()
        facts = own_messages.facts(message, dialog, by=by)
        why = policy.send_again(facts)
        if why is not None or item is None or message.author != Message.Author.OPERATOR:
            raise CommandRefused("unchangeable", own_messages.words(why or policy.Why.NOT_FAILED))
        _guard(message, dialog, by, may_take_over=may_take_over, may_join=may_join, now=now)
        stale_view.guard(dialog, known, by=by, now=now)
        asks = policy.asks(facts, is_open=dialog.is_open, written_at=message.created_at, now=now)
        if asks and not sure:
            raise CommandRefused("ask", _question(asks, dialog))
        change = DialogChange(dialog, now=now)
        _queue(message, item, change, by=by)
        change.write()


def _guard(
    message: Message,
    dialog: Dialog,
    by: Employee,
    *,
    may_take_over: bool,
    may_join: bool,
    now: datetime,
) -> None:
    dialogs.guard_frozen(dialog)
    if dialog.is_open:
        dialogs.guard_reply(dialog, by, may_take_over=may_take_over, may_join=may_join, now=now)
    elif State(dialog.state) is State.SPAM:
        raise CommandRefused("closed", _("This dialog is marked as spam: nothing is sent to the client."))
    elif by.pk not in (dialog.operator_id, message.operator_id) and not may_join:
        name = dialog.operator.display_name if dialog.operator else ""
        raise whereabouts.held(dialog, name=name) if name else dialogs.taken(dialog)
    elif not dialog.client.is_reachable:
        raise dialogs.unreachable()
    if not dialog.line.is_active:
        raise CommandRefused("off", _("The line is switched off: nothing is sent. Switch it on first."))
    if not dialog.connection.is_active:
        raise CommandRefused(
            "off", _("This connection is switched off: nothing is sent. Switch it on first.")
        )
    if not message.extra.get("template"):
        windows.require_free(windows.of_dialog(dialog, now=now))


def _queue(message: Message, item: OutboxItem, change: DialogChange, *, by: Employee) -> None:
    """Once more from the part that was not taken; whole, where all of it was taken and came to nothing afterwards."""
    now = change.now
    came_to_nothing = item.last_outcome == "Sent"
    if came_to_nothing:
        message.parts.all().delete()
        message.external_id = None
        item.accepted_ids = []
    item.log = attempts.again(item.log, now=now, by_id=by.pk, was=_was(message))
    item.state, item.attempts = OutboxItem.State.QUEUED, 0
    item.created_at = item.next_attempt_at = now
    item.save(
        update_fields=["accepted_ids", "log", "state", "attempts", "created_at", "next_attempt_at"],
    )
    message.delivery, message.failure, message.rev = Message.Delivery.QUEUED, "", change.rev
    message.save(update_fields=["external_id", "delivery", "failure", "rev"])
    wakeups.request("drain", connection_id=item.connection_id, now=now)


def _was(message: Message) -> str:
    """As ``outcomes.write`` names them: after a failure its arrival is the answer that the client waits for."""
    return "Failed" if message.delivery == Message.Delivery.FAILED else "Unknown"


def _question(asks: tuple[Ask, ...], dialog: Dialog) -> str:
    newer = (
        Dialog.objects.open().filter(client_id=dialog.client_id).exclude(pk=dialog.pk).first()
        if Ask.CLOSED in asks
        else None
    )
    said = {
        Ask.TWICE: _("The channel did not confirm this message: the client may get it twice."),
        Ask.OLD: _("It was written more than 24 hours ago."),
        Ask.CLOSED: _("The dialog is closed."),
    }
    if newer is not None:
        said[Ask.CLOSED] = _("The dialog is closed, and the client has a newer one, No. %(number)s.") % {
            "number": newer.number
        }
    return " ".join([*(said[ask] for ask in asks), _("Send it all the same?")])
