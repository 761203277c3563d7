"""Python's own ``email`` reads the same mails: subject, sender, words and files agree, or it is said why they do not."""

from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from openlines.connectors.email import headers as h
from openlines.connectors.email import markup, mime
from tests.openlines.connectors.email.building import PAYLOADS, mail, multipart

OWN = {
    "plain": mail(
        "Gdzie jest moje zamówienie?",
        Content_Type="text/plain; charset=utf-8",
        Content_Transfer_Encoding="8bit",
    ),
    "base64": mail("V2hlcmUgaXMgbXkgb3JkZXIgMTI/", Content_Transfer_Encoding="base64"),
    "quoted-printable": mail(
        "Za=BF=F3=B3=E6",
        Content_Type="text/plain; charset=iso-8859-2",
        Content_Transfer_Encoding="quoted-printable",
    ),
    "encoded subject": mail(Subject="=?utf-8?B?WsW8w7PFgsSH?= =?utf-8?Q?_ok?="),
    "alternative": mail(
        multipart(
            "alternative",
            "Content-Type: text/plain\r\n\r\nHello",
            "Content-Type: text/html\r\n\r\n<p>Hello</p>",
        )[1],
        Content_Type='multipart/alternative; boundary="frontier"',
    ),
    "files": mail(
        multipart(
            "mixed",
            "Content-Type: text/plain\r\n\r\nHello",
            "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''%C5%BC.pdf\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\nJVBERg==",
        )[1],
        Content_Type='multipart/mixed; boundary="frontier"',
    ),
    "html": mail("<p>Proszę</p>", Content_Type="text/html; charset=utf-8", Content_Transfer_Encoding="8bit"),
}
MAILS = OWN | {path.stem: path.read_bytes() for path in sorted(PAYLOADS.glob("*.eml"))}
"""Others' only where the shared payloads are; ours cover each kind."""
DIFFER = {
    "cpython_msg_04": {"files", "words"},  # RFC 8621 shows a named text that comes first; theirs are files
    "cpython_msg_31": {"files", "words"},  # multipart without a boundary: shown as text, not kept as a file
    "enmime_mime-bad-content-transfer-encoding": {
        "words"
    },  # plain text said to be base64: theirs loses its blanks
    "imaptools_raw_email_with_binary_encoded": {"files"},  # theirs leaves a nested multipart closed
    "mikel_attachment_attachment_pdf_non_ascii": {"words"},  # UTF-8 under ISO-8859-1: theirs is mojibake
    "mikel_error_missing_body": {"files"},  # empty lines are no file
    "mikel_mime_raw_email_with_illegal_boundary": {"files", "words"},  # theirs does not find the parts
    "mikel_plain_raw_email5": {"words"},  # 8-bit letters without a charset: theirs loses them
    "mikel_rfc2822_example13": {"sender", "subject", "words"},  # a line of blanks ends the headers for theirs
    "stalwart_legacy_052": {"subject", "words"},  # 8-bit letters without a charset: theirs loses them
    "stalwart_malformed_002": {
        "files",
        "words",
    },  # multipart without parts: shown as text, not kept as a file
}
"""Mail → what Python's package reads otherwise."""


def test_the_shared_payloads_are_read_too() -> None:
    if not Path(PAYLOADS).is_dir():
        pytest.skip("the shared payloads are not here")
    assert len(MAILS) > 60


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.replace("\u00ad", ""))


@pytest.mark.parametrize("name", MAILS)
def test_it_agrees(name: str) -> None:
    theirs = email.message_from_bytes(MAILS[name], policy=default)
    ours = mime.parse(MAILS[name])
    found = {
        what
        for what, one, other in (
            ("subject", words(str(theirs["subject"] or "")), words(ours.headers.text("subject"))),
            (
                "sender",
                _senders(theirs),
                sorted({one for _name, one in h.addresses(ours.headers.all("from"))}),
            ),
            ("words", _their_words(theirs), _our_words(ours)),
            ("files", _their_files(theirs), _our_files(ours)),
        )
        if one != other
    }
    assert found == DIFFER.get(name, set())


def _senders(theirs: EmailMessage) -> list[str]:
    try:
        return sorted({one.addr_spec.lower() for one in theirs["from"].addresses if "@" in one.addr_spec})
    except Exception:
        return []


def _leaves(theirs: EmailMessage) -> list[EmailMessage]:
    if theirs.get_content_maintype() == "multipart" and theirs.is_multipart():
        return [leaf for part in theirs.iter_parts() for leaf in _leaves(part)]  # type: ignore[arg-type]
    return [theirs]


def _is_text(part: EmailMessage) -> bool:
    return (
        part.get_content_type() in ("text/plain", "text/html")
        and not part.is_attachment()
        and not part.get_filename()
    )


def _their_words(theirs: EmailMessage) -> list[str]:
    found = []
    for part in _leaves(theirs):
        if _is_text(part):
            try:
                text = part.get_content()
            except (LookupError, KeyError):
                text = ""
            found += words(markup.to_text(text)[0] if part.get_content_type() == "text/html" else text)
    return sorted(found)


def _our_words(ours: mime.Part) -> list[str]:
    body = mime.body(ours)
    parts = {id(part): part for part in (*body.text, *body.html) if part.type in ("text/plain", "text/html")}
    return sorted(
        word
        for part in parts.values()
        for word in words(markup.to_text(part.text)[0] if part.type == "text/html" else part.text)
    )


def _their_files(theirs: EmailMessage) -> list[bytes]:
    files = [
        part for part in _leaves(theirs) if not _is_text(part) and part.get_content_maintype() != "message"
    ]
    contents = [part.get_payload(decode=True) for part in files]
    return sorted(content for content in contents if isinstance(content, bytes))


def _our_files(ours: mime.Part) -> list[bytes]:
    body = mime.body(ours)
    parts = {id(part): part for part in (*body.text, *body.html, *body.files)}
    shown = [part for part in (*body.text, *body.html) if part.type in ("text/plain", "text/html")]
    return sorted(
        part.content for part in parts.values() if part not in shown and not part.type.startswith("message/")
    )
