"""What the page at ``/`` shows and does: the chats as their customers see them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openlines.connectors.telegram.fake.world import Bot, Chat, Json, Upload

if TYPE_CHECKING:
    from openlines.connectors.telegram.fake.server import FakeTelegram

_FILES = ("photo", "video", "video_note", "audio", "voice", "document", "sticker", "animation")


def state(fake: FakeTelegram) -> Json:
    bots = [
        {
            "id": bot.id,
            "name": bot.name,
            "username": bot.username,
            "connected": bot.webhook is not None,
            "trouble": bot.webhook.last_error_message if bot.webhook else "",
            "chats": [_chat(bot, chat) for chat in list(bot.chats.values())],
        }
        for bot in list(fake.bots.values())
    ]
    return {"rev": fake.rev, "bots": bots}


def act(fake: FakeTelegram, action: str, params: Mapping[str, Any], uploads: Mapping[str, Upload]) -> Json:
    """One deed of a customer. ``params``: bot (its number), chat, and what the action needs.

    Raises LookupError or ValueError.
    """
    bots = list(fake.bots.values())
    bot = next(bot for bot in bots if bot.id == int(params["bot"])) if params.get("bot") else bots[0]
    chat = int(params.get("chat") or 0) or 100_000_000 + secrets.randbelow(900_000_000)
    token = bot.token
    if params.get("name"):
        fake.customer(chat, str(params["name"]), language=str(params.get("language") or "en"), token=token)
    match action:
        case "meet":
            pass  # known by name from now on, without a word said
        case "start":
            fake.write(chat, "/start", token=token)
        case "write":
            reply_to = int(params.get("reply_to") or 0) or None
            fake.write(chat, str(params["text"]), reply_to=reply_to, token=token)
        case "file":
            upload = uploads["file"]
            kind = "photo" if upload.mime in {"image/jpeg", "image/png"} else "document"
            caption = str(params.get("text", ""))
            fake.send_file(
                chat,
                upload.content,
                name=upload.name,
                mime=upload.mime,
                kind=kind,
                caption=caption,
                token=token,
            )
        case "edit":
            fake.edit(chat, int(params["message"]), str(params["text"]), token=token)
        case "react":
            emojis = [str(params["emoji"])] if params.get("emoji") else []
            fake.react(chat, int(params["message"]), *emojis, token=token)
        case "press":
            fake.press(chat, int(params["message"]), str(params["data"]), token=token)
        case "block":
            fake.block(chat, blocked=bool(params.get("blocked")), token=token)
        case _:
            raise LookupError(action)
    return {"bot": bot.id, "chat": chat}


def _chat(bot: Bot, chat: Chat) -> Json:
    messages = sorted([*chat.messages, *chat.deleted], key=lambda message: int(message["message_id"]))
    gone = {message["message_id"] for message in list(chat.deleted)}
    return {
        "id": chat.id,
        "name": f"{chat.first_name} {chat.last_name}".strip(),
        "blocked": chat.has_blocked,
        "messages": [
            _gone(bot, message) if message["message_id"] in gone else _message(bot, chat, message)
            for message in messages[-200:]
        ],
        "typing": chat.typing_until > time.time(),
    }


def _gone(bot: Bot, message: Json) -> Json:
    """Of a message that was taken back only the place is shown."""
    whose = {"mine": message["from"]["id"] != bot.id, "at": message["date"], "deleted": True}
    nothing: Json = {"text": "", "quote": "", "files": [], "buttons": [], "reactions": []}
    return {"id": message["message_id"], **whose, **nothing}


def _message(bot: Bot, chat: Chat, message: Json) -> Json:
    replied = message.get("reply_to_message") or {}
    return {
        "id": message["message_id"],
        "mine": message["from"]["id"] != bot.id,
        "at": message["date"],
        "edited": "edit_date" in message,
        "text": message.get("text") or message.get("caption") or "",
        "quote": replied.get("text") or replied.get("caption") or "",
        "files": _files(bot, message),
        "album": message.get("media_group_id", ""),
        "buttons": (message.get("reply_markup") or {}).get("inline_keyboard", []),
        "reactions": chat.reactions.get(message["message_id"], []),
    }


def _files(bot: Bot, message: Json) -> list[Json]:
    kind = next((kind for kind in _FILES if kind in message), None)
    if kind is None:
        return []
    told = message[kind][-1] if kind == "photo" else message[kind]
    upload = bot.files.get(told["file_id"])
    name = upload.name if upload else kind
    return [{"kind": kind, "name": name, "url": f"/customers/file/{bot.id}/{told['file_id']}"}]
