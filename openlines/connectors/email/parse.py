"""A mail as one event."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from openlines.connectors.base import (
    Account,
    InboundItem,
    Media,
    MediaKind,
    MessageKind,
    MessageReceived,
    RawRequest,
    Sender,
    Unreadable,
    WrittenOutside,
)
from openlines.connectors.email import (
    blank,
    identity,
    ids,
    invitations,
    machines,
    markup,
    mime,
    options,
    quotes,
    reports,
    tnef,
)
from openlines.connectors.email import headers as h
from openlines.connectors.fields import text as storable

MAX_TEXT = 100_000
"""Letters of a mail's text; what is longer comes as a file too."""
MAX_FILES = 50
STUB = "message/rfc822-headers"
"""Content type of a delivery of the headers alone: the mail was too large; ``size`` says how large."""

_KNOWN = (
    "from",
    "to",
    "date",
    "subject",
    "message-id",
    "received",
    "content-type",
    "mime-version",
    "return-path",
)
_NUMBER = re.compile(r"\[#(\d{1,12})\]")
_ANSWER = re.compile(r"\s{0,5}[^\W\d_]{1,6}(?:\[\d{1,3}\]|\(\d{1,3}\))?\s?[:：]")
"""“Re:”, “Odp:”, “AW:”, “Fwd:”: of an answer without references, or of what is passed on."""
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def parse(request: RawRequest, account: Account) -> list[InboundItem]:
    """Exactly one event. Raises ``Unreadable`` for what is no mail at all."""
    kind, told = h.parameters(request.headers.get("content-type", ""))
    root = mime.parse(request.body)
    if not any(root.headers.has(name) for name in _KNOWN):
        raise Unreadable("no header of a mail in it")
    own = options.read(account)
    at = _moment(root.headers, request.received_at)
    if uuid := identity.ours(root.headers, own):
        to = identity.Author(identity.recipient(root.headers, own))
        return [_outside(root, request, to, at, own, uuid)]
    author = identity.author(root, request.body, own)
    report = reports.read(root, sender=author.sender.email, at=at)
    if report is not None:
        return [report]
    if author.outside:
        return [_outside(root, request, author, at, own, "")]
    sender, written_by = author.sender, author.written_by
    if kind == STUB:
        return [_stub(root, request, sender, at, own, size=told.get("size", ""))]
    return [_message(root, request, sender, written_by, at, own)]


def _outside(
    root: mime.Part,
    request: RawRequest,
    author: identity.Author,
    at: datetime,
    own: options.Options,
    uuid: str,
) -> WrittenOutside:
    """Our side's own: by hand, from another mail program; with a ``uuid`` what this product sent, back by a list, a rule
    or a copy to ourselves, which proves that it left."""
    said = _message(root, request, author.sender, author.written_by, at, own)
    is_refuted = identity.is_refuted(root.headers)
    return WrittenOutside(
        client=said.sender,
        external_id=said.external_id,
        at=at,
        kind=said.kind,
        text=said.text,
        media=said.media,
        uuid=uuid,
        data=said.data,
        must_be_shown=not uuid,
        needs_proof=not uuid,
        refers_to=() if is_refuted else said.refers_to,
    )


def _message(
    root: mime.Part, request: RawRequest, sender: Sender, written_by: str, at: datetime, own: options.Options
) -> MessageReceived:
    body = mime.body(root)
    html = "\n".join(part.text for part in body.html if part.type == "text/html")[: markup.MAX_HTML]
    text, quoted = _texts(body, html, is_new=_is_new(root.headers))
    media = list(_media(body))
    text, opened = _opened(body, text)
    media = [*(one for one in media if id(one.content) not in opened.replaced), *opened.media]
    text = "\n\n".join(filter(None, (text, _invitation(body))))
    if len(text) > MAX_TEXT:
        media.append(
            Media(MediaKind.FILE, "", "message.txt", "text/plain", len(text.encode()), text.encode())
        )
    data = _data(root.headers, written_by)
    data |= {name: value for name, value in (("html", html), ("quoted", quoted[:MAX_TEXT])) if value}
    reply_to, refers_to = _thread(root.headers, own)
    machine = machines.of(root, sender.email, refers_to)
    return MessageReceived(
        sender=sender,
        external_id=ids.external_id(request.body),
        at=at,
        kind=MessageKind.MEDIA if media else MessageKind.TEXT,
        text=text[:MAX_TEXT],
        media=tuple(media),
        reply_to=reply_to,
        refers_to=refers_to,
        is_automatic=machine is not None,
        is_answer=machine is not None and machine.answers,
        data=data,
    )


