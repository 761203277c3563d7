"""What a WhatsApp message holds. A kind that is unknown here is an "unsupported message" with its name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from openlines.connectors.base import Media, MediaKind, MessageKind
from openlines.connectors.fields import Json, integer, items, mapping, number, text, words
from openlines.connectors.meta.payload import flat, identifier

_FILES: dict[str, tuple[MediaKind, str, str]] = {
    "image": (MediaKind.IMAGE, "photo", "image/jpeg"),
    "video": (MediaKind.VIDEO, "video", "video/mp4"),
    "audio": (MediaKind.AUDIO, "audio", "audio/ogg"),
    "voice": (MediaKind.VOICE, "voice", "audio/ogg"),
    "document": (MediaKind.FILE, "file", ""),
    "sticker": (MediaKind.STICKER, "sticker", "image/webp"),
}
"""Type of the message → kind, and the name and MIME type where WhatsApp gives none."""

_SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/3gpp": ".3gp",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "application/pdf": ".pdf",
}


@dataclass(frozen=True)
class Content:
    kind: MessageKind
    text: str = ""
    media: tuple[Media, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def of(message: Json) -> Content:
    """What was said with ``message``, whoever wrote it; words beside a kind that has none of its own are kept, too."""
    said = _of(message)
    beside = text(message.get("text")) or text(message.get("caption"))
    return said if said.text or not beside else replace(said, text=beside)


def _of(message: Json) -> Content:
    kind = text(message.get("type"), limit=64)
    body = mapping(message.get(kind))
    match kind:
        case "text":
            said = text(body.get("body"))
            return Content(MessageKind.TEXT, said) if said else _unsupported(kind, message)
        case _ if kind in _FILES:
            return _file(kind, body, message)
        case "location":
            return _place(body, message)
        case "contacts":
            return _contacts(items(message.get("contacts")), message)
        case "button":
            return _pressed(body.get("text"), body.get("payload")) or _unsupported(kind, message)
        case "interactive":
            return _answer(body, message)
        case "order":
            return _order(body)
        case "request_welcome":
            return Content(MessageKind.OPENED)
    return _unsupported(kind, message)


def around(message: Json) -> dict[str, Any]:
    """What belongs to the message whatever its kind: forwarded, and the advertisement that brought the client."""
    context = mapping(message.get("context"))
    forwarded = context.get("forwarded") is True or context.get("frequently_forwarded") is True
    came_by = mapping(message.get("referral"))
    told = {
        "source": text(came_by.get("source_type"), limit=64),
        "ad": identifier(came_by.get("source_id"), limit=100),
        "title": text(came_by.get("headline"), limit=300),
        "body": text(came_by.get("body"), limit=1000),
        "url": text(came_by.get("source_url"), limit=1000),
    }
    referral = {name: said for name, said in told.items() if said}
    data: dict[str, Any] = {
        "forwarded": forwarded,
        "product": identifier(mapping(context.get("referred_product")).get("product_retailer_id"), limit=100),
        "referral": referral,
    }
    return {name: said for name, said in data.items() if said}


def _file(kind: str, body: Json, message: Json) -> Content:
    reference = identifier(body.get("id"), limit=500)
    caption = text(body.get("caption"))
    if not reference:
        return _unsupported(kind, message, said=caption)
    shown, name, mime = _FILES[kind]
    if kind == "audio" and body.get("voice") is True:
        shown, name = MediaKind.VOICE, "voice"
    mime = text(body.get("mime_type"), limit=100).replace("\\/", "/") or mime
    if kind == "sticker":
        data = {"animated": True} if body.get("animated") is True else {}
        return Content(
            MessageKind.STICKER,
            caption,
            media=(Media(shown, reference, "sticker.webp", mime, _size(body)),),
            data=data,
        )
    name = _file_name(body.get("filename")) or name + _SUFFIXES.get(mime.partition(";")[0].strip(), "")
    return Content(MessageKind.MEDIA, caption, (Media(shown, reference, name, mime, _size(body)),))


def _place(body: Json, message: Json) -> Content:
    latitude = number(body.get("latitude"), limit=90)
    longitude = number(body.get("longitude"), limit=180)
    named = {"name": text(body.get("name"), limit=200), "address": text(body.get("address"), limit=500)}
    if latitude is None or longitude is None:
        return _unsupported("location", message, said=flat(*named.values()))
    data = {"latitude": latitude, "longitude": longitude}
    return Content(MessageKind.LOCATION, data=data | {key: said for key, said in named.items() if said})


def _contacts(found: list[object], message: Json) -> Content:
    """The first contact in the fields; all further ones in the text, a line each."""
    people = [_person(mapping(one)) for one in found if isinstance(one, dict)]
    people = [(name, phone) for name, phone in people if name or phone]
    if not people:
        return _unsupported("contacts", message)
    (name, phone), *others = people
    lines = "\n".join(", ".join(filter(None, person)) for person in others)
    return Content(MessageKind.CONTACT, lines, data={"name": name, "phone": phone})


def _person(contact: Json) -> tuple[str, str]:
    named = mapping(contact.get("name"))
    name = text(named.get("formatted_name"), limit=200).strip() or (
        f"{text(named.get('first_name'), limit=100)} {text(named.get('last_name'), limit=100)}".strip()
    )
    for line in text(contact.get("vcard"), limit=10_000).splitlines():
        if not name and line.upper().startswith("FN:"):
            name = line[3:].strip()[:200]
    phones = [mapping(phone) for phone in items(contact.get("phones"))]
    numbers = (
        text(phone.get("phone"), limit=40) or identifier(phone.get("wa_id"), limit=40) for phone in phones
    )
    return name, next(filter(None, numbers), "")


def _pressed(label: object, payload: object) -> Content | None:
    said, back = text(label), text(payload, limit=1000)
    if not said and not back:
        return None
    return Content(MessageKind.BUTTON, said or back, data={"payload": back})


def _answer(body: Json, message: Json) -> Content:
    """A pressed button or a chosen row of ours, or a filled-in form."""
    kind = text(body.get("type"), limit=64)
    found = mapping(body.get(kind))
    if kind in {"button_reply", "list_reply"} and (pressed := _pressed(found.get("title"), found.get("id"))):
        return pressed
    if kind == "nfm_reply":
        return _form(found)
    return _unsupported(kind or "interactive", message, said=flat(found.get("title"), found.get("body")))


def _form(found: Json) -> Content:
    """A form (flow) comes as JSON in a string; its values are shown a line each."""
    given = text(found.get("response_json"), limit=20_000)
    try:
        answers = mapping(json.loads(given))
    except (ValueError, RecursionError):
        answers = {}
    lines = [
        f"{text(name, limit=200)}: {value if isinstance(value, int | float) else text(value)}"
        for name, value in answers.items()
        if name != "flow_token" and isinstance(value, str | int | float)
    ]
    said = "\n".join(lines) or text(found.get("body")) or given
    if not said:
        return Content(MessageKind.UNSUPPORTED, words(found), data={"type": "nfm_reply"})
    return Content(MessageKind.TEXT, said, data={"form": text(found.get("name"), limit=100) or "flow"})


def _order(body: Json) -> Content:
    """A basket from the catalogue: shown in words, as there is no shop here."""
    lines = [text(body.get("text"))]
    for one in items(body.get("product_items"))[:50]:
        product = mapping(one)
        count = identifier(product.get("quantity"), limit=20) or "1"
        price = number(product.get("item_price"), limit=1e12)
        cost = f", {price:g} {text(product.get('currency'), limit=3)}".rstrip() if price is not None else ""
        lines.append(f"{count} × {identifier(product.get('product_retailer_id'), limit=100)}{cost}")
    return Content(MessageKind.UNSUPPORTED, "\n".join(filter(None, lines)), data={"type": "order"})


def _unsupported(kind: str, message: Json, *, said: str = "") -> Content:
    """``type`` is the true one where WhatsApp tells it (``unsupported.type``: a poll, a video note …)."""
    told = text(mapping(message.get("unsupported")).get("type"), limit=64)
    about = ("id", "from", "from_user_id", "timestamp", "type", "to", "group_id")
    said = said or words({name: value for name, value in message.items() if name not in about})
    return Content(MessageKind.UNSUPPORTED, said, data={"type": told or kind or "unknown"})


def _size(body: Json) -> int | None:
    size = integer(body.get("file_size"))
    return size if size is not None and size >= 0 else None


def _file_name(value: object) -> str:
    """The last part of a path, without control characters, cut so that its suffix stays."""
    name = text(value).replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    if len(name) <= 200:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[: 199 - len(suffix)]}.{suffix}" if dot and len(suffix) <= 10 else name[:200]
