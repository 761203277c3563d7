"""What a Viber message holds. An unknown type is a message of the kind "unsupported", never an error."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openlines.connectors.base import Media, MediaKind, MessageKind
from openlines.connectors.fields import Json, integer, mapping, number, text, words
from openlines.connectors.viber import tracking

_FILES: dict[str, tuple[MediaKind, str, str]] = {
    "picture": (MediaKind.IMAGE, "photo.jpg", "image/jpeg"),
    "video": (MediaKind.VIDEO, "video.mp4", "video/mp4"),
    "file": (MediaKind.FILE, "file", ""),
}
"""Type → kind, and the name and MIME type where Viber gives none."""


@dataclass(frozen=True)
class Content:
    kind: MessageKind
    text: str = ""
    media: tuple[Media, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def of(message: Json) -> Content:
    kind = text(message.get("type"), limit=64)
    said = text(message.get("text")) or text(message.get("caption"))
    url = text(message.get("media"), limit=4000)
    if kind == "text" and said:
        return _written(said, tracking.read(message.get("tracking_data")))
    if kind in _FILES and url:
        return Content(MessageKind.MEDIA, said, (_media(message, kind, url),))
    if kind == "url" and url:
        return Content(MessageKind.TEXT, said if url in said else "\n".join(filter(None, (said, url))))
    if kind == "sticker":
        return _sticker(message, url, said)
    if kind == "location" and (place := _place(mapping(message.get("location")))):
        return Content(MessageKind.LOCATION, said, data=place)
    if kind == "contact" and (contact := _contact(mapping(message.get("contact")))):
        return Content(MessageKind.CONTACT, said, data=contact)
    told = words({name: value for name, value in message.items() if name != "type"})
    return Content(MessageKind.UNSUPPORTED, told, data={"type": kind or "unknown"})


def _written(said: str, track: tracking.Track) -> Content:
    """A pressed button comes as a text: its words. Which were ours to press stands in what Viber gives back."""
    payload = track.buttons.get(said.strip())
    if payload is None:
        return Content(MessageKind.TEXT, said)
    return Content(MessageKind.BUTTON, said.strip(), data={"payload": payload})


def _media(message: Json, kind: str, url: str) -> Media:
    media_kind, name, mime = _FILES[kind]
    name = _file_name(message.get("file_name")) or name
    size = integer(message.get("file_size"))
    if size is None:
        size = integer(message.get("size"))
    return Media(
        media_kind,
        url,
        name,
        mimetypes.guess_type(name)[0] or mime,
        size if size is not None and size > 0 else None,
    )


def _sticker(message: Json, url: str, said: str) -> Content:
    value = message.get("sticker_id")
    number_of = integer(value)
    named = str(number_of) if number_of is not None else text(value, limit=64)
    media = (Media(MediaKind.STICKER, url, "sticker.png", "image/png"),) if url else ()
    return Content(MessageKind.STICKER, said, media, {"sticker": named} if named else {})


def _place(location: Json) -> dict[str, Any]:
    latitude = number(_as_number(location.get("lat")), limit=90)
    longitude = number(_as_number(location.get("lon")), limit=180)
    if latitude is None or longitude is None:
        return {}
    address = text(location.get("address"), limit=500)
    return {"latitude": latitude, "longitude": longitude} | ({"address": address} if address else {})


def _as_number(value: object) -> object:
    """Some versions of Viber write coordinates as text."""
    if not isinstance(value, str):
        return value
    try:
        return float(value[:40])
    except ValueError:
        return None


def _contact(contact: Json) -> dict[str, Any]:
    name = text(contact.get("name"), limit=200)
    phone = text(contact.get("phone_number"), limit=40)
    if phone.isdecimal():
        phone = f"+{phone}"
    return {"name": name, "phone": phone} if name or phone else {}


def _file_name(value: object) -> str:
    """The last part of a path, without control characters, cut so that its suffix stays."""
    name = text(value).replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    if len(name) <= 200:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[: 199 - len(suffix)]}.{suffix}" if dot and len(suffix) <= 10 else name[:200]
