"""Cutting a long text into messages, by the channel's own measure. Telegram counts UTF-16 units: most emoji are two."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_JOINER = "\u200d"
_MARKS = ("\n\n", "\n", ". ", "! ", "? ", "… ", "。", "！", "？", " ")
"""Where a text is best cut, best first; several that are as good as one another count by their place."""
_FLAG_TAGS = range(0xE0020, 0xE0080)


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
    for marks in (_MARKS[:1], _MARKS[1:2], _MARKS[2:-1], _MARKS[-1:]):
        places = [place + len(mark) for mark in marks if (place := text.rfind(mark, end // 2, end)) > 0]
        whole = [place for place in places if place <= end and not _joined(text, place)]
        if whole:
            return max(whole)
    if text[end].isspace():
        return end
    cut = end
    while cut > 1 and _joined(text, cut):
        cut -= 1
    return end if _joined(text, cut) else cut


def _joined(text: str, index: int) -> bool:
    """Would a cut before ``index`` tear one visible sign apart (family, flag, skin tone, accent, vowel sign)?"""
    after, before = text[index], text[index - 1]
    return (
        _JOINER in (after, before)
        or unicodedata.category(after).startswith("M")  # accents, vowel signs, variation selectors, key caps
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or ord(after) in _FLAG_TAGS
        or "\u1160" <= after <= "\u11ff"  # the rest of a Korean syllable
        or (_regional(after) and _regional(before) and _flags_before(text, index) % 2 == 1)
    )


def _regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, index: int) -> int:
    count = 0
    while index - count > 0 and _regional(text[index - count - 1]):
        count += 1
    return count
