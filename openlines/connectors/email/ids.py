"""What tells mails apart and together: our own Message-IDs, the key of a delivery, the id of a client's mail.

Ours are ``<dialog-token.message-uuid@domain>``. A stranger's alone names no mail: many have none, and some programs
write the same one into every mail, so its id here is the Message-ID with a hash of the mail behind it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from openlines.connectors.email import headers as h

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OURS = re.compile(rf"<(?:([A-Za-z0-9_-]{{1,100}})\.)?({_UUID})@[^<>\s]{{1,190}}>", re.IGNORECASE)
_ROOT = re.compile(r"<([A-Za-z0-9_-]{1,100})\.thread@[^<>\s]{1,190}>", re.IGNORECASE)
UUID_HEADER = "X-Message-UUID"
"""Of each mail of ours."""

_BRACKETS = re.compile(r"<[^<>\s]{1,400}>")
_LONGEST = 180


@dataclass(frozen=True)
class Ours:
    token: str
    uuid: str


def make(token: str, uuid: str, domain: str) -> str:
    return f"<{token}.{uuid}@{domain}>" if token else f"<{uuid}@{domain}>"


def root(token: str, domain: str) -> str:
    """Names the conversation itself, first among a mail's references: it stays where a relay renames the mail."""
    return f"<{token}.thread@{domain}>"


def ours(message_id: str) -> Ours | None:
    match = _OURS.fullmatch(message_id)
    return Ours(match[1] or "", match[2].lower()) if match else None


def uuid(value: str) -> str:
    """``value`` if it is a uuid."""
    return value.strip().lower() if re.fullmatch(_UUID, value.strip(), re.IGNORECASE) else ""


def ours_in(text: str) -> str:
    """The first id of our form in a text (a bounce that is written for people)."""
    match = _OURS.search(text)
    return match[0] if match else ""


def token_of(message_id: str) -> str:
    found = ours(message_id)
    if found:
        return found.token
    match = _ROOT.fullmatch(message_id)
    return match[1] if match else ""


def message_id(external_id: str) -> str:
    """The ``<…>`` of an id as we store it, for In-Reply-To and References; nothing where the mail had none."""
    match = _BRACKETS.match(external_id)
    return match[0] if match else ""


def key(raw: bytes) -> str:
    """Of a delivery. The way a mail took (Received, Delivered-To) does not count: two copies are one mail."""
    return f"mail:{_digest(raw)}"


def external_id(raw: bytes) -> str:
    found = h.message_ids(h.split(raw)[0].raw("message-id"))
    known = found[0] if found and len(found[0]) <= _LONGEST - 17 else ""
    return f"{known}#{_digest(raw)[:16]}"


def _digest(raw: bytes) -> str:
    headers, content = h.split(raw)
    digest = hashlib.sha256()
    for name in ("message-id", "date", "from", "subject"):
        value = headers.raw(name).encode("ascii", "surrogateescape").decode("latin-1")
        digest.update(" ".join(value.split()).encode() + b"\0")
    digest.update(content.replace(b"\r\n", b"\n").rstrip())
    return digest.hexdigest()
