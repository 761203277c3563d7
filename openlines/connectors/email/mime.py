"""A mail as a tree of parts, and which of them are its text, its HTML and its files.

Own splitting, in one pass a level: however a mail is nested or broken, the time stays in proportion to its size.
"""

from __future__ import annotations

import mimetypes
import re
import time
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from openlines.connectors.email import headers as h
from openlines.connectors.email import transfer
from openlines.connectors.email.blank import says_nothing
from openlines.connectors.email.charsets import codec, decode
from openlines.connectors.fields import text as storable

MAX_PARTS = 200
MAX_DEPTH = 20
LONGEST = 10.0
"""Seconds after which parts are no longer taken apart, only kept as files."""

_INLINE_MEDIA = ("image/", "audio/", "video/")


@dataclass
class Part:
    headers: h.Headers
    type: str
    parameters: dict[str, str]
    raw: bytes
    """Still in its transfer encoding."""
    parts: list[Part] = field(default_factory=list)
    hints: tuple[str, ...] = ()
    """Charsets that the mail names elsewhere, for what names none."""

    @property
    def is_multipart(self) -> bool:
        return bool(self.parts)

    @property
    def disposition(self) -> str:
        return h.parameters(self.headers.raw("content-disposition"))[0]

    @property
    def content_id(self) -> str:
        return storable(self.headers.raw("content-id").strip(" <>\"'\t"), limit=200)

    @property
    def name(self) -> str:
        """As its sender calls it, without any path; empty where they do not."""
        _value, told = h.parameters(self.headers.raw("content-disposition"))
        _value, typed = h.parameters(self.headers.raw("content-type"))
        name = told.get("filename") or told.get("name") or typed.get("name") or typed.get("filename") or ""
        if _PERCENTS.search(name):
            name = _unpercented(name)
        name = " ".join(storable(name).replace("\\", "/").rsplit("/", 1)[-1].split())
        return "".join(letter for letter in name if letter.isprintable())[:200].strip(". ")

    @property
    def file_name(self) -> str:
        """Its name, or one made from its type."""
        if self.name:
            return self.name
        if self.type == "message/rfc822":
            inner, _rest = h.split(self.content[:65536])
            subject = " ".join(re.sub(r"[\x00-\x1f/\\:]+", " ", inner.text("subject", limit=100)).split())
            return f"{subject or 'message'}.eml"
        return f"{self.type.split('/')[0] or 'file'}{mimetypes.guess_extension(self.type) or '.bin'}"

    @cached_property
    def decoded(self) -> transfer.Decoded:
        encoding = h.parameters(self.headers.raw("content-transfer-encoding"))[0]
        return transfer.decoded(self.raw, encoding)

    @property
    def content(self) -> bytes:
        """Decoded as far as it can be; an unknown transfer encoding is left as it is."""
        return self.decoded.content

    @cached_property
    def text(self) -> str:
        """With what stands above and below the encoded part; each read by itself."""
        charset = self.parameters.get("charset", "")
        told = _told_inside(self.content) if self.type == "text/html" else ""
        hints = (told, *self.hints)
        found = decode(self.content, charset, hints=hints)
        if (
            self.content is not self.raw
            and _is_garbage(found)
            and not _is_garbage(plain := decode(self.raw, charset))
        ):
            found = plain  # said to be encoded, and is not
        else:
            around = [
                decode(piece, charset, hints=hints) for piece in (self.decoded.above, self.decoded.below)
            ]
            if any(around):
                found = "\n\n".join(filter(None, (around[0], found.rstrip("\r\n"), around[1])))
        return storable(
            found.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
        )


_PERCENTS = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f]){2}")
_GARBAGE = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_DECLARED = re.compile(
    rb"<meta\s[^>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{2,40})|<\?xml\s[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{2,40})",
    re.IGNORECASE,
)


def _told_inside(html: bytes) -> str:
    """The charset that the HTML names; one that its own ASCII letters refute is UTF-8."""
    found = _DECLARED.search(html[:20_000].replace(b"\0", b""))
    told = (found[1] or found[2]).decode("ascii", "replace") if found else ""
    return "utf-8" if codec(told).startswith(("utf-16", "utf-32")) else told


def _is_garbage(text: str) -> bool:
    return _GARBAGE.search(text) is not None


def _unpercented(name: str) -> str:
    """Some write the percent signs of an address into a plain name."""
    try:
        return unquote(name, errors="strict")
    except UnicodeError:
        return name


@dataclass(frozen=True)
class Body:
    """JMAP's (RFC 8621) choice: what a reader of plain text sees, what one of HTML, and the files beside."""

    text: tuple[Part, ...]
    html: tuple[Part, ...]
    files: tuple[Part, ...]


