"""Cutting a long text into messages, by the channel's own measure. Telegram counts UTF-16 units: most emoji are two."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"


def units(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text) + sum(character > "\uffff" for character in text)


def octets(text: str) -> int:
    """The length in bytes of UTF-8 (Instagram)."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def split(text: str, limit: int, *, measure: Callable[[str], int] = units) -> list[str]:
    """Pieces of at most ``limit`` units, cut at paragraphs, else lines, sentences, words.

    ``measure`` gives the length of a text and of each character. Only white space at the cuts is dropped, as Telegram
    drops it itself; no piece is blank.
    """
    pieces = []
    rest = text.strip()
    while rest:
        end = _fitting(rest, limit, measure)
        if end < len(rest):
            end = _cut(rest, end)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return pieces


def _fitting(text: str, limit: int, measure: Callable[[str], int]) -> int:
    """How many characters from the start fit into ``limit`` units."""
    if len(text) * 4 <= limit:
        return len(text)
    used = 0
    for index, character in enumerate(text):
        used += measure(character)
        if used > limit:
            return index
    return len(text)


def _cut(text: str, end: int) -> int:
    """The best place for a cut in the second half of ``text[:end]``; inside a word if there is no other."""
    for mark in ("\n\n", "\n", ". ", " "):
        place = text.rfind(mark, end // 2, end)
        if place > 0:
            return place + len(mark)
    if text[end].isspace():
        return end
    whole = end
    while whole > max(1, end - 32) and _joined(text, whole):
        whole -= 1
    return end if _joined(text, whole) else whole


def _joined(text: str, index: int) -> bool:
    """Would a cut before ``index`` tear one visible sign apart (family, flag, skin tone, accent)?"""
    after, before = text[index], text[index - 1]
    return (
        after in _JOINERS
        or before == "\u200d"
        or unicodedata.combining(after) > 0
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or (_regional(after) and _regional(before) and _flags_before(text, index) % 2 == 1)
    )


def _regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, index: int) -> int:
    count = 0
    while index - count > 0 and _regional(text[index - count - 1]):
        count += 1
    return count
