"""A mail's header block: unfolded, with encoded words, parameters, addresses and dates read. Nothing here raises.

Own code, as the standard library's modern parser raises on unknown charsets and takes half a second on one long line.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from openlines.connectors.email.charsets import decode
from openlines.connectors.fields import text as storable

MAX_HEADERS = 500
MAX_VALUE = 16 * 1024
"""Bytes of one header that are read; the rest is cut off."""

_NAME = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\\[\]]{1,64}@[^\s@<>\"(),;:\\]{1,190}")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,400})>")
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Header:
    """``raw`` with 8-bit bytes as Latin-1 letters: for parameters and addresses, which are decoded piece by piece."""

    name: str
    raw: str

    @property
    def text(self) -> str:
        return words(self.raw)


class Headers:
    """In their order; names are compared in lower case."""

    def __init__(self, found: list[Header]) -> None:
        self._found = found

    def __bool__(self) -> bool:
        return bool(self._found)

    def __iter__(self) -> object:
        return iter(self._found)

    def raw(self, name: str) -> str:
        """The first one's, or nothing."""
        return next((header.raw for header in self._found if header.name == name), "")

    def all(self, name: str) -> list[str]:
        return [header.raw for header in self._found if header.name == name]

    def text(self, name: str, *, limit: int = 2000) -> str:
        return storable(" ".join(words(self.raw(name)).split()), limit=limit)

    def has(self, name: str) -> bool:
        return any(header.name == name for header in self._found)


def split(raw: bytes) -> tuple[Headers, bytes]:
    """The header block and what stands below it. A line that is no header ends the block, as if a blank one stood there."""
    found: list[tuple[str, list[bytes]]] = []
    position = size = 0
    if raw.startswith((b"From ", b">From ")):  # a mailbox file's separator
        position = _line_end(raw, 0)
    while position < len(raw):
        end = _line_end(raw, position)
        line = raw[position : min(end, position + MAX_VALUE)].rstrip(b"\r\n")
        if not line:
            position = end
            break
        if line[:1] in b" \t" and found:
            if size < MAX_VALUE:
                found[-1][1].append(line)
                size += len(line)
        elif match := _NAME.match(line):
            if len(found) < MAX_HEADERS:
                found.append((match[1].decode("ascii").lower(), [line[match.end() :]]))
            size = len(line)
        elif line.strip():
            break
        position = end
    headers = [
        Header(name, b"".join(lines)[:MAX_VALUE].decode("latin-1").replace("\0", "").strip())
        for name, lines in found
    ]
    return Headers(headers), raw[position:]


def _line_end(raw: bytes, position: int) -> int:
    found = raw.find(b"\n", position)
    return len(raw) if found < 0 else found + 1


def words(raw: str) -> str:
    """Encoded words and bare 8-bit letters as text. Neighbours of one charset are joined before they are decoded."""
    if "=?" not in raw:
        return _bare(raw)
    pieces: list[str] = []
    pending = b""
    charset = ""
    position = 0
    joined = _BETWEEN.sub(r"\1", raw)
    for match in _WORD.finditer(joined):
        between = joined[position : match.start()]
        named = match[1].partition("*")[0].lower()
        if pending and (between or named != charset):
            pieces.append(decode(pending, charset))
            pending = b""
        if between:
            pieces.append(_bare(between))
        pending, charset, position = pending + _word(match[2], match[3]), named, match.end()
    if pending:
        pieces.append(decode(pending, charset))
    return "".join([*pieces, _bare(joined[position:])])


def _bare(raw: str) -> str:
    """8-bit bytes, which are Latin-1 letters here, as what they mean; text that somebody typed is left alone."""
    return raw if raw.isascii() or max(raw) > "\xff" else decode(raw.encode("latin-1", "replace"))


def _word(encoding: str, payload: str) -> bytes:
    data = payload.encode("latin-1", "replace")
    if encoding in "bB":
        return lenient_base64(data)
    return binascii.a2b_qp(data.replace(b"_", b"=20"), header=False)


def lenient_base64(data: bytes) -> bytes:
    """What can be decoded: foreign letters are skipped, missing padding is added."""
    kept = data.translate(None, delete=_NOT_BASE64)
    found = b""
    if b"=" in kept.rstrip(b"="):  # several encoded pieces one after the other
        for piece in re.findall(rb"[^=]+", kept)[:1000]:
            found += _padded(piece)
        return found
    return _padded(kept.rstrip(b"="))


_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)


def _padded(kept: bytes) -> bytes:
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except (binascii.Error, ValueError):
        return b""


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
        plain[base] = _extended(numbered)
    return re.sub(r"\s|\(.*", "", value).lower()[:100], plain


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.partition(" (")[0].strip()
    return re.sub(r"\\(.)", r"\1", value.strip('"'))


def _extended(numbered: dict[int, tuple[bool, str]]) -> str:
    charset = ""
    whole = b""
    for index in sorted(numbered):
        encoded, value = numbered[index]
        if encoded and index == min(numbered) and value.count("'") >= 2:
            charset, _language, value = value.split("'", 2)
        raw = value.encode("latin-1", "replace")
        whole += unquote_to_bytes(raw) if encoded else raw
    return words(decode(whole, charset)) if charset == "" else decode(whole, charset)


# -- addresses, ids and dates -----------------------------------------------------------------------------------


def addresses(values: list[str], *, most: int = 50) -> list[tuple[str, str]]:
    """(name, address in lower case) of everybody named, best guess where the header is broken."""
    found: list[tuple[str, str]] = []
    for value in values:
        value = value[:4000]
        try:
            pairs = getaddresses([value])
        except Exception:  # a parser of the standard library, on a stranger's text
            pairs = []
        good = [(_name(name), clean) for name, address in pairs if (clean := clean_address(address))]
        if not good:
            good = [("", clean) for match in _ADDRESS.finditer(value) if (clean := clean_address(match[0]))]
            if len(good) == 1:
                good = [(_name(value.partition("<")[0]) if "<" in value else "", good[0][1])]
        found += good
    return list(dict.fromkeys(found))[:most]


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