def parse(raw: bytes) -> Part:
    """The whole mail. Never raises; a part too deep, too many or too late is a file of its own."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    root = _Parser().part(raw, depth=0, default="text/plain")
    parts = walk(root)
    named = [
        part.parameters["charset"]
        for part in parts
        if part.type.startswith("text/") and part.parameters.get("charset")
    ]
    named += [_told_inside(part.content) for part in parts if part.type == "text/html"]
    words = [charset for part in parts for charset in part.headers.charsets()]
    hints = tuple(dict.fromkeys(one for one in (*named, *words) if codec(one)))[:10]
    for part in parts:
        part.hints = hints
        part.headers.settle(next(iter(hints), ""), hints)
    return root


class _Parser:
    def __init__(self) -> None:
        self._count = 0
        self._end = time.monotonic() + LONGEST

    def part(self, raw: bytes, *, depth: int, default: str) -> Part:
        self._count += 1
        headers, content = h.split(raw, is_part=depth > 0)
        kind, parameters = h.parameters(headers.raw("content-type"))
        if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind):
            kind = "text/plain" if kind == "text" or not kind else "application/octet-stream"
            kind = default if not headers.raw("content-type").strip() else kind
        part = Part(headers, kind, parameters, content)
        if kind.startswith("multipart/"):
            self._take_apart(part, depth)
        return part

    def _take_apart(self, part: Part, depth: int) -> None:
        pieces = _pieces(part.raw, part.parameters.get("boundary", "").rstrip())
        if pieces is None:
            part.type = "text/plain"  # it says multipart, and has no parts: what stands there is shown
            return
        if depth >= MAX_DEPTH or time.monotonic() > self._end:
            part.type = "application/octet-stream"
            return
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        for piece in pieces:
            if self._count >= MAX_PARTS:
                break
            part.parts.append(self.part(piece, depth=depth + 1, default=default))
        if not part.parts:
            part.type = "application/octet-stream"


def _pieces(raw: bytes, boundary: str) -> list[bytes] | None:
    """What stands between the delimiters; None where there is none."""
    if not boundary or len(boundary) > 500:
        return None
    delimiter = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t\r]*(?=\n|\Z)"
    )
    pieces: list[bytes] = []
    start: int | None = None
    for match in delimiter.finditer(raw):
        if start is not None:
            pieces.append(_without_first_break(raw[start : match.start()]))
        start = match.end()
        if match[1] is not None or len(pieces) >= MAX_PARTS:
            start = None
            break
    if start is not None:
        pieces.append(_without_first_break(raw[start:]))
    return pieces or None


def _without_first_break(piece: bytes) -> bytes:
    if piece.startswith(b"\r\n"):
        return piece[2:]
    return piece[1:] if piece.startswith(b"\n") else piece


def walk(part: Part) -> list[Part]:
    found = [part]
    for inner in part.parts:
        found += walk(inner)
    return found


# -- which part is what -----------------------------------------------------------------------------------------


def body(root: Part) -> Body:
    chosen = _Choice()
    chosen.look([root], "mixed", text=chosen.text, html=chosen.html, in_alternative=False)
    return Body(tuple(chosen.text), tuple(chosen.html), tuple(chosen.files))


class _Choice:
    """RFC 8621 §4.1.4's ``parseStructure``, step by step."""

    def __init__(self) -> None:
        self.text: list[Part] = []
        self.html: list[Part] = []
        self.files: list[Part] = []

    def look(
        self,
        parts: list[Part],
        container: str,
        *,
        text: list[Part] | None,
        html: list[Part] | None,
        in_alternative: bool,
    ) -> None:
        texts_before = len(text) if text is not None else -1
        html_before = len(html) if html is not None else -1
        for index, part in enumerate(parts):
            if part.is_multipart:
                kind = part.type.partition("/")[2]
                self.look(
                    part.parts,
                    kind,
                    text=text,
                    html=html,
                    in_alternative=in_alternative or kind == "alternative",
                )
            elif not _is_shown(part, index, container):
                self.files.append(part)
            elif container == "alternative":
                self._alternative(part, text, html)
            else:
                if in_alternative:
                    html = None if part.type == "text/plain" else html
                    text = None if part.type == "text/html" else text
                if text is not None:
                    text.append(part)
                if html is not None:
                    html.append(part)
                if (text is None or html is None) and part.type.startswith(_INLINE_MEDIA):
                    self.files.append(part)
        if container == "alternative" and text is not None and html is not None:
            if html_before != len(html) and all(says_nothing(part.text) for part in text[texts_before:]):
                del text[texts_before:]
            if texts_before == len(text) and html_before != len(html):
                text += html[html_before:]
            elif html_before == len(html) and texts_before != len(text):
                html += text[texts_before:]

    def _alternative(self, part: Part, text: list[Part] | None, html: list[Part] | None) -> None:
        if part.type == "text/plain" and text is not None:
            text.append(part)
        elif part.type == "text/html" and html is not None:
            html.append(part)
        else:
            self.files.append(part)


def _is_shown(part: Part, index: int, container: str) -> bool:
    is_media = part.type.startswith(_INLINE_MEDIA)
    if part.disposition == "attachment" or not (is_media or part.type in ("text/plain", "text/html")):
        return False
    return index == 0 or (container != "related" and (is_media or not part.name))
