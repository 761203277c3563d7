"""Guarded reading of JSON that somebody else wrote: a value of the wrong type counts as absent.

Text is made storable: PostgreSQL takes neither NUL characters nor lone surrogates, and JSON may hold both.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

from openlines.connectors.base import Unreadable

Json = dict[str, object]

LAUNCH = datetime(2013, 8, 14, tzinfo=UTC)
"""Telegram's first day: nothing in it can be older."""

_FAR = datetime(2100, 1, 1, tzinfo=UTC)
_INT64 = 2**63


def decode(body: bytes) -> object:
    """The JSON in ``body``. Raises ``Unreadable``, also for bad UTF-8, endless numbers and deep nests."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {type(error).__name__}") from error


def mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def text(value: object, *, limit: int | None = None) -> str:
    """``value`` if it is text, storable and cut to ``limit`` characters; else the empty string."""
    if not isinstance(value, str):
        return ""
    if not value.isascii():
        value = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return value.replace("\0", "")[:limit]


def integer(value: object) -> int | None:
    """A whole number that fits 64 bits (``True`` is none)."""
    if isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64:
        return value
    return None


def number(value: object, *, limit: float) -> float | None:
    """A finite number from ``-limit`` to ``limit``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and abs(found) <= limit else None


def moment(value: object, *, received_at: datetime | None) -> datetime:
    """A Unix time as an aware one. Absent or absurd (before Telegram, in the future): the time of receipt."""
    latest = received_at + timedelta(days=1) if received_at else _FAR
    seconds = integer(value)
    if seconds is not None and LAUNCH.timestamp() <= seconds <= latest.timestamp():
        return datetime.fromtimestamp(seconds, UTC)
    return received_at or LAUNCH


_SAYING = {
    "text",
    "body",
    "caption",
    "title",
    "subtitle",
    "headline",
    "question",
    "message",
    "description",
    "comment",
    "label",
    "emoji",
    "url",
    "link",
    "href",
    "media_url",
    "media",
    "actionbody",
}
"""Keys under which providers put words and addresses, whatever the kind of the message."""
_ABOUT_OTHERS = {
    "chat",
    "from",
    "user",
    "sender",
    "recipient",
    "sender_chat",
    "sender_user",
    "via_bot",
    "context",
    "referral",
    "contact_info",
    "errors",
    "thumbnail",
    "thumb",
    "profile",
    "metadata",
    "reply_to",
    "reply_to_message",
    "external_reply",
    "forward_origin",
    "tracking_data",
    "entities",
    "caption_entities",
    "reply_markup",
}
_DEEPEST = 6
_MOST_WORDS = 40


def words(value: object, *, limit: int = 4000) -> str:
    """What an unknown kind of content says, a line each: a client's words are shown even where the kind is not known."""
    found: list[str] = []
    _collect(value, found, depth=0, named=True)
    return "\n".join(dict.fromkeys(found))[:limit]


def _collect(value: object, found: list[str], *, depth: int, named: bool) -> None:
    """``named``: the key says that a plain string here is meant to be read."""
    if len(found) >= _MOST_WORDS or depth > _DEEPEST:
        return
    if isinstance(value, str):
        if named and (said := text(value, limit=4000).strip()):
            found.append(said)
    elif isinstance(value, list):
        for one in value[:50]:
            _collect(one, found, depth=depth + 1, named=named)
    elif isinstance(value, dict):
        for name, one in list(value.items())[:50]:
            key = str(name).lower()
            if key not in _ABOUT_OTHERS:
                _collect(one, found, depth=depth + 1, named=key in _SAYING)
