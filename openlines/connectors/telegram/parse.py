"""Telegram updates into events. One update holds one thing; at most one event comes of it.

Only private chats are dialogs; everything else is answered with ``NotSupported`` and its reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from openlines.connectors.base import (
    InboundItem,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    RawRequest,
    ReachabilityChanged,
    ReactionChanged,
    Sender,
    Unreadable,
)
from openlines.connectors.fields import Json, decode, integer, items, mapping, moment, text
from openlines.connectors.telegram import content

OWN_MADE_EMOJI = "🧩"
"""Stands for a custom emoji: Telegram gives only the number of its picture."""

PAID_REACTION = "⭐"


def key(request: RawRequest) -> str:
    """``update:<number>``, counted per bot; the body's hash where there is none. Never raises."""
    try:
        number = integer(mapping(decode(request.body)).get("update_id"))
    except Unreadable:
        number = None
    if number is None or number < 0:
        return f"sha256:{hashlib.sha256(request.body).hexdigest()}"
    return f"update:{number}"


def parse(request: RawRequest) -> list[InboundItem]:
    """The events of a webhook's body. Raises ``Unreadable`` where the body is not an update.

    An answer of ``getUpdates`` (a list of updates, as a relay may pass on) is read too; there a bad update
    does not lose its neighbours.
    """
    body = decode(request.body)
    if not isinstance(body, dict):
        raise Unreadable("the body is not an object")
    batch = body.get("result")
    if "update_id" in body or not isinstance(batch, list):
        return _update(body, received_at=request.received_at)
    return _batch(batch, received_at=request.received_at)


def pressed_button(request: RawRequest) -> str:
    """The id of the button press in the request, which Telegram wants answered; empty where there is none."""
    try:
        body = mapping(decode(request.body))
    except Unreadable:
        return ""
    return text(mapping(body.get("callback_query")).get("id"))


def _batch(updates: list[object], *, received_at: datetime | None) -> list[InboundItem]:
    found: list[InboundItem] = []
    bad: list[Unreadable] = []
    for update in updates:
        try:
            found += _update(mapping(update), received_at=received_at)
        except Unreadable as error:
            bad.append(error)
    if not found:
        raise bad[0] if bad else Unreadable("no updates")
    return found + [NotSupported(str(error)) for error in bad]


def _update(update: Json, *, received_at: datetime | None) -> list[InboundItem]:
    found: list[InboundItem] = []
    for name, value in update.items():
        if name == "update_id" or value is None:
            continue
        reader = _READERS.get(name)
        if reader is None:
            if "update_id" in update:
                found.append(
                    NotSupported(
                        _("Telegram’s “%(kind)s” is not used here.") % {"kind": text(name, limit=64)}
                    )
                )
        elif not isinstance(value, dict):
            raise Unreadable(f"{name} is not an object")
        else:
            found.append(reader(value, received_at))
    if not found:
        if integer(update.get("update_id")) is None:
            raise Unreadable("no update_id")
        found.append(NotSupported(_("An empty update.")))
    return found


def _message(message: Json, received_at: datetime | None) -> InboundItem:
    chat = _chat(message)
    if outside := _not_private(chat):
        return outside
    sender = _sender(chat, mapping(message.get("from")))
    number = _number(message)
    at = moment(message.get("date"), received_at=received_at)
    said = content.of(message)
    if said is None:
        if "write_access_allowed" in message:
            return ReachabilityChanged(sender, at, reachable=True)
        return NotSupported(_("A notice of Telegram about the chat, nothing that the client wrote."))
    return MessageReceived(
        sender=_with_own_phone(sender, mapping(message.get("contact"))),
        external_id=f"{sender.external_id}:{number}",
        at=at,
        kind=said.kind,
        text=said.text,
        media=said.media,
        reply_to=_reply_to(message, sender),
        group_key=text(message.get("media_group_id"), limit=64),
        data={**said.data, **_around(message)},
    )


def _edited_message(message: Json, received_at: datetime | None) -> InboundItem:
    chat = _chat(message)
    if outside := _not_private(chat):
        return outside
    if message.get("location") is not None:
        return NotSupported(_("A shared live location has moved."))
    sender = _sender(chat, mapping(message.get("from")))
    return MessageEdited(
        sender,
        f"{sender.external_id}:{_number(message)}",
        moment(message.get("edit_date"), received_at=received_at),
        text(message.get("text")) or text(message.get("caption")),
    )


def _callback_query(query: Json, received_at: datetime | None) -> InboundItem:
    """A pressed button. It has no time of its own; ``message`` is the one it hangs on, and ours."""
    message = mapping(query.get("message"))
    if not message:
        return NotSupported(_("A button of a message that was sent outside the chat with the bot."))
    chat = _chat(message)
    if outside := _not_private(chat):
        return outside
    number = text(query.get("id"), limit=64)
    if not number:
        raise Unreadable("a button press without an id")
    sender = _sender(chat, mapping(query.get("from")))
    payload = text(query.get("data")) or text(query.get("game_short_name"))
    hangs_on = integer(message.get("message_id"))
    return MessageReceived(
        sender=sender,
        external_id=f"cb:{number}",
        at=received_at or moment(message.get("date"), received_at=None),
        kind=MessageKind.BUTTON,
        text=_label(message, payload) or payload,
        reply_to=f"{sender.external_id}:{hangs_on}" if hangs_on is not None else "",
        data={"payload": payload},
    )


