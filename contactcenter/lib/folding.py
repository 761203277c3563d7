"""What is searched, and what a person types to find it, in one spelling: the only place that says when two texts are alike.

`fold` is Python's side, the SQL function `folded(text)` the database's; both work from the same tables, and a test
compares them. A migration creates the function (`create_function`): who changes a table here adds one that runs it
again and rewrites what is stored folded. No database extension is needed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

import phonenumbers

_LETTERS: Final = dict(zip("łđðøħıŧŋ", "lddohitn", strict=True)) | {
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "þ": "th",
}
"""Letters that carry their mark inside: Unicode does not take them apart."""

_SIGNS: Final = dict.fromkeys("’‘‛ʼʹ′´`", "'") | dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("„“”«»″", '"')
"""What word processors and phones put for a plain sign."""

_PLANES: Final = 0x1F000
"""Letters, marks and digits stand below; above are pictures and rare ideographs, which have neither case nor marks."""

_PHONE: Final = re.compile(r"\(?\+?[(\d][\d\s()./-]*")
_AROUND: Final = "<>()[]{},;:!?\"'"
FEWEST_DIGITS: Final = 3
"""Of a phone number: fewer stand in nearly every number."""


def fold(text: str) -> str:
    """``text`` in small letters without marks, with plain quotes, dashes and digits ("Żółć" becomes "zolc")."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).translate(_table())


def words(typed: str) -> list[str]:
    """The folded words of what was typed, without signs around them and without the @ of a user name."""
    return [word for part in fold(typed).split() if (word := part.strip(_AROUND).removeprefix("@"))]


def phone_spellings(typed: str) -> list[str]:
    """The digits by which a phone number is found that was typed in any spelling; empty where it is none.

    "+48 601-234-567", "0048601234567", "48 601 234 567", "0601 234 567" and "601 234 567" all find 48601234567.
    """
    plain = fold(typed).strip().removeprefix("tel:").strip()
    if not _PHONE.fullmatch(plain):
        return []
    digits = re.sub(r"\D", "", plain.replace("(0)", ""))
    if len(digits) < FEWEST_DIGITS:
        return []
    abroad = plain.startswith(("+", "(+", "00"))
    digits = digits.removeprefix("00")
    found = [digits, digits.removeprefix("0")]
    if abroad and (national := _national(digits)):
        found.append(national)
    return [one for one in dict.fromkeys(found) if len(one) >= FEWEST_DIGITS]


def _national(digits: str) -> str:
    """The number as it is dialled within its country, for numbers that a client typed without the country's code."""
    try:
        return str(phonenumbers.parse(f"+{digits}", None).national_number)
    except phonenumbers.NumberParseException:
        return ""


@cache
def _table() -> dict[int, str]:
    table = dict[int, str]()
    for code in range(0x80, _PLANES):
        letter = chr(code)
        if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf" or 0xFE00 <= code <= 0xFE0F:
            table[code] = ""
        elif unicodedata.category(letter) == "Nd":
            table[code] = str(unicodedata.decimal(letter))
        elif len(small := letter.casefold()) == 1 and small != letter:
            table[code] = small
    for letter, plain in _LETTERS.items():
        table |= {ord(letter): plain, ord("ẞ" if letter == "ß" else letter.upper()): plain}
    table |= {ord(sign): plain for sign, plain in _SIGNS.items()}
    return table | {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}


def create_function() -> str:
    """The SQL that creates ``folded(text)``, or puts today's version in its place."""
    table = _table()
    several = {chr(code): plain for code, plain in table.items() if len(plain) > 1}
    single = {chr(code): plain for code, plain in table.items() if len(plain) == 1}
    gone = "".join(chr(code) for code, plain in table.items() if not plain)
    body = "normalize($1, NFKD)"
    for letter, plain in several.items():
        body = f"replace({body}, {_quoted(letter)}, {_quoted(plain)})"
    # `translate` drops what has no counterpart in the shorter second list.
    body = f"translate({body}, {_quoted(''.join(single) + gone)}, {_quoted(''.join(single.values()))})"
    return (
        "CREATE OR REPLACE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $body$ "
        'SELECT CASE WHEN octet_length($1) = char_length($1) THEN lower($1 COLLATE "C") '
        f"ELSE {body} END $body$"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
