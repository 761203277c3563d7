"""Whose a mail is. Others rewrite From on the way: mailing lists and forwarders (DMARC), web forms, who forwards by hand.

So From alone is not believed: where it is the mailbox's own address or a list's, the writer stands in another header, or
in the mail. Nothing here throws a mail away; what this product sent itself is known by its own ids (``ours``).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote

from openlines.connectors.base import Sender
from openlines.connectors.email import headers as h
from openlines.connectors.email import ids, markup, mime, options

Named = tuple[str, str]
"""(name, address)."""

_LIST_HEADERS = (
    "list-id",
    "list-post",
    "mailing-list",
    "x-beenthere",
    "x-mailman-version",
    "x-google-group-id",
    "x-original-from",
    "x-original-sender",
)
_AUTHORS = ("x-original-from", "x-google-original-from", "x-mailman-original-from", "resent-from")
"""Headers in which whoever rewrites From keeps it."""
_ENVELOPES = ("x-original-sender", "x-mailfrom", "return-path")
"""Headers in which the sender of the envelope stands: often the writer, sometimes a list's or a relay's machine."""
_SENDERS = ("sender", "x-sender", "x-envelope-from", "envelope-from")
_ENVELOPE_FROM = re.compile(r"envelope-from\s{1,9}<?([^<>\s();]{3,200})>?", re.IGNORECASE)
_VIA = re.compile(r"\s+\(?(?:via|przez|über|par l’intermédiaire de)\s+.*$", re.IGNORECASE)
_SRS = re.compile(r"srs0[=+-][^=]{1,20}=[^=]{1,4}=([^=]{1,190})=([^@]{1,100})@.*", re.IGNORECASE)
_SRS_TWICE = re.compile(
    r"srs1[=+-].{1,200}?==[^=]{1,20}=[^=]{1,4}=([^=]{1,190})=([^@]{1,100})@.*", re.IGNORECASE
)
_SIGNED = re.compile(r"(?:prvs|btv1)=[^=]{1,40}=(.+@.+)", re.IGNORECASE)
_AS_LOCAL_PART = re.compile(r"([^@=]{1,64})=([^@=]{1,190}\.[^@=.]{2,})@.*")
"""``carl=client.test@groups.test``: how some lists write From."""
_MACHINES = re.compile(
    r".*(?:bounce|request|owner|noreply|no-reply|mailer-daemon|dmarc).*|.*\+.*", re.IGNORECASE
)
_FORWARDED = re.compile(
    r"^[\s>*]*(?:from|od|von|de|da|van|fra|från|от|від)[ \t*]*:[ \t*]*(.{3,300})$", re.I | re.M
)
"""The head of a mail that was forwarded by hand."""
_MAIL_WORD = (
    r"(?:e-?mail|mail|mejl|courriel|correo|poczta|почта|пошта|имейл|имэйл|имейла|pošta|posta|メール|邮箱|邮件|郵件|信箱"
    r"|이메일|ηλεκτρονικό ταχυδρομείο|אימייל|دوا)"
)
_ADDRESS_WORD = r"(?:[ -]?(?:address|adress?e?|adres|adresa|cím|osoite|アドレス|地址))?"
_FIELD = re.compile(
    r"^[ \t>*•-]{0,20}(?:[^\W\d_][^\s:=@]{0,15}[ \t-]){0,3}?"
    + _MAIL_WORD
    + rf"(?:{_ADDRESS_WORD}[ \t*|]{{0,10}}(?:[ \t|]|\r?\n[ \t]{{0,10}}\r?\n?)"
    + r"|[^\s:=@]{0,12}(?:[ \t][^\s:=@]{1,15}){0,3}[ \t*]{0,10}[:=：][ \t*]{0,10}(?:\r?\n[ \t]{0,10}){0,2})"
    + r"[ \t]{0,10}[<\[(]?(?:mailto:)?([^\s<>@:()\[\]]{1,64}@[^\s<>@:()\[\]]{3,190})",
    re.I | re.M,
)
"""The line of a form in which the writer's address stands."""
_SIGNATURE = re.compile(r"^-- ?$", re.M)
_LOOKED_THROUGH = 20_000