def _message_reaction(change: Json, received_at: datetime | None) -> InboundItem:
    chat = _chat(change)
    if outside := _not_private(chat):
        return outside
    sender = _sender(chat, mapping(change.get("user")))
    emojis = (_emoji(mapping(reaction)) for reaction in items(change.get("new_reaction")))
    return ReactionChanged(
        sender,
        f"{sender.external_id}:{_number(change)}",
        moment(change.get("date"), received_at=received_at),
        tuple(emoji for emoji in emojis if emoji),
    )


def _my_chat_member(change: Json, received_at: datetime | None) -> InboundItem:
    """In a private chat "kicked" means that the client blocked the bot, "member" that it is let in again."""
    chat = _chat(change)
    if outside := _not_private(chat):
        return outside
    status = text(mapping(change.get("new_chat_member")).get("status"))
    if not status:
        raise Unreadable("a change of membership without a status")
    return ReachabilityChanged(
        _sender(chat, mapping(change.get("from"))),
        moment(change.get("date"), received_at=received_at),
        reachable=status not in {"kicked", "left"},
    )


_READERS: dict[str, Callable[[Json, datetime | None], InboundItem]] = {
    "message": _message,
    "edited_message": _edited_message,
    "callback_query": _callback_query,
    "message_reaction": _message_reaction,
    "my_chat_member": _my_chat_member,
}


def _chat(message: Json) -> Json:
    chat = mapping(message.get("chat"))
    if integer(chat.get("id")) is None:
        raise Unreadable("no chat")
    return chat


def _not_private(chat: Json) -> NotSupported | None:
    kind = text(chat.get("type"), limit=32)
    if kind == "private" or (not kind and (integer(chat.get("id")) or 0) > 0):
        return None
    if kind == "channel":
        return NotSupported(_("A post in a channel: only private chats with the bot become dialogs."))
    return NotSupported(_("A message in a group: only private chats with the bot become dialogs."))


def _number(message: Json) -> int:
    number = integer(message.get("message_id"))
    if number is None:
        raise Unreadable("no message_id")
    return number


def _sender(chat: Json, user: Json) -> Sender:
    """The client is his private chat: its number is his. Of ``user`` only what surely is his own is taken."""
    number = integer(chat.get("id"))
    person = user if integer(user.get("id")) == number else chat
    return Sender(
        external_id=str(number),
        name=f"{text(person.get('first_name'))} {text(person.get('last_name'))}".strip()[:200],
        username=text(person.get("username"), limit=64),
        language=text(person.get("language_code"), limit=10),
    )


def _with_own_phone(sender: Sender, contact: Json) -> Sender:
    """A contact that a client shares of himself tells us his number, confirmed by Telegram."""
    if str(integer(contact.get("user_id"))) != sender.external_id:
        return sender
    return Sender(
        sender.external_id,
        sender.name,
        sender.username,
        sender.language,
        phone=text(contact.get("phone_number"), limit=40),
    )


def _reply_to(message: Json, sender: Sender) -> str:
    target = mapping(message.get("reply_to_message"))
    number = integer(target.get("message_id"))
    # In a chat with topics, everything "replies" to the notice that opened its topic.
    if number is None or "forum_topic_created" in target:
        return ""
    return f"{sender.external_id}:{number}"


def _around(message: Json) -> dict[str, Any]:
    """What the client quoted of the message replied to, whose message it is, and whose was forwarded."""
    via = text(mapping(message.get("via_bot")).get("username"), limit=64)
    said = {
        "quote": text(mapping(message.get("quote")).get("text")),
        "forwarded_from": _whose(message, mapping(message.get("forward_origin"))),
        "replies_to": _whose({}, mapping(mapping(message.get("external_reply")).get("origin"))),
        "replies_to_story": isinstance(message.get("reply_to_story"), dict),
        "via_bot": f"@{via}" if via else "",
    }
    return {name: value for name, value in said.items() if value}


def _whose(message: Json, origin: Json) -> str:
    """Who wrote what is passed on; ``message``: with the names that older bots know."""
    author = mapping(origin.get("sender_user")) or mapping(message.get("forward_from"))
    place = (
        mapping(origin.get("sender_chat"))
        or mapping(origin.get("chat"))
        or mapping(message.get("forward_from_chat"))
    )
    found = (
        f"{text(author.get('first_name'))} {text(author.get('last_name'))}".strip()
        or text(origin.get("sender_user_name"))
        or text(message.get("forward_sender_name"))
        or text(place.get("title"))
    )
    return found[:200]


def _label(message: Json, payload: str) -> str:
    """The words on the pressed button, so that the dialog reads as the client saw it."""
    for row in items(mapping(message.get("reply_markup")).get("inline_keyboard")):
        for button in items(row):
            if payload and text(mapping(button).get("callback_data")) == payload:
                return text(mapping(button).get("text"))
    return ""


def _emoji(reaction: Json) -> str:
    match reaction.get("type"):
        case "custom_emoji":
            return OWN_MADE_EMOJI
        case "paid":
            return PAID_REACTION
        case _:
            return text(reaction.get("emoji"), limit=32)
