"""Sending over real HTTP to the fake, which refuses what WhatsApp refuses and keeps what the customer got."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contactcenter.lib import http
from openlines.connectors.base import (
    Account,
    Broken,
    Button,
    Failed,
    MediaKind,
    Outcome,
    OutgoingFile,
    Sent,
    Template,
    TryLater,
    Unknown,
)
from openlines.connectors.whatsapp.fake import (
    NUMBER,
    Behaviour,
    FakeWhatsApp,
    bad_gateway,
    dies,
    garbage,
    refuse,
    server_error,
    slow,
    too_many,
)
from tests.openlines.connectors.whatsapp.building import PHONE, SCOPED, connector, outgoing

MakeFile = Callable[..., OutgoingFile]


def got(whatsapp: FakeWhatsApp, phone: str = PHONE) -> list[dict[str, Any]]:
    return whatsapp.customers[phone].messages


def test_a_text_reaches_the_customer_with_our_uuid(whatsapp: FakeWhatsApp, account: Account) -> None:
    outcome = connector.send(outgoing("Good *morning* 😀"), account)
    (message,) = got(whatsapp)
    assert message["text"] == {"body": "Good *morning* 😀", "preview_url": False}
    assert message["to"] == PHONE
    assert message["biz_opaque_callback_data"] == "our-uuid"
    assert outcome == Sent((message["id"],))


@pytest.mark.parametrize("typed", ["+1 650 555-1234", "16505551234"])
def test_phones_are_taken_as_people_type_them(whatsapp: FakeWhatsApp, account: Account, typed: str) -> None:
    connector.send(outgoing("x", recipient=typed), account)
    assert got(whatsapp)[0]["to"] == PHONE


def test_who_hides_the_phone_is_written_to_by_his_id(whatsapp: FakeWhatsApp, account: Account) -> None:
    whatsapp.customer("1", "Sheena", user_id=SCOPED, hides_phone=True)
    outcome = connector.send(outgoing("x", recipient=SCOPED), account)
    (message,) = got(whatsapp, "1")
    assert message["recipient"] == SCOPED
    assert "to" not in message
    assert isinstance(outcome, Sent)


def test_links_are_shown_with_a_preview(whatsapp: FakeWhatsApp, account: Account) -> None:
    connector.send(outgoing("See https://example.org"), account)
    assert got(whatsapp)[0]["text"]["preview_url"] is True


def test_a_quote_points_to_its_message(whatsapp: FakeWhatsApp, account: Account) -> None:
    asked = whatsapp.write(PHONE, "Where?")
    connector.send(outgoing("There", reply_to=asked), account)
    assert got(whatsapp)[0]["context"] == {"message_id": asked}


def test_without_the_quoted_message_it_goes_all_the_same(whatsapp: FakeWhatsApp, account: Account) -> None:
    assert isinstance(connector.send(outgoing("There", reply_to="gone"), account), Sent)
    (message,) = got(whatsapp)
    assert "context" not in message


def test_long_texts_go_in_pieces_and_go_on_from_a_part(whatsapp: FakeWhatsApp, account: Account) -> None:
    text = " ".join(f"word{number}" for number in range(1100))
    outcome = connector.send(outgoing(text, reply_to="wamid.Q"), account)
    pieces = [message["text"]["body"] for message in got(whatsapp)]
    assert len(pieces) == 3
    assert " ".join(pieces) == text
    assert [("context" in message) for message in got(whatsapp)] == [True, False, False]
    assert outcome.external_ids == tuple(message["id"] for message in got(whatsapp))

    got(whatsapp).clear()
    assert len(connector.send(outgoing(text, part=2), account).external_ids) == 1
    assert [message["text"]["body"] for message in got(whatsapp)] == pieces[2:]


def test_trouble_in_the_middle_tells_what_was_taken(whatsapp: FakeWhatsApp, account: Account) -> None:
    whatsapp.plan("messages", Behaviour(), too_many(7))
    outcome = connector.send(outgoing("x" * 5000), account)
    assert isinstance(outcome, TryLater)
    assert outcome.external_ids == (got(whatsapp)[0]["id"],)


def test_buttons(whatsapp: FakeWhatsApp, account: Account) -> None:
    buttons = (Button("👍 Yes, I was happy with it", "rate:1:5"), Button("No", "rate:1:1"))
    connector.send(outgoing("Were you content?", buttons=buttons), account)
    (message,) = got(whatsapp)
    replies = [button["reply"] for button in message["interactive"]["action"]["buttons"]]
    assert message["interactive"]["body"]["text"] == "Were you content?"
    assert replies == [
        {"id": "rate:1:5", "title": "👍 Yes, I was happy…"},
        {"id": "rate:1:1", "title": "No"},
    ]


def test_buttons_that_would_look_the_same_are_told_apart(whatsapp: FakeWhatsApp, account: Account) -> None:
    long = "A very long answer number "
    buttons = tuple(Button(f"{long}{number}", str(number)) for number in range(3))
    assert isinstance(connector.send(outgoing("Choose", buttons=buttons), account), Sent)
    replies = [button["reply"]["title"] for button in got(whatsapp)[0]["interactive"]["action"]["buttons"]]
    assert len(set(replies)) == 3


def test_a_long_text_has_its_buttons_at_the_end(whatsapp: FakeWhatsApp, account: Account) -> None:
    text = " ".join(["word"] * 1500)
    outcome = connector.send(outgoing(text, buttons=(Button("Yes", "1"),)), account)
    assert isinstance(outcome, Sent)
    kinds = [message["type"] for message in got(whatsapp)]
    assert kinds[-1] == "interactive"
    assert set(kinds[:-1]) == {"text"}


def test_more_than_three_buttons_are_left_to_the_text(whatsapp: FakeWhatsApp, account: Account) -> None:
    connector.send(outgoing("1 or 0?", buttons=tuple(Button(str(n), str(n)) for n in range(4))), account)
    assert got(whatsapp)[0]["type"] == "text"


@pytest.mark.parametrize(
    ("mime", "kind", "sent_as", "more"),
    [
        ("image/png", MediaKind.IMAGE, "image", {"caption": "look"}),
        ("image/jpg", MediaKind.IMAGE, "image", {"caption": "look"}),
        ("video/mp4", MediaKind.VIDEO, "video", {"caption": "look"}),
        ("image/webp", MediaKind.IMAGE, "document", {"caption": "look", "filename": "f.x"}),
        ("application/pdf", MediaKind.FILE, "document", {"caption": "look", "filename": "f.x"}),
        ("text/csv", MediaKind.FILE, "document", {"caption": "look", "filename": "f.x"}),
    ],
)
def test_files_carry_the_text(
    whatsapp: FakeWhatsApp,
    account: Account,
    file: MakeFile,
    mime: str,
    kind: MediaKind,
    sent_as: str,
    more: dict[str, str],
) -> None:
    outcome = connector.send(outgoing("look", files=(file("f.x", b"content", mime, kind),)), account)
    (message,) = got(whatsapp)
    media = message[sent_as]
    assert outcome == Sent((message["id"],))
    assert {name: said for name, said in media.items() if name != "id"} == more
    assert whatsapp.media[media["id"]].content == b"content"


def test_a_voice_message_takes_no_text(whatsapp: FakeWhatsApp, account: Account, file: MakeFile) -> None:
    voice = file("v.ogg", b"OggS", "audio/ogg; codecs=opus", MediaKind.VOICE)
    connector.send(outgoing("listen", files=(voice,)), account)
    text, sound = got(whatsapp)
    assert text["text"]["body"] == "listen"
    assert sound["audio"]["voice"] is True


def test_several_files_are_several_messages(whatsapp: FakeWhatsApp, account: Account, file: MakeFile) -> None:
    sent = connector.send(outgoing("x" * 2000, files=(file(), file("b.png"))), account)
    assert [message["type"] for message in got(whatsapp)] == ["text", "image", "image"]
    assert len(sent.external_ids) == 3


def test_a_sticker(whatsapp: FakeWhatsApp, account: Account, file: MakeFile) -> None:
    connector.send(outgoing(files=(file("s.webp", b"RIFF", "image/webp", MediaKind.STICKER),)), account)
    assert got(whatsapp)[0]["type"] == "sticker"


def test_a_picture_too_large_for_one_goes_as_a_document(
    whatsapp: FakeWhatsApp, account: Account, file: MakeFile
) -> None:
    connector.send(outgoing(files=(file(content=b"x" * (5 * 1024 * 1024 + 1)),)), account)
    assert got(whatsapp)[0]["type"] == "document"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"content": b""}, "empty"),
        (
            {"name": "a.zip", "mime": "application/zip", "kind": MediaKind.FILE},
            "does not take files like “a.zip”",
        ),
    ],
)
def test_files_that_cannot_go(
    whatsapp: FakeWhatsApp, account: Account, file: MakeFile, change: dict[str, Any], words: str
) -> None:
    outcome = connector.send(outgoing("x", files=(file(**change),)), account)
    assert isinstance(outcome, Failed)
    assert words in outcome.reason
    assert got(whatsapp) == []


def test_a_file_over_the_limit_is_not_uploaded(
    whatsapp: FakeWhatsApp, account: Account, file: MakeFile
) -> None:
    large = file("a.pdf", b"x", "application/pdf", MediaKind.FILE)
    os.truncate(large.path, 100 * 1024 * 1024 + 1)
    outcome = connector.send(outgoing(files=(large,)), account)
    assert isinstance(outcome, Failed)
    assert "100 MB" in outcome.reason
    assert whatsapp.calls == []


def test_a_file_gone_from_our_disk(whatsapp: FakeWhatsApp, account: Account) -> None:
    gone = OutgoingFile("/nowhere/at/all", "a.png", "image/png", MediaKind.IMAGE)
    outcome = connector.send(outgoing("x", files=(gone,)), account)
    assert isinstance(outcome, Failed)
    assert "no longer on our disk" in outcome.reason


@pytest.mark.parametrize("trouble", [dies(), garbage(), server_error(), bad_gateway()])
def test_trouble_with_an_upload_may_be_repeated(
    whatsapp: FakeWhatsApp, account: Account, file: MakeFile, trouble: Behaviour
) -> None:
    whatsapp.plan("media", trouble)
    message = outgoing("look", files=(file(),))
    assert isinstance(connector.send(message, account), TryLater)
    assert got(whatsapp) == []
    assert isinstance(connector.send(message, account), Sent)


def test_a_template(whatsapp: FakeWhatsApp, account: Account) -> None:
    whatsapp.customer("48500", "New").wrote_at = 0
    whatsapp.add_template("hello", "Hello {{1}}, your order {{2}} is here", language="pl")
    template = Template("hello", "pl", ("Anna\nBell", "4711"))
    outcome = connector.send(outgoing("ignored", recipient="+48500", template=template), account)
    (message,) = got(whatsapp, "48500")
    assert isinstance(outcome, Sent)
    assert message["template"] == {
        "name": "hello",
        "language": {"code": "pl"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Anna Bell"}, {"type": "text", "text": "4711"}],
            }
        ],
    }


def test_a_template_with_named_values(whatsapp: FakeWhatsApp, account: Account) -> None:
    whatsapp.add_template("hello", "Hello {{name}}, order {{order}}")
    outcome = connector.send(outgoing(template=Template("hello", "en_US", ("Anna", "4711"))), account)
    assert isinstance(outcome, Sent)
    (component,) = got(whatsapp)[0]["template"]["components"]
    assert [value["parameter_name"] for value in component["parameters"]] == ["name", "order"]


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (Template("hello", "en_US", ("one",)), "another number of values"),
        (Template("hello", "de"), "does not exist in this language"),
    ],
)
def test_templates_that_do_not_fit(
    whatsapp: FakeWhatsApp, account: Account, template: Template, words: str
) -> None:
    whatsapp.add_template("hello", "Hello {{1}} {{2}}")
    outcome = connector.send(outgoing(template=template), account)
    assert isinstance(outcome, Failed)
    assert words in outcome.reason


def test_when_the_window_is_over_a_template_is_offered(whatsapp: FakeWhatsApp, account: Account) -> None:
    whatsapp.customers[PHONE].wrote_at -= 25 * 3600
    outcome = connector.send(outgoing("x"), account)
    assert isinstance(outcome, Failed)
    assert "template" in outcome.reason


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (too_many(7), TryLater),
        (refuse(130429, "Rate limit hit"), TryLater),
        (refuse(131056, "Pair rate limit hit"), TryLater),
        (refuse(131000, "Something went wrong", status=500), TryLater),
        (refuse(99, "odd", is_transient=True), TryLater),
        (server_error(), TryLater),
        (bad_gateway(), TryLater),
        (refuse(131026, "Undeliverable"), Failed),
        (refuse(131049, "Healthy ecosystem"), Failed),
        (refuse(132016, "Template disabled"), Failed),
        (refuse(100, "Invalid parameter"), Failed),
        (refuse(424242, "Something new"), Failed),
        (refuse(190, "Error validating access token: Session has expired", status=401), Broken),
        (refuse(10, "Permission denied", status=403), Broken),
        (refuse(131005, "Access denied", status=403), Broken),
        (refuse(100, "Unsupported post request. Object does not exist", subcode=33), Broken),
        (refuse(131031, "Account locked"), Broken),
        (refuse(131042, "Payment issue"), Broken),
        (garbage(), Unknown),
        (dies(), Unknown),
    ],
)
def test_every_answer_has_its_outcome(
    whatsapp: FakeWhatsApp, account: Account, behaviour: Behaviour, outcome: type[Outcome]
) -> None:
    whatsapp.plan("messages", behaviour)
    found = connector.send(outgoing("x"), account)
    assert type(found) is outcome
    assert not isinstance(found, Sent)
    assert found.reason
    assert "EAAG" not in found.reason


def test_waits_are_the_channels_own(whatsapp: FakeWhatsApp, account: Account) -> None:
    whatsapp.plan("messages", too_many(7), refuse(131056, "Pair rate limit hit"))
    first = connector.send(outgoing("x"), account)
    second = connector.send(outgoing("x"), account)
    assert isinstance(first, TryLater)
    assert (first.after, first.whole_connection) == (timedelta(seconds=7), True)
    assert isinstance(second, TryLater)
    assert (second.after, second.whole_connection) == (timedelta(seconds=6), False)


def test_a_slow_answer_is_unknown(
    whatsapp: FakeWhatsApp, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = http.call
    monkeypatch.setattr(http, "call", lambda *given, **more: call(*given, **{**more, "read_seconds": 0.1}))
    whatsapp.plan("messages", slow(1))
    assert isinstance(connector.send(outgoing("x"), account), Unknown)
    assert len(got(whatsapp)) == 1


def test_nobody_listens(account: Account) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        free = f"http://127.0.0.1:{unused.getsockname()[1]}"
    assert isinstance(connector.send(outgoing("x"), replace(account, base_url=free)), TryLater)


@pytest.mark.parametrize(
    ("name", "entered", "words"),
    [
        ("token", "", "Enter both"),
        ("token", "EAAG-another", "refuses the access token"),
        ("app_secret", "another", "app secret"),
        ("phone_number_id", "1", "does not know this phone number ID"),
    ],
)
def test_wrong_credentials_stop_the_connection(account: Account, name: str, entered: str, words: str) -> None:
    wrong = replace(account, credentials={**account.credentials, name: entered})
    outcome = connector.send(outgoing("x"), wrong)
    assert isinstance(outcome, Broken)
    assert words in outcome.reason


def test_pasted_credentials_may_have_blanks_around(whatsapp: FakeWhatsApp, account: Account) -> None:
    blanks = {name: f" {entered}\n" for name, entered in account.credentials.items()}
    assert isinstance(connector.send(outgoing("x"), replace(account, credentials=blanks)), Sent)


def test_nothing_is_no_message(account: Account) -> None:
    assert isinstance(connector.send(outgoing(" \0 "), account), Failed)


def test_marks_of_reading_and_typing(whatsapp: FakeWhatsApp, account: Account) -> None:
    connector.mark_read(PHONE, "wamid.Q", account)
    connector.show_typing(PHONE, account, last_external_id="wamid.Q")
    connector.show_typing(PHONE, account)
    read, typing = whatsapp.read
    assert (read["message_id"], "typing_indicator" in read) == ("wamid.Q", False)
    assert typing["typing_indicator"] == {"type": "text"}
    whatsapp.plan("messages", dies(), server_error())
    connector.mark_read(PHONE, "wamid.Q", account)
    connector.show_typing(PHONE, account, last_external_id="wamid.Q")
    assert all(call.pieces[0] == NUMBER for call in whatsapp.calls_of("messages"))


def test_a_file_that_meta_lost_is_uploaded_anew_and_shown_once(
    whatsapp: FakeWhatsApp, account: Account, file: MakeFile
) -> None:
    lost = refuse(131053, "Media upload error")
    whatsapp.plan("messages", lost, lost)
    outcome = connector.send(outgoing("Look", files=(file("photo.jpg"),)), account)
    assert isinstance(outcome, Sent)
    assert (len(whatsapp.calls_of("media")), len(got(whatsapp))) == (3, 1)
    whatsapp.plan("messages", lost, lost, lost)
    outcome = connector.send(outgoing("Look", files=(file("photo.jpg"),)), account)
    assert isinstance(outcome, Failed)
    assert "JPEG" in outcome.reason


@pytest.mark.parametrize(
    ("size", "animated", "type_"),
    [(90, False, "sticker"), (110, False, "document"), (110, True, "sticker"), (510, True, "document")],
)
def test_a_sticker_that_moves_may_be_larger(
    whatsapp: FakeWhatsApp, account: Account, tmp_path: Path, size: int, animated: bool, type_: str
) -> None:
    path = tmp_path / "sticker.webp"
    head = b"RIFF\x00\x00\x00\x00WEBPVP8X\n\x00\x00\x00" + (b"\x02" if animated else b"\x00")
    path.write_bytes(head.ljust(size * 1024, b"\0"))
    sticker = OutgoingFile(str(path), "sticker.webp", "image/webp", MediaKind.STICKER)
    connector.send(outgoing(files=(sticker,)), account)
    assert got(whatsapp)[0]["type"] == type_
