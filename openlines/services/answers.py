"""Answers that are no ordinary messages: ratings and consents, by a button or by a bare 1 or 0 (P2, R5).

They are shown in their dialog, but start no dialog and no clock and leave no wrap-up (§11).
"""

from __future__ import annotations

from datetime import datetime

from openlines.connectors import base, registry
from openlines.models import Client, Connection, Dialog, Message
from openlines.models.message import ANSWER
from openlines.policies import conversation
from openlines.services import automatic_actions, ratings
from openlines.services.change import DialogChange, NewMessage, lock_dialog


def take(
    client: Client, connection: Connection, received: base.MessageReceived, *, now: datetime
) -> Message | None:
    """The stored answer; None where ``received`` is an ordinary message. Inside the caller's transaction."""
    payload = received.data.get("payload") if received.kind == base.MessageKind.BUTTON else None
    is_pressed = isinstance(payload, str) and payload.startswith(("rating:", "consent:"))
    is_written = registry.has(connection.kind) and received.text.strip() in ("0", "1")
    if not is_pressed and (not is_written or received.media):
        return None
    if received.external_id:
        told = Message.objects.filter(connection=connection, external_id=received.external_id, kind=ANSWER)
        earlier = told.first()
        if earlier is not None:
            return earlier
    if is_pressed:
        return _pressed(str(payload), client, received, now=now)
    return _written(client, received, now=now)


def _pressed(
    payload: str, client: Client, received: base.MessageReceived, *, now: datetime
) -> Message | None:
    """``rating:<dialog>:<value>`` or ``consent:<version>:<0 or 1>``, as our own buttons have it."""
    what, _colon, rest = payload.partition(":")
    number, _colon, value = rest.partition(":")
    if not number.isdecimal() or len(number) > 18 or value not in ("0", "1"):
        return None
    if what == "rating":
        dialog = Dialog.objects.filter(pk=int(number), client=client).first()
        return _rating(dialog, received, value=int(value), now=now) if dialog else None
    if what == "consent" and client.consent_version_id == int(number):
        return _consent(client, received, given=value == "1", now=now)
    return None


def _written(client: Client, received: base.MessageReceived, *, now: datetime) -> Message | None:
    dialogs = list(Dialog.objects.filter(client=client).order_by("-created_at", "-pk")[:5])
    found = conversation.rating_in(received.text, [dialog.facts() for dialog in dialogs], now=now)
    if found is None:
        return None
    return _rating(dialogs[found], received, value=int(received.text.strip()), now=now)


def _rating(dialog: Dialog, received: base.MessageReceived, *, value: int, now: datetime) -> Message:
    change = DialogChange(lock_dialog(dialog.pk), now=now)
    message = _shown(change, received)
    ratings.take(change, value=value)
    change.write()
    return message


def _consent(client: Client, received: base.MessageReceived, *, given: bool, now: datetime) -> Message | None:
    dialog = Dialog.objects.filter(client=client).order_by("-created_at", "-pk").first()
    if dialog is None:
        return None
    change = DialogChange(lock_dialog(dialog.pk), now=now)
    message = _shown(change, received)
    automatic_actions.apply(change, conversation.answer_consent(automatic_actions.talk(change), given=given))
    change.write()
    return message


def _shown(change: DialogChange, received: base.MessageReceived) -> Message:
    return change.add_message(
        NewMessage(
            author=Message.Author.CLIENT,
            text=received.text,
            kind=ANSWER,
            external_id=received.external_id or None,
            sent_at=received.at,
            extra=dict(received.data),
        )
    )
