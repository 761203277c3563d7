"""Answers that are no ordinary messages: ratings and consents, by a button or by a bare 1 or 0 (P2, R5).

They are shown in their dialog, but start no dialog and no clock and leave no wrap-up (§11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from openlines.connectors import base, registry
from openlines.models import Client, Connection, Dialog, Message
from openlines.models.message import ANSWER
from openlines.policies import conversation
from openlines.services import automatic_actions, message_content, ratings
from openlines.services.change import DialogChange, NewMessage, lock_dialog


def take(
    client: Client,
    connection: Connection,
    received: base.MessageReceived,
    *,
    now: datetime,
    inbound_id: int | None = None,
) -> Message | None:
    """The stored answer; None where ``received`` is an ordinary message. Inside the caller's transaction."""
    payload = received.data.get("payload") if received.kind == base.MessageKind.BUTTON else None
    is_pressed = isinstance(payload, str) and payload.startswith(("rating:", "consent:"))
    is_written = registry.has(connection.kind) and received.text.strip() in ("0", "1")
    if not is_pressed and (not is_written or received.media):
        return None
    if received.external_id:
        told = Message.objects.filter(connection=connection, external_id=received.external_id, kind=ANSWER)
        earlier = told.select_related("dialog").first()
        if earlier is not None:
            message_content.hear(earlier, earlier.dialog, inbound_id)
            return earlier
    answer = _Answer(received, inbound_id, now)
    return _pressed(str(payload), client, answer) if is_pressed else _written(client, answer)


@dataclass(frozen=True)
class _Answer:
    received: base.MessageReceived
    inbound_id: int | None
    now: datetime


def _pressed(payload: str, client: Client, answer: _Answer) -> Message | None:
    """``rating:<dialog>:<value>`` or ``consent:<version>:<0 or 1>``, as our own buttons have it."""
    what, _colon, rest = payload.partition(":")
    number, _colon, value = rest.partition(":")
    if not number.isdecimal() or len(number) > 18 or value not in ("0", "1"):
        return None
    if what == "rating":
        dialog = Dialog.objects.filter(pk=int(number), client=client).first()
        return _rating(dialog, answer, value=int(value)) if dialog else None
    if what == "consent" and client.consent_version_id == int(number):
        return _consent(client, answer, given=value == "1")
    return None


def _written(client: Client, answer: _Answer) -> Message | None:
    dialogs = list(Dialog.objects.filter(client=client).order_by("-created_at", "-pk")[:5])
    text = answer.received.text
    found = conversation.rating_in(text, [dialog.facts() for dialog in dialogs], now=answer.now)
    if found is None:
        return None
    return _rating(dialogs[found], answer, value=int(text.strip()))


def _rating(dialog: Dialog, answer: _Answer, *, value: int) -> Message:
    change = DialogChange(lock_dialog(dialog.pk), now=answer.now)
    message = _shown(change, answer)
    ratings.take(change, value=value)
    change.write()
    return message


def _consent(client: Client, answer: _Answer, *, given: bool) -> Message | None:
    dialog = Dialog.objects.filter(client=client).order_by("-created_at", "-pk").first()
    if dialog is None:
        return None
    change = DialogChange(lock_dialog(dialog.pk), now=answer.now)
    message = _shown(change, answer)
    automatic_actions.apply(change, conversation.answer_consent(automatic_actions.talk(change), given=given))
    change.write()
    return message


def _shown(change: DialogChange, answer: _Answer) -> Message:
    received = answer.received
    return change.add_message(
        NewMessage(
            author=Message.Author.CLIENT,
            text=received.text,
            kind=ANSWER,
            external_id=received.external_id or None,
            sent_at=received.at,
            extra=dict(received.data),
            inbound_id=answer.inbound_id,
        )
    )
