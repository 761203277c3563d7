"""Bodies that nobody here wrote: each goes in, and each private message gives exactly one message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contactcenter.lib import http
from openlines.connectors.base import (
    Failed,
    InboundItem,
    MessageKind,
    MessageReceived,
    NotSupported,
    Outcome,
    ReachabilityChanged,
    TryLater,
    Unreadable,
)
from openlines.connectors.telegram import api
from openlines.connectors.telegram.parts import Part
from openlines.connectors.telegram.send import _accepted
from tests.openlines.connectors.telegram.building import PAYLOADS, connector, needs_payloads, parse, request

pytestmark = needs_payloads

MESSAGES = {
    "chatwoot_in_params_1": MessageKind.TEXT,
    "chatwoot_in_params_10": MessageKind.MEDIA,
    "chatwoot_in_params_12": MessageKind.LOCATION,
    "chatwoot_in_params_14": MessageKind.BUTTON,
    "chatwoot_in_params_16": MessageKind.TEXT,
    "chatwoot_in_params_17": MessageKind.TEXT,
    "chatwoot_in_params_5": MessageKind.MEDIA,
    "chatwoot_in_params_6": MessageKind.STICKER,
    "chatwoot_in_params_9": MessageKind.MEDIA,
    "nutgram_animation": MessageKind.MEDIA,
    "nutgram_callback_query": MessageKind.BUTTON,
    "nutgram_chat_shared": MessageKind.UNSUPPORTED,
    "nutgram_command_message": MessageKind.START,
    "nutgram_command_with_parameters": MessageKind.TEXT,
    "nutgram_dice": MessageKind.UNSUPPORTED,
    "nutgram_document": MessageKind.MEDIA,
    "nutgram_entities": MessageKind.TEXT,
    "nutgram_game": MessageKind.UNSUPPORTED,
    "nutgram_passport_data": MessageKind.UNSUPPORTED,
    "nutgram_rich_message": MessageKind.TEXT,
    "nutgram_sticker": MessageKind.STICKER,
    "nutgram_text": MessageKind.TEXT,
    "nutgram_users_shared": MessageKind.UNSUPPORTED,
    "nutgram_video_note": MessageKind.MEDIA,
    "nutgram_voice": MessageKind.MEDIA,
    "telegrambots_ResponseWithoutError": MessageKind.MEDIA,
}
REACHABILITY = {"nutgram_my_chat_member", "telegrambots_update-with-write-access-allowed-for-webapp"}


def test_the_folder_is_not_empty() -> None:
    assert len(_files()) >= len(MESSAGES)


@pytest.mark.parametrize("name", [path.stem for path in sorted(PAYLOADS.glob("*.json"))])
def test_each_private_message_gives_one_message_and_nothing_else_gives_any(name: str) -> None:
    found = parse((PAYLOADS / f"{name}.json").read_bytes())

    messages = [item for item in found if isinstance(item, MessageReceived)]
    assert [item.kind for item in messages] == ([MESSAGES[name]] if name in MESSAGES else [])
    assert [type(item) for item in found if not isinstance(item, MessageReceived)] == _others(name, found)
    assert all(item.sender.external_id and item.sender.name and item.external_id for item in messages)


def test_a_body_and_its_second_delivery_have_the_same_key() -> None:
    for path in _files():
        raw = path.read_bytes()
        number = json.loads(raw).get("update_id")
        assert connector.key(request(raw)) == connector.key(request(raw))
        assert (connector.key(request(raw)) == f"update:{number}") is (number is not None)


def test_contents_are_read() -> None:
    photo = _message("chatwoot_in_params_5")
    assert [(media.name, media.mime, media.size) for media in photo.media] == [
        ("photo.jpg", "image/jpeg", 1883)
    ]
    assert _message("nutgram_animation").media[0].name == "lol.mp4"
    assert len(_message("nutgram_animation").media) == 1
    assert _message("nutgram_document").media[0].reference == "a1b2c34d5e6f7g8h9i"
    assert _message("chatwoot_in_params_12").data == {"latitude": 37.7893768, "longitude": -122.3895553}
    assert _message("nutgram_entities").text == "test bold underline 😆👍 look here"
    assert "Codes | Colors" in _message("nutgram_rich_message").text
    assert _message("nutgram_callback_query").reply_to == "222222222:69587"
    many = _message("telegrambots_ResponseWithoutError")
    assert (many.reply_to, many.text, len(many.media)) == ("1111111:1334", "Bold and italics", 3)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("nutgram_too_long", Failed),
        ("nutgram_wrong_file_id", Failed),
        ("nutgram_user_deactivated", Failed),
        ("nutgram_too_many_requests", TryLater),
        ("telegrambots_ResponseWithError", Failed),
    ],
)
def test_refusals_become_outcomes(name: str, outcome: type[Outcome]) -> None:
    reply = _reply(name)
    assert not reply.ok
    found = api.refusal(reply)
    assert type(found) is outcome
    assert not isinstance(found, Failed) or found.unreachable is (name == "nutgram_user_deactivated")
    assert not isinstance(found, TryLater) or (found.after and found.after.total_seconds() == 14)
    assert not isinstance(found, TryLater) or found.whole_connection


def test_an_answer_gives_the_new_place_and_number() -> None:
    assert _reply("telegrambots_ResponseWithError").migrate_to == 12345
    outcome, chat = _accepted(Part("Hello"), _reply("telegrambots_ResponsesSetGameScore"), "1111111")
    assert outcome.external_ids == ("1111111:1365",)
    assert chat == 1111111


def test_answers_are_no_updates() -> None:
    for path in (PAYLOADS / "responses").glob("*.json"):
        with pytest.raises(Unreadable):
            parse(path.read_bytes())


def _files() -> list[Path]:
    return [*PAYLOADS.glob("*.json")]


def _others(name: str, found: list[InboundItem]) -> list[type[InboundItem]]:
    if name in REACHABILITY:
        return [ReachabilityChanged]
    return [NotSupported] * (len(found) - (name in MESSAGES))


def _message(name: str) -> MessageReceived:
    return next(
        item for item in parse((PAYLOADS / f"{name}.json").read_bytes()) if isinstance(item, MessageReceived)
    )


def _reply(name: str) -> api.Reply:
    raw = (PAYLOADS / "responses" / f"{name}.json").read_bytes()
    return api.read(http.Answer(status=400, headers={}, body=raw))
