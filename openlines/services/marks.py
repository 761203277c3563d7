"""Changes to messages that are there already: edits, deletions, reactions, delivery marks, receipts.

They are shown, but start no dialog and no clock and leave no wrap-up (§11).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from openlines.connectors.base import StatusChanged
from openlines.models import Connection, Dialog, Message
from openlines.services.change import DialogChange, lock_dialog

ORDER = ("queued", "sending", "unknown", "sent", "delivered", "read")
"""Delivery marks only ever go up this list; *failed* wins unless the message has been delivered."""


def note_event(dialog_id: int, kind: str, *, now: datetime, **data: Any) -> None:
    """Record something that happened in the dialog without changing its state."""
    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog_id), now=now)
        change.record(kind, **data)
        change.write()


def edit(connection: Connection, external_id: str, *, text: str, now: datetime) -> None:
    """The client edited his message; earlier texts are kept. An unknown message or an unchanged text: nothing."""
    with transaction.atomic():
        message, change = _locked(connection, external_id, now=now)
        if message is None or change is None or message.text == text:
            return
        message.earlier_texts = [*message.earlier_texts, {"text": message.text, "until": now.isoformat()}]
        message.text, message.edited_at, message.rev = text, now, change.rev
        message.save(update_fields=["text", "earlier_texts", "edited_at", "rev"])
        change.write()


def delete(connection: Connection, external_id: str, *, now: datetime) -> None:
    """The client took his message back: the mark stays, the text is kept for the audit only."""
    with transaction.atomic():
        message, change = _locked(connection, external_id, now=now)
        if message is None or change is None or message.deleted_at:
            return
        message.deleted_at, message.rev = now, change.rev
        message.save(update_fields=["deleted_at", "rev"])
        change.write()


def react(connection: Connection, external_id: str, *, emojis: tuple[str, ...], now: datetime) -> None:
    with transaction.atomic():
        message, change = _locked(connection, external_id, now=now)
        if message is None or change is None:
            return
        message.extra = {**message.extra, "reactions": list(emojis)}
        message.rev = change.rev
        message.save(update_fields=["extra", "rev"])
        change.write()


def status(connection: Connection, item: StatusChanged, *, now: datetime) -> None:
    """The provider's word on a message of ours. Never goes down the lattice."""
    with transaction.atomic():
        message, change = _locked(connection, item.external_id, now=now)
        if message is not None and change is not None and rises(message.delivery, item.status):
            message.delivery, message.failure, message.rev = item.status, item.reason, change.rev
            message.save(update_fields=["delivery", "failure", "rev"])
            change.write()


def receipts(dialog_id: int, *, up_to_seq: int, read: bool, now: datetime) -> None:
    """Live chat: the client's page has got (or shown) our messages up to ``up_to_seq``."""
    wanted = Message.Delivery.READ if read else Message.Delivery.DELIVERED
    below = ORDER[: ORDER.index(wanted)]
    rows = Message.objects.filter(
        dialog_id=dialog_id, seq__lte=up_to_seq, delivery__in=below, is_note=False
    ).exclude(author=Message.Author.CLIENT)
    if not rows.exists():
        return
    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog_id), now=now)
        if rows.update(delivery=wanted, rev=change.rev):
            change.write()


def rises(current: str, new: str) -> bool:
    if new == Message.Delivery.FAILED:
        return current not in (Message.Delivery.DELIVERED, Message.Delivery.READ, Message.Delivery.FAILED)
    if current == Message.Delivery.FAILED:
        return new in (Message.Delivery.DELIVERED, Message.Delivery.READ)
    return ORDER.index(new) > (ORDER.index(current) if current in ORDER else -1)


def _locked(
    connection: Connection, external_id: str, *, now: datetime
) -> tuple[Message | None, DialogChange | None]:
    """The message under its dialog's lock."""
    found = (
        Message.objects.filter(connection=connection, external_id=external_id)
        .values_list("dialog_id")
        .first()
    )
    if found is None:
        return None, None
    dialog: Dialog = lock_dialog(found[0])
    return Message.objects.get(connection=connection, external_id=external_id), DialogChange(dialog, now=now)
