"""WhatsApp's deliveries into events: every element of a batch gives one, a bad one never loses its neighbours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors.base import (
    Account,
    InboundItem,
    Malformed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NotSupported,
    RawRequest,
    ReactionChanged,
    Unreadable,
    WrittenOutside,
)
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.meta.payload import body_hash, entries, envelope, identifier, moment
from openlines.connectors.whatsapp import content, identity, notices, statuses, system

SUBJECT = "whatsapp_business_account"


@dataclass(frozen=True)
class Around:
    """What the elements of one change share."""

    field: str
    value: Json
    contacts: identity.Contacts
    received_at: datetime | None
    at: datetime


def parse(request: RawRequest, account: Account) -> list[InboundItem]:
    """Raises ``Unreadable`` for what is no delivery of WhatsApp's, and where not one element could be read."""
    body = envelope(request.body)
    if body.get("object", SUBJECT) != SUBJECT:
        raise Unreadable("not a delivery of WhatsApp's")
    found: list[InboundItem] = []
    bad: list[Unreadable] = []
    for entry in items(body.get("entry")):
        if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
            bad.append(Unreadable("an entry without changes"))
            continue
        for change in items(entry.get("changes")):
            try:
                found += _change(change, entry, account=account, received_at=request.received_at, bad=bad)
            except Unreadable as error:
                bad.append(error)
    if bad and not found:
        raise bad[0]
    if not found:
        return [NotSupported(_("An empty delivery."))]
    return found + [Malformed(str(error)) for error in bad]


def key(request: RawRequest) -> str:
    """Of the ids of all elements, so that a batch brought again has the same; the body's hash else. Never raises."""
    try:
        names = [name for entry in entries(envelope(request.body)) for name in _names(entry)]
    except Unreadable:
        names = [""]
    if not names or not all(names):
        return body_hash(request.body)
    if len(names) == 1 and len(names[0]) <= 180:
        return names[0]
    return f"batch:{hashlib.sha256(chr(10).join(names).encode()).hexdigest()}"


def account_keys(request: RawRequest) -> tuple[str, ...]:
    """The phone number ids that the delivery is for. Never raises."""
    try:
        found = [
            _number(mapping(mapping(change).get("value")))
            for entry in entries(envelope(request.body))
            for change in items(entry.get("changes"))
        ]
    except Unreadable:
        return ()
    return tuple(dict.fromkeys(filter(None, found)))


def _names(entry: Json) -> Iterator[str]:
    """What each element is called; empty for one that has no name."""
    changes = items(entry.get("changes"))
    if not changes:
        yield ""
    for change in changes:
        value = mapping(mapping(change).get("value"))
        number = _number(value)
        told = [
            (kind, mapping(element))
            for kind in ("messages", "statuses", "message_echoes")
            for element in items(value.get(kind))
        ]
        if not told or "errors" in value:
            yield ""
        for kind, element in told:
            own = identifier(element.get("id"))
            what = text(element.get("status" if kind == "statuses" else "type"), limit=40)
            yield f"{kind}:{number}:{own}:{what}" if own else ""


def _number(value: Json) -> str:
    return identifier(mapping(value.get("metadata")).get("phone_number_id"))


def _change(
    change: object,
    entry: Json,
    *,
    account: Account,
    received_at: datetime | None,
    bad: list[Unreadable],
) -> list[InboundItem]:
    found = mapping(change)
    if not isinstance(found.get("value"), dict):
        raise Unreadable("a change without a value")
    value = mapping(found.get("value"))
    field = text(found.get("field"), limit=64)
    at = moment(entry.get("time"), received_at=received_at)
    own = account.credentials.get("phone_number_id", "").strip()
    if own and _number(value) not in {"", own}:
        return [NotSupported(_("For another WhatsApp number of the same app."))]
    if notices.is_notice(field):
        account_id = account.credentials.get("waba_id", "").strip()
        if account_id and identifier(entry.get("id")) not in {"", account_id}:
            return [NotSupported(_("About another WhatsApp account of the same app."))]
        return [notices.notice(field, value, at=at)]
    around = Around(field, value, identity.Contacts.of(value), received_at, at)
    readers = _readers(field, value)
    if not readers:
        return [_not_used(field)]
    read: list[InboundItem] = []
    for name, reader in readers.items():
        if not isinstance(value.get(name), list):
            bad.append(Unreadable(f"{name} is not a list"))
        for element in items(value.get(name)):
            try:
                if not isinstance(element, dict):
                    raise Unreadable(f"an element of {name} is not an object")
                read.append(reader(element, around))
            except Unreadable as error:
                bad.append(error)
    return read


