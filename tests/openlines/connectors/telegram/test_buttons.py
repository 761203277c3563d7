"""Buttons out, and the press that comes back with what stands behind the button."""

from __future__ import annotations

from typing import Any

import pytest

from openlines.connectors.base import Account, Button, Failed, MessageKind, OutgoingMessage, Sent
from openlines.connectors.telegram.fake import FakeTelegram
from tests.openlines.connectors.telegram.building import connector, one
from tests.openlines.connectors.telegram.files import MakeFile, document, file, picture

__all__ = ["file"]

CHAT = 456
RATING = (Button("👍 Good", "rating:9223372036854775807:1"), Button("👎 Bad", "rating:9223372036854775807:0"))


@pytest.fixture(autouse=True)
def customer(telegram: FakeTelegram) -> None:
    telegram.customer(CHAT, "Anna Bell")


def outgoing(text: str = "", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(uuid="u", recipient=str(CHAT), text=text, **{"buttons": RATING, **more})


def keyboards(telegram: FakeTelegram) -> list[list[list[str]]]:
    """Of each message, the rows of labels."""
    found = (message.get("reply_markup", {}).get("inline_keyboard", []) for message in telegram.answers(CHAT))
    return [[[button["text"] for button in row] for row in rows] for rows in found]


def test_short_buttons_stand_side_by_side_and_long_ones_below_one_another(
    telegram: FakeTelegram, account: Account
) -> None:
    connector.send(outgoing("How was it?"), account)
    long = (Button("I agree to all of it", "a"), Button("I do not agree to it", "b"))
    connector.send(outgoing("May we?", buttons=long), account)
    many = tuple(Button(str(number), f"menu:{number}") for number in range(5))
    connector.send(outgoing("What is it about?", buttons=many), account)
    assert keyboards(telegram) == [
        [["👍 Good", "👎 Bad"]],
        [["I agree to all of it"], ["I do not agree to it"]],
        [["0"], ["1"], ["2"], ["3"], ["4"]],
    ]


def test_a_press_comes_back_with_the_payload(telegram: FakeTelegram, account: Account) -> None:
    connector.send(outgoing("How was it?"), account)
    (asked,) = telegram.answers(CHAT)
    press = {"id": "1", "from": asked["chat"], "message": asked, "data": RATING[0].payload}
    found = one(callback_query=press)
    assert found.kind is MessageKind.BUTTON  # type: ignore[union-attr]
    assert (found.text, found.data["payload"]) == ("👍 Good", RATING[0].payload)  # type: ignore[union-attr]


def test_they_hang_under_the_end_of_a_long_text(telegram: FakeTelegram, account: Account) -> None:
    assert isinstance(connector.send(outgoing("\n\n".join("x" * 4000 for _ in range(3))), account), Sent)
    assert keyboards(telegram) == [[], [], [["👍 Good", "👎 Bad"]]]


@pytest.mark.parametrize(("text", "where"), [("Look", [True]), ("x" * 2000, [True, False]), ("", [True])])
def test_with_one_file(
    telegram: FakeTelegram, account: Account, file: MakeFile, text: str, where: list[bool]
) -> None:
    assert isinstance(connector.send(outgoing(text, files=(picture(file),)), account), Sent)
    assert [bool(rows) for rows in keyboards(telegram)] == where


@pytest.mark.parametrize(("text", "where"), [("Look", [True, False, False]), ("", [False, True])])
def test_albums_have_no_buttons_so_they_hang_elsewhere(
    telegram: FakeTelegram, account: Account, file: MakeFile, text: str, where: list[bool]
) -> None:
    assert isinstance(connector.send(outgoing(text, files=(document(file), document(file))), account), Sent)
    assert [bool(rows) for rows in keyboards(telegram)] == where


@pytest.mark.parametrize(
    "bad",
    [
        (Button("Long", "x" * 65),),
        (Button("Long", "ą" * 33),),
        (Button("None", ""),),
        (Button(" ", "x"),),
        tuple(Button("x", "x") for _ in range(101)),
    ],
)
def test_what_telegram_would_refuse_is_refused_here_in_words(
    telegram: FakeTelegram, account: Account, bad: tuple[Button, ...]
) -> None:
    outcome = connector.send(outgoing("Well?", buttons=bad), account)
    assert isinstance(outcome, Failed)
    assert outcome.reason.endswith(".")
    assert telegram.calls == []


def test_sixty_four_bytes_go(telegram: FakeTelegram, account: Account) -> None:
    assert isinstance(connector.send(outgoing("Well?", buttons=(Button("ą", "ą" * 32),)), account), Sent)
    assert telegram.answers(CHAT)[0]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "ą" * 32
