"""Files to WhatsApp: what each is sent as, how large it may be, and its upload."""

from __future__ import annotations

import os
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Failed, MediaKind, Outcome, OutgoingFile, TryLater
from openlines.connectors.meta import graph
from openlines.connectors.meta.payload import identifier
from openlines.connectors.whatsapp import api, errors

_MB = 1024 * 1024
LIMITS = {
    "image": 5 * _MB,
    "video": 16 * _MB,
    "audio": 16 * _MB,
    "sticker": 100 * 1024,
    "document": 100 * _MB,
}
"""Bytes, by the type a file is sent as."""
ANIMATED_STICKER = 500 * 1024

_SAME = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-aac": "audio/aac",
    "video/3gp": "video/3gpp",
}
_TYPES = {
    "image/jpeg": "image",
    "image/png": "image",
    "video/mp4": "video",
    "video/3gpp": "video",
    "audio/aac": "audio",
    "audio/mp4": "audio",
    "audio/mpeg": "audio",
    "audio/amr": "audio",
    "audio/ogg": "audio",
    "audio/opus": "audio",
}
CAPTIONED = frozenset({"image", "video", "document"})


@dataclass(frozen=True)
class Plan:
    """How a file goes: ``type`` in WhatsApp's words and the MIME type it is uploaded with."""

    type: str
    mime: str
    size: int
    is_voice: bool = False


def plan(file: OutgoingFile) -> Plan:
    """Raises ``OSError`` where the file is gone. What is too large for its type goes as a document."""
    size = os.stat(file.path).st_size
    mime = file.mime.partition(";")[0].strip().lower() or "application/octet-stream"
    mime = _SAME.get(mime, mime)
    kind = _TYPES.get(mime, "document")
    if file.kind is MediaKind.STICKER and mime == "image/webp":
        kind = "sticker"
    limit = ANIMATED_STICKER if kind == "sticker" and _is_animated(file.path) else LIMITS[kind]
    if size > limit:
        kind = "document"
    if mime.startswith("text/"):
        # The only text that Meta's upload takes; the name keeps its own ending.
        mime = "text/plain"
    return Plan(kind, mime, size, is_voice=kind == "audio" and file.kind is MediaKind.VOICE and "og" in mime)


def _is_animated(path: str) -> bool:
    """By the flags in the head of a WebP file. Raises ``OSError``."""
    with open(path, "rb") as opened:
        head = opened.read(21)
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 0x02)


def type_of(file: OutgoingFile) -> str:
    """As ``plan``, also for a file that is gone."""
    try:
        return plan(file).type
    except OSError:
        return "document"


def upload(file: OutgoingFile, how: Plan, account: Account) -> str | Outcome:
    """The file's number at Meta, or why there is none. Nothing of it reaches the client yet: all may be repeated.

    Raises ``OSError`` where the file is gone.
    """
    if not how.size:
        return Failed(_("“%(name)s” is empty. Attach another file.") % {"name": file.name})
    if how.type == "document" and how.size > LIMITS[how.type]:
        return Failed(
            _("“%(name)s” is larger than the 100 MB that WhatsApp takes. Make it smaller.")
            % {"name": file.name}
        )
    try:
        with open(file.path, "rb") as opened:
            reply = api.call(
                account,
                "POST",
                api.number(account, "media"),
                data={"messaging_product": "whatsapp", "type": how.mime},
                files=[("file", (file.name or "file", opened, how.mime))],
                is_harmless=True,
            )
    except (http.NotSent, http.MaybeSent):
        return TryLater(_("WhatsApp cannot be reached."))
    if reply.ok:
        return identifier(reply.body.get("id"), limit=500) or TryLater(
            _("WhatsApp took the file but did not say under which number.")
        )
    if not reply.readable and reply.status < 300:
        return TryLater(_("WhatsApp’s answer is unreadable."))
    if _is_wrong_type(reply):
        return Failed(
            _("WhatsApp does not take files like “%(name)s”. Send it as a PDF, a picture or an Office file.")
            % {"name": file.name}
        )
    return errors.outcome(reply)


def _is_wrong_type(reply: graph.Reply) -> bool:
    fault = reply.fault
    return fault is not None and fault.code in errors.BAD_REQUEST and "type" in fault.words.lower()
