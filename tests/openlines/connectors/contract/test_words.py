"""A kind of content that is not known (yet) keeps its words: an operator always reads what the client said."""

from __future__ import annotations

from typing import Any

import pytest

from openlines.connectors import fields
from openlines.connectors.base import MessageReceived
from tests.openlines.connectors.api import building as api
from tests.openlines.connectors.messenger import building as messenger
from tests.openlines.connectors.sms import building as sms
from tests.openlines.connectors.telegram import building as telegram
from tests.openlines.connectors.viber import building as viber
from tests.openlines.connectors.whatsapp import building as whatsapp

WORDS = "This one is broken"
INSIDE: dict[str, Any] = {
    "text": {"text": WORDS},
    "caption": {"id": "x", "caption": WORDS},
    "title": {"title": WORDS, "size": 5},
    "body": {"body": WORDS},
    "address": {"url": f"https://shop.test/{WORDS}"},
    "deeper": {"card": {"header": {"type": "text", "text": WORDS}}},
    "listed": {"elements": [{"title": "Teapot"}, {"subtitle": WORDS}]},
    "blocks": [{"type": "paragraph", "text": WORDS}],
}
inside = pytest.mark.parametrize("content", INSIDE.values(), ids=INSIDE.keys())
BESIDE = [{"text": WORDS}, {"caption": WORDS}]
beside = pytest.mark.parametrize("words", BESIDE, ids=["text", "caption"])


@inside
@pytest.mark.parametrize("kind", ["hologram", "paid_media", "story"])
def test_inside_the_kind(kind: str, content: Any) -> None:
    found = {
        "telegram": telegram.received(**{kind: content}),
        "whatsapp": whatsapp.received(kind, content),
        "viber": viber.received(type=kind, **{kind: content}),
        "api": api.received(**{kind: content}),
        "messenger": messenger.received(**{kind: content}),
        "attachment": messenger.received(attachments=[{"type": kind, "payload": content}]),
        "instagram": messenger.received("instagram", attachments=[{"type": kind, "payload": content}]),
    }
    assert {name for name, item in found.items() if WORDS not in item.text} == set()


@beside
@pytest.mark.parametrize("kind", ["hologram", "story", "url", "sticker", "location", "contact", "picture"])
def test_beside_the_kind(kind: str, words: dict[str, Any]) -> None:
    thing: Any = {"file_id": "f", "id": "1", "url": "https://x.test/1", "emoji": "x", "phone_number": "1"}
    found = {
        "telegram": telegram.received(**{kind: thing}, **words),
        "whatsapp": whatsapp.received(kind, thing, **words),
        "viber": viber.received(type=kind, media="https://x.test/1", sticker_id=1, **words),
        "api": api.received(**{f"a_{kind}": thing}, **words),
        "messenger": messenger.received(**{kind: thing}, **words),
    }
    assert {name for name, item in found.items() if WORDS not in item.text} == set()


@pytest.mark.parametrize("name", ["ListTitle", "ButtonText", "Caption"])
def test_a_field_of_twilios_beside_an_empty_body(name: str) -> None:
    assert sms.received("", MessageType="list", **{name: WORDS}).text == WORDS


def test_a_viber_link_keeps_its_words_and_its_address() -> None:
    item = viber.received(type="url", media="https://shop.test/p/1", text="Is this one in stock?")
    assert item.text == "Is this one in stock?\nhttps://shop.test/p/1"
    assert viber.received(type="url", media="https://shop.test/p/1").text == "https://shop.test/p/1"


def test_people_and_machines_words_around_a_message_are_not_the_clients() -> None:
    item = telegram.received(story={"id": 1, "chat": {"id": 5, "title": "A channel"}}, caption="Look")
    assert isinstance(item, MessageReceived)
    assert item.text == "Look"
    errors = [{"code": 131051, "title": "Message type unknown", "error_data": {"details": "x"}}]
    assert whatsapp.received("unsupported", {"type": "poll"}, errors=errors).text == ""


def test_words_of_endless_nests_and_lists_are_bounded() -> None:
    nest: Any = {"text": WORDS}
    for _level in range(500):
        nest = {"text": nest}
    assert fields.words(nest) == ""
    assert len(fields.words([{"text": f"{number}" * 5000} for number in range(5000)])) <= 4000
