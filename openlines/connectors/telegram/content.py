"""What a Telegram message holds: text, files, a place, a contact; or nothing that a client said.

Telegram adds kinds several times a year. What is unknown is a message of the kind "unsupported" with the
type's name, never an error: the operator then sees that something came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openlines.connectors.base import Media, MediaKind, MessageKind
from openlines.connectors.fields import Json, integer, items, mapping, number, text, words


@dataclass(frozen=True)
class Content:
    kind: MessageKind
    text: str = ""
    media: tuple[Media, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


_FILES: dict[str, tuple[MediaKind, str, str]] = {
    "animation": (MediaKind.VIDEO, "animation.mp4", "video/mp4"),
    "video": (MediaKind.VIDEO, "video.mp4", "video/mp4"),
    "video_note": (MediaKind.VIDEO, "video.mp4", "video/mp4"),
    "audio": (MediaKind.AUDIO, "audio.mp3", "audio/mpeg"),
    "voice": (MediaKind.VOICE, "voice.ogg", "audio/ogg"),
    "document": (MediaKind.FILE, "file", ""),
}
"""Key of the message → kind, and the name and MIME type where Telegram gives none."""

_KNOWN = frozenset({*_FILES, "photo", "sticker", "location", "venue", "contact"})
_SUMMARIES = {"poll": "question", "dice": "emoji", "game": "title", "checklist": "title", "invoice": "title"}
"""Unsupported kinds that carry a line of text worth showing."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ABOUT_THE_MESSAGE = _words(
    """
    message_id message_thread_id direct_messages_topic from sender_chat sender_boost_count
    sender_business_bot sender_tag date business_connection_id chat forward_origin forward_from
    forward_from_chat forward_from_message_id forward_signature forward_sender_name forward_date
    is_topic_message is_automatic_forward reply_to_message external_reply quote reply_to_story
    reply_to_checklist_task_id reply_to_poll_option_id via_bot edit_date has_protected_content
    is_from_offline is_paid_post media_group_id author_signature paid_star_count text entities
    link_preview_options suggested_post_info effect_id caption caption_entities show_caption_above_media
    has_media_spoiler reply_markup guest_query_id guest_bot_caller_chat guest_bot_caller_user
    """
)

_NOTICES = _words(
    """
    new_chat_members new_chat_member new_chat_participant left_chat_member left_chat_participant
    new_chat_title new_chat_photo delete_chat_photo group_chat_created supergroup_chat_created
    channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id migrate_from_chat_id
    pinned_message connected_website successful_payment refunded_payment proximity_alert_triggered
    boost_added chat_background_set chat_owner_changed chat_owner_left forum_topic_created
    forum_topic_edited forum_topic_closed forum_topic_reopened general_forum_topic_hidden
    general_forum_topic_unhidden giveaway_created giveaway_completed video_chat_scheduled
    video_chat_started video_chat_ended video_chat_participants_invited voice_chat_scheduled
    voice_chat_started voice_chat_ended voice_chat_participants_invited paid_message_price_changed
    direct_message_price_changed suggested_post_approved suggested_post_approval_failed
    suggested_post_declined suggested_post_paid suggested_post_refunded checklist_tasks_done
    checklist_tasks_added poll_option_added poll_option_deleted managed_bot_created gift_upgrade_sent
    community_chat_added community_chat_removed write_access_allowed
    """
)
"""Service messages: they tell of the chat, not what a client said. Payments have no place in a dialog yet."""


def of(message: Json) -> Content | None:
    """What the client said with ``message``; None for a service message."""
    written = text(message.get("text"))
    caption = text(message.get("caption")) or written
    if sticker := mapping(message.get("sticker")):
        return _sticker(sticker, caption)
    if media := tuple(_media(message)):
        return Content(MessageKind.MEDIA, caption, media)
    if place := _place(message):
        return Content(MessageKind.LOCATION, caption, data=place)
    if contact := mapping(message.get("contact")):
        name = f"{text(contact.get('first_name'))} {text(contact.get('last_name'))}".strip()
        phone = text(contact.get("phone_number"), limit=40)
        return Content(MessageKind.CONTACT, caption, data={"name": name, "phone": phone})
    if written:
        return _written(written)
    blocks = items(mapping(message.get("rich_message")).get("blocks"))
    if formatted := "\n".join(filter(None, map(_plain, blocks))):
        return Content(MessageKind.TEXT, formatted)
    if web_app := mapping(message.get("web_app_data")):
        payload = text(web_app.get("data"))
        return Content(
            MessageKind.BUTTON, text(web_app.get("button_text")) or payload, data={"payload": payload}
        )
    return _unsupported(message)


