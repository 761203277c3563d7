"""The customer's events into ours.

A body is one event, ``{"type": "message.created", "data": {…}}``, or several, ``{"events": [{…}, …]}``. A bad one in a
batch does not lose its neighbours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from openlines.connectors.api import content
from openlines.connectors.base import (
    AccountNotice,
    DeliveryStatus,
    IdentityChanged,
    InboundItem,
    Malformed,
    MessageDeleted,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    RawRequest,
    ReachabilityChanged,
    ReactionChanged,
    Sender,
    StatusChanged,
    Unreadable,
    WrittenOutside,
)
from openlines.connectors.fields import Json, decode, integer, items, mapping, moment, text

MAX_ID = 200
MAX_ALIASES = 10
MAX_EMOJIS = 20


def key(request: RawRequest) -> str:
    """The sender's ``webhook-id``, which its retries repeat; else the body's hash. Never raises."""
    identifier = request.headers.get("webhook-id", "")
    if identifier and len(identifier) <= 150 and identifier.isprintable():
        return f"id:{identifier}"
    if identifier:
        return f"id-sha256:{hashlib.sha256(identifier.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return f"sha256:{hashlib.sha256(request.body).hexdigest()}"


def parse(request: RawRequest) -> list[InboundItem]:
    """Raises ``Unreadable`` where nothing in the body can be read."""
    body = decode(request.body)
    if not isinstance(body, dict):
        raise Unreadable("the body is not an object")
    batch = body.get("events")
    if "type" in body or not isinstance(batch, list):
        return [_event(body, request.received_at)]
    found: list[InboundItem] = []
    bad: list[Malformed] = []
    for event in batch:
        try:
            found.append(_event(mapping(event), request.received_at))
        except Unreadable as error:
            bad.append(Malformed(str(error)))
    if not found:
        raise Unreadable(bad[0].reason if bad else "no events")
    return [*found, *bad]


def _event(event: Json, received_at: datetime | None) -> InboundItem:
    kind = text(event.get("type"), limit=64)
    if not kind:
        raise Unreadable("an event without a type")
    reader = _READERS.get(kind)
    if reader is None:
        return NotSupported(_("Events of the type “%(type)s” are not used here.") % {"type": kind})
    data = event.get("data")
    if not isinstance(data, dict):
        raise Unreadable(f"{kind}: data is not an object")
    said = data.get("at", event.get("timestamp"))
    try:
        return reader(data, _moment(said, received_at))
    except Unreadable as error:
        raise Unreadable(f"{kind}: {error}") from error


def _created(data: Json, at: datetime) -> InboundItem:
    said = content.of(data)
    return MessageReceived(
        sender=_sender(data),
        external_id=_id(data, "external_id"),
        at=at,
        kind=said.kind,
        text=said.text,
        media=said.media,
        reply_to=_optional_id(data, "reply_to"),
        group_key=text(data.get("group"), limit=100),
        is_automatic=data.get("automatic") is True,
        data=said.data,
    )


def _written_outside(data: Json, at: datetime) -> InboundItem:
    said = content.of(data)
    return WrittenOutside(
        client=_sender(data),
        external_id=_id(data, "external_id"),
        at=at,
        kind=said.kind if said.kind is not MessageKind.START else MessageKind.TEXT,
        text=said.text,
        media=said.media,
        uuid=text(data.get("uuid"), limit=64),
        data=said.data,
    )


def _edited(data: Json, at: datetime) -> InboundItem:
    if not isinstance(data.get("text"), str):
        raise Unreadable("text is missing")
    return MessageEdited(_sender(data), _id(data, "external_id"), at, content.text_of(data))


def _deleted(data: Json, at: datetime) -> InboundItem:
    listed = data.get("external_ids")
    found = [_as_id(value) for value in items(listed)] if listed is not None else [_id(data, "external_id")]
    ids = tuple(value for value in found if value)
    if not ids:
        raise Unreadable("external_ids is empty")
    return MessageDeleted(_sender(data), ids, at)


def _reaction(data: Json, at: datetime) -> InboundItem:
    emojis = data.get("emojis")
    if not isinstance(emojis, list):
        raise Unreadable("emojis is not a list")
    found = tuple(filter(None, (text(emoji, limit=32) for emoji in emojis[:MAX_EMOJIS])))
    return ReactionChanged(_sender(data), _id(data, "external_id"), at, found)


def _status(data: Json, at: datetime) -> InboundItem:
    uuid = text(data.get("uuid"), limit=64)
    external_id = _optional_id(data, "external_id") or uuid
    if not external_id:
        raise Unreadable("external_id or uuid is needed")
    word = text(data.get("status"), limit=32)
    if word not in set(DeliveryStatus):
        return NotSupported(_("The status “%(status)s” is not used here.") % {"status": word})
    status = DeliveryStatus(word)
    reason = text(data.get("reason"), limit=500).strip()
    if status is DeliveryStatus.FAILED and not reason:
        reason = _(
            "Your system could not deliver the message and gave no reason. Look there, then send it again."
        )
    is_failed = status is DeliveryStatus.FAILED
    return StatusChanged(
        external_id=external_id,
        status=status,
        at=at,
        reason=reason if is_failed else "",
        uuid=uuid,
        unreachable=is_failed and data.get("unreachable") is True,
    )


def _reachability(data: Json, at: datetime) -> InboundItem:
    reachable = data.get("reachable")
    if not isinstance(reachable, bool):
        raise Unreadable("reachable is neither true nor false")
    return ReachabilityChanged(_sender(data), at, reachable=reachable)


def _identity(data: Json, at: datetime) -> InboundItem:
    return IdentityChanged(_id(data, "previous"), _sender(data), at)


def _notice(data: Json, at: datetime) -> InboundItem:
    said = text(data.get("text"), limit=1000).strip()
    if not said:
        raise Unreadable("text is missing")
    return AccountNotice(said, at, is_error=data.get("is_error") is True)


_READERS: dict[str, Callable[[Json, datetime], InboundItem]] = {
    "message.created": _created,
    "message.edited": _edited,
    "message.deleted": _deleted,
    "message.status": _status,
    "message.written_outside": _written_outside,
    "reaction.changed": _reaction,
    "contact.reachability": _reachability,
    "contact.identity_changed": _identity,
    "account.notice": _notice,
}

TYPES = tuple(_READERS)


def _sender(data: Json) -> Sender:
    contact = mapping(data.get("contact"))
    aliases = (_as_id(alias) for alias in items(contact.get("aliases"))[:MAX_ALIASES])
    return Sender(
        external_id=_id(contact, "external_id", called="contact.external_id"),
        name=text(contact.get("name"), limit=200).strip(),
        username=text(contact.get("username"), limit=64),
        language=text(contact.get("language"), limit=10),
        phone=text(contact.get("phone"), limit=40),
        email=text(contact.get("email"), limit=254),
        page=text(contact.get("page"), limit=500),
        aliases=tuple(filter(None, aliases)),
    )


def _id(data: Json, name: str, *, called: str = "") -> str:
    found = _as_id(data.get(name))
    if not found:
        raise Unreadable(f"{called or name} is missing, or longer than {MAX_ID} characters")
    return found


def _optional_id(data: Json, name: str) -> str:
    return _as_id(data.get(name))


def _as_id(value: object) -> str:
    """Text or a whole number; empty where it is neither or too long (cut, it could be another's)."""
    whole = integer(value)
    found = str(whole) if whole is not None else text(value).strip()
    return found if len(found) <= MAX_ID else ""


def _moment(value: object, received_at: datetime | None) -> datetime:
    """Unix seconds or ISO 8601 (without a zone: UTC)."""
    if isinstance(value, float):
        value = int(value) if abs(value) < 2**53 else None
    elif isinstance(value, str):
        try:
            read = datetime.fromisoformat(value[:40])
            value = int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            value = None
    return moment(value, received_at=received_at)
