"""Sending one message: as few calls as Telegram allows, in an order that can be resumed.

A message becomes parts, always the same ones for the same message: so ``OutgoingMessage.part`` names a place
in them, and a retry after a partial success repeats nothing. A text that fits under the first file goes
there; a longer one goes *before* the files as messages of its own: so the client reads what the files are,
and the message's own id (reply, reactions) is that of its text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import (
    Account,
    Broken,
    Failed,
    MediaKind,
    Outcome,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.fields import integer, mapping
from openlines.connectors.fields import text as storable
from openlines.connectors.telegram import api
from openlines.connectors.telegram.split import split, units

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_FILE = 50 * 1024 * 1024

_PHOTOS = {"image/jpeg", "image/png", "image/webp"}
_METHODS = {
    "image/gif": ("sendAnimation", "animation"),
    "video/mp4": ("sendVideo", "video"),
    "audio/mpeg": ("sendAudio", "audio"),
    "audio/mp4": ("sendAudio", "audio"),
}
_DOCUMENT = ("sendDocument", "document")
_NO_PICTURE = ("photo_", "image_process_failed", "wrong type of the web page content")
"""Marks of a picture that Telegram cannot show as one (too long and thin, say); as a file it goes."""


@dataclass(frozen=True)
class Part:
    """One call: a text, or a file with the text under it."""

    text: str = ""
    file: OutgoingFile | None = None
    as_document: bool = False


def plan(message: OutgoingMessage) -> tuple[Part, ...]:
    text = storable(message.text).strip()
    if not message.files:
        return tuple(Part(piece) for piece in split(text, MAX_TEXT))
    first, *others = message.files
    if units(text) <= MAX_CAPTION:
        return Part(text, first), *(Part(file=file) for file in others)
    return *(Part(piece) for piece in split(text, MAX_TEXT)), *(Part(file=file) for file in message.files)


def send(message: OutgoingMessage, account: Account) -> Outcome:
    """Sends the parts not yet accepted, up to the first trouble. ``external_ids`` are those accepted now."""
    if not api.token(account):
        return Broken(_("The connection has no token. Enter the one that @BotFather shows."))
    parts = plan(message)
    if not parts:
        return Failed(_("The message is empty. Write something or attach a file."))
    accepted: list[str] = []
    chat: int | str = message.recipient
    for index, part in enumerate(parts[message.part :], start=message.part):
        reply_to = _reply_number(message) if index == 0 else None
        outcome, chat = _deliver(part, chat=chat, reply_to=reply_to, account=account)
        accepted += outcome.external_ids
        if not isinstance(outcome, Sent):
            return replace(outcome, external_ids=tuple(accepted))
    return Sent(tuple(accepted))


def _deliver(
    part: Part, *, chat: int | str, reply_to: int | None, account: Account
) -> tuple[Outcome, int | str]:
    """One part; one more call each for a chat that moved, a reply's target gone, a picture as a file.

    Returns the chat's id too, as it is now.
    """
    moved = False
    while True:
        try:
            reply = _call(part, chat=chat, reply_to=reply_to, account=account)
        except OSError:
            return Failed(
                _("The file “%(name)s” is no longer on our disk. Attach it again.") % _named(part)
            ), chat
        except _TooLarge:
            return Failed(_("“%(name)s” is larger than the 50 MB that Telegram takes.") % _named(part)), chat
        except http.NotSent:
            return TryLater(_("Telegram cannot be reached.")), chat
        except http.MaybeSent:
            return Unknown(_("Telegram did not answer: it may have sent the message, or not.")), chat
        if reply.ok:
            return _accepted(reply, chat)
        said = reply.description.lower()
        if reply.status == 400 and reply.migrate_to is not None and not moved:
            chat, moved = reply.migrate_to, True
        elif reply.status == 400 and reply_to is not None and _target_gone(said):
            reply_to = None
        elif reply.status == 400 and _is_photo(part) and any(mark in said for mark in _NO_PICTURE):
            part = replace(part, as_document=True)
        else:
            return _refused(reply), chat


class _TooLarge(Exception):
    pass


def _call(part: Part, *, chat: int | str, reply_to: int | None, account: Account) -> api.Reply:
    params: dict[str, Any] = {"chat_id": chat}
    if reply_to is not None:
        params["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    if part.file is None:
        return api.call(account, "sendMessage", {**params, "text": part.text})
    if part.text:
        params["caption"] = part.text
    with open(part.file.path, "rb") as content:
        size = os.fstat(content.fileno()).st_size
        if size > MAX_FILE:
            raise _TooLarge
        method, field = _method(part) if size <= MAX_PHOTO or not _is_photo(part) else _DOCUMENT
        upload = (part.file.name or "file", content, part.file.mime or "application/octet-stream")
        return api.call(account, method, _as_form(params), files=[(field, upload)])


def _as_form(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}


def _method(part: Part) -> tuple[str, str]:
    file = part.file
    if file is None or part.as_document:
        return _DOCUMENT
    if _is_photo(part):
        return "sendPhoto", "photo"
    if file.kind is MediaKind.VOICE and file.mime in {"audio/ogg", "audio/opus"}:
        return "sendVoice", "voice"
    return _METHODS.get(file.mime, _DOCUMENT)


def _is_photo(part: Part) -> bool:
    file = part.file
    return file is not None and not part.as_document and file.kind is MediaKind.IMAGE and file.mime in _PHOTOS


def _accepted(reply: api.Reply, chat: int | str) -> tuple[Outcome, int | str]:
    result = mapping(reply.result)
    number = integer(result.get("message_id"))
    if number is None:
        return Unknown(_("Telegram took the message but did not say under which number.")), chat
    at = integer(mapping(result.get("chat")).get("id"))
    chat = chat if at is None else at
    return Sent((f"{chat}:{number}",)), chat


def _refused(reply: api.Reply) -> Outcome:
    if reply.status < 300 and not reply.readable:
        return Unknown(_("Telegram’s answer is unreadable: it may have sent the message, or not."))
    return api.refusal(reply)


def _target_gone(said: str) -> bool:
    return "repl" in said and "not found" in said


def _reply_number(message: OutgoingMessage) -> int | None:
    """Telegram's number of the message replied to; a pressed button (``cb:…``) or another chat's has none."""
    chat, _colon, number = message.reply_to.rpartition(":")
    return int(number) if chat == message.recipient and number.isdecimal() and len(number) < 19 else None


def _named(part: Part) -> dict[str, str]:
    return {"name": part.file.name if part.file else ""}
