"""Bytes of a mail as text, whatever their sender called them.

A charset's name is a claim. What proves another one counts more: a byte order mark, escapes of ISO-2022, bytes that are
UTF-8 throughout and look like words in it, control letters where another charset has letters.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache

from openlines.connectors.email.plausible import strangeness, unlikely

_ALIASES = {
    "ansi_x3.110-1983": "cp1252",
    "ascii": "ascii",
    "big5": "big5hkscs",
    "cp-850": "cp850",
    "cp949": "cp949",
    "cp950": "big5hkscs",
    "euc_kr": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "latin1": "cp1252",
    "macintosh": "mac_roman",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "tis-620": "cp874",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
    "x-windows-949": "cp949",
    "x-x-big5": "big5hkscs",
}
"""As browsers read them: the larger set of letters under the smaller one's name."""

_NO_LETTERS = {
    "idna",
    "mbcs",
    "oem",
    "palmos",
    "punycode",
    "raw_unicode_escape",
    "undefined",
    "unicode_escape",
    "charmap",
}
"""Codecs of Python that are no charsets of mails, or slow."""

_ALSO = {
    "iso8859-2": ("cp1250",),
    "cp1250": ("iso8859-2",),
    "iso8859-3": ("cp1254",),
    "iso8859-4": ("cp1257",),
    "iso8859-5": ("cp1251", "koi8-u"),
    "iso8859-6": ("cp1256",),
    "iso8859-7": ("cp1253",),
    "iso8859-8": ("cp1255",),
    "iso8859-10": ("cp1257",),
    "iso8859-13": ("cp1257",),
    "iso8859-14": ("cp1252",),
    "iso8859-15": ("cp1252",),
    "iso8859-16": ("cp1250",),
    "koi8-r": ("koi8-u", "cp1251"),
    "euc_jp": ("euc_jisx0213", "cp932"),
    "cp932": ("euc_jp",),
    "big5hkscs": ("cp950", "gb18030"),
    "iso2022_jp": ("iso2022_jp_ext",),
}
"""Charset → others that are sent under its name: what it does not have, or has as control letters, tells them."""

_GUESSES = (
    "cp1252",
    "cp1250",
    "cp1251",
    "koi8-u",
    "cp1254",
    "iso8859-2",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp874",
    "cp866",
)
_EASTERN = ("cp932", "euc_jp", "cp949", "gb18030", "big5hkscs")
_SEVEN_BITS = ("ascii", "utf-7", "hz")
_SAMPLE = 6000
_LINE_OF_OTHERS = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")
_ISO_2022 = re.compile(rb"\x1b(?:\$[@B]|\([JI])")


@lru_cache(maxsize=256)
def codec(name: str) -> str:
    """Python's codec for a charset's name, or nothing."""
    name = name.strip(" \t\"'").lower()
    if not name.isascii() or len(name) > 60:
        return ""
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
        found = _ALIASES.get(found, found)
        b"x".decode(found)
    except UnicodeError:
        pass  # a text encoding in which one byte is no letter
    except (LookupError, ValueError):
        return ""  # nothing, or a codec that makes no text of bytes (base64, zlib)
    return "" if found.replace("-", "_") in _NO_LETTERS else found


def decode(raw: bytes, charset: str = "", *, hints: Iterable[str] = ()) -> str:
    """Never raises. ``hints``: charsets that are named around it, asked where its own is not named or cannot be true."""
    if (marked := _by_mark(raw)) is not None:
        return marked
    named = codec(charset) if charset else ""
    if named.startswith(("utf-16", "utf-32")) or raw.count(0) * 4 > len(raw):
        wide = _wide(raw, named)
        if wide is not None:
            return wide
    if raw.isascii():
        return _of_seven_bits(raw, named)
    told = [found for found in map(codec, hints) if found and not _is_seven_bit(found)]
    as_utf8 = _strict(raw, "utf-8")
    if not named or _is_seven_bit(named) or named.startswith(("utf-16", "utf-32")):
        told_first = next((one for one in told if one != "utf-8"), "")
        if as_utf8 is not None:
            told_text = _strict(raw, told_first) if told_first else None
            return as_utf8 if told_text is None or _takes_over(as_utf8, told_text) else told_text
        return _spoilt_utf8(raw, told) or _guessed(raw, told)
    if named == "utf-8":
        return as_utf8 if as_utf8 is not None else _spoilt_utf8(raw, told) or _guessed(raw, told)
    found = _of_family(raw, named)
    if as_utf8 is not None and (found is None or _takes_over(as_utf8, found)):
        return as_utf8
    if found is not None:
        return found
    # A broken byte in an otherwise right text: only that one is lost.
    spoilt = raw.decode(named, "replace")
    if (
        strangeness(spoilt) > 0.5
        and (others := _spoilt_utf8(raw, told))
        and strangeness(others) < strangeness(spoilt)
    ):
        return others
    return spoilt


