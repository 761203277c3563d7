"""Changes of a message that has left: what the connector is asked, and what its answer does to the message.

Who may ask for one: ``own_messages.py``. They leave by the outbox (``outbound.py``), behind the message itself.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors import registry
from openlines.connectors.base import Editing, Failed, Outcome, Sent, Unknown
from openlines.models import Connection, Message, MessageMark, MessagePart, OutboxItem
from openlines.services import message_content, outgoing
from openlines.services.addresses import webhook_url
from openlines.services.change import DialogChange


def call(item: OutboxItem, connection: Connection, *, now: datetime) -> Outcome:
    """Ask the connector once; ``Failed`` without a call where the message cannot be changed any more.

    Raises whatever a faulty connector raises.
    """
    message = item.message
    connector = registry.get(connection.kind)
    ids = message.provider_ids
    if message.deleted_at is not None:
        is_done = item.action == OutboxItem.Action.DELETE
        return Sent(()) if is_done else Failed(_("The message has been deleted meanwhile."))
    if message.delivery == Message.Delivery.FAILED:
        return Failed(_("The message itself was not delivered: there is nothing to change."))
    if not isinstance(connector, Editing) or not ids:
        return Failed(_("This channel cannot change what has been sent. Write another message."))
    account = connection.account(webhook_url=webhook_url(connection))
    if item.action == OutboxItem.Action.DELETE:
        return connector.delete(ids, item.dialog.client.external_id, account)
    composed = outgoing.compose_edit(item, now=now)
    if isinstance(composed, outgoing.Forbidden):
        return Failed(composed.reason)
    return connector.edit(ids, composed, account)


def settle(change: DialogChange, message: Message, item: OutboxItem, outcome: Outcome) -> None:
    """``Sent`` applies it; anything else leaves the message as it was, and the row says why."""
    if not isinstance(outcome, Sent) or message.deleted_at is not None:
        message.save(update_fields=["rev"])
    elif item.action == OutboxItem.Action.EDIT:
        _rename(message, outcome.external_ids)
        put_text(change, message, item.text)
    else:
        take_away(change, message)


def _rename(message: Message, ids: tuple[str, ...]) -> None:
    """A shorter text has fewer parts. None named: they are the same."""
    left = [one[:200] for one in ids]
    if not left or left == list(message.provider_ids):
        return
    message.parts.exclude(external_id__in=left[1:]).delete()
    if message.external_id != left[0]:
        message.external_id = left[0]
        message.save(update_fields=["external_id"])
    MessagePart.objects.bulk_create(
        [
            MessagePart(connection_id=message.connection_id, external_id=one, message=message)
            for one in left[1:]
        ],
        ignore_conflicts=True,
    )


def interrupted() -> Unknown:
    """The worker died in the call."""
    return Unknown(
        _("The channel did not confirm the change: the client may see the old text or the new one.")
    )


def put_text(change: DialogChange, message: Message, text: str, *, has_left: bool = True) -> None:
    """The new text stands; of a message that somebody may have read the earlier one is kept."""
    message_content.put_text(change, message, text, keeps_earlier=has_left)
    if has_left:
        _mark(message, "edited", now=change.now)


def take_away(change: DialogChange, message: Message) -> None:
    """A mark stays; the text is kept for the audit only."""
    message_content.take_back(change, message)
    _mark(message, "deleted", now=change.now)


def _mark(message: Message, word: str, *, now: datetime) -> None:
    """A station of the message's journey."""
    MessageMark.objects.create(message=message, status=word, at=now, heard_at=now)
