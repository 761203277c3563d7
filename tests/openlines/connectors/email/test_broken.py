"""Mails that break the rules come out as their writers' words, under their names, with their files."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openlines.connectors.email import headers as h
from openlines.connectors.email.transfer import from_base64
from tests.openlines.connectors.email.building import mail, multipart, received
from tests.openlines.connectors.email.test_charsets import said

WORDS = "Gdzie jest moje zamówienie? Proszę o odpowiedź. "

# -- an empty plain part beside HTML ------------------------------------------------------------------------------

BLANKS = [
    "", "\r\n", "   \r\n\t\r\n", "\u00a0\r\n\u00a0", "&nbsp;", "&nbsp;\r\n&nbsp; &zwnj;", "\u200b\u200c\ufeff", "\u00ad",
    "\u2800", "\u034f \u034f", "-- \r\n", "--", "__________", "-- \r\nShop GmbH",
    "* * *", "[cid:logo.png]", "[image: logo]", "\u200e", ">", "<br>",
    "This message is in HTML. Please use a mail program that shows HTML.",
    "To view the message, please use an HTML compatible email viewer!",
]  # fmt: skip


@pytest.mark.parametrize("plain", BLANKS)
@pytest.mark.parametrize("around", [False, True])
def test_an_empty_plain_part_gives_way_to_the_html(plain: str, around: bool) -> None:
    kind, body = multipart(
        "alternative",
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{plain}",
        "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Where is my order 12?</p>",
    )
    if around:  # with a mailing list's footer behind it
        outer = (
            "--outer\r\n{}\r\n--outer\r\nContent-Type: text/plain\r\n\r\nA list of the shop\r\n--outer--\r\n"
        )
        kind, body = 'multipart/mixed; boundary="outer"', outer.format(f"Content-Type: {kind}\r\n\r\n{body}")
    assert received(mail(body, Content_Type=kind)).text.startswith("Where is my order 12?")


def test_a_plain_part_that_says_something_stays() -> None:
    for plain in ("1", "?", "ok", "🙂", "See the HTML file that I attached", "Yes\r\n\r\n-- \r\nCarl"):
        kind, body = multipart(
            "alternative",
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{plain}",
            "Content-Type: text/html\r\n\r\n<p>other</p>",
        )
        assert received(mail(body, Content_Type=kind)).text == plain.split("\r\n")[0]


def test_a_plain_part_without_any_other_is_never_lost() -> None:
    assert received(mail("-- \r\nCarl, +48 600")).text == "-- \r\nCarl, +48 600".replace("\r", "")


# -- transfer encodings -------------------------------------------------------------------------------------------

FOOTERS = [
    "-- \r\nThis mail was scanned.\r\n", "-- scanned by X.", "Scanned by AVG", "Thanks", "Regards\r\nCarl",
    "_______________\r\nshop mailing list\r\nhttps://lists.test/x", "[This sender is unknown]", "Stopka: zażółć gęślą",
]  # fmt: skip


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.parametrize("text", ["Where is my order 12?", "Hello", WORDS, WORDS * 4, "a" * 57, "é" * 57])
@pytest.mark.parametrize("lines", [76, 1000])
def test_plain_text_below_base64(footer: str, text: str, lines: int) -> None:
    encoded = base64.b64encode(text.encode()).decode()
    wrapped = "\r\n".join(encoded[start : start + lines] for start in range(0, len(encoded), lines))
    raw = mail(
        f"{wrapped}\r\n\r\n{footer}\r\n",
        Content_Type="text/plain; charset=utf-8",
        Content_Transfer_Encoding="base64",
    )
    item = received(raw)
    whole = item.text + "\n" + item.data.get("quoted", "")
    assert item.text.startswith(text.strip())
    assert footer.split("\r\n")[-1].strip() in whole or footer.split("\r\n")[0].strip() in whole


def test_a_file_is_what_was_encoded_alone() -> None:
    content = bytes(range(256)) * 3
    kind, body = multipart(
        "mixed",
        "Content-Type: text/plain\r\n\r\nhello",
        "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(content).decode()
        + "\n-- \nScanned by X",
    )
    assert received(mail(body, Content_Type=kind)).media[0].content == content


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.replace(b"\n", b"\n\n"),
        lambda raw: raw.replace(b"\n", b"\r\r\n"),
        lambda raw: raw.replace(b"\n", b"\r"),
        lambda raw: raw.replace(b"\n", b"!\r\n "),
        lambda raw: raw.replace(b"\n", b" \n\t"),
        lambda raw: raw[:30] + b"\xff*" + raw[30:],
        lambda raw: raw.rstrip(b"=\n"),
        lambda raw: b"This mail was scanned.\n\n" + raw,
    ],
)
def test_base64_that_was_spoilt_on_the_way(spoil: object) -> None:
    content = b"abcdefgh" * 25 + b"z"
    assert from_base64(spoil(base64.encodebytes(content))).content == content  # type: ignore[operator]


@pytest.mark.parametrize(
    "encoding", ["base64", "BASE64 ", "quoted-printable", "Quoted_Printable", "x-uuencode", "8bit", "x-new"]
)
@pytest.mark.parametrize(
    "text", ["Where is my order? Thanks", "Thanks", "Dear shop,\nwhere is it?\n1 + 1 = 2", "Zażółć"]
)
def test_what_is_said_to_be_encoded_and_is_not(encoding: str, text: str) -> None:
    raw = mail(text, Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding=encoding)
    assert received(raw).text == text


def test_quoted_printable_that_was_spoilt() -> None:
    for written, meant in (
        ("Prosz=c4=99 = \r\no =\r\nodpowied=C5=BA=", "Proszę o odpowiedź"),
        ("100 = 100, a=b, =ZZ =4", "100 = 100, a=b, =ZZ =4"),
        ("Zażółć =C5=BC", "Zażółć ż"),
    ):
        raw = mail(
            written, Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="quoted-printable"
        )
        assert received(raw).text == meant


@settings(max_examples=300, deadline=None)
@given(
    said(),
    st.sampled_from(["base64", "quoted-printable", "8bit", "binary"]),
    st.sampled_from([None, *FOOTERS[:3], FOOTERS[5]]),
    st.sampled_from(["plain", "html", "blank beside html"]),
)
def test_any_words_in_any_charset_and_encoding(
    words: tuple[str, str], encoding: str, footer: str | None, form: str
) -> None:
    charset, text = words
    raw = (text if form == "plain" else f"<html><body><p>{text}</p></body></html>").encode(charset)
    encode = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)
    kind = "plain" if form == "plain" else "html"
    part = encode(raw) + (f"\r\n\r\n{footer}\r\n".encode("ascii") if footer else b"")
    head = f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    if form == "blank beside html":
        kind, body = multipart("alternative", "Content-Type: text/plain\r\n\r\n \r\n", f"{head}\r\nHERE")
        whole = mail(body.encode().replace(b"HERE", part), Content_Type=kind)
    else:
        whole = head.encode() + mail(part)
    assert " ".join(received(whole).text.split()).startswith(text)


# -- charsets named elsewhere -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        '<meta charset="{}">',
        "<meta charset={}>",
        '<meta http-equiv="Content-Type" content="text/html; charset={}">',
        "<META HTTP-EQUIV=Content-Type CONTENT='text/html; CHARSET={}'/>",
        '<?xml version="1.0" encoding="{}"?>',
    ],
)
@pytest.mark.parametrize("named", ["", "; charset=us-ascii", "; charset=utf-8", "; charset=x-unknown"])
@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("windows-1250", "Proszę"),
        ("windows-1251", "Где"),
        ("koi8-r", "да"),
        ("iso-8859-2", "ść"),
        ("big5", "訂單"),
    ],
)
def test_the_charset_that_the_html_names(told: str, named: str, charset: str, text: str) -> None:
    html = f"<html><head>{told.format(charset)}</head><body><p>{text}</p></body></html>"
    assert received(mail(html.encode(charset), Content_Type=f"text/html{named}")).text == text


@pytest.mark.parametrize(
    ("charset", "subject", "name"),
    [
        ("windows-1251", "Где мой заказ?", "Анна"),
        ("koi8-r", "Где мой заказ?", "Анна"),
        ("iso-8859-2", "Proszę o odpowiedź", "Łukasz Żółć"),
        ("windows-1250", "Dziękuję", "Święty"),
        ("shift_jis", "注文について", "田中"),
        ("gb2312", "我的订单", "王"),
        ("utf-8", "Zażółć", "Łukasz"),
    ],
)
@pytest.mark.parametrize("place", ["root", "part"])
def test_bare_8_bit_headers_are_in_the_charset_of_the_text(
    charset: str, subject: str, name: str, place: str
) -> None:
    kind = f"text/plain; charset={charset}"
    body = subject.encode(charset)
    if place == "part":
        part = f"Content-Type: {kind}\r\n\r\n".encode() + body
        file = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="
        file += b'"' + name.encode(charset) + b'.pdf"\r\n\r\n%PDF'
        body = b"--b\r\n" + part + b"\r\n--b\r\n" + file + b"\r\n--b--\r\n"
        kind = "multipart/mixed; boundary=b"
    head = (
        b"Subject: "
        + subject.encode(charset)
        + b"\r\nFrom: "
        + name.encode(charset)
        + b" <c@client.test>\r\n"
    )
    item = received(head + mail(body, Content_Type=kind, Subject="-", From="-"))
    assert (item.data["subject"], item.sender.name, item.text) == (subject, name, subject)
    if place == "part":
        assert item.media[0].name == f"{name}.pdf"


# -- encoded words and names of files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("=?utf-8?B?WsU=?= =?utf-8?B?vMOzxYLEhw==?=", "Zżółć"),
        ("=?utf-8?B?WsU=?==?utf-8?B?vMOzxYLEhw==?=", "Zżółć"),
        ("=?utf-8?B?WsW?= =?utf-8?B?8w7PFgsSH?=", "Zżółć"),
        ("=?utf-8?Q?Z=C5?=\r\n =?utf-8?Q?=BC?=", "Zż"),
        ("=?utf-8?Q?Z=C5?=\r\n =?UTF-8?B?vA==?=", "Zż"),
        ('"=?utf-8?Q?Z=C5?= =?utf-8?Q?=BC?="', '"Zż"'),
        ("=?utf-8?Q?Where is it??=", "Where is it?"),
        ("=?iso-2022-jp?B?GyRCQ21KOBsoQg==?=", "注文"),
        ("=?iso-2022-jp?B?GyRCLSEbKEI=?=", "①"),
        ("=?us-ascii?Q?Za=C5=BC?=", "Zaż"),
        ("=?iso-8859-1?Q?Za=C5=BC=C3=B3?=", "Zażó"),
        ("=?gb2312?B?6UY=?=", "镕"),
        ("=?utf-8*pl?Q?=C5=BC?=", "ż"),
        ("=?zlib_codec?B?WsW8?= ok", "Zż ok"),
        ("Re:=?utf-8?Q?_=C5=BC?=(x)", "Re: ż(x)"),
    ],
)
def test_encoded_words(raw: str, read: str) -> None:
    assert received(mail(Subject=raw)).data["subject"] == read


@pytest.mark.parametrize(
    "told",
    [
        "filename*=utf-8''za%C5%BC%C3%B3%C5%82%C4%87.pdf",
        "filename*=UTF-8'pl'za%c5%bc%c3%b3%c5%82%c4%87.pdf",
        "filename*0*=utf-8''za%C5; filename*1*=%BC%C3%B3; filename*2*=%C5%82%C4%87.pdf",
        "filename*0*=utf-8''za%C5%BC%C3%B3; filename*1*=%C5%82%C4%87; filename*2=.pdf",
        "filename*1*=%BC%C3%B3%C5%82%C4%87.pdf; filename*0*=utf-8''za%C5",
        'filename="=?utf-8?B?emHFvMOzxYLEhy5wZGY=?="',
        'filename="=?utf-8?Q?za=C5=BC?= =?utf-8?Q?=C3=B3=C5=82=C4=87.pdf?="',
        'filename="=?utf-8?Q?za=C5?=\r\n =?utf-8?Q?=BC=C3=B3=C5=82=C4=87.pdf?="',
        "filename==?utf-8?B?emHFvMOzxYLEhy5wZGY=?=",
        "filename*0==?utf-8?B?emHFvMOzx; filename*1=YLEhy5wZGY=?=",
        'filename="za%C5%BC%C3%B3%C5%82%C4%87.pdf"',
        "filename*=iso-8859-2''za%BF%F3%B3%E6.pdf",
        "filename=\"x.pdf\"; filename*=utf-8''za%C5%BC%C3%B3%C5%82%C4%87.pdf",
        'filename="C:\\docs\\zażółć.pdf"',
        "filename=zażółć.pdf",
    ],
)
def test_names_of_files(told: str) -> None:
    kind, body = multipart(
        "mixed",
        "Content-Type: text/plain\r\n\r\nhello",
        f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {told}\r\n\r\n%PDF",
    )
    assert received(mail(body, Content_Type=kind)).media[0].name == "zażółć.pdf"


def test_names_of_people_with_signs_that_part_addresses() -> None:
    for told in (
        "=?utf-8?Q?Nowak=2C_Jan?= <jan@client.test>",
        "=?utf-8?Q?Nowak,_Jan?= <jan@client.test>",
        '"=?utf-8?B?Tm93YWssIEphbg==?=" <jan@client.test>',
        '"Nowak, Jan" <jan@client.test>',
        "=?utf-8?B?Tm93YWssIEphbiA8amFuQGNsaWVudC50ZXN0Pg==?=",
    ):
        item = received(mail(From=told))
        assert (item.sender.name, item.sender.email) == ("Nowak, Jan", "jan@client.test")


# -- header blocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: b" " + raw,
        lambda raw: b"\t" + raw,
        lambda raw: b"\r\n" + raw,
        lambda raw: b"\n\n\n" + raw,
        lambda raw: b"   \r\n" + raw,
        lambda raw: b"From carl@client.test Mon Nov 23 10:00:00 2026\r\n" + raw,
        lambda raw: b">From carl@client.test Mon Nov 23 10:00:00 2026\n" + raw,
        lambda raw: b"From carl@client.test Mon Nov 23 10:00:00 2026\r\n\r\n" + raw,
        lambda raw: b"no header at all\r\n" + raw,
        lambda raw: raw.replace(b"\r\nTo:", b"\r\na line without a colon\r\nTo:"),
        lambda raw: raw.replace(b"\r\nTo:", b"\r\nx\r\ny z\r\n***\r\nTo:"),
        lambda raw: raw.replace(b"\r\nSubject:", b"\r\n(scanned)\r\nSubject:"),
        lambda raw: raw.replace(b"\r\nTo:", b"\r\n \r\nTo:"),
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: raw.replace(b"\r\n", b"\r"),
        lambda raw: raw.replace(b"\r\n", b"\r\r\n"),
        lambda raw: raw.replace(b"\r\nTo:", b"\rTo:"),
        lambda raw: raw.replace(b"\r\nTo:", b"\0\r\nTo:\0"),
        lambda raw: raw.replace(b"From:", b"From :"),
        lambda raw: raw.replace(b"\r\n\r\n", b"\r\n", 1),
        lambda raw: raw.replace(b"\r\n\r\n", b"\r\n \r\n", 1),
        lambda raw: raw.replace(b"A question", b"A\r\nquestion"),
    ],
)
def test_one_bad_line_does_not_end_the_headers(spoil: object) -> None:
    item = received(spoil(mail("Where is my order?\r\nThanks: Carl")))  # type: ignore[operator]
    assert (item.sender.external_id, item.sender.name) == ("carl@client.test", "Carl Client")
    assert item.data["subject"] == "A question"
    assert item.text == "Where is my order?\nThanks: Carl"


@pytest.mark.parametrize(
    "head",
    [
        'Content-Type: application/pdf;\r\nname="order.pdf"\r\nContent-Transfer-Encoding: base64',
        "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment;\r\nfilename="order.pdf"',
        "Content-Type: application/pdf\r\njunk of a gateway\r\nContent-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="order.pdf"',
        '\r\nContent-Type: application/pdf; name="order.pdf"\r\nContent-Transfer-Encoding: base64',
        ' Content-Type: application/pdf; name="order.pdf"\r\nContent-Transfer-Encoding: base64',
        "Content-Type: application/pdf; x=y;\r\n\tname=order.pdf\r\nContent-Transfer-Encoding: base64",
    ],
)
def test_bad_lines_in_the_head_of_a_part(head: str) -> None:
    content = b"%PDF-1.4 order 12"
    part = f"{head}\r\n\r\n{base64.b64encode(content).decode()}"
    kind, body = multipart("mixed", "Content-Type: text/plain\r\n\r\nhello", part)
    item = received(mail(body, Content_Type=kind))
    assert item.text == "hello"
    assert [(file.name, file.content) for file in item.media] == [("order.pdf", content)]


def test_a_part_without_headers_keeps_its_first_words() -> None:
    kind, body = multipart("mixed", "\r\nFrom: Berlin\r\nTo: Paris", "\r\nPrice: 5")
    assert received(mail(body, Content_Type=kind)).text == "From: Berlin\nTo: Paris\nPrice: 5"


def test_a_boundary_in_a_folded_line_that_lost_its_indent() -> None:
    kind, body = multipart("mixed", "Content-Type: text/plain\r\n\r\nhello")
    assert received(mail(body, Content_Type=kind.replace("; ", ";\r\n"))).text == "hello"


def test_different_people_without_a_sender_are_not_one_client() -> None:
    first = received(mail("a", From="-", Message_ID="<1@x.test>")).sender
    second = received(mail("b", From="-", Message_ID="<2@x.test>")).sender
    answers = [
        received(mail(text, From="-", References="<1@x.test> <9@y.test>")).sender.external_id for text in "cd"
    ]
    assert len(set(answers)) == 1
    assert first.external_id.startswith("unknown:")
    assert first.external_id != second.external_id
    nameless = [received(mail(text, From="-", Message_ID="-")).sender.external_id for text in ("a", "b")]
    assert nameless[0] != nameless[1]
    assert received(mail("a", From="Anna", Message_ID="<4@x.test>")).sender.external_id != (
        received(mail("b", From="Anna", Message_ID="<5@x.test>")).sender.external_id
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sender", "Carl <carl@client.test>"),
        ("Reply_To", "carl@client.test"),
        ("Return_Path", "<carl@client.test>"),
        ("X_Envelope_From", "<carl@client.test>"),
        ("X_Original_Sender", "carl@client.test"),
        ("Resent_From", "carl@client.test"),
        ("Received", "from a.test ([192.0.2.1]) (envelope-from <carl@client.test>) by mx.test; 22 Nov 2026"),
    ],
)
def test_whoever_is_named_elsewhere_is_the_sender(name: str, value: str) -> None:
    assert received(mail(From="-", **{name: value})).sender.external_id == "carl@client.test"


def test_headers_of_one_charset_do_not_change_the_key_of_a_delivery() -> None:
    assert h.split("Subject: żółć\r\n\r\nx".encode())[0].text("subject") == "żółć"
