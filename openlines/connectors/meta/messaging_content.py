"""What a message of Messenger or Instagram holds: text, files, a place, a sticker, a pressed quick reply.

Files are links to Meta's hosts that expire: they are fetched at once. What is unknown is a message of the
kind "unsupported" with the type's name, never an error: the operator then sees that something came.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from openlines.connectors.base import Media, MediaKind, MessageKind
from openlines.connectors.fields import Json, integer, items, mapping, number, text, words
from openlines.connectors.meta.payload import flat, identifier


@dataclass(frozen=True)
class Content:
    kind: MessageKind
    text: str = ""
    media: tuple[Media, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


_FILES: dict[str, tuple[MediaKind, str, str]] = {
    "image": (MediaKind.IMAGE, "photo.jpg", "image/jpeg"),
    "video": (MediaKind.VIDEO, "video.mp4", "video/mp4"),
    "audio": (MediaKind.AUDIO, "audio.mp4", "audio/mp4"),
    "file": (MediaKind.FILE, "file", ""),
    "reel": (MediaKind.VIDEO, "reel.mp4", "video/mp4"),
    "ig_reel": (MediaKind.VIDEO, "reel.mp4", "video/mp4"),
    "share": (MediaKind.IMAGE, "post.jpg", "image/jpeg"),
    "ig_post": (MediaKind.IMAGE, "post.jpg", "image/jpeg"),
    "ig_story": (MediaKind.IMAGE, "story.jpg", "image/jpeg"),
    "story_mention": (MediaKind.IMAGE, "story.jpg", "image/jpeg"),
}
"""Type of the attachment → kind, and the name and MIME type where the link tells none."""

_SHARED = {
    "reel": "reel",
    "ig_reel": "reel",
    "share": "post",
    "ig_post": "post",
    "ig_story": "story",
    "story_mention": "story_mention",
}
"""What is not the client's own file but something of Instagram's that he shows us."""

_PAGES = {"facebook.com", "instagram.com", "fb.watch", "threads.net", "threads.com"}

_LIKES = {369239263222822, 369239343222814, 369239383222810}
"""The thumb in its three sizes."""


def of(message: Json) -> Content:
    """What was said with ``message``, by whomever."""
    written = text(message.get("text"))
    found = [_attachment(mapping(item)) for item in items(message.get("attachments"))]
    data = _around(message)
    story, about_story = _story(message)
    data |= about_story
    if payload := _payload(message):
        return Content(MessageKind.BUTTON, written, story, {**data, "payload": payload})
    if message.get("is_unsupported") is True and not written and not any(part.media for part in found):
        said = "\n".join(part.text for part in found if part.text)
        return Content(MessageKind.UNSUPPORTED, said, story, {**data, "type": "unsupported"})
    loose = integer(message.get("sticker_id"))
    if loose is not None and not written and not found:
        return Content(MessageKind.STICKER, data={**data, **_sticker(loose, "").data})
    if not written and len(found) == 1:
        (only,) = found
        return Content(only.kind, only.text, only.media + story, {**data, **only.data})
    return _together(message, written, found, story, data)


def _together(
    message: Json, written: str, found: list[Content], story: tuple[Media, ...], data: dict[str, Any]
) -> Content:
    """A text and attachments, or several: one message. A link's own preview adds nothing to a text."""
    media = tuple(file for part in found for file in part.media) + story
    lines = [written, *(part.text for part in found if part.text and not _repeats(part, written))]
    for part in found:
        data = {**part.data, **data}
    said = "\n".join(filter(None, lines))
    if media:
        return Content(MessageKind.MEDIA, said, media, data)
    kinds = {part.kind for part in found}
    if MessageKind.LOCATION in kinds:
        return Content(MessageKind.LOCATION, said, data=data)
    if written or (said and MessageKind.TEXT in kinds):
        return Content(MessageKind.TEXT, said, data={k: v for k, v in data.items() if k != "type"})
    about = ("mid", "is_echo", "app_id", "is_unsupported", "seq", "attachments")
    said = said or words({name: value for name, value in message.items() if name not in about})
    return Content(MessageKind.UNSUPPORTED, said, data={"type": "unknown", **data})


def _repeats(part: Content, written: str) -> bool:
    return bool(written) and part.kind is MessageKind.TEXT


def _attachment(found: Json) -> Content:
    kind = text(found.get("type"), limit=64)
    payload = mapping(found.get("payload"))
    if kind in _FILES:
        return _file(kind, payload)
    if kind == "location":
        return _place(found, payload)
    if kind == "like_heart":
        return Content(MessageKind.STICKER, data={"emoji": "❤️"})
    if kind == "fallback":
        return _link(found, payload)
    said = _words(found, payload)
    return Content(MessageKind.UNSUPPORTED, said, data={"type": kind or "unknown"})


