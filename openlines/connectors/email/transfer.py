"""A body out of its transfer encoding, as far as it is in it.

List servers, scanners and relays write plain text below (or above) what is encoded, and bytes get lost on the way. What
is encoded is decoded, what is not stays as it is, and no byte of the one changes how the other is read.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_LETTERS + b"="))
_CLEAN = re.compile(rb"[A-Za-z0-9+/]+={0,3}")
_FULL_LINE = 40
"""Letters from which a line that is all of the alphabet is no word of a footer."""


@dataclass(frozen=True)
class Decoded:
    """``above`` and ``below`` are what stood around the encoded part, as it came."""

    content: bytes
    above: bytes = b""
    below: bytes = b""


def decoded(raw: bytes, encoding: str) -> Decoded:
    """Never raises; an unknown transfer encoding is left as it is."""
    name = re.sub(r"[^a-z0-9]", "", encoding.lower())
    if name in ("base64", "xbase64", "b64"):
        return from_base64(raw)
    if name in ("quotedprintable", "xquotedprintable", "qp"):
        return Decoded(from_quoted_printable(raw))
    if name in ("xuuencode", "uuencode", "xuue", "uue"):
        return Decoded(_uudecoded(raw))
    return Decoded(raw)


# -- base64 -----------------------------------------------------------------------------------------------------


def from_base64(raw: bytes) -> Decoded:
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    first = next((index for index, line in enumerate(lines) if _begins(line, lines, index)), None)
    if first is None:
        return Decoded(raw) if raw.strip() else Decoded(b"")
    end = _end(lines, first)
    return Decoded(
        lenient_base64(b"\n".join(lines[first:end])),
        above=b"\n".join(line for line in lines[:first] if line.strip()),
        below=b"\n".join(lines[end:]).strip(b"\n"),
    )


def _begins(line: bytes, lines: list[bytes], index: int) -> bool:
    """Above it may stand a scanner's text, whose words are no line of base64: those are long, or all there is."""
    line = line.strip()
    if not _is_encoded(line):
        return False
    is_first = not any(one.strip() for one in lines[max(index - 5, 0) : index])
    return len(line) >= _FULL_LINE or is_first or (len(line) % 4 == 0 and len(line) >= 8)


def _is_encoded(line: bytes) -> bool:
    """All of the alphabet, or so long that some bytes of it may be spoilt."""
    if _CLEAN.fullmatch(line):
        return True
    if len(line) < 20 or b" " in line.strip():
        return False
    return len(line.translate(None, delete=_LETTERS + b"=")) * 10 <= len(line)


def _end(lines: list[bytes], first: int) -> int:
    """One behind the last encoded line. All have one length but the last; behind it, and behind padding, text begins."""
    width = _letters(lines[first])
    letters = blanks = usual_blanks = 0
    is_over = False
    end = first
    for index in range(first, len(lines)):
        line = lines[index].strip().rstrip(b"!")  # with which a relay broke a line that was too long
        if not line:
            blanks += 1
            continue
        is_full = len(line) >= min(width, _FULL_LINE) and len(line) >= 20
        if not _is_encoded(line) or ((is_over or blanks > usual_blanks) and not is_full):
            break
        if index > first and not is_full and letters % 4 == 0 and len(line) % 4 and not line.endswith(b"="):
            break  # a word: the last line would be filled up
        usual_blanks = max(usual_blanks, blanks) if index > first else 0
        letters = 0 if line.endswith(b"=") else letters + len(line)
        is_over = _letters(line) < width or line.endswith(b"=")
        blanks = 0
        end = index + 1
    return end


def _letters(line: bytes) -> int:
    return len(line.translate(None, delete=_NOT_BASE64))


def lenient_base64(data: bytes) -> bytes:
    """What can be decoded: foreign letters are skipped, missing padding is added."""
    kept = data.translate(None, delete=_NOT_BASE64)
    if b"=" in kept.rstrip(b"="):  # several encoded pieces one after the other
        return b"".join(_padded(piece) for piece in re.findall(rb"[^=]+", kept)[:1000])
    return _padded(kept.rstrip(b"="))


def _padded(kept: bytes) -> bytes:
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except (binascii.Error, ValueError):
        return b""


# -- quoted-printable, uuencode ---------------------------------------------------------------------------------

_ESCAPED = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]{0,20}(?:\r?\n|\Z))")


def from_quoted_printable(raw: bytes) -> bytes:
    """An ``=`` that begins nothing stays: some write plain text and call it encoded."""
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"", raw)


def _uudecoded(raw: bytes) -> bytes:
    found = []
    lines = raw.splitlines()
    if not any(line.startswith(b"begin ") for line in lines):
        return raw
    for line in lines:
        if line.startswith((b"begin ", b"end")):
            continue
        try:
            found.append(binascii.a2b_uu(line))
        except binascii.Error:
            try:  # some encoders count wrongly: decode as many bytes as the line tells
                found.append(binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3]))
            except (binascii.Error, IndexError):
                continue
    return b"".join(found)
