"""Texts, files and albums from the bot, with Telegram's limits and in its words."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from openlines.connectors.telegram.fake.asking import BadRequest, Refusal, around, chat_of
from openlines.connectors.telegram.fake.world import Bot, Json, Upload
from openlines.connectors.telegram.split import units

PHOTO_LIMIT = 10 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
SHOWN_FOR = 5
"""Seconds that an action stands above the chat, or until a message comes."""

FOLDERS = {
    "sendPhoto": ("photo", "photos"),
    "sendDocument": ("document", "documents"),
    "sendVideo": ("video", "videos"),
    "sendAudio": ("audio", "music"),
    "sendVoice": ("voice", "voice"),
    "sendAnimation": ("animation", "animations"),
}
"""Method → its field and the folder of ``getFile``."""

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")
_IN_ALBUMS = ("photo", "video", "audio", "document")
_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def send_message(bot: Bot, params: Mapping[str, Any], *, any_chat: bool) -> Json:
    chat = chat_of(bot, params, any_chat=any_chat)
    chat.typing_until = 0
    text = params.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRequest("message text is empty")
    if units(text.strip()) > 4096:
        raise BadRequest("message is too long")
    return bot.add_message(chat, sender=bot.as_user(), text=text.strip(), **around(chat, params))


def send_file(
    bot: Bot, method: str, params: Mapping[str, Any], uploads: Mapping[str, Upload], *, any_chat: bool
) -> Json:
    name, folder = FOLDERS[method]
    chat = chat_of(bot, params, any_chat=any_chat)
    upload = uploads.get(name) or bot.files.get(str(params.get(name, "")))
    content = _content(bot, name, folder, upload, _caption(params))
    return bot.add_message(chat, sender=bot.as_user(), **content, **around(chat, params))


def send_album(
    bot: Bot, params: Mapping[str, Any], uploads: Mapping[str, Upload], *, any_chat: bool
) -> list[Json]:
    """All or none: every item is checked before the first is kept."""
    chat = chat_of(bot, params, any_chat=any_chat)
    media = params.get("media")
    if not isinstance(media, list) or not media:
        raise BadRequest("there are no messages to send")
    if len(media) > 10:
        raise BadRequest("too many messages to send as an album")
    kinds = [_kind(item) for item in media]
    for alone in ("document", "audio"):
        if alone in kinds and set(kinds) != {alone}:
            raise BadRequest(f"{alone} can't be mixed with other media types")
    if params.get("reply_markup"):
        raise BadRequest("reply markup can't be used in an album")
    contents = []
    for item, kind in zip(media, kinds, strict=True):
        upload = _attached(bot, str(item.get("media", "")), uploads)
        contents.append(_content(bot, kind, f"{kind}s", upload, _caption(item)))
    shared = around(chat, params)
    if len(media) > 1:
        shared["media_group_id"] = str(secrets.randbelow(2**53))
    return [bot.add_message(chat, sender=bot.as_user(), **content, **shared) for content in contents]


def chat_action(bot: Bot, params: Mapping[str, Any], *, any_chat: bool) -> bool:
    chat = chat_of(bot, params, any_chat=any_chat)
    if params.get("action") not in _ACTIONS:
        raise BadRequest("wrong parameter action in request")
    chat.typing_until = time.time() + SHOWN_FOR
    return True


def _kind(item: object) -> str:
    if not isinstance(item, dict):
        raise BadRequest("can't parse InputMedia: expected an Object")
    kind = item.get("type")
    if kind == "animation":
        raise BadRequest("can't parse InputMedia: type \"animation\" can't be used in sendMediaGroup")
    if kind not in _IN_ALBUMS:
        raise BadRequest(f'can\'t parse InputMedia: type "{kind}" is unsupported')
    return str(kind)


def _attached(bot: Bot, media: str, uploads: Mapping[str, Upload]) -> Upload:
    name = media.removeprefix("attach://")
    upload = uploads.get(name) if name != media else bot.files.get(media)
    if upload is None:
        raise BadRequest("can't parse InputMedia: media not found")
    return upload


def _content(bot: Bot, name: str, folder: str, upload: Upload | None, caption: str) -> Json:
    if upload is None:
        raise BadRequest(f"there is no {name} in the request")
    if not upload.content:
        raise BadRequest("file must be non-empty")
    if len(upload.content) > UPLOAD_LIMIT:
        raise Refusal(413, "Request Entity Too Large")
    if name == "photo" and len(upload.content) > PHOTO_LIMIT:
        raise BadRequest("file is too big for a photo")
    if name == "photo" and not upload.content.startswith(_PICTURES):
        raise BadRequest("IMAGE_PROCESS_FAILED")
    kept = bot.add_file(name=upload.name, mime=upload.mime, content=upload.content, folder=folder)
    return bot.attach(field_name=name, upload=kept) | ({"caption": caption} if caption else {})


def _caption(params: Mapping[str, Any]) -> str:
    caption = str(params.get("caption", "")).strip()
    if units(caption) > 1024:
        raise BadRequest("message caption is too long")
    return caption
