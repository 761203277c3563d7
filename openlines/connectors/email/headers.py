"""A mail's header block: unfolded, with encoded words, parameters, addresses and dates read. Nothing here raises.

Own code, as the standard library's modern parser raises on unknown charsets and takes half a second on one long line.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from openlines.connectors.email.charsets import decode
from openlines.connectors.email.header_block import lines_of
from openlines.connectors.email.transfer import lenient_base64
from openlines.connectors.fields import text as storable

MAX_VALUE = 16 * 1024
"""Bytes of one header that are read; the rest is cut off."""

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?((?:[^?]|\?(?!=)){0,2000}+)\?=")
_BETWEEN = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\\[\]]{1,64}@[^\s@<>\"(),;:\\]{1,190}")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,400})>")
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Header:
    """``raw`` with 8-bit bytes as lone surrogates (Python's ``surrogateescape``) until they are settled."""

    name: str
    raw: str


class Headers:
    """In their order; names are compared in lower case."""

    def __init__(self, found: list[Header]) -> None:
        self._found = found

    def __bool__(self) -> bool:
        return bool(self._found)

    def settle(self, charset: str, hints: tuple[str, ...] = ()) -> None:
        """Reads the 8-bit bytes, which name no charset of their own, in that of the mail's text."""
        self._found = [
            one if one.raw.isascii() else replace(one, raw=_bare(one.raw, charset, hints))
            for one in self._found
        ]

    def charsets(self) -> list[str]:
        """Those named by encoded words."""
        return [match[1].partition("*")[0] for one in self._found for match in _WORD.finditer(one.raw)][:20]

    def raw(self, name: str) -> str:
        """The first one's, or nothing."""
        return next((header.raw for header in self._found if header.name == name), "")

    def all(self, name: str) -> list[str]:
        return [header.raw for header in self._found if header.name == name]

    def text(self, name: str, *, limit: int = 2000) -> str:
        return storable(" ".join(words(self.raw(name)).split()), limit=limit)

    def has(self, name: str) -> bool:
        return any(header.name == name for header in self._found)


def split(raw: bytes, *, is_part: bool = False) -> tuple[Headers, bytes]:
    """The header block and what stands below it; ``is_part``: of a part, which may have no headers at all."""
    found, position = lines_of(raw, is_part=is_part, most=MAX_VALUE)
    return Headers([Header(name, _joined(lines)) for name, lines in found]), raw[position:]


def _joined(lines: list[bytes]) -> str:
    joined = b"".join(lines)[:MAX_VALUE].replace(b"\0", b"")
    return joined.decode("ascii", "surrogateescape").strip()


def words(raw: str) -> str:
    """Encoded words and bare 8-bit letters as text. Neighbours of one charset are joined before they are decoded."""
    if "=?" not in raw:
        return _bare(raw)
    pieces: list[str] = []
    pending = b""
    open_end = ""
    charset = ""
    position = 0
    joined = _BETWEEN.sub(r"\1", raw)
    for match in _WORD.finditer(joined):
        between = joined[position : match.start()]
        named = match[1].partition("*")[0].lower()
        if (pending or open_end) and (between or named != charset):
            pieces.append(decode(pending + _word("b", open_end), charset))
            pending, open_end = b"", ""
        if between:
            pieces.append(_bare(between))
        pending, open_end = _taken(pending, open_end, match[2].lower(), match[3])
        charset, position = named, match.end()
    if pending or open_end:
        pieces.append(decode(pending + _word("b", open_end), charset))
    return "".join([*pieces, _bare(joined[position:])])


def _taken(pending: bytes, open_end: str, encoding: str, payload: str) -> tuple[bytes, str]:
    """One more encoded word. Some programs cut base64 anywhere: what lacks its end goes on in the next word."""
    if encoding == "q":
        return pending + _word("b", open_end) + _word("q", payload), ""
    whole = open_end + "".join(payload.split())
    if whole.endswith("=") or len(whole) % 4 == 0:
        return pending + _word("b", whole), ""
    return pending, whole


def _bare(raw: str, charset: str = "", hints: tuple[str, ...] = ()) -> str:
    """8-bit bytes as what they mean; text that somebody typed is left alone."""
    return raw if raw.isascii() or not _ESCAPED.search(raw) else decode(_bytes(raw), charset, hints=hints)


_ESCAPED = re.compile("[\udc80-\udcff]")


def _bytes(text: str) -> bytes:
    """As they came, where they are not settled; what is, or was typed, as UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _word(encoding: str, payload: str) -> bytes:
    data = _bytes(payload)
    if encoding == "b":
        return lenient_base64(data)
    return binascii.a2b_qp(data.replace(b"_", b"=20"), header=False)


# -- values with parameters -------------------------------------------------------------------------------------

_PARAMETER = re.compile(r";\s*([^\s=;\"]{1,60})\s*=\s*(\"(?:[^\"\\]|\\.)*+\"?|[^;]*)")


def parameters(raw: str) -> tuple[str, dict[str, str]]:
    """``text/plain; charset=utf-8`` as its value (lower case) and its parameters, RFC 2231's pieces put together."""
    value, _semicolon, _rest = raw.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in list(_PARAMETER.finditer(raw))[:100]:
        name, found = match[1].lower(), _unquoted(match[2].strip())
        base, star, rest = name.partition("*")
        if not star:
            plain.setdefault(name, words(found))
        else:
            number = rest.rstrip("*")
            index = int(number) if number.isdecimal() and len(number) < 4 else 0
            pieces.setdefault(base, {}).setdefault(index, (name.endswith("*"), found))
    for base, numbered in pieces.items():
        plain[base] = _extended(numbered) or plain.get(base, "")
    return re.sub(r"\s|\(.*", "", value).lower()[:100], plain


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return _COMMENT.sub("", value).strip()
    return re.sub(r"\\([\"\\])", r"\1", value.strip('"'))  # any other backslash is one of a path


_COMMENT = re.compile(r"\s\([^()]*\)$")


def _extended(numbered: dict[int, tuple[bool, str]]) -> str:
    charset = ""
    whole = b""
    for index in sorted(numbered):
        encoded, value = numbered[index]
        if encoded and index == min(numbered) and value.count("'") >= 2:
            charset, _language, value = value.split("'", 2)
        raw = _bytes(value)
        whole += unquote_to_bytes(raw) if encoded else raw
    return words(decode(whole, charset)) if charset == "" else decode(whole, charset)


# -- addresses, ids and dates -----------------------------------------------------------------------------------


def addresses(values: list[str], *, most: int = 50) -> list[tuple[str, str]]:
    """(name, address in lower case) of everybody named, best guess where the header is broken."""
    found: list[tuple[str, str]] = []
    for value in values:
        value = _WORD.sub(_guarded, value[:4000])
        try:
            pairs = getaddresses([value])
        except Exception:  # a parser of the standard library, on a stranger's text
            pairs = []
        good = [(_name(name), clean) for name, address in pairs if (clean := clean_address(address))]
        if not good:
            value = words(value)
            good = [("", clean) for match in _ADDRESS.finditer(value) if (clean := clean_address(match[0]))]
            if len(good) == 1:
                good = [(_name(value.partition("<")[0]) if "<" in value else "", good[0][1])]
        found += good
    return list(dict.fromkeys(found))[:most]


def _guarded(word: re.Match[str]) -> str:
    """Signs that part addresses stand in some encoded words as they are."""
    if word[2] in "bB":
        return word[0]
    payload = re.sub(r"[\s,;:<>@()\[\]\"\\]", lambda sign: f"={ord(sign[0]):02X}", word[3])
    return f"=?{word[1]}?{word[2]}?{payload}?="


def clean_address(address: str) -> str:
    """In lower case, its domain as the wire has it (``xn--…``), or nothing where it is none."""
    address = _bare(address).strip(" \t.<>\"'").lower()
    local, _at, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            address = f"{local}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError:
            return ""
    return storable(address) if _ADDRESS.fullmatch(address) and len(address) <= 200 else ""


def _name(raw: str) -> str:
    name = " ".join(words(raw).split()).strip("\"' ")
    return storable(name, limit=200)


def message_ids(value: str) -> list[str]:
    """Every ``<id>`` in the header, in its order; a bare one (without brackets) counts where there is no other."""
    found = [f"<{match}>" for match in _MESSAGE_ID.findall(_bare(value))]
    if not found:
        found = [
            f"<{word}>" for word in _bare(value).split()[:1] if "@" in word and not {"<", ">"} & set(word)
        ]
    return [storable(one) for one in dict.fromkeys(found)][:100]


def date(value: str) -> datetime | None:
    """The ``Date`` header; None where it is absent or absurd."""
    try:
        found = parsedate_to_datetime(value[:200])
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC) if found >= _OLDEST else None
    except (ValueError, TypeError, IndexError, OverflowError, ArithmeticError):
        return None
