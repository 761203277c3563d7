"""An album is one message with several files (§11). Which words and files each part brought is kept with it, so that a
part can be edited or taken back alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from openlines.models import Attachment, Message

PARTS = "album"
"""In ``Message.extra``; only where there are two parts or more."""


@dataclass(frozen=True)
class Part:
    """``external_id``: the provider's of this part; ``files``: how many it brought, in the order of the attachments."""

    external_id: str
    text: str
    files: int


def parts_of(message: Message) -> tuple[Part, ...]:
    return tuple(Part(**one) for one in message.extra.get(PARTS, ()))


def add(message: Message, part: Part) -> None:
    """``part`` comes to ``message``; called before its own files are stored. The caller saves."""
    known = parts_of(message)
    if not known:
        files = Attachment.objects.filter(message=message).count()
        known = (Part(message.external_id or "", message.text, files),)
    _put(message, (*known, part))


def edit(message: Message, external_id: str, text: str) -> str:
    """The whole text with the part's new words in it; of what is no album, these alone. Saves which part says what."""
    parts = parts_of(message)
    if not any(part.external_id == external_id for part in parts):
        return text
    changed = tuple(replace(one, text=text) if one.external_id == external_id else one for one in parts)
    _put(message, changed)
    message.save(update_fields=["extra"])
    return text_of(changed)


def take_out(message: Message, external_id: str) -> list[int] | None:
    """The part goes: its files' ids. None where nothing would be left, or ``message`` has no such part."""
    parts = parts_of(message)
    left = tuple(part for part in parts if part.external_id != external_id)
    if not left or len(left) == len(parts):
        return None
    ids = list(Attachment.objects.filter(message=message).order_by("pk").values_list("pk", flat=True))
    gone: list[int] = []
    for part in parts:
        own, ids = ids[: part.files], ids[part.files :]
        if part.external_id == external_id:
            gone += own
    _put(message, left)
    message.save(update_fields=["extra"])
    return gone


def text_of(parts: Sequence[Part]) -> str:
    return "\n".join(part.text for part in parts if part.text)


def _put(message: Message, parts: Sequence[Part]) -> None:
    message.extra = {**message.extra, PARTS: [asdict(part) for part in parts]}
