"""The Bot API's methods with the checks that the real one makes, in its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from openlines.connectors.telegram.fake import changing, sending
from openlines.connectors.telegram.fake.asking import BadRequest, Refusal
from openlines.connectors.telegram.fake.world import Bot, Json, Upload, Webhook

__all__ = ["BadRequest", "Refusal", "run"]

DOWNLOAD_LIMIT = 20 * 1024 * 1024


def run(
    bot: Bot, method: str, params: Mapping[str, Any], uploads: Mapping[str, Upload], *, any_chat: bool
) -> Any:
    """The method's result. Raises ``Refusal``. ``any_chat``: a chat that is not known comes into being."""
    if method in sending.FOLDERS:
        return sending.send_file(bot, method, params, uploads, any_chat=any_chat)
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
            return sending.send_message(bot, params, any_chat=any_chat)
        case "sendMediaGroup":
            return sending.send_album(bot, params, uploads, any_chat=any_chat)
        case "sendChatAction":
            return sending.chat_action(bot, params, any_chat=any_chat)
        case "editMessageText":
            return changing.edit_text(bot, params)
        case "editMessageCaption":
            return changing.edit_caption(bot, params)
        case "deleteMessage":
            return changing.delete(bot, params)
        case "deleteMessages":
            return changing.delete_several(bot, params)
        case "answerCallbackQuery":
            return _answer(bot, params)
    raise Refusal(404, "Not Found: method not found")


def _answer(bot: Bot, params: Mapping[str, Any]) -> bool:
    number = str(params.get("callback_query_id", ""))
    if number not in bot.pressed:
        raise BadRequest("query is too old and response timeout expired or query ID is invalid")
    bot.answered.append(number)
    return True


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
