"""People's names as strangers give them: what cannot be seen is no name, and none turns what stands beside it. Pure."""

from __future__ import annotations

import unicodedata

_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
"""Fillers and the empty braille cell: letters and symbols by their category, nothing to the eye."""
_JOINERS = frozenset("\u200c\u200d")
"""Kept inside a name: Persian, Indian scripts and joined emoji need them."""


def readable(name: str) -> str:
    """``name`` without controls (bidirectional ones too) and needless blanks; empty where nothing can be seen in it."""
    if name.isascii() and name.isprintable():
        return " ".join(name.split())
    kept = "".join(_kept(character) for character in name)
    cleaned = " ".join(kept.split()).strip("\u200c\u200d")
    return cleaned if any(map(_is_seen, cleaned)) else ""


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if character in _BLANK_LETTERS or category in ("Zs", "Zl", "Zp") or character in "\t\n\r":
        return " "
    if category in ("Cc", "Cs", "Co", "Cn"):
        return ""
    return "" if category == "Cf" and character not in _JOINERS and not _is_tag(character) else character


def _is_tag(character: str) -> bool:
    """Flags of England, Scotland and Wales are spelt with these."""
    return "\U000e0020" <= character <= "\U000e007f"


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS"
