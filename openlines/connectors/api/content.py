"""What a client said with a message of the custom channel."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openlines.connectors.base import Media, MediaKind, MessageKind
from openlines.connectors.fields import Json, integer, items, mapping, number, text, words

MAX_TEXT = 50_000
"""Characters of a client's message; the rest is cut."""
MAX_ATTACHMENTS = 20

_AROUND = {
    "external_id", "contact", "at", "text", "attachments", "reply_to", "group", "automatic", "quote", "kind", "uuid",
}  # fmt: skip


@dataclass(frozen=True)
class Content:
    kind: MessageKind
    text: str = ""
    media: tuple[Media, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def text_of(data: Json) -> str:
    return text(data.get("text"), limit=MAX_TEXT)


def of(data: Json) -> Content:
    """Whatever is there: an unknown kind shows as unsupported."""
    written = text_of(data)
    media = tuple(_media(mapping(file)) for file in items(data.get("attachments"))[:MAX_ATTACHMENTS])
    quote = text(data.get("quote"), limit=MAX_TEXT)
    kind, more = _kind(data, written, media)
    return Content(
        kind, written or _label(kind, more, data), media, more | ({"quote": quote} if quote else {})
    )


def _kind(data: Json, written: str, media: tuple[Media, ...]) -> tuple[MessageKind, dict[str, Any]]:
    if place := _place(mapping(data.get("location"))):
        return MessageKind.LOCATION, place
    if card := mapping(data.get("card")):
        return MessageKind.CONTACT, {
            "name": text(card.get("name"), limit=200),
            "phone": text(card.get("phone"), limit=40),
        }
    if button := mapping(data.get("button")):
        return MessageKind.BUTTON, {"payload": text(button.get("payload"), limit=1000)}
    if start := mapping(data.get("start")):
        return MessageKind.START, {"payload": text(start.get("payload"), limit=1000)}
    if media:
        alone = len(media) == 1 and media[0].kind is MediaKind.STICKER and not written
        return (MessageKind.STICKER if alone else MessageKind.MEDIA), {}
    if written.strip():
        return MessageKind.TEXT, {}
    named = text(data.get("kind"), limit=64) or next(
        (text(name, limit=64) for name in data if name not in _AROUND), ""
    )
    return MessageKind.UNSUPPORTED, {"type": named or "empty"}


def _label(kind: MessageKind, more: Mapping[str, Any], data: Json) -> str:
    if kind is MessageKind.BUTTON:
        return text(mapping(data.get("button")).get("text"), limit=200) or str(more.get("payload", ""))
    if kind is MessageKind.UNSUPPORTED:
        return words({name: value for name, value in data.items() if name not in _AROUND}, limit=MAX_TEXT)
    return text(data.get("caption"), limit=MAX_TEXT)


def _place(location: Json) -> dict[str, Any]:
    latitude = number(location.get("latitude"), limit=90)
    longitude = number(location.get("longitude"), limit=180)
    if latitude is None or longitude is None:
        return {}
    named = {
        "name": text(location.get("name"), limit=200),
        "address": text(location.get("address"), limit=500),
    }
    return {"latitude": latitude, "longitude": longitude} | {key: said for key, said in named.items() if said}


def _media(file: Json) -> Media:
    """A file by its address, or the file itself. One that is neither is shown as not available."""
    name = file_name(text(file.get("name")))
    mime = text(file.get("mime"), limit=100) or mimetypes.guess_type(name)[0] or ""
    size = integer(file.get("size"))
    content = _decoded(file.get("content_b64"))
    return Media(
        kind=_media_kind(text(file.get("kind"), limit=20), mime),
        reference="" if content is not None else text(file.get("url"), limit=2000).strip(),
        name=name or "file",
        mime=mime,
        size=len(content) if content is not None else (size if size is not None and size >= 0 else None),
        content=content,
    )


def _media_kind(named: str, mime: str) -> MediaKind:
    if named in set(MediaKind):
        return MediaKind(named)
    main = mime.partition("/")[0]
    return (
        MediaKind(main) if main in {"image", "video", "audio"} and mime != "image/svg+xml" else MediaKind.FILE
    )


def _decoded(value: object) -> bytes | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def file_name(said: str) -> str:
    """The last part of a path, without control characters, cut so that its suffix stays."""
    name = said.replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    if len(name) <= 200:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[: 199 - len(suffix)]}.{suffix}" if dot and len(suffix) <= 10 else name[:200]
