"""Mails as events: who, when, what, which conversation."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from openlines.connectors.base import (
    AccountNotice,
    BadSignature,
    DeliveryStatus,
    MediaKind,
    MessageKind,
    NotSupported,
    RawRequest,
    StatusChanged,
    Unreadable,
)
from openlines.connectors.email import mime, parse
from tests.openlines.connectors.email.building import (
    ACCOUNT,
    NOW,
    OURS,
    TOKEN,
    UUID,
    connector,
    mail,
    multipart,
    one,
    received,
    request,
)


def test_a_plain_mail() -> None:
    item = received(mail("Where is my order?\r\n"))
    assert (item.sender.external_id, item.sender.name, item.sender.email) == (
        "carl@client.test",
        "Carl Client",
        "carl@client.test",
    )
    assert item.at == datetime(2026, 11, 22, 11, 59, tzinfo=UTC)
    assert (item.kind, item.text, item.media) == (MessageKind.TEXT, "Where is my order?", ())
    assert item.data == {
        "subject": "A question",
        "message_id": "<1@client.test>",
        "to": ["support@example.test"],
    }
    assert item.external_id.startswith("<1@client.test>#")
    assert not item.is_automatic


def test_an_absurd_date_gives_way_to_the_time_of_receipt() -> None:
    for date in ("Fri, 22 Nov 2199 12:00:00 +0000", "yesterday", "-", "Thu, 1 Jan 1970 00:00:00 +0000"):
        assert received(mail(Date=date)).at == NOW


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("=?utf-8?B?WsW8w7PFgsSH?=", "Zżółć"),
        ("=?utf-8?B?WsU=?= =?utf-8?B?vMOzxYLEhw==?=", "Zżółć"),
        ("=?iso-8859-2?Q?Za=BF=F3=B3=E6?= ok", "Zażółć ok"),
        ("=?no-such-charset?Q?Z=C5=BC?=", "Zż"),
        ("=?utf-8?Q?broken", "=?utf-8?Q?broken"),
        ('Re: "=?utf-8?Q?Z=C5=BC?=" end', 'Re: "Zż" end'),
        ("Zażółć", "Zażółć"),
        ("two\r\n lines", "two lines"),
    ],
)
def test_subjects(raw: str, read: str) -> None:
    assert received(mail(Subject=raw)).data["subject"] == read


def test_the_plain_part_is_the_text_and_html_is_kept_as_it_came() -> None:
    kind, body = multipart(
        "alternative",
        "Content-Type: text/plain; charset=iso-8859-2\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nZa=BF=F3=B3=E6",
        "Content-Type: text/html; charset=utf-8\r\n\r\n<p onclick=x()>Zażółć</p>",
    )
    item = received(mail(body, Content_Type=kind))
    assert item.text == "Zażółć"
    assert item.data["html"] == "<p onclick=x()>Zażółć</p>"


def test_an_html_mail_gives_its_text() -> None:
    html = "<style>p{}</style><p>Hello&nbsp;<b>you</b></p><ul><li>one<li>two</ul><a href='https://x.test/a'>here</a><script>1</script>"
    item = received(mail(html, Content_Type="text/html"))
    assert item.text == "Hello you\n\n• one\n• two\n\nhere <https://x.test/a>"


def test_files_and_inline_images_come_with_the_mail() -> None:
    picture = base64.b64encode(b"\x89PNG not really").decode()
    kind, body = multipart(
        "mixed",
        "Content-Type: text/html\r\n\r\nLook: <img src='cid:pic@1'>",
        f"Content-Type: image/png\r\nContent-ID: <pic@1>\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}",
        "Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n"
        " filename*0*=utf-8''%C5%BC%C3%B3; filename*1*=%C5%82w.pdf\r\n\r\n%PDF",
        'Content-Type: text/plain; name="../../etc/passwd"\r\nContent-Disposition: attachment\r\n\r\nroot',
        "Content-Type: message/rfc822\r\n\r\nSubject: Inner / mail\r\nFrom: a@b.test\r\n\r\nx",
    )
    item = received(mail(body, Content_Type=kind))
    assert item.kind is MessageKind.MEDIA
    assert item.text == "Look:"
    assert [(m.kind, m.name, m.content_id) for m in item.media] == [
        (MediaKind.IMAGE, "image.png", "pic@1"),
        (MediaKind.FILE, "żółw.pdf", ""),
        (MediaKind.FILE, "passwd", ""),
        (MediaKind.FILE, "Inner mail.eml", ""),
    ]
    assert [m.content for m in item.media][:3] == [b"\x89PNG not really", b"%PDF", b"root"]


def test_a_very_long_text_comes_as_a_file_too() -> None:
    item = received(mail("word " * 30_000))
    assert len(item.text) == parse.MAX_TEXT
    (file,) = item.media
    assert (file.name, file.size) == ("message.txt", 149_999)


def test_nests_and_crowds_end() -> None:
    body = "deep"
    for depth in range(60):
        inner = f"Content-Type: multipart/mixed; boundary=b{depth - 1}\r\n" if depth else ""
        first = f"--b{depth}\r\nContent-Type: text/plain\r\n\r\nx{depth}\r\n"
        body = f"{first}--b{depth}\r\n{inner}\r\n{body}\r\n--b{depth}--"
    item = received(mail(body, Content_Type="multipart/mixed; boundary=b59"))
    assert "x59" in item.text
    crowd = "--a\r\n\r\nhello\r\n" * 5000
    root = mime.parse(mail(crowd, Content_Type="multipart/mixed; boundary=a"))
    assert len(mime.walk(root)) == mime.MAX_PARTS


# -- who ----------------------------------------------------------------------------------------------------------


def test_reply_to_names_the_client_where_a_form_writes() -> None:
    item = received(mail(From="Shop <support@example.test>", Reply_To="Dora <dora@client.test>"))
    assert (item.sender.external_id, item.sender.name) == ("dora@client.test", "Dora")
    assert item.data["from"] == "support@example.test"


def test_a_mail_without_a_sender_is_still_shown() -> None:
    item = received(mail(From="-"))
    assert item.sender.external_id.startswith("unknown:")
    assert received(mail(From="-", Return_Path="<carl@client.test>")).sender.external_id == "carl@client.test"
    assert received(mail(From="somebody <not an address>")).sender.name


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-replied (vacation); owner-email=carl@client.test"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": ""},
        {"X_Auto_Reply_From": "carl@client.test"},
        {"Precedence": "auto_reply"},
        {"Auto_Submitted": "auto-generated", "In_Reply_To": OURS},
        {"Auto_Submitted": "auto-generated", "Subject": "Automatic reply: A question"},
        {"Return_Path": "<>", "References": f"<0@client.test> {OURS}"},
        {"Subject": "Automatic reply: Re: A question", "In_Reply_To": OURS},
        {"Subject": "=?utf-8?Q?Odpowied=C5=BA_automatyczna:_Re:_Pytanie?=", "In_Reply_To": OURS},
        {"Subject": "Abwesenheitsnotiz", "References": f"<{TOKEN}.thread@example.test>"},
        {"Subject": "Out of Office: A question", "To": f"support+{TOKEN}@example.test"},
    ],
)
def test_answers_of_machines_are_known(headers: dict[str, str]) -> None:
    item = received(mail(**headers))
    assert (item.is_automatic, item.is_answer) == (True, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Auto_Submitted": "auto-generated", "In_Reply_To": "<issue-17@tracker.test>"},
        {"Auto_Submitted": "auto-notified"},
        {"X_Autogenerated": "yes"},
        {"Return_Path": "<>"},
        {"From": "MAILER-DAEMON@client.test"},
        {"From": "no-reply@client.test"},
        {"From": "notifications+17@client.test", "In_Reply_To": OURS},
    ],
)
def test_machines_that_answer_nothing_are_known(headers: dict[str, str]) -> None:
    """A shop's notice may hold a person's words: it is a message, to which no automatic text answers."""
    item = received(mail(**headers))
    assert (item.is_automatic, item.is_answer) == (True, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no", "Precedence": "first-class"},
        {"From": "nora.reply@client.test"},
        {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
        {"X_Auto_Response_Suppress": "All", "In_Reply_To": OURS},
        {"List_Unsubscribe": "<mailto:out@crm.test>"},
        {"Precedence": "bulk"},
        {"Precedence": "list", "List_Id": "<list.client.test>", "List_Unsubscribe": "<mailto:out@crm.test>"},
        {"Subject": "Out of office hours again?"},
        {"Subject": "Automatic reply to my order"},
        {"Subject": "Re: Automatic reply: A question", "In_Reply_To": OURS},
        {"X_Autoreply": "no"},
    ],
)
def test_people_are_no_machines(headers: dict[str, str]) -> None:
    item = received(mail(**headers))
    assert (item.is_automatic, item.is_answer) == (False, False)


# -- conversations ------------------------------------------------------------------------------------------------


def test_what_a_mail_goes_back_to_best_first() -> None:
    item = received(
        mail(
            In_Reply_To=OURS,
            References=f"<{TOKEN}.thread@example.test> <a@x> <b@x>",
            To="support+5-feed@example.test",
            Subject="Re: [#42] question",
        )
    )
    assert item.reply_to == OURS
    assert item.refers_to == (
        OURS,
        TOKEN,
        "<b@x>",
        "<a@x>",
        f"<{TOKEN}.thread@example.test>",
        "5-feed",
        "#42",
    )


def test_a_strangers_in_reply_to_is_only_a_candidate() -> None:
    item = received(mail(In_Reply_To="<x@y>"))
    assert (item.reply_to, item.refers_to) == ("", ("<x@y>",))


def test_the_same_mail_on_another_way_has_the_same_key() -> None:
    raw = mail("Hello\r\n")
    copy = b"Received: from a\r\nDelivered-To: info@example.test\r\n" + raw.replace(b"\r\n", b"\n")
    assert connector.key(request(raw)) == connector.key(request(copy))
    assert received(raw).external_id == received(copy).external_id
    other = mail("Something else\r\n")
    assert connector.key(request(raw)) != connector.key(request(other))
    assert received(raw).external_id != received(other).external_id
    assert len(received(mail(Message_ID=f"<{'x' * 900}@y>")).external_id) <= 200


# -- reports ------------------------------------------------------------------------------------------------------


def report(
    action: str, status: str, original: str = OURS, diagnostic: str = "smtp; 550 5.1.1 unknown user"
) -> bytes:
    kind, body = multipart(
        "report",
        "Content-Type: text/plain\r\n\r\nYour mail was not delivered.",
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n"
        f"Final-Recipient: rfc822; carl@client.test\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: {diagnostic}",
        f"Content-Type: message/rfc822\r\n\r\nMessage-ID: {original}\r\nSubject: x\r\n\r\nx",
        more="; report-type=delivery-status",
    )
    return mail(
        body, Content_Type=kind, From="MAILER-DAEMON@mx.test", Auto_Submitted="auto-replied", Return_Path="<>"
    )


def test_a_bounce_turns_the_message_to_failed() -> None:
    item = one(report("failed", "5.1.1"))
    assert isinstance(item, StatusChanged)
    assert (item.external_id, item.status, item.uuid, item.unreachable) == (
        OURS,
        DeliveryStatus.FAILED,
        UUID,
        True,
    )
    assert "unknown user" in item.reason


def test_a_bounce_of_a_mail_that_a_relay_renamed() -> None:
    item = one(report("failed", "5.1.1", original=f"<renamed@relay.test>\r\nX-Message-UUID: {UUID}"))
    assert isinstance(item, StatusChanged)
    assert (item.external_id, item.uuid) == ("<renamed@relay.test>", UUID)


def test_a_full_mailbox_is_still_reachable() -> None:
    item = one(report("failed", "5.2.2", diagnostic="smtp; 552 5.2.2 full"))
    assert isinstance(item, StatusChanged)
    assert not item.unreachable
    assert "full" in item.reason


def test_other_reports() -> None:
    delivered = one(report("delivered", "2.0.0"))
    assert isinstance(delivered, StatusChanged) and delivered.status is DeliveryStatus.DELIVERED
    assert isinstance(one(report("delayed", "4.4.7")), NotSupported)
    kind, body = multipart(
        "report",
        f"Content-Type: message/disposition-notification\r\n\r\nOriginal-Message-ID: {OURS}\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed",
    )
    read = one(mail(body, Content_Type=kind))
    assert isinstance(read, StatusChanged) and read.status is DeliveryStatus.READ
    kind, body = multipart("report", "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse")
    assert isinstance(one(mail(body, Content_Type=kind)), AccountNotice)


def test_a_bounce_written_for_people_is_known_by_our_id() -> None:
    text = f"Sorry, no mailbox here by that name. (#5.1.1)\r\n\r\nMessage-ID: {OURS}\r\n"
    item = one(mail(text, From="MAILER-DAEMON@mx.test"))
    assert isinstance(item, StatusChanged)
    assert item.unreachable
    # an absence note of a person quotes ours as well
    assert received(mail(text, Auto_Submitted="auto-replied")).is_automatic


def test_a_report_on_nothing_is_a_mail() -> None:
    assert received(report("failed", "5.1.1", original="")).is_automatic


# -- the rest -----------------------------------------------------------------------------------------------------


def test_a_mail_too_large_is_shown_as_such() -> None:
    came = RawRequest({"content-type": f"{parse.STUB}; size=52428800"}, mail(""), received_at=NOW)
    (item,) = connector.parse(came, ACCOUNT)
    assert getattr(item, "kind", None) is MessageKind.UNSUPPORTED
    assert "50 MB" in getattr(item, "data", {})["type"]


def test_what_is_no_mail_is_unreadable() -> None:
    for raw in (b"", b"hello", b"\x00\xff" * 50, b"// Not an RFC-822 Document"):
        with pytest.raises(Unreadable):
            connector.parse(request(raw), ACCOUNT)


def test_nobody_delivers_mails_by_webhook() -> None:
    with pytest.raises(BadSignature):
        connector.verify(request(mail()), ACCOUNT)


def test_parsing_needs_no_settings() -> None:
    assert received(mail(), replace(ACCOUNT, credentials={})).text == "Hello"


@pytest.mark.parametrize(
    "raw",
    [
        mail(Subject="\r\n a" * 300_000),
        mail("x", X="y" + "\r\nX: y" * 300_000),
        mail(
            "x",
            References="<a@b> " * 100_000,
            To="a@b.test, " * 100_000,
            From='"(' * 50_000 + "carl@client.test",
        ),
        mail("--b\r\n\r\nx\r\n" * 200_000, Content_Type="multipart/mixed; boundary=b"),
        mail("> a\n" * 500_000),
    ],
)
def test_a_mail_made_for_it_takes_no_time(raw: bytes) -> None:
    started = time.process_time()
    received(raw)
    connector.key(request(raw))
    assert time.process_time() - started < 20  # of the processor: quadratic would be minutes