def _file(kind: str, payload: Json) -> Content:
    url = text(payload.get("url"), limit=4000) or text(payload.get("story_media_url"), limit=4000)
    title = text(payload.get("title"), limit=1000)
    data: dict[str, Any] = {"shared": _SHARED[kind]} if kind in _SHARED else {}
    sticker = integer(payload.get("sticker_id"))
    if sticker is not None:
        return _sticker(sticker, url)
    if page := _page(url):
        # A reel or a post by the address of its page: there is no file to be had there.
        return Content(MessageKind.TEXT, "\n".join(filter(None, (title, page))), data={**data, "link": page})
    if not url:
        return Content(MessageKind.UNSUPPORTED, title, data={**data, "type": kind})
    shown, name, mime = _FILES[kind]
    named = _name_in(url)
    guessed = mimetypes.guess_type(named)[0] or ""
    if kind == "audio":
        # A voice note is an .mp4 without a picture.
        guessed = guessed.replace("video/", "audio/")
    if kind != "file" and guessed.partition("/")[0] != mime.partition("/")[0]:
        named, guessed = "", ""
    media = Media(shown, url, named or name, guessed or mime)
    return Content(MessageKind.MEDIA, title, (media,), data)


def _page(url: str) -> str:
    """The address of a page of Facebook's or Instagram's, whole; empty where ``url`` leads to a file."""
    if url.startswith("/") and not url.startswith("//"):
        return f"https://www.facebook.com{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    is_page = host.removeprefix("www.").removeprefix("m.") in _PAGES and not parts.path.startswith(
        "/ads/image"
    )
    return url if is_page and not _name_in(url) else ""


def _sticker(number: int, url: str) -> Content:
    data = {"emoji": "👍"} if number in _LIKES else {}
    media = (Media(MediaKind.STICKER, url, "sticker.png", "image/png"),) if url else ()
    return Content(MessageKind.STICKER, media=media, data=data)


def _place(found: Json, payload: Json) -> Content:
    spot = mapping(payload.get("coordinates"))
    latitude = number(spot.get("lat"), limit=90)
    longitude = number(spot.get("long"), limit=180)
    title = text(found.get("title"), limit=200)
    if latitude is None or longitude is None:
        return Content(MessageKind.UNSUPPORTED, title, data={"type": "location"})
    data: dict[str, Any] = {"latitude": latitude, "longitude": longitude}
    return Content(MessageKind.LOCATION, data=data | ({"name": title} if title else {}))


def _link(found: Json, payload: Json) -> Content:
    """A shared link or post that Meta has no type of its own for."""
    url = text(found.get("url"), limit=4000) or text(payload.get("url"), limit=4000)
    title = text(found.get("title"), limit=1000) or text(payload.get("title"), limit=1000)
    said = "\n".join(filter(None, (title, url)))
    if not said:
        return Content(MessageKind.UNSUPPORTED, data={"type": "fallback"})
    return Content(MessageKind.TEXT, said, data={"link": url} if url else {})


def _words(found: Json, payload: Json) -> str:
    """A line of text worth showing of an attachment that we cannot: a product, a template."""
    parts: list[object] = [found.get("title"), payload.get("title"), payload.get("text")]
    listed = items(payload.get("elements")) or items(mapping(payload.get("generic")).get("elements"))
    for element in (listed or items(mapping(payload.get("product")).get("elements")))[:10]:
        parts += [mapping(element).get("title"), mapping(element).get("subtitle")]
    return flat(*parts) or words({name: value for name, value in found.items() if name != "type"})


def _payload(message: Json) -> str:
    """What we sent with the quick reply that was pressed."""
    return text(mapping(message.get("quick_reply")).get("payload"), limit=1000)


def _story(message: Json) -> tuple[tuple[Media, ...], dict[str, Any]]:
    """The story of ours that is replied to: shown with the reply, as it is gone after a day."""
    story = mapping(mapping(message.get("reply_to")).get("story"))
    if not story:
        return (), {}
    url = text(story.get("url"), limit=4000)
    media = (Media(MediaKind.IMAGE, url, "story.jpg", "image/jpeg"),) if url else ()
    return media, {"shared": "story_reply", "story": identifier(story.get("id"), limit=100)}


def _around(message: Json) -> dict[str, Any]:
    return referral(message.get("referral"))


def referral(value: object) -> dict[str, Any]:
    """Where the client comes from: the parameter of the link, or the advertisement."""
    found = mapping(value)
    if not found:
        return {}
    told = {
        "ref": text(found.get("ref"), limit=500),
        "source": text(found.get("source"), limit=64),
        "ad": identifier(found.get("ad_id"), limit=100),
        "title": text(mapping(found.get("ads_context_data")).get("ad_title"), limit=300),
        "product": identifier(mapping(found.get("product")).get("id"), limit=100),
        "url": text(found.get("referer_uri"), limit=1000),
    }
    return {"referral": {name: said for name, said in told.items() if said}}


def _name_in(url: str) -> str:
    """The file's name at the end of a link, if it looks like one; cut so that its suffix stays."""
    try:
        name = unquote(urlsplit(url).path).replace("\\", "/").rpartition("/")[2]
    except ValueError:
        return ""
    name = "".join(character for character in text(name) if character.isprintable()).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not stem or not dot or not 1 <= len(suffix) <= 5 or not suffix.isalnum():
        return ""
    return f"{stem[: 190 - len(suffix)]}.{suffix}"
