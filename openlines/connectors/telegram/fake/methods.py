"""The Bot API's methods with the checks that the real one makes, in its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from openlines.connectors.telegram.fake.world import Bot, Chat, Json, Upload, Webhook
from openlines.connectors.telegram.split import units

PHOTO_LIMIT = 10 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")
_FOLDERS = {
    "sendPhoto": ("photo", "photos"),
    "sendDocument": ("document", "documents"),
    "sendVideo": ("video", "videos"),
    "sendAudio": ("audio", "music"),
    "sendVoice": ("voice", "voice"),
    "sendAnimation": ("animation", "animations"),
}


class Refusal(Exception):
    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


class BadRequest(Refusal):
    def __init__(self, description: str) -> None:
        super().__init__(400, f"Bad Request: {description}")


def run(
    bot: Bot, method: str, params: Mapping[str, Any], uploads: Mapping[str, Upload], *, any_chat: bool
) -> Any:
    """The method's result. Raises ``Refusal``. ``any_chat``: a chat that is not known comes into being."""
    if method in _FOLDERS:
        return _send_file(bot, method, params, uploads, any_chat=any_chat)
    match method:
        case "getMe":
            return bot.as_user() | {"can_join_groups": True, "can_read_all_group_messages": False}
        case "setWebhook":
            return _set_webhook(bot, params)
        case "deleteWebhook":
            bot.webhook = None
            return True
        case "getFile":
            return _get_file(bot, params)
        case "sendMessage":
            return _send_message(bot, params, any_chat=any_chat)
        case "sendChatAction":
            _chat(bot, params, any_chat=any_chat)
            return True
        case "editMessageText":
            return _edit(bot, params)
        case "deleteMessage":
            chat = _chat(bot, params)
            chat.messages.remove(_message(chat, params, "message to delete not found"))
            return True
        case "answerCallbackQuery":
            bot.answered.append(str(params.get("callback_query_id", "")))
            return True
    raise Refusal(404, "Not Found: method not found")


def _set_webhook(bot: Bot, params: Mapping[str, Any]) -> bool:
    url = str(params.get("url", ""))
    if not url:
        bot.webhook = None
        return True
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise BadRequest("bad webhook: An HTTPS URL must be provided for webhook")
    secret = str(params.get("secret_token", ""))
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise BadRequest("secret token contains unallowed characters")
    allowed = params.get("allowed_updates") or ()
    bot.webhook = Webhook(url, secret, tuple(allowed), int(params.get("max_connections", 40)))
    return True


def _get_file(bot: Bot, params: Mapping[str, Any]) -> Json:
    upload = bot.files.get(str(params.get("file_id", "")))
    if upload is None:
        raise BadRequest("wrong file_id or the file is temporarily unavailable")
    if len(upload.content) > DOWNLOAD_LIMIT:
        raise BadRequest("file is too big")
    return {
        "file_id": upload.file_id,
        "file_unique_id": upload.file_id[-12:],
        "file_size": len(upload.content),
        "file_path": upload.path,
    }


def _send_message(bot: Bot, params: Mapping[str, Any], *, any_chat: bool) -> Json:
    chat = _chat(bot, params, any_chat=any_chat)
    text = params.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRequest("message text is empty")
    if units(text.strip()) > 4096:
        raise BadRequest("message is too long")
    return bot.add_message(chat, sender=bot.as_user(), text=text.strip(), **_around(chat, params))


def _send_file(
    bot: Bot, method: str, params: Mapping[str, Any], uploads: Mapping[str, Upload], *, any_chat: bool
) -> Json:
    field_name, folder = _FOLDERS[method]
    chat = _chat(bot, params, any_chat=any_chat)
    upload = uploads.get(field_name) or bot.files.get(str(params.get(field_name, "")))
    if upload is None:
        raise BadRequest(f"there is no {field_name} in the request")
    if not upload.content:
        raise BadRequest("file must be non-empty")
    if len(upload.content) > UPLOAD_LIMIT:
        raise Refusal(413, "Request Entity Too Large")
    if field_name == "photo" and len(upload.content) > PHOTO_LIMIT:
        raise BadRequest("file is too big for a photo")
    if field_name == "photo" and not upload.content.startswith(_PICTURES):
        raise BadRequest("IMAGE_PROCESS_FAILED")
    caption = str(params.get("caption", "")).strip()
    if units(caption) > 1024:
        raise BadRequest("message caption is too long")
    kept = bot.add_file(name=upload.name, mime=upload.mime, content=upload.content, folder=folder)
    content = bot.attach(field_name=field_name, upload=kept) | ({"caption": caption} if caption else {})
    return bot.add_message(chat, sender=bot.as_user(), **content, **_around(chat, params))


def _edit(bot: Bot, params: Mapping[str, Any]) -> Json:
    message = _message(_chat(bot, params), params, "message to edit not found")
    if message["from"]["id"] != bot.id:
        raise BadRequest("message can't be edited")
    text = str(params.get("text", "")).strip()
    if not text:
        raise BadRequest("message text is empty")
    if message.get("text") == text:
        raise BadRequest(
            "message is not modified: specified new message content and reply markup are exactly the same"
        )
    message["text"] = text
    return message


def _chat(bot: Bot, params: Mapping[str, Any], *, any_chat: bool = False) -> Chat:
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


def _message(chat: Chat, params: Mapping[str, Any], otherwise: str) -> Json:
    number = str(params.get("message_id", ""))
    message = chat.message(int(number)) if number.isdecimal() else None
    if message is None:
        raise BadRequest(otherwise)
    return message


def _around(chat: Chat, params: Mapping[str, Any]) -> Json:
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
    markup = params.get("reply_markup")
    if isinstance(markup, dict) and "inline_keyboard" in markup:
        found["reply_markup"] = markup
    return found
