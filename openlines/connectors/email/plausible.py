"""How little a text looks like one that people write: what tells the right charset from one whose bytes are valid, too."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LOOKED_AT = 1500
"""Letters beyond ASCII that are looked at."""

_WITHIN_WORDS = frozenset("’'ʼ·-‐‑–—/…ºª°")
"""Signs that people write between letters."""
_NEVER_AFTER_LETTERS = frozenset("¡¢¤¥¦§¨¬¯±²³´¶¸¹¼½¾¿˘ˇ˛˙˝")
_SCRIPTS = (
    (0x0250, "latin"),
    (0x0370, "other"),
    (0x0400, "greek"),
    (0x0530, "cyrillic"),
    (0x0590, "other"),
    (0x0600, "hebrew"),
    (0x0780, "arabic"),
    (0x0E00, "other"),
    (0x0E80, "thai"),
    (0x1E00, "other"),
    (0x1F00, "latin"),
    (0x2000, "greek"),
    (0x2E80, "other"),
    (0xAC00, "han"),
    (0xD7B0, "hangul"),
    (0xF900, "other"),
    (0xFB00, "han"),
    (0xFE00, "arabic"),
    (0xFE70, "other"),
    (0xFF00, "arabic"),
    (0xFFF0, "han"),
)
_CYRILLIC = re.compile(r"\b[ъьы]\w|\b[бвгджзйклмнпрстфхцчшщъь]{3,}\b")
_UNLIKELY = {
    "cp1252": re.compile(
        r"ê(?!\w)|ñ(?![aeiouáéíóú])|æ(?!\w)|œ(?![uidt])|ì(?=\w)|ù(?=\w)|õ(?!e)|ã(?![oe\W])|[ýþð]|[¹³¿](?=\w)"
        r"|(?<=[a-z])[º»ª](?=[a-z])",
        re.IGNORECASE,
    ),
    "cp1251": _CYRILLIC,
    "koi8-u": _CYRILLIC,
    "cp866": _CYRILLIC,
    "cp1253": re.compile(
        "\\b[α-ω]{4,}\\b|\\b[βγδζθκλμνξπρσςτφχψ]{2,}\\b"
    ),  # without an accent, without a vowel
    "cp1250": re.compile("[ýţđ](?=[a-z]?[ığşü])|ţ[a-z]*[öü]|đ[a-z]*[öü]", re.IGNORECASE),
    "cp1255": re.compile("[ךםןףץ](?=[א-ת])"),
}
"""Where a charset's letters stand only by mistake: Polish or Turkish ones read as Western, Hebrew as Russian."""


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    code = ord(letter)
    return next((name for end, name in _SCRIPTS if code < end), "other")


def strangeness(text: str, *, is_guess: bool = False) -> float:
    """0 for what people write; about 1 for each letter that stands where nobody would write it, per such letter.

    ``is_guess``: nobody named the charset; then words all of accented letters are strange, too.
    """
    strange = 0.0
    seen = 0
    for match in _BEYOND.finditer(text):
        seen += 1
        if seen > LOOKED_AT:
            break
        start = match.start()
        before = text[start - 1] if start else " "
        after = text[start + 1] if start + 1 < len(text) else " "
        strange += _strange(match[0], before, after, is_guess=is_guess)
    return strange / min(seen, LOOKED_AT) if seen else 0.0


def unlikely(text: str, charset: str) -> float:
    """As ``strangeness``, by what is known of the languages that are written in a charset; for guesses."""
    pattern = _UNLIKELY.get(charset)
    if pattern is None:
        return 0.0
    text = text[:20_000]
    return len(pattern.findall(text)) / max(sum(letter > "\x7f" for letter in text), 1)


_BEYOND = re.compile(r"[^\x00-\x7f]")


def _strange(letter: str, before: str, after: str, *, is_guess: bool) -> float:
    kind = unicodedata.category(letter)
    if kind in ("Cc", "Cn", "Co", "Cs") or letter == "\ufffd":
        return 3.0
    if kind[0] == "L":
        return _strange_letter(letter, before, after, is_guess=is_guess)
    if kind[0] == "M":
        return 0.0 if before.isalpha() or unicodedata.category(before)[0] == "M" else 1.0
    if letter in "\xa0\u3000\xad":
        return 0.0
    if letter >= "\u2e80":
        return 0.0  # signs that need no blanks around them
    if kind == "Cf":
        return 1.0 if before.isalpha() and _script(before) == "latin" and after.isalpha() else 0.0
    if before.isalpha() and after.isalpha():
        return 0.0 if letter in _WITHIN_WORDS else 1.0
    if before.isalpha() and letter in _NEVER_AFTER_LETTERS:
        return 1.0
    return 0.5 if "\u2500" <= letter <= "\u259f" else 0.0


def _strange_letter(letter: str, before: str, after: str, *, is_guess: bool) -> float:
    if not before.isalpha():
        own = _script(letter)
        return 0.5 if own in ("han", "hangul") and "a" <= after <= "z" else 0.0
    strange = 0.0
    if before.islower() and letter.isupper():
        strange += 1.0
    elif before.isupper() and letter.isupper():
        strange += 0.2
    own, other = _script(letter), _script(before)
    if own != other:
        east = own in ("han", "hangul") and other == "latin"
        strange += (0.5 if "a" <= before <= "z" else 0.0) if east else 1.0
    elif is_guess and own == "latin" and not before.isascii():
        strange += 0.5
    if "\uff61" <= letter <= "\uff9f":
        strange += 0.5
    return strange
