"""Editing and deleting, with what Telegram allows of it and in its words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from openlines.connectors.telegram.fake.asking import BadRequest, chat_of, keyboard_of, number_of
from openlines.connectors.telegram.fake.world import Bot, Chat, Json
from openlines.connectors.telegram.split import units

DELETABLE_FOR = 48 * 3600
"""Seconds."""

_CAPTIONED = ("photo", "video", "audio", "voice", "document", "animation")


def edit_text(bot: Bot, params: Mapping[str, Any]) -> Json:
    message = _own(bot, params)
    if "text" not in message:
        raise BadRequest("there is no text in the message to edit")
    text = str(params.get("text", "")).strip()
    if not text:
        raise BadRequest("message text is empty")
    if units(text) > 4096:
        raise BadRequest("MESSAGE_TOO_LONG")
    return _changed(message, "text", text, params)


def edit_caption(bot: Bot, params: Mapping[str, Any]) -> Json:
    message = _own(bot, params)
    if not any(kind in message for kind in _CAPTIONED):
        raise BadRequest("there is no caption in the message to edit")
    caption = str(params.get("caption", "")).strip()
    if units(caption) > 1024:
        raise BadRequest("message caption is too long")
    return _changed(message, "caption", caption, params)


def delete(bot: Bot, params: Mapping[str, Any]) -> bool:
    chat = chat_of(bot, params)
    number = number_of(params.get("message_id"), "message identifier is not specified")
    message = chat.message(number)
    if message is None:
        raise BadRequest("message to delete not found")
    _take_back(chat, [message])
    return True


def delete_several(bot: Bot, params: Mapping[str, Any]) -> bool:
    """What is not there is passed over."""
    chat = chat_of(bot, params)
    numbers = params.get("message_ids")
    if not isinstance(numbers, list) or not numbers:
        raise BadRequest("message identifiers are not specified")
    if len(numbers) > 100:
        raise BadRequest("too many message identifiers specified")
    found = (chat.message(number_of(number, "message identifier is invalid")) for number in numbers)
    _take_back(chat, [message for message in found if message])
    return True


def _own(bot: Bot, params: Mapping[str, Any]) -> Json:
    chat = chat_of(bot, params)
    number = number_of(params.get("message_id"), "message identifier is not specified")
    message = chat.message(number)
    if message is None:
        raise BadRequest("message to edit not found")
    if message["from"]["id"] != bot.id:
        raise BadRequest("message can't be edited")
    return message


def _changed(message: Json, name: str, said: str, params: Mapping[str, Any]) -> Json:
    """An edit without a keyboard takes the keyboard away."""
    keyboard = keyboard_of(params)
    if message.get(name, "") == said and message.get("reply_markup") == keyboard:
        raise BadRequest(
            "message is not modified: specified new message content and reply markup are exactly the same as a current "
            "content and reply markup of the message"
        )
    for key, value in ((name, said), ("reply_markup", keyboard)):
        if value:
            message[key] = value
        else:
            message.pop(key, None)
    message["edit_date"] = int(time.time())
    return message


def _take_back(chat: Chat, messages: list[Json]) -> None:
    if any(time.time() - message["date"] > DELETABLE_FOR for message in messages):
        raise BadRequest("message can't be deleted for everyone")
    for message in messages:
        chat.messages.remove(message)
        chat.deleted.append(message)
