"""Changing and taking back what the customer has already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from contactcenter.lib import http
from openlines.connectors.base import (
    Account,
    Broken,
    Button,
    Failed,
    Outcome,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.telegram.fake import (
    FakeTelegram,
    bad_gateway,
    dies,
    garbage,
    refuse,
    server_error,
    slow,
    too_many,
)
from tests.openlines.connectors.telegram.building import connector
from tests.openlines.connectors.telegram.files import MakeFile, document, file, picture

__all__ = ["file"]

CHAT = 456
GOOD = Button("Good", "rating:1:1")


@pytest.fixture(autouse=True)
def customer(telegram: FakeTelegram) -> None:
    telegram.customer(CHAT, "Anna Bell")


def outgoing(text: str = "", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(uuid="u", recipient=str(CHAT), text=text, **more)


def paragraphs(*letters: str) -> str:
    return "\n\n".join(letter * 4000 for letter in letters)


def sent(message: OutgoingMessage, account: Account) -> tuple[str, ...]:
    outcome = connector.send(message, account)
    assert isinstance(outcome, Sent)
    return outcome.external_ids


def shown(telegram: FakeTelegram) -> list[str]:
    """The first letter of each text that the customer sees now."""
    return [(one.get("text") or one.get("caption") or "-")[0] for one in telegram.answers(CHAT)]


def test_a_text_is_changed_where_it_stands(telegram: FakeTelegram, account: Account) -> None:
    ids = sent(outgoing("Godo morning"), account)
    assert connector.edit(ids, outgoing("Good morning 😀"), account) == Sent(ids)
    (message,) = telegram.answers(CHAT)
    assert message["text"] == "Good morning 😀"
    assert "edit_date" in message


def test_nothing_new_counts_as_done(telegram: FakeTelegram, account: Account) -> None:
    ids = sent(outgoing("Good morning"), account)
    assert connector.edit(ids, outgoing("Good morning"), account) == Sent(ids)


def test_the_buttons_stay(telegram: FakeTelegram, account: Account) -> None:
    ids = sent(outgoing("How was it", buttons=(GOOD,)), account)
    assert connector.edit(ids, outgoing("How was it?", buttons=(GOOD,)), account) == Sent(ids)
    assert telegram.answers(CHAT)[0]["reply_markup"]["inline_keyboard"][0][0]["text"] == "Good"


def test_a_long_text_is_changed_in_all_its_messages(telegram: FakeTelegram, account: Account) -> None:
    ids = sent(outgoing(paragraphs("a", "b", "c")), account)
    assert connector.edit(ids, outgoing(paragraphs("x", "b", "z")), account) == Sent(ids)
    assert shown(telegram) == ["x", "b", "z"]


def test_a_shorter_text_takes_the_surplus_back(telegram: FakeTelegram, account: Account) -> None:
    ids = sent(outgoing(paragraphs("a", "b", "c")), account)
    assert connector.edit(ids, outgoing("x"), account) == Sent(ids[:1])
    assert shown(telegram) == ["x"]
    # Once more, as after an answer that was lost: nothing happens, and it counts.
    assert connector.edit(ids, outgoing("x"), account) == Sent(ids[:1])


def test_where_the_surplus_cannot_be_taken_back_nothing_is_changed(
    telegram: FakeTelegram, account: Account
) -> None:
    ids = sent(outgoing(paragraphs("a", "b")), account)
    telegram.age(CHAT, hours=49)
    outcome = connector.edit(ids, outgoing("x"), account)
    assert isinstance(outcome, Failed)
    assert "48 hours" in outcome.reason
    assert shown(telegram) == ["a", "b"]


def test_a_text_longer_than_its_messages_is_refused(telegram: FakeTelegram, account: Account) -> None:
    for letters, more in (("a", "ab"), ("ab", "abc")):
        ids = sent(outgoing(paragraphs(*letters)), account)
        before = telegram.answers(CHAT)
        outcome = connector.edit(ids, outgoing(paragraphs(*more)), account)
        assert isinstance(outcome, Failed)
        assert "Shorten it" in outcome.reason
        assert telegram.answers(CHAT) == before


def test_an_empty_text_is_refused(telegram: FakeTelegram, account: Account) -> None:
    ids = sent(outgoing("Hello"), account)
    assert isinstance(connector.edit(ids, outgoing(" \n"), account), Failed)
    assert shown(telegram) == ["H"]


def test_the_text_under_a_file(telegram: FakeTelegram, account: Account, file: MakeFile) -> None:
    message = outgoing("Look", files=(picture(file), picture(file)))
    ids = sent(message, account)
    assert connector.edit(ids, replace(message, text="See"), account) == Sent(ids)
    assert shown(telegram) == ["S", "-"]
    assert connector.edit(ids, replace(message, text=""), account) == Sent(ids)
    assert shown(telegram) == ["-", "-"]
    assert isinstance(connector.edit(ids, replace(message, text="x" * 1025), account), Failed)


def test_the_text_before_files_leaves_them_alone(
    telegram: FakeTelegram, account: Account, file: MakeFile
) -> None:
    files = (document(file), document(file))
    ids = sent(outgoing(paragraphs("a", "b"), files=files), account)
    outcome = connector.edit(ids, outgoing("x", files=files), account)
    assert outcome == Sent((ids[0], *ids[2:]))
    assert shown(telegram) == ["x", "-", "-"]


def test_what_is_not_as_it_seems_is_changed_all_the_same(
    telegram: FakeTelegram, account: Account, file: MakeFile
) -> None:
    """Its files are erased here, or some were added: Telegram knows what the message is."""
    captioned = sent(outgoing("Look", files=(picture(file),)), account)
    assert connector.edit(captioned, outgoing("See"), account) == Sent(captioned)
    text = sent(outgoing("Hello"), account)
    assert connector.edit(text, outgoing("Bye", files=(picture(file),)), account) == Sent(text)
    assert shown(telegram) == ["S", "B"]


def test_everything_is_taken_back(telegram: FakeTelegram, account: Account, file: MakeFile) -> None:
    single = sent(outgoing("Oops"), account)
    several = sent(outgoing(paragraphs("a", "b"), files=(picture(file),)), account)
    kept = sent(outgoing("Good"), account)
    for ids in (single, several):
        assert connector.delete(ids, str(CHAT), account) == Sent(ids)
        assert connector.delete(ids, str(CHAT), account) == Sent(ids)  # gone already: done
    assert [f"{CHAT}:{one['message_id']}" for one in telegram.answers(CHAT)] == list(kept)
    assert [call.method for call in telegram.calls[-4:]] == ["deleteMessage"] * 2 + ["deleteMessages"] * 2


@pytest.mark.parametrize("text", ["Old", "\n\n".join("x" * 4000 for _ in range(2))])
def test_after_two_days_it_stays(telegram: FakeTelegram, account: Account, text: str) -> None:
    ids = sent(outgoing(text), account)
    telegram.age(CHAT, hours=48.1)
    outcome = connector.delete(ids, str(CHAT), account)
    assert isinstance(outcome, Failed)
    assert "48 hours" in outcome.reason
    assert len(telegram.answers(CHAT)) == len(ids)


def test_what_the_client_has_removed_cannot_be_changed(telegram: FakeTelegram, account: Account) -> None:
    ids = sent(outgoing("Hello"), account)
    connector.delete(ids, str(CHAT), account)
    outcome = connector.edit(ids, outgoing("Bye"), account)
    assert isinstance(outcome, Failed)
    assert "no longer has" in outcome.reason


@pytest.mark.parametrize("ids", [(), ("cb:17",), ("x",), ("456:x",), (":5",), ("456:" + "9" * 50,)])
def test_what_has_no_number_at_telegram_is_refused(
    telegram: FakeTelegram, account: Account, ids: tuple[str, ...]
) -> None:
    assert isinstance(connector.edit(ids, outgoing("x"), account), Failed)
    assert isinstance(connector.delete(ids, str(CHAT), account), Failed)
    assert telegram.calls == []


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (too_many(7), TryLater),
        (server_error(), TryLater),
        (bad_gateway(), TryLater),
        (garbage(), Unknown),
        (dies(), Unknown),
        (slow(20), Unknown),
        (refuse(401, "Unauthorized"), Broken),
        (refuse(403, "Forbidden: bot was blocked by the user"), Failed),
        (refuse(400, "Bad Request: message can't be edited"), Failed),
        (refuse(400, "Bad Request: message can't be deleted for everyone"), Failed),
        (refuse(400, "Bad Request: something of next year"), Failed),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_trouble_has_its_outcome(
    telegram: FakeTelegram,
    account: Account,
    behaviour: Any,
    outcome: type[Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = sent(outgoing("Hello"), account)
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.3, connect=5))
    telegram.plan("editMessageText", behaviour)
    telegram.plan("deleteMessage", behaviour)
    for found in (connector.edit(ids, outgoing("Bye"), account), connector.delete(ids, str(CHAT), account)):
        assert type(found) is outcome
        assert not isinstance(found, Sent)
        assert found.reason.endswith(".")
        assert found.external_ids == ()


def test_without_a_token_the_connection_is_broken(account: Account) -> None:
    nobody = replace(account, credentials={})
    assert isinstance(connector.edit(("456:1",), outgoing("x"), nobody), Broken)
    assert isinstance(connector.delete(("456:1",), str(CHAT), nobody), Broken)


def test_typing_is_shown_and_nothing_marks_as_read(telegram: FakeTelegram, account: Account) -> None:
    connector.show_typing(str(CHAT), account)
    connector.mark_read(str(CHAT), "456:1", account)
    assert [(call.method, call.params["action"]) for call in telegram.calls] == [("sendChatAction", "typing")]
    connector.show_typing("999", account)
    telegram.plan("sendChatAction", dies())
    connector.show_typing(str(CHAT), account)
    connector.show_typing(str(CHAT), replace(account, credentials={}))
    assert len(telegram.calls) == 3
