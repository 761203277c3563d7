"""Outlook's ``winmail.dat`` (TNEF): the files and the text in it.

Own reader: the library for it (``tnefparse``) rests since 2021. Bounded by the bytes that are there: each step goes on
by what it read, lengths that lead beyond the end stop it, and then the container itself is kept beside what was found.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from openlines.connectors.email.charsets import decode

TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
MAX_FILES = 50

_SIGNATURE = 0x223E9F78
_BODY, _CODEPAGE, _PROPERTIES = 0x800C, 0x9007, 0x9003
_NEXT_FILE, _TITLE, _DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_TEXT, _HTML, _CONTENT = 0x1000, 0x1013, 0x3701
_NAMES = (0x3707, 0x3704, 0x3001)
"""Long name, short name, shown name."""
_CONTENT_ID = 0x3712
_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_OBJECT, _NARROW, _WIDE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_MANY = 0x1000


@dataclass
class File:
    name: str = ""
    content: bytes = b""
    content_id: str = ""


@dataclass
class Contents:
    files: list[File] = field(default_factory=list)
    text: str = ""
    html: str = ""
    is_whole: bool = True
    """Everything was understood: the container need not be kept."""


def read(raw: bytes) -> Contents:
    """Never raises."""
    found = Contents()
    if len(raw) < 6 or struct.unpack_from("<I", raw)[0] != _SIGNATURE:
        found.is_whole = False
        return found
    codepage = "cp1252"
    for number, data in _attributes(raw, found):
        if number == _CODEPAGE and len(data) >= 4:
            codepage = f"cp{struct.unpack_from('<I', data)[0]}"
        elif number == _NEXT_FILE:
            if len(found.files) >= MAX_FILES:
                found.is_whole = False
                break
            found.files.append(File())
        elif number == _BODY:
            found.text = found.text or _narrow(data, codepage)
        elif number == _PROPERTIES:
            _message(data, codepage, found)
        elif found.files and number == _TITLE:
            found.files[-1].name = found.files[-1].name or _narrow(data, codepage)
        elif found.files and number == _DATA:
            found.files[-1].content = data
        elif found.files and number == _FILE_PROPERTIES:
            _file(data, codepage, found)
    found.files = [one for one in found.files if one.content]
    return found


def _attributes(raw: bytes, found: Contents) -> Iterator[tuple[int, bytes]]:
    position = 6
    while position + 9 <= len(raw):
        _level, number, _kind, length = struct.unpack_from("<BHHI", raw, position)
        start = position + 9
        if start + length > len(raw):
            found.is_whole = False
            yield number, raw[start:]  # what is left of a file that was cut off
            return
        yield number, raw[start : start + length]
        position = start + length + 2


def _message(data: bytes, codepage: str, found: Contents) -> None:
    for number, kind, values in _properties(data, found):
        if number == _TEXT:
            found.text = _string(values[0], kind, codepage) or found.text
        elif number == _HTML:
            found.html = (
                decode(values[0], codepage) if kind == _BINARY else _string(values[0], kind, codepage)
            )


def _file(data: bytes, codepage: str, found: Contents) -> None:
    file = found.files[-1]
    names: dict[int, str] = {}
    for number, kind, values in _properties(data, found):
        if number in _NAMES:
            names[number] = _string(values[0], kind, codepage)
        elif number == _CONTENT_ID:
            file.content_id = _string(values[0], kind, codepage)
        elif number == _CONTENT and kind == _OBJECT:
            found.is_whole = False  # a whole message of Outlook's
        elif number == _CONTENT:
            file.content = file.content or values[0]
    file.name = next((names[one] for one in _NAMES if names.get(one)), "") or file.name


def _properties(data: bytes, found: Contents) -> Iterator[tuple[int, int, list[bytes]]]:
    """(number, type, values) of MAPI's properties; what comes behind a broken one is not read."""
    reader = _Reader(data)
    try:
        for _index in range(min(reader.number(), len(data) // 4)):
            kind, number = reader.pair()
            if number >= 0x8000:
                reader.skip_name()
            count = 1
            if kind & _MANY or kind in (_OBJECT, _NARROW, _WIDE, _BINARY):
                count = reader.number()
            base = kind & ~_MANY
            values = []
            for _value in range(min(count, len(data) // 4)):
                size = _SIZES.get(base) or reader.number()
                values.append(reader.take(size))
            if values:
                yield number, base, values
    except ValueError:
        found.is_whole = False


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, size: int) -> bytes:
        """Filled up to four bytes. Raises ``ValueError`` at the end."""
        end = self._position + size
        if end > len(self._data):
            raise ValueError
        piece = self._data[self._position : end]
        self._position = end + -size % 4
        return piece

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def pair(self) -> tuple[int, int]:
        both = self.number()
        return both & 0xFFFF, both >> 16

    def skip_name(self) -> None:
        self.take(16)
        by_name = self.number()
        value = self.number()
        if by_name:
            self.take(value)


def _string(value: bytes, kind: int, codepage: str) -> str:
    if kind == _WIDE:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    return _narrow(value, codepage)


def _narrow(value: bytes, codepage: str) -> str:
    return decode(value.split(b"\0", 1)[0], codepage)