def _written(written: str) -> Content:
    command, _, payload = written.partition(" ")
    if command == "/start" or command.startswith("/start@"):
        payload = payload.strip()
        return Content(MessageKind.START, written, data={"payload": payload} if payload else {})
    return Content(MessageKind.TEXT, written)


def _unsupported(message: Json) -> Content | None:
    kinds = [key for key, value in message.items() if key not in _ABOUT_THE_MESSAGE and value is not None]
    said = [key for key in kinds if key not in _NOTICES]
    # A new kind comes as an object or a list; a lone new flag says something about a message we do know.
    said = [key for key in said if isinstance(message[key], dict | list)] or said
    if not said and kinds:
        return None
    kind = said[0] if said else "unknown"
    told = message.get(kind)
    summary = text(mapping(told).get(_SUMMARIES.get(kind, ""))) or ("" if kind in _KNOWN else words(told))
    caption = text(message.get("caption"))
    lines = dict.fromkeys(filter(None, (caption, summary)))
    return Content(MessageKind.UNSUPPORTED, "\n".join(lines), data={"type": text(kind, limit=64)})


def _sticker(sticker: Json, caption: str) -> Content:
    name, mime = "sticker.webp", "image/webp"
    if sticker.get("is_video"):
        name, mime = "sticker.webm", "video/webm"
    elif sticker.get("is_animated"):
        name, mime = "sticker.tgs", "application/x-tgsticker"
    reference = _reference(sticker)
    media = (Media(MediaKind.STICKER, reference, name, mime, _size(sticker)),) if reference else ()
    emoji = text(sticker.get("emoji"), limit=32)
    return Content(MessageKind.STICKER, caption, media, {"emoji": emoji} if emoji else {})


def _media(message: Json) -> Iterator[Media]:
    if photo := _largest(items(message.get("photo"))):
        yield Media(MediaKind.IMAGE, _reference(photo), "photo.jpg", "image/jpeg", _size(photo))
    for key, (kind, name, mime) in _FILES.items():
        found = mapping(message.get(key))
        # A GIF comes twice: as an animation and, for old bots, as a document.
        if not _reference(found) or (key == "document" and mapping(message.get("animation"))):
            continue
        yield Media(
            kind,
            _reference(found),
            _file_name(found.get("file_name")) or name,
            text(found.get("mime_type"), limit=100) or mime,
            _size(found),
        )


def _largest(photos: list[object]) -> Json | None:
    usable = [mapping(photo) for photo in photos if _reference(mapping(photo))]
    return max(usable, key=_area, default=None)


def _area(photo: Json) -> tuple[int, int]:
    return (integer(photo.get("width")) or 0) * (integer(photo.get("height")) or 0), _size(photo) or 0


def _reference(found: Json) -> str:
    return text(found.get("file_id"), limit=500)


def _size(found: Json) -> int | None:
    size = integer(found.get("file_size"))
    return size if size is not None and size >= 0 else None


def _file_name(value: object) -> str:
    """The last part of a path, without control characters, cut so that its suffix stays."""
    name = text(value).replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    if len(name) <= 200:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[: 199 - len(suffix)]}.{suffix}" if dot and len(suffix) <= 10 else name[:200]


def _place(message: Json) -> dict[str, Any]:
    venue = mapping(message.get("venue"))
    location = mapping(message.get("location")) or mapping(venue.get("location"))
    latitude = number(location.get("latitude"), limit=90)
    longitude = number(location.get("longitude"), limit=180)
    if latitude is None or longitude is None:
        return {}
    named = {"name": text(venue.get("title"), limit=200), "address": text(venue.get("address"), limit=500)}
    return {"latitude": latitude, "longitude": longitude} | {key: said for key, said in named.items() if said}


def _plain(block: object, *, depth: int = 0) -> str:
    """The words of a formatted block, whatever its markup."""
    if isinstance(block, str):
        return text(block)
    if depth > 20:
        return ""
    if isinstance(block, list):
        return "".join(_plain(part, depth=depth + 1) for part in block)
    found = mapping(block)
    if "text" in found:
        return _plain(found["text"], depth=depth + 1)
    rows = (_plain_row(row, depth=depth) for row in items(found.get("cells")))
    return "\n".join(filter(None, rows))


def _plain_row(row: object, *, depth: int) -> str:
    return " | ".join(_plain(cell, depth=depth + 1) for cell in items(row))
