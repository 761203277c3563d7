"""Sending over real HTTP to the fake, which checks and keeps what the client got."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
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
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.loopback import (
    Behaviour,
    Reply,
    bad_gateway,
    dies,
    garbage,
    slow,
    too_many,
    well,
)
from openlines.connectors.viber.fake import FakeViber, refuse
from tests.openlines.connectors.viber.building import connector

WHO = "01234567890A="
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def client(viber: FakeViber) -> None:
    viber.subscriber(WHO)


def outgoing(text: str = "", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(uuid="9f1c", recipient=WHO, text=text, **more)


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., OutgoingFile]:
    def make(
        name: str = "żółw.jpg",
        mime: str = "image/jpeg",
        kind: MediaKind = MediaKind.IMAGE,
        *,
        size: int = 9,
        url: str = "https://files.example/1",
    ) -> OutgoingFile:
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        with path.open("wb") as sparse:
            sparse.truncate(size)
        return OutgoingFile(str(path), name, mime, kind, url)

    return make


def test_a_text_reaches_the_client_and_its_token_comes_back(viber: FakeViber, account: Account) -> None:
    outcome = connector.send(outgoing("Good <b>morning</b> & 😀 ż"), account)
    (got,) = viber.messages
    assert (got["text"], got["type"], got["sender"]) == (
        "Good <b>morning</b> & 😀 ż",
        "text",
        {"name": "Shop"},
    )
    assert outcome == Sent((str(got["message_token"]),))
    assert got["message_token"] > 2**53
    assert json.loads(got["tracking_data"])["uuid"] == "9f1c"


def test_the_sender_is_shown_within_viber_s_length(viber: FakeViber, account: Account) -> None:
    connector.send(
        outgoing("x", sender_name="Anna Maria " * 5, sender_photo="https://x.example/a.jpg"), account
    )
    connector.send(outgoing("x"), replace(account, credentials={"token": viber.token}))
    named, nameless = (got["sender"] for got in viber.messages)
    assert named == {"name": ("Anna Maria " * 5)[:28], "avatar": "https://x.example/a.jpg"}
    assert nameless == {"name": "Support"}


@pytest.mark.parametrize("letter", ["a", "ż", "漢", "😀", '"', "\n."])
def test_a_long_text_goes_in_pieces_below_both_limits(
    viber: FakeViber, account: Account, letter: str
) -> None:
    text = letter * 15_000
    outcome = connector.send(outgoing(text, buttons=(Button("Yes", "y"),)), account)
    assert isinstance(outcome, Sent)
    assert "".join("".join(got["text"].split()) for got in viber.messages) == "".join(text.split())
    assert ["keyboard" in got for got in viber.messages] == [False] * (len(viber.messages) - 1) + [True]


def test_a_retry_goes_on_where_it_stopped(viber: FakeViber, account: Account) -> None:
    message = outgoing("\n\n".join(letter * 6900 for letter in "abc"))
    viber.plan("send_message", well(), too_many(3))
    first = connector.send(message, account)
    assert isinstance(first, TryLater)
    assert len(first.external_ids) == 1
    second = connector.send(replace(message, part=1), account)
    assert isinstance(second, Sent)
    assert len(second.external_ids) == 2
    assert [got["text"][0] for got in viber.messages] == ["a", "b", "c"]
    assert connector.send(replace(message, part=3), account) == Sent(())


def test_a_text_stands_under_the_first_picture(
    viber: FakeViber, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    pdf = file("Plan ę.pdf", "application/pdf", MediaKind.FILE, size=33, url="https://files.example/2")
    assert isinstance(connector.send(outgoing("Look", files=(file(), pdf)), account), Sent)
    picture, document = viber.messages
    assert (picture["type"], picture["text"], picture["media"]) == (
        "picture",
        "Look",
        "https://files.example/1",
    )
    assert (document["type"], document["size"], document["file_name"]) == ("file", 33, "Plan ę.pdf")
    assert "text" not in document


def test_else_it_comes_before_the_files(
    viber: FakeViber, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    connector.send(outgoing("a" * 513, files=(file(),)), account)
    pdf = file("Plan.pdf", "application/pdf", MediaKind.FILE)
    connector.send(outgoing("Plan", files=(pdf,)), account)
    assert [got["type"] for got in viber.messages] == ["text", "picture", "text", "file"]
    assert viber.messages[1]["text"] == ""


@pytest.mark.parametrize(
    ("mime", "kind", "size", "kind_sent"),
    [
        ("image/jpeg", MediaKind.IMAGE, MB, "picture"),
        ("image/png", MediaKind.IMAGE, 9, "picture"),
        ("image/jpeg", MediaKind.IMAGE, MB + 1, "file"),
        ("image/jpeg", MediaKind.FILE, 9, "file"),
        ("image/gif", MediaKind.IMAGE, 9, "file"),
        ("video/mp4", MediaKind.VIDEO, 26 * MB, "video"),
        ("video/mp4", MediaKind.VIDEO, 26 * MB + 1, "file"),
        ("video/quicktime", MediaKind.VIDEO, 9, "file"),
        ("audio/ogg", MediaKind.VOICE, 9, "file"),
        ("", MediaKind.FILE, 50 * MB, "file"),
    ],
)
def test_each_kind_of_file_has_its_type(
    viber: FakeViber,
    account: Account,
    file: Callable[..., OutgoingFile],
    mime: str,
    kind: MediaKind,
    size: int,
    kind_sent: str,
) -> None:
    assert isinstance(connector.send(outgoing(files=(file("x", mime, kind, size=size),)), account), Sent)
    assert [got["type"] for got in viber.messages] == [kind_sent]


def test_files_that_cannot_be_sent_stop_the_whole_message(
    viber: FakeViber, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    gone = OutgoingFile("/nowhere/gone", "gone.pdf", "application/pdf", MediaKind.FILE, "https://x.example/")
    for refused, said in (
        (gone, "Attach it again"),
        (file("film.mov", "video/quicktime", size=50 * MB + 1), "film.mov"),
        (file("empty.txt", "text/plain", size=0), "empty.txt"),
        (file("here.txt", "text/plain", url=""), "address"),
    ):
        outcome = connector.send(outgoing("Look", files=(refused,)), account)
        assert isinstance(outcome, Failed)
        assert said in outcome.reason
    assert viber.calls == []


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_message_is_not_sent(viber: FakeViber, account: Account, text: str) -> None:
    assert isinstance(connector.send(outgoing(text), account), Failed)
    assert viber.calls == []


def test_buttons_say_their_words_and_carry_their_payload(viber: FakeViber, account: Account) -> None:
    buttons = (Button("Good & <b>", "rate:1"), Button("Bad", "rate:0"), Button("Bad", "rate:-1"))
    connector.send(outgoing("How was it?", buttons=buttons), account)
    (got,) = viber.messages
    assert [(b["Text"], b["ActionBody"]) for b in got["keyboard"]["Buttons"]] == [
        ("Good &amp; &lt;b&gt;", "Good & <b>"),
        ("Bad", "Bad"),
        ("Bad", "rate:-1"),
    ]
    assert json.loads(got["tracking_data"])["buttons"] == {
        "Good & <b>": "rate:1",
        "Bad": "rate:0",
        "rate:-1": "rate:-1",
    }


def test_no_more_buttons_than_viber_takes(viber: FakeViber, account: Account) -> None:
    buttons = tuple(Button(f"{number} " + "x" * 300, f"p{number}") for number in range(30))
    assert isinstance(connector.send(outgoing("Which?", buttons=buttons), account), Sent)
    assert len(viber.messages[0]["keyboard"]["Buttons"]) == connector.features.max_buttons == 24


@pytest.mark.parametrize(
    ("behaviour", "outcome", "delivered"),
    [
        (too_many(14), TryLater, 0),
        (bad_gateway(), TryLater, 0),
        (Behaviour(Reply(301, b"", "text/html")), TryLater, 0),
        (refuse(12, "tooManyRequests"), TryLater, 0),
        (refuse(99, "general error"), TryLater, 0),
        (refuse(4711, "of next year"), TryLater, 0),
        (garbage(), Unknown, 1),
        (dies(), Unknown, 1),
        (Behaviour(Reply(200, b'{"status": 0, "status_message": "ok"}'), does_it=True), Unknown, 1),
        (Behaviour(Reply(200, b'{"status": true}'), does_it=True), Unknown, 1),
        (Behaviour(Reply(401, b"")), Broken, 0),
        *((refuse(code), Broken, 0) for code in (1, 2, 7, 8, 9, 10, 15, 22, 23, 24)),
        *((refuse(code), Failed, 0) for code in (3, 4, 5, 6, 11, 13, 14, 16, 19, 21)),
    ],
)
def test_each_trouble_has_its_outcome(
    viber: FakeViber, account: Account, behaviour: Behaviour, outcome: type[Outcome], delivered: int
) -> None:
    viber.plan("send_message", behaviour)
    found = connector.send(outgoing("Hello"), account)
    assert type(found) is outcome
    assert not isinstance(found, Sent)
    assert found.reason.endswith((".", "not."))
    assert account.credentials["token"] not in repr(found)
    assert len(viber.messages) == delivered
    assert len(viber.called("send_message")) == 1


def test_who_left_is_unreachable(viber: FakeViber, account: Account) -> None:
    viber.subscribers[WHO]["subscribed"] = False
    gone = connector.send(outgoing("Hello"), account)
    stranger = connector.send(replace(outgoing("Hello"), recipient="nobody"), account)
    for found in (gone, stranger):
        assert isinstance(found, Failed)
        assert found.unreachable
    viber.plan("send_message", refuse(3, "badData"))
    other = connector.send(outgoing("Hello"), account)
    assert isinstance(other, Failed)
    assert not other.unreachable


def test_a_silent_client_does_not_hold_up_the_others(viber: FakeViber, account: Account) -> None:
    viber.plan("send_message", refuse(12, "tooManyRequests"), too_many(10**6), too_many(5))
    silent, capped, busy = (connector.send(outgoing("Hello"), account) for _ in range(3))
    assert isinstance(silent, TryLater)
    assert isinstance(capped, TryLater)
    assert isinstance(busy, TryLater)
    assert (silent.whole_connection, busy.whole_connection) == (False, True)
    assert (silent.after, busy.after, capped.after) == (
        timedelta(minutes=10),
        timedelta(seconds=5),
        timedelta(hours=1),
    )


def test_a_slow_answer_is_unknown(
    viber: FakeViber, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.2, connect=5))
    viber.plan("send_message", slow(30))
    assert isinstance(connector.send(outgoing("Hello"), account), Unknown)
    assert len(viber.messages) == 1


def test_when_nobody_listens_it_is_tried_later(account: Account) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = replace(account, base_url=f"http://127.0.0.1:{unheard.getsockname()[1]}")
        assert isinstance(connector.send(outgoing("Hello"), nowhere), TryLater)


@pytest.mark.parametrize("token", ["", "żółw", "wrong"])
def test_a_missing_or_wrong_token_breaks_the_connection(
    viber: FakeViber, account: Account, token: str
) -> None:
    assert isinstance(
        connector.send(outgoing("Hello"), replace(account, credentials={"token": token})), Broken
    )
    assert viber.messages == []