@dataclass(frozen=True)
class Author:
    """``written_by``: who wrote, where it is somebody else than who is answered. ``outside``: our side wrote this by
    hand, to ``sender``."""

    sender: Sender
    written_by: str = ""
    outside: bool = False


def ours(headers: h.Headers, own: options.Options) -> str:
    """The uuid of the message that this product sent as this mail; empty where it is none, or another mailbox's."""
    known = next(map(ids.ours, h.message_ids(headers.raw("message-id"))), None)
    uuid = ids.uuid(headers.raw(ids.UUID_HEADER.lower())) or (known.uuid if known and known.token else "")
    if not uuid:
        return ""
    named = h.addresses([*headers.all("from"), *headers.all("reply-to"), *headers.all("sender")])
    return uuid if any(own.is_own(address) for _name, address in named) else ""


def is_refuted(headers: h.Headers) -> bool:
    """The receiving server says that From's domain did not send it. Nothing believes a "pass": anybody can write one."""
    told = headers.raw("authentication-results").lower()
    is_good = "dmarc=pass" in told or "dkim=pass" in told
    return "dmarc=fail" in told or (("spf=fail" in told or "dkim=fail" in told) and not is_good)


def author(root: mime.Part, raw: bytes, own: options.Options) -> Author:
    """Who is answered: Reply-To where it names one stranger, else who wrote."""
    headers = root.headers
    written = h.addresses(headers.all("from")) or h.addresses(headers.all("sender"))
    name, address = written[0] if written else ("", "")
    lists = _lists(headers)
    by_a_list = any(headers.has(one) for one in _LIST_HEADERS)
    rewritten = (
        own.is_own(address)
        or address in lists
        or headers.has("x-original-from")
        or (by_a_list and (_VIA.search(name) or _AS_LOCAL_PART.fullmatch(address)) is not None)
    )

    def is_stranger(one: str) -> bool:
        return bool(one) and not own.is_own(one) and one not in lists

    answered = [one for one in h.addresses(headers.all("reply-to")) if is_stranger(one[1])]
    if len({one for _name, one in answered}) == 1 and answered[0][1] != address:
        reply_name, reply_address = answered[0]
        by = "" if rewritten else address
        return Author(
            _sender(reply_address, reply_name or _VIA.sub("", name)), by or _own(address, own, lists)
        )
    if not address:
        return _without_from(headers, raw, own)
    if not rewritten:
        return Author(_sender(_unwrapped(address), name))
    for found_name, found in _told(headers, address):
        if is_stranger(found):
            return Author(_sender(found, found_name or _VIA.sub("", name).strip("'\" ")))
    if not own.is_own(address):
        return Author(_sender(address, name))
    return _from_ourselves(root, raw, name, address, own)


def recipient(headers: h.Headers, own: options.Options) -> Sender:
    """The client whom a mail of ours went to."""
    got = h.addresses([*headers.all("to"), *headers.all("cc")])
    name, address = next((one for one in got if not own.is_own(one[1])), ("", ""))
    return _sender(address, name)


def _own(address: str, own: options.Options, lists: frozenset[str]) -> str:
    """A form or a script writes from our address: it is said who did. That a list has rewritten it says nothing."""
    return address if own.is_own(address) and address not in lists else ""


def _told(headers: h.Headers, address: str) -> list[Named]:
    """Where the writer may stand in a mail whose From was rewritten, best first."""
    found = [one for name in _AUTHORS for one in h.addresses(headers.all(name), most=3)]
    if match := _AS_LOCAL_PART.fullmatch(address):
        found.append(("", h.clean_address(f"{match[1]}@{match[2]}")))
    if any(headers.has(name) for name in _LIST_HEADERS):
        found += h.addresses(headers.all("reply-to"), most=3)
        for name in _ENVELOPES:
            envelope = [(who, _unwrapped(one)) for who, one in h.addresses(headers.all(name), most=3)]
            found += [(who, one) for who, one in envelope if not _MACHINES.fullmatch(one.partition("@")[0])]
    return found


