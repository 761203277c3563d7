"""Several files of one message: as albums where Telegram mixes them, in an order that can be resumed, never twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openlines.connectors.base import (
    Account,
    Broken,
    Failed,
    MediaKind,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.telegram.fake import Behaviour, FakeTelegram, dies, garbage, refuse, too_many
from tests.openlines.connectors.telegram.building import connector
from tests.openlines.connectors.telegram.files import (
    PNG,
    MakeFile,
    document,
    file,
    film,
    picture,
    song,
    voice,
)

__all__ = ["file"]

CHAT = 456


@pytest.fixture(autouse=True)
def customer(telegram: FakeTelegram) -> None:
    telegram.customer(CHAT, "Anna Bell")


def outgoing(text: str = "", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(uuid="u", recipient=str(CHAT), text=text, **more)


def kinds(telegram: FakeTelegram) -> list[str]:
    names = ("photo", "video", "audio", "document", "voice", "text")
    return [next(name for name in names if name in message) for message in telegram.answers(CHAT)]


def test_pictures_and_films_make_one_album_with_the_text_once(
    telegram: FakeTelegram, account: Account, file: MakeFile
) -> None:
    asked = telegram.write(CHAT, "How does it look?")
    message = outgoing(
        "Like this 😀",
        files=(picture(file, "ł.png"), film(file), picture(file)),
        reply_to=f"{CHAT}:{asked['message_id']}",
    )
    outcome = connector.send(message, account)
    got = telegram.answers(CHAT)
    assert outcome == Sent(tuple(f"{CHAT}:{one['message_id']}" for one in got))
    assert [call.method for call in telegram.calls] == ["sendMediaGroup"]
    assert kinds(telegram) == ["photo", "video", "photo"]
    assert len({one["media_group_id"] for one in got}) == 1
    assert [one.get("caption") for one in got] == ["Like this 😀", None, None]
    assert all(one["reply_to_message"]["text"] == "How does it look?" for one in got)
    assert telegram.bot().files[got[2]["photo"][-1]["file_id"]].content == PNG


def test_what_does_not_mix_moves_together_and_what_stands_alone_stays_alone(
    telegram: FakeTelegram, account: Account, file: MakeFile
) -> None:
    files = (
        picture(file),
        document(file),
        song(file),
        voice(file),
        picture(file),
        document(file),
        song(file),
    )
    outcome = connector.send(outgoing("All of it", files=files), account)
    assert isinstance(outcome, Sent)
    assert [call.method for call in telegram.calls] == [*["sendMediaGroup"] * 3, "sendVoice"]
    assert kinds(telegram) == [
        *["photo"] * 2,
        *["document"] * 2,
        *["audio"] * 2,
        "voice",
    ]
    assert [one.get("caption") for one in telegram.answers(CHAT)] == ["All of it", *[None] * 6]
    assert len(set(outcome.external_ids)) == 7


def test_more_than_ten_make_a_second_album(telegram: FakeTelegram, account: Account, file: MakeFile) -> None:
    connector.send(outgoing(files=tuple(picture(file) for _ in range(23))), account)
    sizes = [len(call.params["media"]) for call in telegram.called("sendMediaGroup")]
    assert sizes == [10, 10, 3]
    telegram.calls.clear()
    connector.send(outgoing(files=tuple(picture(file) for _ in range(11))), account)
    assert [call.method for call in telegram.calls] == ["sendMediaGroup", "sendPhoto"]


def test_an_album_is_no_larger_than_one_upload_may_be(
    telegram: FakeTelegram, account: Account, tmp_path: Path
) -> None:
    files = []
    for number in range(3):
        large = tmp_path / f"{number}.pdf"
        with large.open("wb") as sparse:
            sparse.truncate(20 * 1024 * 1024)
        files.append(OutgoingFile(str(large), large.name, "application/pdf", MediaKind.FILE))
    assert isinstance(connector.send(outgoing(files=tuple(files)), account), Sent)
    assert [call.method for call in telegram.calls] == ["sendMediaGroup", "sendDocument"]


def test_a_text_too_long_for_a_caption_comes_before_the_album(
    telegram: FakeTelegram, account: Account, file: MakeFile
) -> None:
    connector.send(outgoing("x" * 1025, files=(picture(file), picture(file))), account)
    assert kinds(telegram) == ["text", "photo", "photo"]
    assert not any("caption" in one for one in telegram.answers(CHAT))


def test_it_goes_on_behind_what_was_taken(telegram: FakeTelegram, account: Account, file: MakeFile) -> None:
    asked = telegram.write(CHAT, "Well?")
    files = (picture(file), picture(file), document(file), document(file))
    message = outgoing("Look", files=files, reply_to=f"{CHAT}:{asked['message_id']}")
    telegram.plan("sendMediaGroup", Behaviour(does_it=True), too_many(3))
    first = connector.send(message, account)
    assert isinstance(first, TryLater)
    assert len(first.external_ids) == 2
    second = connector.send(replace(message, part=2), account)
    assert isinstance(second, Sent)
    assert len(second.external_ids) == 2
    assert kinds(telegram) == ["photo", "photo", "document", "document"]
    assert ["reply_to_message" in one for one in telegram.answers(CHAT)] == [True, True, False, False]
    assert connector.send(replace(message, part=4), account) == Sent(())


def test_one_picture_that_telegram_cannot_show_does_not_lose_the_others(
    telegram: FakeTelegram, account: Account, file: MakeFile
) -> None:
    spoilt = file("spoilt.png", b"not a picture")
    outcome = connector.send(outgoing("Look", files=(picture(file), spoilt, picture(file))), account)
    assert isinstance(outcome, Sent)
    assert kinds(telegram) == ["photo", "document", "photo"]
    assert [one.get("caption") for one in telegram.answers(CHAT)] == ["Look", None, None]
    assert len(outcome.external_ids) == 3


def test_half_an_album_sent_singly_goes_on_with_its_rest(
    telegram: FakeTelegram, account: Account, file: MakeFile
) -> None:
    message = outgoing("Look", files=tuple(picture(file) for _ in range(4)))
    telegram.plan("sendMediaGroup", refuse(400, "Bad Request: group send failed"))
    telegram.plan("sendPhoto", Behaviour(does_it=True), too_many(3))
    first = connector.send(message, account)
    assert isinstance(first, TryLater)
    assert len(first.external_ids) == 1
    rest = connector.send(replace(message, part=1), account)
    assert isinstance(rest, Sent)
    assert len(telegram.answers(CHAT)) == 4
    assert [one.get("caption") for one in telegram.answers(CHAT)] == ["Look", None, None, None]


def test_a_file_that_is_gone_is_named_and_nothing_is_sent(
    telegram: FakeTelegram, account: Account, file: MakeFile, tmp_path: Path
) -> None:
    gone = OutgoingFile(str(tmp_path / "gone"), "gone.png", "image/png", MediaKind.IMAGE)
    outcome = connector.send(outgoing(files=(picture(file), gone)), account)
    assert isinstance(outcome, Failed)
    assert "gone.png" in outcome.reason
    assert telegram.answers(CHAT) == []


@pytest.mark.parametrize("trouble", [dies, garbage])
def test_an_album_that_may_have_been_taken_is_not_sent_again(
    telegram: FakeTelegram, account: Account, file: MakeFile, trouble: Any
) -> None:
    telegram.plan("sendMediaGroup", trouble())
    outcome = connector.send(outgoing(files=(picture(file), picture(file))), account)
    assert isinstance(outcome, Unknown)
    assert len(telegram.calls) == 1
    assert len(telegram.answers(CHAT)) == 2


def test_what_is_not_about_a_file_stops_the_album(
    telegram: FakeTelegram, account: Account, file: MakeFile
) -> None:
    message = outgoing(files=(picture(file), picture(file)))
    for behaviour, outcome in (
        (refuse(403, "Forbidden: bot was blocked by the user"), Failed),
        (refuse(400, "Bad Request: chat not found"), Failed),
        (refuse(401, "Unauthorized"), Broken),
        (too_many(5), TryLater),
    ):
        telegram.plan("sendMediaGroup", behaviour)
        assert isinstance(connector.send(message, account), outcome)
    assert telegram.answers(CHAT) == []
    assert {call.method for call in telegram.calls} == {"sendMediaGroup"}