def _stub(
    root: mime.Part, request: RawRequest, sender: Sender, at: datetime, own: options.Options, *, size: str
) -> MessageReceived:
    megabytes = -(-int(size) // 1024**2) if size.isdecimal() and len(size) < 15 else 0
    reply_to, refers_to = _thread(root.headers, own)
    machine = machines.of(root, sender.email, refers_to)
    return MessageReceived(
        sender=sender,
        external_id=ids.external_id(request.body),
        at=at,
        kind=MessageKind.UNSUPPORTED,
        reply_to=reply_to,
        refers_to=refers_to,
        is_automatic=machine is not None,
        is_answer=machine is not None and machine.answers,
        data={
            **_data(root.headers, ""),
            "type": _("an e-mail of %(size)d MB: too large to be fetched, read it in the mailbox")
            % {"size": megabytes},
        },
    )


def _data(headers: h.Headers, written_by: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "subject": headers.text("subject", limit=500),
        "message_id": next(iter(h.message_ids(headers.raw("message-id"))), "")[:400],
        "from": written_by,
        "to": [address for _name, address in h.addresses(headers.all("to"), most=20)],
        "cc": [address for _name, address in h.addresses(headers.all("cc"), most=20)],
    }
    return {name: value for name, value in found.items() if value}


# -- what it goes back to ---------------------------------------------------------------------------------------


def _thread(headers: h.Headers, own: options.Options) -> tuple[str, tuple[str, ...]]:
    """(the mail answered, every candidate for the conversation, best first: ids as they are, tokens bare)."""
    answered = [one for value in headers.all("in-reply-to") for one in h.message_ids(value)]
    before = [one for value in headers.all("references") for one in reversed(h.message_ids(value))]
    candidates: list[str] = []
    for message_id in dict.fromkeys([*answered, *before]):
        candidates += [message_id, ids.token_of(message_id)]
    received_by = [
        value
        for name in ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
        for value in headers.all(name)
    ]
    candidates += [own.token_of(address) for _name, address in h.addresses(received_by)]
    if number := _NUMBER.search(headers.text("subject")):
        candidates.append(f"#{number[1]}")
    found = tuple(dict.fromkeys(one[:200] for one in candidates if one))[:60]
    return next((one[:200] for one in answered if ids.ours(one)), ""), found


def _moment(headers: h.Headers, received_at: datetime | None) -> datetime:
    found = h.date(headers.raw("date"))
    latest = received_at + timedelta(days=1) if received_at else None
    if found is not None and (latest is None or found <= latest):
        return found
    return received_at or _EARLIEST


# -- what is in it ----------------------------------------------------------------------------------------------


def _is_new(headers: h.Headers) -> bool:
    answers = headers.has("in-reply-to") or headers.has("references")
    return not answers and _ANSWER.match(headers.text("subject", limit=100)) is None


def _texts(body: mime.Body, html: str, *, is_new: bool) -> tuple[str, str]:
    """(what was written, what is folded), from the plain text where there is any."""
    plain = [part for part in body.text if part.type == "text/plain"]
    if not any(part.type == "text/html" for part in body.text):
        return quotes.fold("\n".join(_unflowed(part) for part in plain), is_new=is_new)
    texts = []
    folded = ""
    for part in body.text:
        if part.type == "text/html":
            written, folded_here = markup.to_text(part.text, is_new=is_new)
            texts.append(written)
            folded = "\n".join(filter(None, (folded, folded_here)))
        elif part.type == "text/plain" and not blank.says_nothing(part.text):
            texts.append(_unflowed(part))
        elif part.type == "text/plain":
            folded = "\n".join(filter(None, (folded, part.text.strip())))
    written, signature = quotes.fold("\n".join(text for text in texts if text.strip()), is_new=is_new)
    return written, "\n".join(filter(None, (signature, folded)))


def _unflowed(part: mime.Part) -> str:
    """RFC 3676: a line that ends with a space goes on in the next."""
    text = part.text
    if part.parameters.get("format", "").lower() != "flowed":
        return text
    without_space = part.parameters.get("delsp", "").lower() == "yes"
    lines: list[list[str]] = []
    flows = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        line = line[1:] if line.startswith(" ") and not quoted else line
        if not flows or quoted or line == "-- ":
            lines.append([])
        flows = line.endswith(" ") and line != "-- " and not quoted
        lines[-1].append(line[:-1] if flows and without_space else line)
    joined = ("".join(pieces) for pieces in lines)
    return "\n".join(line if line == "-- " else line.rstrip() for line in joined)


@dataclass(frozen=True)
class _Opened:
    media: tuple[Media, ...] = ()
    replaced: frozenset[int] = frozenset()
    """Ids of the contents of containers that need not be kept."""


def _opened(body: mime.Body, text: str) -> tuple[str, _Opened]:
    """What is in Outlook's ``winmail.dat``: files, and the text where the mail has none besides."""
    media: list[Media] = []
    replaced: set[int] = set()
    for part in body.files:
        if part.type not in tnef.TYPES and part.file_name.lower() != "winmail.dat":
            continue
        found = tnef.read(part.content)
        media += [_unpacked(one) for one in found.files]
        if not text.strip() and (found.text.strip() or found.html):
            text = found.text.strip() or markup.to_text(found.html)[0]
        if found.is_whole and found.files and text.strip():
            replaced.add(id(part.content))
    return storable(text), _Opened(tuple(media[:MAX_FILES]), frozenset(replaced))


def _unpacked(file: tnef.File) -> Media:
    name = "".join(
        letter for letter in storable(file.name).replace("\\", "/").rsplit("/", 1)[-1] if letter.isprintable()
    )
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    main = kind.partition("/")[0]
    return Media(
        kind=MediaKind.IMAGE if main == "image" and kind != "image/svg+xml" else MediaKind.FILE,
        reference="",
        name=name[:200].strip(". ") or "file.bin",
        mime=kind,
        size=len(file.content),
        content=file.content,
        content_id=storable(file.content_id.strip("<> "), limit=200),
    )


def _invitation(body: mime.Body) -> str:
    part = next((part for part in body.files if part.type in invitations.TYPES), None)
    return invitations.describe(part.text) if part else ""


def _media(body: mime.Body) -> list[Media]:
    shown = [part for part in (*body.text, *body.html) if part.type not in ("text/plain", "text/html")]
    parts = list({id(part): part for part in (*shown, *body.files)}.values())
    return [_file(part) for part in parts[:MAX_FILES] if part.raw.strip() or part.name]


def _file(part: mime.Part) -> Media:
    main = part.type.partition("/")[0]
    kind = {"image": MediaKind.IMAGE, "audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}.get(
        main, MediaKind.FILE
    )
    content = part.content
    return Media(
        kind=MediaKind.FILE if part.type == "image/svg+xml" else kind,
        reference="",
        name=part.file_name,
        mime=part.type,
        size=len(content),
        content=content,
        content_id=part.content_id,
    )
