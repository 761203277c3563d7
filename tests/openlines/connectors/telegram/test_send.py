"""Sending over real HTTP to the fake, which keeps what the customer got."""

from __future__ import annotations

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
    Failed,
    MediaKind,
    Outcome,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.telegram.fake import (
    Behaviour,
    FakeTelegram,
    bad_gateway,
    dies,
    garbage,
    moved,
    refuse,
    server_error,
    slow,
    too_many,
)
from tests.openlines.connectors.telegram.building import connector

CHAT = 456
PNG = b"\x89PNG\r\n\x1a\n\r\n--not a boundary\r\n"


@pytest.fixture(autouse=True)
def customer(telegram: FakeTelegram) -> None:
    telegram.customer(CHAT, "Anna Bell")


def outgoing(text: str = "", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(uuid="u", recipient=str(CHAT), text=text, **more)


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., OutgoingFile]:
    def make(
        name: str = "żółw.png",
        content: bytes = PNG,
        mime: str = "image/png",
        kind: MediaKind = MediaKind.IMAGE,
    ) -> OutgoingFile:
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        path.write_bytes(content)
        return OutgoingFile(str(path), name, mime, kind)

    return make


def test_a_text_reaches_the_customer_and_its_number_comes_back(
    telegram: FakeTelegram, account: Account
) -> None:
    outcome = connector.send(outgoing("Good <b>morning</b> & 😀"), account)
    (message,) = telegram.answers(CHAT)
    assert message["text"] == "Good <b>morning</b> & 😀"
    assert outcome == Sent((f"{CHAT}:{message['message_id']}",))


def test_a_reply_points_to_its_message(telegram: FakeTelegram, account: Account) -> None:
    asked = telegram.write(CHAT, "Where is it?")
    connector.send(outgoing("There", reply_to=f"{CHAT}:{asked['message_id']}"), account)
    assert telegram.answers(CHAT)[0]["reply_to_message"]["text"] == "Where is it?"


@pytest.mark.parametrize("target", ["456:999999", "cb:17", "7:3", "456:x", "x", "456:²"])
def test_a_reply_to_nothing_is_sent_all_the_same(
    telegram: FakeTelegram, account: Account, target: str
) -> None:
    assert isinstance(connector.send(outgoing("There", reply_to=target), account), Sent)
    assert len(telegram.answers(CHAT)) == 1


def test_when_the_target_is_refused_it_goes_without(telegram: FakeTelegram, account: Account) -> None:
    telegram.plan("sendMessage", refuse(400, "Bad Request: message to be replied not found"))
    assert isinstance(connector.send(outgoing("There", reply_to="456:3"), account), Sent)
    assert ["reply_parameters" in call.params for call in telegram.called("sendMessage")] == [True, False]


def test_a_long_text_goes_in_several_messages_and_only_the_first_replies(
    telegram: FakeTelegram, account: Account
) -> None:
    asked = telegram.write(CHAT, "Tell me all")
    text = "\n\n".join(f"Paragraph {number} 😀 " + "word " * 100 for number in range(20))
    outcome = connector.send(outgoing(text, reply_to=f"{CHAT}:{asked['message_id']}"), account)
    got = telegram.answers(CHAT)
    assert "".join("".join(message["text"].split()) for message in got) == "".join(text.split())
    assert outcome == Sent(tuple(f"{CHAT}:{message['message_id']}" for message in got))
    assert ["reply_to_message" in message for message in got] == [True, False, False]


def test_a_retry_goes_on_where_it_stopped(telegram: FakeTelegram, account: Account) -> None:
    message = outgoing("\n\n".join(letter * 4000 for letter in "abc"))
    telegram.plan("sendMessage", Behaviour(does_it=True), too_many(3))
    first = connector.send(message, account)
    assert isinstance(first, TryLater)
    assert len(first.external_ids) == 1
    second = connector.send(replace(message, part=1), account)
    assert isinstance(second, Sent)
    assert len(second.external_ids) == 2
    assert [got["text"][0] for got in telegram.answers(CHAT)] == ["a", "b", "c"]
    assert connector.send(replace(message, part=3), account) == Sent(())


