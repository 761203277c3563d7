"""Outlook's ``winmail.dat`` and calendars' invitations: what is in them reaches the operator, and nothing is lost."""

from __future__ import annotations

import base64
import struct

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from openlines.connectors.email import invitations, tnef
from tests.openlines.connectors.email.building import mail, multipart, received

PDF = b"%PDF-1.4\n% invoice 17\n%%EOF\n"


def attribute(level: int, number: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def prop(number: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def container(*more: bytes, name: bytes = b"invoice17.pdf\0", content: bytes = PDF) -> bytes:
    return b"".join(
        (
            struct.pack("<IH", 0x223E9F78, 1),
            attribute(1, 0x00089006, struct.pack("<I", 0x00010000)),
            *more,
            attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0)),
            attribute(2, 0x00018010, name),
            attribute(2, 0x0006800F, content),
        )
    )


def with_container(raw: bytes, text: str = "Please find the invoice attached.") -> bytes:
    kind, body = multipart(
        "mixed",
        f"Content-Type: text/plain\r\n\r\n{text}",
        "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(raw).decode(),
    )
    return mail(body, Content_Type=kind)


def test_the_files_in_it_come_as_files() -> None:
    item = received(with_container(container()))
    assert [(one.name, one.mime, one.content) for one in item.media] == [
        ("invoice17.pdf", "application/pdf", PDF)
    ]
    assert item.text == "Please find the invoice attached."


def test_names_are_read_in_its_code_page_or_as_unicode() -> None:
    page = attribute(1, 0x00069007, struct.pack("<II", 1250, 0))
    assert tnef.read(container(page, name="zażółć.pdf".encode("cp1250"))).files[0].name == "zażółć.pdf"
    long = prop(0x3707, 0x1F, "zażółć gęślą.pdf\0".encode("utf-16-le"))
    raw = container(name=b"ZAZO~1.PDF") + attribute(2, 0x00069005, struct.pack("<I", 1) + long)
    assert tnef.read(raw).files[0].name == "zażółć gęślą.pdf"


def test_its_text_is_the_mails_where_there_is_no_other() -> None:
    text = struct.pack("<I", 1) + prop(0x1000, 0x1F, "Gdzie jest zamówienie?\0".encode("utf-16-le"))
    raw = container(attribute(1, 0x00069003, text))
    assert received(with_container(raw, text="")).text == "Gdzie jest zamówienie?"
    assert received(with_container(raw, text="Hello")).text == "Hello"


@pytest.mark.parametrize("cut", [3, 20, 60, 100])
def test_a_broken_one_is_kept_beside_what_was_found(cut: int) -> None:
    raw = container()[:-cut]
    media = received(with_container(raw)).media
    assert raw in [one.content for one in media]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_nothing_breaks_it(wild: bytes, at: int) -> None:
    text = attribute(1, 0x00069003, struct.pack("<I", 2) + prop(0x1000, 0x1E, b"hello\0"))
    raw = container(text)
    tnef.read(raw[:at] + wild + raw[at:])
    tnef.read(struct.pack("<IH", 0x223E9F78, 1) + wild)
    invitations.describe(wild.decode("latin-1"))


def calendar(*lines: str, method: str = "REQUEST") -> str:
    event = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", f"METHOD:{method}", "BEGIN:VEVENT", "UID:1@client.test",
        "DTSTAMP:20261101T000000Z", "SUMMARY:Call about order 17", *lines, "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return "\r\n".join(event)


def invited(ics: str, plain: str = "\r\n") -> str:
    kind, body = multipart(
        "alternative",
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{plain}",
        f"Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n{ics}",
    )
    item = received(mail(body, Content_Type=kind))
    assert [one.mime for one in item.media] == ["text/calendar"]
    return item.text


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("DTSTART:20261124T090000Z", "DTEND:20261124T093000Z", "10:00–10:30"),
        ("DTSTART:20261124T090000Z", "DURATION:PT45M", "10:00–10:45"),
        (
            "DTSTART;TZID=Europe/London:20261124T090000",
            "DTEND;TZID=Europe/London:20261124T100000",
            "10:00–11:00",
        ),
        ("DTSTART;TZID=Eastern Standard Time:20261124T090000", "DURATION:PT1H", "15:00–16:00"),
        ("DTSTART:20261124T090000", "DTEND:20261124T093000", "09:00–09:30"),
    ],
)
def test_an_invitation_says_what_when_where_and_who(start: str, end: str, told: str) -> None:
    who = ('ORGANIZER;CN="Client, Carl":mailto:carl@client.test', "ATTENDEE;CN=Anna:mailto:anna@example.test")
    text = invited(calendar(start, end, "LOCATION:Room 5\\, Main Street", *who))
    for words in ("Call about order 17", told, "Europe/Warsaw", "Room 5, Main Street", "Client, Carl, Anna"):
        assert words in text
    assert "@" not in text
    assert timezone.get_default_timezone_name() == "Europe/Warsaw"


def test_whole_days_and_meetings_called_off() -> None:
    text = invited(calendar("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"))
    assert "24" in text and "25" not in text and ":00" not in text
    assert "called off" in invited(calendar("DTSTART:20261124T090000Z", method="CANCEL"))


def test_what_was_written_stands_above_it() -> None:
    assert invited(calendar("DTSTART:20261124T090000Z"), "Please come.").startswith(
        "Please come.\n\nInvitation: "
    )


UNREADABLE = [
    "",
    "BEGIN:VCALENDAR",
    "nothing",
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:x\r\nEND:VEVENT\r\nEND:VCALENDAR",
]


@pytest.mark.parametrize("ics", UNREADABLE)
def test_a_calendar_that_cannot_be_read_is_a_file(ics: str) -> None:
    assert invited(ics or " x", "Hello").startswith("Hello")
