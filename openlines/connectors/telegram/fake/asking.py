"""What the methods' parameters name: the chat, a message, the message replied to, the buttons. Refused in Telegram's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openlines.connectors.telegram.fake.world import Bot, Chat, Json

CALLBACK_DATA = 64
"""Bytes."""

MOST_BUTTONS = 100


class Refusal(Exception):
    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


class BadRequest(Refusal):
    def __init__(self, description: str) -> None:
        super().__init__(400, f"Bad Request: {description}")


def chat_of(bot: Bot, params: Mapping[str, Any], *, any_chat: bool = False) -> Chat:
    """``any_chat``: one that is not known comes into being."""
    if params.get("chat_id") in {None, ""}:
        raise BadRequest("chat_id is empty")
    try:
        number = int(params["chat_id"])
    except (TypeError, ValueError):
        raise BadRequest("chat not found") from None
    chat = bot.chats.get(number)
    if chat is None and any_chat and number > 0:
        chat = bot.chats[number] = Chat(number, f"Customer {number}")
    if chat is None:
        raise BadRequest("chat not found")
    if chat.has_blocked:
        raise Refusal(403, "Forbidden: bot was blocked by the user")
    return chat


def number_of(value: object, otherwise: str) -> int:
    if not str(value).isdecimal():
        raise BadRequest(otherwise)
    return int(str(value))


def around(chat: Chat, params: Mapping[str, Any]) -> Json:
    """The message replied to and the buttons."""
    found: Json = {}
    reply = params.get("reply_parameters")
    if isinstance(reply, dict):
        target = chat.message(int(reply.get("message_id", 0)))
        if target is None and not reply.get("allow_sending_without_reply"):
            raise BadRequest("message to be replied not found")
        if target is not None:
            found["reply_to_message"] = {
                name: value for name, value in target.items() if name != "reply_to_message"
            }
    if keyboard := keyboard_of(params):
        found["reply_markup"] = keyboard
    return found


def keyboard_of(params: Mapping[str, Any]) -> Json | None:
    """The inline keyboard, checked button by button; None where there is none or an empty one."""
    markup = params.get("reply_markup")
    if markup in (None, "", {}):
        return None
    if not isinstance(markup, dict):
        raise BadRequest("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadRequest('field "inline_keyboard" of the InlineKeyboardMarkup should be an Array of Arrays')
    buttons = [button for row in rows for button in row]
    for button in buttons:
        _check_button(button)
    if len(buttons) > MOST_BUTTONS:
        raise BadRequest("REPLY_MARKUP_TOO_LONG")
    return {"inline_keyboard": [row for row in rows if row]} if buttons else None


def _check_button(button: object) -> None:
    if not isinstance(button, dict):
        raise BadRequest("InlineKeyboardButton must be an Object")
    text, data = button.get("text"), button.get("callback_data")
    if not isinstance(text, str) or not text.strip():
        raise BadRequest(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if "url" in button:
        return
    if not isinstance(data, str):
        raise BadRequest(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if not 1 <= len(data.encode()) <= CALLBACK_DATA:
        raise BadRequest("BUTTON_DATA_INVALID")