def _strict(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except (UnicodeError, ValueError):
        return None


def _by_mark(raw: bytes) -> str | None:
    if raw.startswith(codecs.BOM_UTF8):
        return raw[3:].decode("utf-8", "replace")
    for mark, name in (
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        found = _strict(raw[len(mark) :], name) if raw.startswith(mark) else None
        if found is not None and strangeness(found) < 1:
            return found
    return None


def _wide(raw: bytes, named: str) -> str | None:
    """UTF-16 or UTF-32 without a mark: the zeros of ASCII letters tell which end comes first."""
    names: tuple[str, ...]
    is_four_a_letter = not named.startswith("utf-16") and raw.count(0) > len(raw) // 2 + 1
    if named.startswith("utf-32") or is_four_a_letter:
        names = ("utf-32-be", "utf-32-le")
    else:
        first, second = raw[::2].count(0), raw[1::2].count(0)
        if not first and not second and _strict(raw, "utf-8") is not None:
            return None
        names = ("utf-16-le", "utf-16-be") if second > first else ("utf-16-be", "utf-16-le")
        if named in names and first == second:
            names = (named, *names)
    for name in names:
        found = _strict(raw, name)
        if found is not None and strangeness(found) < 1:
            return found
    return None


def _is_seven_bit(name: str) -> bool:
    return name in _SEVEN_BITS or name.startswith("iso2022")


def _of_seven_bits(raw: bytes, named: str) -> str:
    korean = _strict(raw, "iso2022_kr") if b"\x1b$)C" in raw or named == "iso2022_kr" else None
    if korean is not None:
        return korean
    if named.startswith("iso2022") or _ISO_2022.search(raw):
        return _iso2022_jp(raw)
    if named in ("utf-7", "hz"):
        return raw.decode(named, "replace")
    return raw.decode("ascii")


def _iso2022_jp(raw: bytes) -> str:
    for name in ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2"):
        if (found := _strict(raw, name)) is not None:
            return found
    # Windows' signs (①, ㈱) stand beyond the standard: the same rows as Shift_JIS has them.
    pieces = re.split(rb"\x1b(\$[@B]|\([BJI])", raw)
    texts = [pieces[0].decode("ascii", "replace")]
    for escape, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if escape.startswith(b"$"):
            texts.append(_from_rows(piece))
        elif escape == b"(I":
            texts.append(bytes(byte | 0x80 for byte in piece).decode("cp932", "replace"))
        else:
            texts.append(piece.decode("ascii", "replace"))
    return "".join(texts)


def _from_rows(piece: bytes) -> str:
    """Pairs of JIS X 0208, with the breaks of lines that stand between them."""
    found = bytearray()
    position = 0
    while position < len(piece):
        if not 0x21 <= piece[position] <= 0x7E or position + 1 >= len(piece):
            found.append(piece[position])
            position += 1
            continue
        row, cell = piece[position], piece[position + 1]
        lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
        found += bytes((lead, cell + (0x1F if cell < 0x60 else 0x20) if row % 2 else cell + 0x7E))
        position += 2
    return bytes(found).decode("cp932", "replace")


def _of_family(raw: bytes, named: str) -> str | None:
    """As it is named, or in the charset that is known to be sent under that name and fits better; None: in neither."""
    found = _strict(raw, named)
    if found is not None and not _has_controls(found):
        return found if not _only_letters_better(raw, named, found) else raw.decode(_ALSO[named][0])
    for other in _ALSO.get(named, ()):
        also = _strict(raw, other)
        if also is not None and not _has_controls(also) and strangeness(also) < 0.5:
            return also
    return found


def _has_controls(text: str) -> bool:
    return _CONTROLS.search(text) is not None


_CONTROLS = re.compile("[\x80-\x84\x86-\x9f\ue000-\uf8ff\ufffd]")
_MOST_ALIKE = ("cp1250", "iso8859-2", "koi8-r")
"""Charsets with a sister that has other letters at a few places only."""
_ENOUGH = 20
"""Letters of a text in which chance does not make words."""


def _only_letters_better(raw: bytes, named: str, found: str) -> bool:
    """What stands strangely becomes a word, and nothing else gets strange, in the sister charset."""
    if named not in _MOST_ALIKE or len(found) < _ENOUGH or not strangeness(found):
        return False
    other = _strict(raw, _ALSO[named][0])
    return other is not None and not _has_controls(other) and strangeness(other) == 0


def _takes_over(as_utf8: str, as_named: str) -> bool:
    """Bytes that are UTF-8 throughout are so by chance in few short texts only: there the named charset reads well, too."""
    ours, theirs = strangeness(as_utf8), strangeness(as_named)
    if ours != theirs:
        return ours < theirs
    if not any("\u0370" <= letter <= "\u0fff" or letter >= "\u2e80" for letter in as_named):
        return True
    return len({letter for letter in as_utf8 if letter > "\x7f"}) >= _MORE_THAN_CHANCE


_MORE_THAN_CHANCE = 4
"""Different letters."""


def _spoilt_utf8(raw: bytes, told: list[str]) -> str:
    """UTF-8 with broken bytes or with lines of another charset (a footer); nothing where it is not mostly UTF-8."""
    text = raw.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    right = sum(1 for letter in text if letter > "\x7f") - lost
    if not right:
        return ""
    others = [line for line in _LINE_OF_OTHERS.findall(raw) if _strict(line, "utf-8") is None]
    if all(_is_of_another(line) for line in others) and right >= 2 * len(others):
        name = _best(b"".join(others), told)
        return "".join(
            line.decode("utf-8") if _strict(line, "utf-8") is not None else line.decode(name, "replace")
            for line in raw.splitlines(keepends=True)
        )
    return text if right >= lost else ""


def _is_of_another(line: bytes) -> bool:
    text = line.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    return lost == sum(1 for letter in text if letter > "\x7f") and lost > 1


def _guessed(raw: bytes, told: list[str]) -> str:
    return raw.decode(_best(raw, told), "replace")


def _best(raw: bytes, told: list[str]) -> str:
    """The charset in which the bytes look most like words; those told, then the commonest first where several do."""
    sample = b""
    for match in _LINE_OF_OTHERS.finditer(raw):
        sample += match[0][:_SAMPLE]
        if len(sample) >= _SAMPLE:
            break
    best, least = "cp1252", 99.0
    for name in dict.fromkeys([*(one for one in told if one != "utf-8"), *_GUESSES]):
        found = _strict(sample, name)
        if found is None and name != "cp1252" and name not in told:
            continue
        found = sample.decode(name, "replace") if found is None else found
        strange = strangeness(found, is_guess=True) - (0.3 if name in told else 0)
        strange += unlikely(found, name)
        if strange < least - 0.01:
            best, least = name, strange
    return _eastern(sample, is_likely=least > 0.2 or best not in _COMMON) or best


_COMMON = ("cp1252", "cp1250", "cp1251", "koi8-u", "cp1255", "cp1253")


def _eastern(sample: bytes, *, is_likely: bool) -> str:
    for name in _EASTERN:
        found = _strict(sample, name)
        letters = [letter for letter in found or "" if letter > "\x7f" and letter.isalpha()]
        if found is None or len(letters) < 3 or strangeness(found) > 0.1:
            continue
        kana = sum("\u3040" <= letter <= "\u30ff" for letter in letters) / len(letters)
        hangul = sum("\uac00" <= letter <= "\ud7a3" for letter in letters) / len(letters)
        if name in ("cp932", "euc_jp") and kana >= 0.2:
            return name
        if name == "cp949" and hangul >= 0.9:
            return name
        if name in _COMMON_ROWS and is_likely and _share_of_rows(letters, name) >= 0.9:
            return name
    return ""


_COMMON_ROWS = {"gb18030": (0xB0, 0xD7), "big5hkscs": (0xA4, 0xC6)}
"""First bytes of the common characters: of other charsets' texts many more stand in the rare ones' rows."""


def _share_of_rows(letters: list[str], name: str) -> float:
    first, last = _COMMON_ROWS[name]
    return sum(first <= letter.encode(name)[0] <= last for letter in letters) / len(letters)
