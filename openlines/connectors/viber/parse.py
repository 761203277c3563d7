"""Viber's callbacks into events: one callback, one event; with a client's message, what it proves about ours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors.base import (
    DeliveryStatus,
    InboundItem,
    MessageKind,
    MessageReceived,
    NotSupported,
    RawRequest,
    ReachabilityChanged,
    Sender,
    StatusChanged,
    Unreadable,
)
from openlines.connectors.fields import Json, decode, integer, mapping, moment, text
from openlines.connectors.viber import content, tracking

_STATUSES = {
    "delivered": DeliveryStatus.DELIVERED,
    "seen": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}


def key(request: RawRequest) -> str:
    """The event and its token. A status comes once from each of the client's devices: all of them have one key."""
    try:
        body = mapping(decode(request.body))
    except Unreadable:
        body = {}
    event = text(body.get("event"), limit=32)
    number = token(body)
    if not event or not number:
        return f"sha256:{hashlib.sha256(request.body).hexdigest()}"
    whose = text(body.get("user_id"), limit=32) if event in _STATUSES else ""
    return f"{event}:{number}:{whose}" if whose else f"{event}:{number}"


def parse(request: RawRequest) -> list[InboundItem]:
    """Raises ``Unreadable`` where the body is not a callback."""
    body = decode(request.body)
    if not isinstance(body, dict):
        raise Unreadable("the body is not an object")
    event = text(body.get("event"), limit=64)
    if not event:
        raise Unreadable("no event")
    reader = _READERS.get(event)
    if reader is None:
        return [NotSupported(_("Viber’s “%(kind)s” is not used here.") % {"kind": event})]
    at = _at(body, request.received_at)
    return [reader(body, at), *_echo(body, at)]


def _message(body: Json, at: datetime) -> InboundItem:
    message = mapping(body.get("message"))
    if not message:
        raise Unreadable("no message")
    said = content.of(message)
    return MessageReceived(
        sender=_sender(body.get("sender")),
        external_id=needed_token(body),
        at=at,
        kind=said.kind,
        text=said.text,
        media=said.media,
        data=said.data,
    )


def _echo(body: Json, at: datetime) -> list[InboundItem]:
    """The client had our last message before the eyes: it arrived, also where Viber never told us its number."""
    if text(body.get("event")) != "message":
        return []
    track = tracking.read(mapping(body.get("message")).get("tracking_data"))
    return [StatusChanged("", DeliveryStatus.DELIVERED, at, uuid=track.uuid)] if track.uuid else []


def _status(body: Json, at: datetime) -> InboundItem:
    event = text(body.get("event"))
    reason = ""
    if event == "failed":
        said = text(body.get("desc"), limit=300).strip().rstrip(".")
        reason = (
            _(
                "Viber could not deliver the message: “%(said)s”. Send it again or reach the client another way."
            )
            % {"said": said}
            if said
            else _("Viber could not deliver the message. Send it again or reach the client another way.")
        )
    return StatusChanged(needed_token(body), _STATUSES[event], at, reason=reason)


def _subscribed(body: Json, at: datetime) -> InboundItem:
    return ReachabilityChanged(_sender(body.get("user") or body.get("sender")), at, reachable=True)


def _unsubscribed(body: Json, at: datetime) -> InboundItem:
    whose = text(body.get("user_id"), limit=200)
    if not whose:
        raise Unreadable("unsubscribed without a user_id")
    return ReachabilityChanged(Sender(whose), at, reachable=False)


def _conversation_started(body: Json, at: datetime) -> InboundItem:
    """The client sees our welcome and has said nothing; ``context`` is the parameter of the link they came by."""
    context = text(body.get("context"), limit=500)
    return MessageReceived(
        sender=_sender(body.get("user")),
        external_id=needed_token(body),
        at=at,
        kind=MessageKind.OPENED,
        data={"payload": context} if context else {},
    )


def _webhook(body: Json, at: datetime) -> InboundItem:
    return NotSupported(_("Viber has tried whether this address answers."))


_READERS: dict[str, Callable[[Json, datetime], InboundItem]] = {
    "message": _message,
    "delivered": _status,
    "seen": _status,
    "failed": _status,
    "subscribed": _subscribed,
    "unsubscribed": _unsubscribed,
    "conversation_started": _conversation_started,
    "webhook": _webhook,
}


def _sender(value: object) -> Sender:
    person = mapping(value)
    whose = text(person.get("id"), limit=200)
    if not whose:
        raise Unreadable("a sender without an id")
    return Sender(
        external_id=whose,
        name=text(person.get("name"), limit=200).strip(),
        language=text(person.get("language"), limit=10),
    )


def token(body: Json) -> str:
    """Viber's number of the message as text: it does not fit a float, and may come as text."""
    value = body.get("message_token")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return str(value)
    said = text(value, limit=40).strip()
    return said if said.isascii() and said.isalnum() else ""


def needed_token(body: Json) -> str:
    found = token(body)
    if not found:
        raise Unreadable("no message_token")
    return found


def _at(body: Json, received_at: datetime | None) -> datetime:
    milliseconds = integer(body.get("timestamp"))
    return moment(None if milliseconds is None else milliseconds // 1000, received_at=received_at)
