"""A message as the calls it takes, always the same ones for the same message: a retry goes on where it stopped.

A text that fits under the first file goes there; a longer one goes *before* the files as messages of its own: so the
client reads what the files are, and the message's own id (reply, reactions) is that of its text. Pictures and films make
an album, as do documents, and music; Telegram mixes none of these, so files of a sort move together to the first of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from openlines.connectors.base import MediaKind, OutgoingFile, OutgoingMessage
from openlines.connectors.fields import text as storable
from openlines.connectors.telegram.split import split, units

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_FILE = 50 * 1024 * 1024
MAX_ALBUM = 10

_PHOTOS = {"image/jpeg", "image/png", "image/webp"}
_FIELDS = {"image/gif": "animation", "video/mp4": "video", "audio/mpeg": "audio", "audio/mp4": "audio"}
_SORTS = {"photo": "seen", "video": "seen", "audio": "heard", "document": "read"}
"""What may stand in one album; animations and voice messages stand alone."""


@dataclass(frozen=True)
class Part:
    """One call: a text, a file with the text under it, or an album with the text under its first file."""

    text: str = ""
    files: tuple[OutgoingFile, ...] = ()
    has_buttons: bool = False
    as_document: bool = False

    @property
    def messages(self) -> int:
        """How many messages it makes, each with an id of its own."""
        return max(len(self.files), 1)

    @property
    def is_album(self) -> bool:
        return len(self.files) > 1

    def without(self, count: int) -> Part:
        """An album whose first ``count`` files were sent already, one by one, and the text with them."""
        return replace(self, text="", files=self.files[count:])

    def singly(self) -> tuple[Part, ...]:
        first, *others = self.files
        return Part(self.text, (first,)), *(Part(files=(file,)) for file in others)


def plan(message: OutgoingMessage) -> tuple[Part, ...]:
    """All parts. The buttons hang under the text, or where there is none under the last file: albums have none."""
    text = storable(message.text).strip()
    buttons = bool(message.buttons)
    if not message.files:
        return _texts(text, has_buttons=buttons)
    if units(text) > MAX_CAPTION or (buttons and text and len(message.files) > 1):
        return *_texts(text, has_buttons=buttons), *_files(message.files)
    if buttons:
        *others, last = message.files
        return *(Part(files=(file,)) for file in others), Part(text, (last,), has_buttons=True)
    first, *rest = _files(message.files)
    return replace(first, text=text), *rest


def left(message: OutgoingMessage) -> Iterator[Part]:
    """What is not yet accepted: ``OutgoingMessage.part`` counts the ids, and an album gives several."""
    skip = message.part
    for part in plan(message):
        if skip >= part.messages:
            skip -= part.messages
            continue
        yield part.without(skip) if skip else part
        skip = 0


def field(file: OutgoingFile) -> str:
    """As what Telegram shall take it: ``photo``, ``video``, ``audio``, ``voice``, ``animation`` or ``document``."""
    if file.kind is MediaKind.IMAGE and file.mime in _PHOTOS:
        return "photo" if size(file) <= MAX_PHOTO else "document"
    if file.kind is MediaKind.VOICE and file.mime in {"audio/ogg", "audio/opus"}:
        return "voice"
    return _FIELDS.get(file.mime, "document")


def size(file: OutgoingFile) -> int:
    """Bytes; 0 where it is gone, which is told when it is opened."""
    try:
        return os.stat(file.path).st_size
    except OSError:
        return 0


def _texts(text: str, *, has_buttons: bool) -> tuple[Part, ...]:
    *others, last = [Part(piece) for piece in split(text, MAX_TEXT)] or [Part()]
    found = (*others, replace(last, has_buttons=has_buttons))
    return found if text else ()


def _files(files: Sequence[OutgoingFile]) -> Iterator[Part]:
    sorts: dict[str, list[OutgoingFile]] = {}
    for number, file in enumerate(files):
        sorts.setdefault(_SORTS.get(field(file)) or f"alone {number}", []).append(file)
    for alike in sorts.values():
        yield from _albums(alike)


def _albums(files: Sequence[OutgoingFile]) -> Iterator[Part]:
    """Of at most ten files, and no larger in all than one file may be: so one upload stays within Telegram's bounds."""
    album: list[OutgoingFile] = []
    total = 0
    for file in files:
        if album and (len(album) == MAX_ALBUM or total + size(file) > MAX_FILE):
            yield Part(files=tuple(album))
            album, total = [], 0
        album.append(file)
        total += size(file)
    yield Part(files=tuple(album))
