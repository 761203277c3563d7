"""Bytes of a mail as text, whatever their sender called them."""

from __future__ import annotations

import codecs
from functools import lru_cache

_ALIASES = {
    "ansi_x3.110-1983": "latin-1",
    "cp-850": "cp850",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "latin1": "cp1252",
    "macintosh": "mac_roman",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "tis-620": "cp874",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
    "x-x-big5": "big5",
}
"""As browsers read them: the larger set of letters under the smaller one's name."""

_NO_LETTERS = {"idna", "mbcs", "oem", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
"""Codecs of Python that are no charsets of mails, or slow."""


@lru_cache(maxsize=256)
def codec(name: str) -> str:
    """Python's codec for a charset's name, or nothing."""
    name = name.strip(" \t\"'").lower()
    if not name.isascii() or len(name) > 60:
        return ""
    try:
        found = codecs.lookup(_ALIASES.get(name, name))
        b"".decode(found.name)  # codecs that are no text encodings (base64, zlib) refuse here
    except (LookupError, ValueError):
        return ""
    return "" if found.name.replace("-", "_") in _NO_LETTERS else _ALIASES.get(found.name, found.name)


def decode(raw: bytes, charset: str = "") -> str:
    """Never raises: the charset named, else UTF-8, else Windows' Western letters."""
    named = codec(charset) if charset else ""
    for name in (named, "utf-8"):
        if name:
            try:
                return raw.decode(name)
            except (UnicodeError, ValueError):
                continue
    if named and named not in ("ascii", "utf-8"):
        # A broken byte in an otherwise right text: only that one is lost.
        return raw.decode(named, "replace")
    return raw.decode("utf-8" if _mostly_utf8(raw) else "cp1252", "replace")


def _mostly_utf8(raw: bytes) -> bool:
    text = raw.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    return lost * 4 < sum(not letter.isascii() for letter in text)
