"""Reading Meta's deliveries: a list of entries, each with a list of things; ids and times of changing types."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from openlines.connectors import fields
from openlines.connectors.base import Unreadable
from openlines.connectors.fields import Json, decode, integer, items, text

_MILLISECONDS = 10**11
"""From this number on a time is in milliseconds: as seconds it would be the year 5138."""


def envelope(body: bytes) -> Json:
    """The whole delivery. Raises ``Unreadable`` where it is not Meta's envelope."""
    found = decode(body)
    if not isinstance(found, dict):
        raise Unreadable("the body is not an object")
    if not isinstance(found.get("entry"), list):
        raise Unreadable("the body has no entries")
    return found


def entries(found: Json) -> Iterator[Json]:
    """Each entry that is an object."""
    for entry in items(found.get("entry")):
        if isinstance(entry, dict):
            yield entry


def body_hash(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def identifier(value: object, *, limit: int = 200) -> str:
    """An id, which comes as text and in older bodies as a number."""
    number = integer(value)
    return text(value, limit=limit).strip() if number is None else str(number)


def moment(value: object, *, received_at: datetime | None) -> datetime:
    """A time in seconds or milliseconds, as number or digits; absent or absurd: the time of receipt."""
    number = integer(value)
    if number is None:
        said = text(value, limit=20).strip()
        number = int(said) if said.isascii() and said.isdecimal() else None
    if number is not None and number >= _MILLISECONDS:
        number //= 1000
    return fields.moment(number, received_at=received_at)


def flat(*parts: object) -> str:
    """Whatever is text among ``parts``, once each, joined to one line of words."""
    said = dict.fromkeys(found for part in parts if (found := text(part, limit=500).strip()))
    return ": ".join(said)
