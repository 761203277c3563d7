"""No mail takes more time than its size: body in every encoding, parts, headers, HTML, quotes, reports."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable

import pytest

from openlines.connectors.email import markup, quotes
from tests.openlines.connectors.email.building import ACCOUNT, connector, mail, request
from tests.openlines.connectors.growth import TIMES, assert_linear

SIZE = 20_000
HTML = [
    "\u00a0",
    "&nbsp;",
    " \u200c",
    "&#",
    "&#9",
    "9",
    "<",
    "<a ",
    '<a b="',
    "<a b='",
    "<!--",
    "<!",
    "</",
    "<div>",
    "</div>",
    "<p>x",
    "<td>",
    "<tr><td>",
    "<table>",
    "<pre>",
    "<pre>\n",
    "<li>",
    "<script>",
    "<style>x",
    "<head>",
    "<title>",
    "<br>",
    "<blockquote>",
    "<blockquote type=cite>x</blockquote>y",
    "<div class=gmail_quote>x</div>y",
    "<a href=http://a.b/c>x",
    "<a href=http://a.b/c>x</a>",
    '<b style="display:none">',
    "<b style='display: none'>x</b>",
    "<o:p></o:p>",
    "İ<style>",
    "<meta charset=",
    "<?xml ",
    "]]>",
]
TEXT = [
    "\u00a0",
    " ",
    " \n",
    "x \n",
    "> \n",
    ">",
    "> x\n",
    "> x\ny\n",
    ">> x\n> y\n",
    "-- \n",
    "--\n",
    "--",
    "_",
    "-",
    "*",
    ":\n",
    "x:\n",
    "a: b\n",
    "From: x\n",
    "From: x\nSent: y\n",
    "From:\n",
    "On Mon 10:10 x <a@b.test> wrote:\n",
    "On Mon 1:1 <",
    "On 1\n",
    "wrote:\n",
    "Am 1 ",
    "Le 1:1 <a@b> ",
    "Message du : 1\n",
    "Sent from my iPhone\n",
    "Sent from my iPhone\nx\n",
    "Get Outlook for iOS<https://aka.ms/x>\n",
    "\u200e",
    "\u200e\n",
    "\r",
    "\0",
    "aGk=",
    "aGkK\n",
    "=",
    "=\n",
    "=41",
    "%41",
    "+AGE-",
    "\x1b$B",
    "\x1b(B",
    "begin 644 a\n",
    "M" * 61 + "\n",
    "BEGIN:VEVENT\n",
    "--b\n",
    "--b--\n",
    "\n.\n",
    "\u00c5\u00bc",
    "\u0105",
    "日本",
    "(",
    ")",
    "[",
    "https://a.test ",
    "a@b.test ",
]
HEADER = [
    " ",
    "\t",
    ";",
    "; ",
    "; a",
    "; a=",
    '; a="',
    "; a*0*=b",
    "; a*0*=utf-8''%41",
    '"',
    "'",
    "\\",
    '\\"',
    "(",
    "()",
    ")",
    "<",
    ">",
    "<a@b.test>",
    "<a@b.test>, ",
    "@",
    "a@",
    ",",
    ":",
    "=?",
    "=?utf-8?q?a",
    "=?utf-8?b?",
    "=?utf-8?b?YQ?=",
    "=?utf-8?b?YQ?= ",
    "=?utf-8?q?=C5?= =?utf-8?q?=BC?= ",
    "?=",
    "?",
    "ż",
    "%",
    ".",
    "-",
    "[#1",
    "1:1 ",
]
NAMES = [
    "Subject",
    "From",
    "To",
    "Reply-To",
    "Return-Path",
    "References",
    "In-Reply-To",
    "Message-ID",
    "Date",
    "Content-Type",
    "Content-Disposition",
    "Content-Transfer-Encoding",
    "Received",
    "Auto-Submitted",
    "Content-ID",
    "X-Other",
]


def parsed(raw: bytes) -> None:
    connector.key(request(raw))
    connector.parse(request(raw), ACCOUNT)


def grown(atom: str) -> Callable[[int], str]:
    return lambda size: f"x{atom * (size // len(atom))}x"


@pytest.mark.parametrize("atom", HTML)
def test_html(atom: str) -> None:
    text = grown(atom)

    def shown(source: str) -> None:
        markup.to_text(source)
        markup.split_quote(source)
        markup.has_remote_images(source)
        markup.clean_html(source, {})

    assert_linear(parsed, lambda size: mail(text(size), Content_Type="text/html; charset=utf-8"), size=SIZE)
    assert_linear(parsed, lambda size: mail(text(size), Content_Type="text/html"), size=SIZE)
    assert_linear(shown, text, size=SIZE)


@pytest.mark.parametrize("atom", TEXT)
def test_plain_text(atom: str) -> None:
    text = grown(atom)

    def typed(kind: str) -> Callable[[int], bytes]:
        return lambda size: mail(text(size), Content_Type=kind)

    def said_to_be(encoding: str) -> Callable[[int], bytes]:
        return lambda size: mail(text(size), Content_Transfer_Encoding=encoding)

    for kind in (
        "text/plain; charset=utf-8",
        "text/plain; format=flowed; delsp=yes",
        "text/plain; charset=utf-7",
        "text/plain; charset=iso-2022-jp",
        "multipart/mixed; boundary=b",
        "text/calendar",
    ):
        assert_linear(parsed, typed(kind), size=SIZE)
    for encoding in ("base64", "quoted-printable", "x-uuencode"):
        assert_linear(parsed, said_to_be(encoding), size=SIZE)
    for encoding, encode in (("base64", base64.encodebytes), ("quoted-printable", quopri.encodestring)):
        encoded = {size: encode(text(size).encode()) for size in (SIZE, SIZE * TIMES)}
        assert_linear(parsed, _encoded(encoded, encoding), size=SIZE)


def _encoded(bodies: dict[int, bytes], encoding: str) -> Callable[[int], bytes]:
    return lambda size: mail(bodies[size], Content_Transfer_Encoding=encoding)


@pytest.mark.parametrize(
    "lines",
    [
        ">",
        "> x",
        "x",
        "",
        "-- ",
        "a:",
        "From: x",
        "On 1 <a@b.test> wrote:",
        "Sent from my iPhone",
        "> wrote:",
    ],
)
@pytest.mark.parametrize("between", ["", ">", "x", "-- "])
def test_quotes(lines: str, between: str) -> None:
    assert_linear(quotes.fold, lambda size: f"x\n{lines}\n{between}\n" * (size // 10), size=SIZE)


@pytest.mark.parametrize("atom", HEADER)
def test_headers(atom: str) -> None:
    """One long one of each name, and many of them."""
    text = grown(atom)

    def one(name: str) -> Callable[[int], bytes]:
        return lambda size: f"{name}: {text(size)}\r\n".encode() + mail()

    def many(name: str) -> Callable[[int], bytes]:
        return lambda size: f"{name}: {text(1000)}\r\n".encode() * (size // 1000) + mail()

    for name in NAMES:
        assert_linear(parsed, one(name), size=SIZE)
        assert_linear(parsed, many(name), size=SIZE)
    assert_linear(parsed, lambda size: b"Subject: x\r\n" + b" y\r\n" * (size // 4) + mail(), size=SIZE)


@pytest.mark.parametrize(
    "kind",
    ["multipart/mixed", "multipart/report", "multipart/alternative", "multipart/related", "multipart/digest"],
)
@pytest.mark.parametrize(
    "part",
    [
        "",
        "\r\nx",
        "Content-Type: text/html\r\n\r\n<p>x",
        "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx",
        "Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n\r\nAction: failed\r\n",
        "Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22",
        "Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT",
    ],
)
def test_parts(kind: str, part: str) -> None:
    assert_linear(
        parsed,
        lambda size: mail(f"--b\r\n{part}\r\n" * (size // 20), Content_Type=f"{kind}; boundary=b"),
        size=SIZE,
    )