def _lists(headers: h.Headers) -> frozenset[str]:
    """The addresses of the lists that the mail went through."""
    found = [
        one
        for name in ("list-post", "x-beenthere", "mailing-list", "x-google-groups")
        for value in headers.all(name)
        for _name, one in h.addresses([unquote(value).replace("mailto:", "")])
    ]
    for value in headers.all("list-id"):
        local, _dot, domain = value.rpartition("<")[2].rstrip("> ").lower().partition(".")
        found.append(h.clean_address(f"{local}@{domain}"))
    return frozenset(one for one in found if one)


def _unwrapped(address: str) -> str:
    """The address inside one that a forwarder made of it (SRS, signed envelopes)."""
    if match := _SRS.fullmatch(address) or _SRS_TWICE.fullmatch(address):
        return h.clean_address(f"{match[2]}@{match[1]}") or address
    if match := _SIGNED.fullmatch(address):
        return h.clean_address(match[1]) or address
    return address


def _without_from(headers: h.Headers, raw: bytes, own: options.Options) -> Author:
    """Mails that name nobody are not all one person's: each conversation is somebody's of its own."""
    shown = headers.text("from", limit=200)
    named = [
        one for name in (*_AUTHORS, *_SENDERS, *_ENVELOPES) for one in h.addresses(headers.all(name), most=3)
    ]
    named += [
        ("", match[1]) for value in headers.all("received")[:20] for match in _ENVELOPE_FROM.finditer(value)
    ]
    for name, address in named:
        if (found := _unwrapped(h.clean_address(address))) and not own.is_own(found):
            return Author(_sender(found, name or shown))
    # Its own Message-ID tells nothing: some programs write the same one into every mail.
    thread = [one for name in ("references", "in-reply-to") for one in h.message_ids(headers.raw(name))]
    return Author(_unknown(f"{thread[0]}{shown}".encode() if thread else raw, shown))


def _from_ourselves(root: mime.Part, raw: bytes, name: str, address: str, own: options.Options) -> Author:
    """From is ours and no header tells more: by hand to a client; else what a form or a colleague sent to us."""
    headers = root.headers
    got = h.addresses([*headers.all("to"), *headers.all("cc")])
    if got and not any(own.is_own(one) for _name, one in got):
        return Author(recipient(headers, own), address, outside=True)
    for found_name, found in (*h.addresses(headers.all("reply-to")), *_named_inside(root)):
        if found and not own.is_own(found):
            return Author(_sender(found, found_name), address)
    return Author(_unknown(raw, name), address)


def _named_inside(root: mime.Part) -> list[Named]:
    """Whom a forwarded mail is from, or what a form's field for the address holds."""
    found: list[Named] = []
    parts = mime.walk(root)
    for part in parts:
        if part.type in ("message/rfc822", "message/global"):
            inner, _rest = h.split(part.content.lstrip(b"\r\n"))
            found += h.addresses(inner.all("reply-to"), most=1) or h.addresses(inner.all("from"), most=1)
    texts = [text for part in parts if (text := _text(part))]
    found += [one for text in texts for one in _in_lines(_FORWARDED, text)]
    found += [one for text in texts for one in _in_lines(_FIELD, _SIGNATURE.split(text, maxsplit=1)[0])]
    return found


def _in_lines(lines: re.Pattern[str], text: str) -> list[Named]:
    values = [match[1].replace("mailto:", "") for match in list(lines.finditer(text))[:20]]
    return [one for value in values for one in h.addresses([value], most=1)]


def _text(part: mime.Part) -> str:
    if part.type == "text/plain":
        return part.text[:_LOOKED_THROUGH]
    if part.type == "text/html":
        return "\n".join(markup.to_text(part.text[:_LOOKED_THROUGH]))
    return ""


def _sender(address: str, name: str) -> Sender:
    return Sender(address, name=name, email=address)


def _unknown(token: bytes, name: str) -> Sender:
    return Sender(f"unknown:{hashlib.sha256(token).hexdigest()[:12]}", name=name)