def test_files_go_with_the_text_under_the_first(
    telegram: FakeTelegram, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    pdf = file("Plan ę.pdf", b"%PDF", "application/pdf", MediaKind.FILE)
    outcome = connector.send(outgoing("Look", files=(file(), pdf)), account)
    assert isinstance(outcome, Sent)
    picture, document = telegram.answers(CHAT)
    assert picture["caption"] == "Look"
    assert "photo" in picture
    assert (document["document"]["file_name"], document["document"]["mime_type"]) == (
        "Plan ę.pdf",
        "application/pdf",
    )
    assert "caption" not in document
    stored = telegram.bot().files
    assert stored[picture["photo"][-1]["file_id"]].content == PNG


def test_a_text_too_long_for_a_caption_comes_before_the_files(
    telegram: FakeTelegram, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    connector.send(outgoing("😀" * 513, files=(file(),)), account)
    assert [call.method for call in telegram.calls] == ["sendMessage", "sendPhoto"]
    telegram.calls.clear()
    connector.send(outgoing("😀" * 512, files=(file(),)), account)
    assert [call.method for call in telegram.calls] == ["sendPhoto"]


@pytest.mark.parametrize(
    ("mime", "kind", "method"),
    [
        ("image/jpeg", MediaKind.IMAGE, "sendPhoto"),
        ("image/jpeg", MediaKind.FILE, "sendDocument"),
        ("image/svg+xml", MediaKind.IMAGE, "sendDocument"),
        ("image/gif", MediaKind.IMAGE, "sendAnimation"),
        ("video/mp4", MediaKind.VIDEO, "sendVideo"),
        ("video/quicktime", MediaKind.VIDEO, "sendDocument"),
        ("audio/mpeg", MediaKind.AUDIO, "sendAudio"),
        ("audio/ogg", MediaKind.VOICE, "sendVoice"),
        ("audio/ogg", MediaKind.AUDIO, "sendDocument"),
        ("application/zip", MediaKind.FILE, "sendDocument"),
        ("", MediaKind.FILE, "sendDocument"),
    ],
)
def test_each_kind_of_file_has_its_method(
    telegram: FakeTelegram,
    account: Account,
    file: Callable[..., OutgoingFile],
    mime: str,
    kind: MediaKind,
    method: str,
) -> None:
    assert isinstance(connector.send(outgoing(files=(file("x", PNG, mime, kind),)), account), Sent)
    assert [call.method for call in telegram.calls] == [method]


def test_a_picture_that_telegram_cannot_show_goes_as_a_file(
    telegram: FakeTelegram, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    broken = file(content=b"not a picture")
    huge = file(content=PNG + b"\0" * 10 * 1024 * 1024)
    telegram.plan("sendPhoto", refuse(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))
    outcome = connector.send(outgoing("Look", files=(file(), broken, huge)), account)
    assert isinstance(outcome, Sent)
    assert len(outcome.external_ids) == 3
    assert [("document" in got, got.get("caption")) for got in telegram.answers(CHAT)] == [
        (True, "Look"),
        (True, None),
        (True, None),
    ]


def test_files_that_cannot_be_sent_are_refused_with_their_name(
    telegram: FakeTelegram, account: Account, file: Callable[..., OutgoingFile], tmp_path: Path
) -> None:
    gone = OutgoingFile(str(tmp_path / "gone"), "gone.pdf", "application/pdf", MediaKind.FILE)
    large = tmp_path / "large"
    with large.open("wb") as sparse:
        sparse.truncate(50 * 1024 * 1024 + 1)
    too_large = OutgoingFile(str(large), "film.mov", "video/quicktime", MediaKind.VIDEO)
    empty = file("empty.txt", b"", "text/plain", MediaKind.FILE)
    for refused, said in ((gone, "gone.pdf"), (too_large, "film.mov"), (empty, "empty")):
        outcome = connector.send(outgoing(files=(refused,)), account)
        assert isinstance(outcome, Failed)
        assert said in outcome.reason
    assert telegram.answers(CHAT) == []


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_message_is_not_sent(telegram: FakeTelegram, account: Account, text: str) -> None:
    assert isinstance(connector.send(outgoing(text), account), Failed)
    assert telegram.calls == []


@pytest.mark.parametrize(
    ("behaviour", "outcome", "delivered"),
    [
        (too_many(14), TryLater, 0),
        (refuse(429, "Too Many Requests"), TryLater, 0),
        (server_error(), TryLater, 0),
        (bad_gateway(), TryLater, 0),
        (refuse(409, "Conflict: terminated by other request"), TryLater, 0),
        (Behaviour(301, b"", "text/html"), TryLater, 0),
        (garbage(), Unknown, 1),
        (Behaviour(504, b"<html>Gateway Time-out</html>", "text/html", does_it=True), Unknown, 1),
        (refuse(504, "Gateway Timeout"), TryLater, 0),
        (dies(), Unknown, 1),
        (refuse(401, "Unauthorized"), Broken, 0),
        (refuse(404, "Not Found"), Broken, 0),
        (Behaviour(404, b"<html>nothing here</html>", "text/html"), Broken, 0),
        (refuse(403, "Forbidden: bot was blocked by the user"), Failed, 0),
        (refuse(403, "Forbidden: user is deactivated"), Failed, 0),
        (refuse(403, "Forbidden: bot can't initiate conversation with a user"), Failed, 0),
        (refuse(403, "Forbidden: not enough rights to send text messages to the chat"), Failed, 0),
        (refuse(400, "Bad Request: USER_IS_BLOCKED"), Failed, 0),
        (refuse(400, "Bad Request: chat not found"), Failed, 0),
        (refuse(400, "Bad Request: message is too long"), Failed, 0),
        (refuse(400, "Bad Request: something of next year"), Failed, 0),
        (refuse(413, "Request Entity Too Large"), Failed, 0),
    ],
)
def test_each_trouble_has_its_outcome(
    telegram: FakeTelegram, account: Account, behaviour: Behaviour, outcome: type[Outcome], delivered: int
) -> None:
    telegram.plan("sendMessage", behaviour)
    found = connector.send(outgoing("Hello"), account)
    assert type(found) is outcome
    assert not isinstance(found, Sent)
    assert found.reason.endswith((".", "not."))
    assert len(telegram.answers(CHAT)) == delivered
    assert len(telegram.called("sendMessage")) == 1


def test_only_a_client_who_shut_us_out_is_unreachable(telegram: FakeTelegram, account: Account) -> None:
    telegram.block(CHAT)
    blocked = connector.send(outgoing("Hello"), account)
    assert isinstance(blocked, Failed)
    assert blocked.unreachable
    telegram.plan("sendMessage", refuse(403, "Forbidden: not enough rights"))
    other = connector.send(outgoing("Hello"), account)
    assert isinstance(other, Failed)
    assert not other.unreachable


@pytest.mark.parametrize(
    ("asked", "wait"), [(14, timedelta(seconds=14)), (0, timedelta(seconds=1)), (10**12, timedelta(hours=1))]
)
def test_too_many_holds_the_connection_for_as_long_as_asked(
    telegram: FakeTelegram, account: Account, asked: int, wait: timedelta
) -> None:
    telegram.plan("sendMessage", too_many(asked))
    found = connector.send(outgoing("Hello"), account)
    assert isinstance(found, TryLater)
    assert (found.after, found.whole_connection) == (wait, True)


def test_a_slow_answer_is_unknown(
    telegram: FakeTelegram, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", replace_read(0.2))
    telegram.plan("sendMessage", slow(30))
    assert isinstance(connector.send(outgoing("Hello"), account), Unknown)
    assert len(telegram.answers(CHAT)) == 1


def test_when_nobody_listens_it_is_tried_later(account: Account) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = replace(account, base_url=f"http://127.0.0.1:{unheard.getsockname()[1]}")
        assert isinstance(connector.send(outgoing("Hello"), nowhere), TryLater)
    assert isinstance(connector.send(outgoing("Hello"), replace(account, base_url="htp:/x")), TryLater)


def test_a_chat_that_moved_is_followed_once(telegram: FakeTelegram, account: Account) -> None:
    telegram.customer(789)
    telegram.plan("sendMessage", moved(789))
    outcome = connector.send(outgoing("\n\n".join(letter * 4000 for letter in "ab")), account)
    got = telegram.answers(789)
    assert outcome == Sent(tuple(f"789:{message['message_id']}" for message in got))
    assert len(got) == 2
    telegram.calls.clear()
    telegram.plan("sendMessage", moved(789), moved(790))
    assert isinstance(connector.send(outgoing("Hello"), account), Failed)
    assert [call.params["chat_id"] for call in telegram.calls] == [str(CHAT), 789]


def test_a_revoked_or_missing_token_breaks_the_connection(telegram: FakeTelegram, account: Account) -> None:
    telegram.revoke()
    assert isinstance(connector.send(outgoing("Hello"), account), Broken)
    nameless = replace(account, credentials={})
    assert isinstance(connector.send(outgoing("Hello"), nameless), Broken)


def test_no_reason_shows_the_token(telegram: FakeTelegram, account: Account) -> None:
    secret = account.credentials["token"].partition(":")[2]
    for behaviour in (too_many(1), server_error(), garbage(), dies(), refuse(401, "Unauthorized")):
        telegram.plan("sendMessage", behaviour)
        assert secret not in repr(connector.send(outgoing("Hello"), account))
    assert secret not in repr(connector.send(outgoing("Hello"), replace(account, base_url="http://[")))


def replace_read(seconds: float) -> Any:
    import httpx

    return httpx.Timeout(seconds, connect=5)