Reader = Callable[[Json, Around], InboundItem]


def _readers(field: str, value: Json) -> dict[str, Reader]:
    """The lists in ``value`` and who reads their elements."""
    by_field: dict[str, Reader] = {
        "calls": _call,
        "groups": _group,
        "user_preferences": _preference,
        "user_id_update": _new_user_id,
    }
    usual: dict[str, Reader] = {"errors": _error, "messages": _message, "statuses": _status}
    if field in {"messages", ""}:
        by_field |= usual
    elif field == "calls":
        by_field |= {"errors": _error, "statuses": _call}
    if field.endswith("message_echoes") or field == "":
        by_field["message_echoes"] = _echo
    return {name: reader for name, reader in by_field.items() if value.get(name) is not None}


def _not_used(field: str) -> NotSupported:
    return NotSupported(_("WhatsApp’s “%(kind)s” is not used here.") % {"kind": field or "?"})


def _message(message: Json, around: Around) -> InboundItem:
    kind = text(message.get("type"), limit=64)
    at = moment(message.get("timestamp"), received_at=around.received_at)
    if message.get("group_id"):
        return NotSupported(_("A message in a group: only chats with one person become dialogs."))
    if kind == "system":
        return system.change(message, at=at)
    number = _id(message.get("id"))
    sender = identity.of_message(message, around.contacts)
    body = mapping(message.get(kind))
    match kind:
        case "reaction":
            emoji = text(body.get("emoji"), limit=32)
            return ReactionChanged(sender, _id(body.get("message_id")), at, (emoji,) if emoji else ())
        case "edit":
            return MessageEdited(sender, _id(body.get("original_message_id")), at, _new_words(body))
        case "revoke":
            return MessageDeleted(sender, (_id(body.get("original_message_id")),), at)
    said = content.of(message)
    return MessageReceived(
        sender=sender,
        external_id=number,
        at=at,
        kind=said.kind,
        text=said.text,
        media=said.media,
        reply_to=identifier(mapping(message.get("context")).get("id")),
        data={**said.data, **content.around(message)},
    )


def _new_words(edit: Json) -> str:
    """A text or a caption; only a caption may be taken away."""
    new = mapping(edit.get("message"))
    written = mapping(new.get(text(new.get("type"), limit=64)))
    words = text(written.get("body")) or text(written.get("caption"))
    if not words and not identifier(written.get("id")):
        raise Unreadable("an edit that does not say what was written")
    return words


def _echo(echo: Json, around: Around) -> InboundItem:
    """The owner wrote from the phone app; the number may be used in both places."""
    kind = text(echo.get("type"), limit=64)
    number = _id(echo.get("id"))
    if kind in {"edit", "revoke", "reaction"}:
        return NotSupported(_("A change that our side made in the WhatsApp Business app."))
    if echo.get("group_id"):
        return NotSupported(_("A message in a group: only chats with one person become dialogs."))
    client = identity.of_echo(echo, around.contacts)
    said = content.of(echo)
    return WrittenOutside(
        client=client,
        external_id=number,
        at=moment(echo.get("timestamp"), received_at=around.received_at),
        kind=said.kind,
        text=said.text,
        media=said.media,
        uuid=text(echo.get("biz_opaque_callback_data"), limit=64),
        data={**said.data, **content.around(echo)},
    )


def _status(status: Json, around: Around) -> InboundItem:
    return statuses.status(status, at=moment(status.get("timestamp"), received_at=around.received_at))


def _error(error: Json, around: Around) -> InboundItem:
    return notices.bare_error(error, at=around.at)


def _new_user_id(change: Json, around: Around) -> InboundItem:
    at = moment(change.get("timestamp"), received_at=around.received_at)
    return system.new_user_id(change, around.contacts, at=at)


def _call(call: Json, around: Around) -> InboundItem:
    return NotSupported(_("A call: calls are not taken here."))


def _group(change: Json, around: Around) -> InboundItem:
    return NotSupported(_("A change in a group: only chats with one person become dialogs."))


def _preference(change: Json, around: Around) -> InboundItem:
    return NotSupported(_("The client chose at WhatsApp whether to get marketing messages."))


def _id(value: object) -> str:
    found = identifier(value)
    if not found:
        raise Unreadable("an element without an id")
    return found
