"""What the customer's events become."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from openlines.connectors.base import (
    AccountNotice,
    DeliveryStatus,
    IdentityChanged,
    InboundItem,
    Malformed,
    Media,
    MediaKind,
    MessageDeleted,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    ReachabilityChanged,
    ReactionChanged,
    Sender,
    StatusChanged,
    Unreadable,
    WrittenOutside,
)
from tests.openlines.connectors.api.building import (
    CONTACT,
    EVERY,
    NOW,
    connector,
    event,
    one,
    parse,
    received,
    request,
)

SENT = datetime(2026, 11, 22, 11, 59, tzinfo=UTC)
ANNA = Sender(
    "user-42",
    "Anna Nowak",
    "anna",
    "pl",
    "+48600700800",
    "anna@shop.example",
    "https://shop.example/cart",
    ("old-7",),
)


def test_a_text_with_everything_around_it() -> None:
    item = received(text="Hello", reply_to="m-0", quote="q", automatic=True, group="g")
    assert item == MessageReceived(
        sender=ANNA,
        external_id="m-1",
        at=SENT,
        kind=MessageKind.TEXT,
        text="Hello",
        reply_to="m-0",
        group_key="g",
        is_automatic=True,
        data={"quote": "q"},
    )


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (1795348700, datetime.fromtimestamp(1795348700, UTC)),
        (1795348700.9, datetime.fromtimestamp(1795348700, UTC)),
        ("2026-11-22T12:30:00+01:00", datetime(2026, 11, 22, 11, 30, tzinfo=UTC)),
        ("2026-11-22T11:30:00", datetime(2026, 11, 22, 11, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", NOW),
        ("yesterday", NOW),
        (10**15, NOW),
        (float("inf"), NOW),
        ([], NOW),
    ],
)
def test_times(at: object, expected: datetime) -> None:
    assert received(text="x", at=at).at == expected


def test_files_by_address_and_by_content() -> None:
    item = received(
        attachments=[
            {"url": "https://shop.example/a", "name": "../a.jpg", "size": 5},
            {"content_b64": "aGVs\nbG8=", "name": "hello.txt"},
            {"content_b64": "!!!", "name": "broken"},
            "nonsense",
        ]
    )
    assert item.kind is MessageKind.MEDIA
    assert item.media == (
        Media(MediaKind.IMAGE, "https://shop.example/a", "a.jpg", "image/jpeg", 5),
        Media(MediaKind.FILE, "", "hello.txt", "text/plain", 5, b"hello"),
        Media(MediaKind.FILE, "", "broken", ""),
        Media(MediaKind.FILE, "", "file", ""),
    )


@pytest.mark.parametrize(
    ("said", "kind", "text", "data"),
    [
        (
            {"location": {"latitude": 52.2, "longitude": 21, "address": "Prosta 1"}},
            MessageKind.LOCATION,
            "",
            {"latitude": 52.2, "longitude": 21.0, "address": "Prosta 1"},
        ),
        ({"card": {"name": "Jan", "phone": "+4"}}, MessageKind.CONTACT, "", {"name": "Jan", "phone": "+4"}),
        ({"button": {"payload": "yes", "text": "Yes"}}, MessageKind.BUTTON, "Yes", {"payload": "yes"}),
        ({"button": {"payload": "yes"}}, MessageKind.BUTTON, "yes", {"payload": "yes"}),
        ({"start": {"payload": "ad"}}, MessageKind.START, "", {"payload": "ad"}),
        ({"poll": {}}, MessageKind.UNSUPPORTED, "", {"type": "poll"}),
        ({"kind": "dice"}, MessageKind.UNSUPPORTED, "", {"type": "dice"}),
        ({"location": {"latitude": 95, "longitude": 0}}, MessageKind.UNSUPPORTED, "", {"type": "location"}),
        ({}, MessageKind.UNSUPPORTED, "", {"type": "empty"}),
        (
            {"attachments": [{"url": "https://x.example/s.webp", "kind": "sticker"}]},
            MessageKind.STICKER,
            "",
            {},
        ),
    ],
)
def test_kinds(said: dict[str, Any], kind: MessageKind, text: str, data: dict[str, Any]) -> None:
    item = received(**said)
    assert (item.kind, item.text, item.data) == (kind, text, data)


def test_the_other_events() -> None:
    expected: list[tuple[InboundItem, InboundItem]] = [
        (one("message.edited", external_id=7, text="new"), MessageEdited(ANNA, "7", SENT, "new")),
        (one("message.deleted", external_ids=["a", 2]), MessageDeleted(ANNA, ("a", "2"), SENT)),
        (one("message.deleted", external_id="a"), MessageDeleted(ANNA, ("a",), SENT)),
        (
            one("reaction.changed", external_id="a", emojis=["👍"]),
            ReactionChanged(ANNA, "a", SENT, ("👍",)),
        ),
        (one("reaction.changed", external_id="a", emojis=[]), ReactionChanged(ANNA, "a", SENT, ())),
        (one("contact.reachability", reachable=False), ReachabilityChanged(ANNA, SENT, reachable=False)),
        (one("contact.identity_changed", previous="user-41"), IdentityChanged("user-41", ANNA, SENT)),
        (one("account.notice", text="Full", is_error=True), AccountNotice("Full", SENT, is_error=True)),
        (
            one("message.written_outside", external_id="o", text="Hi", uuid="u"),
            WrittenOutside(ANNA, "o", SENT, text="Hi", uuid="u"),
        ),
        (
            one("message.status", external_id="c-1", status="failed", reason="Full.", unreachable=True),
            StatusChanged("c-1", DeliveryStatus.FAILED, SENT, "Full.", unreachable=True),
        ),
        (
            one("message.status", uuid="u-1", status="read", unreachable=True),
            StatusChanged("u-1", DeliveryStatus.READ, SENT, uuid="u-1"),
        ),
    ]
    for found, wanted in expected:
        assert found == wanted


def test_a_failure_without_a_reason_says_what_to_do() -> None:
    item = one("message.status", external_id="c-1", status="failed")
    assert isinstance(item, StatusChanged)
    assert "send it again" in item.reason


def test_what_is_not_for_us_is_named() -> None:
    assert one("order.paid") == NotSupported("Events of the type “order.paid” are not used here.")
    assert isinstance(one("message.status", external_id="c", status="pondered"), NotSupported)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        {},
        {"type": "message.created"},
        {"type": 5, "data": {}},
        {"type": "message.created", "data": {"external_id": "m"}},
        {"type": "message.created", "data": {"contact": CONTACT}},
        {"type": "message.created", "data": {"contact": CONTACT, "external_id": "x" * 201}},
        {"type": "message.edited", "data": {"contact": CONTACT, "external_id": "x"}},
        {"type": "message.deleted", "data": {"contact": CONTACT, "external_ids": []}},
        {"type": "message.status", "data": {"status": "read"}},
        {"type": "reaction.changed", "data": {"contact": CONTACT, "external_id": "x", "emojis": "👍"}},
        {"type": "contact.reachability", "data": {"contact": CONTACT, "reachable": "no"}},
        {"type": "account.notice", "data": {"text": " "}},
        {"events": []},
        {"events": [{}, 5]},
    ],
)
def test_what_cannot_be_read(body: object) -> None:
    with pytest.raises(Unreadable, match=r"\w"):
        parse(body)


def test_a_batch_is_read_whole_and_a_bad_one_loses_no_neighbour() -> None:
    found = parse({"events": [*EVERY, {"type": "message.created", "data": {}}, "nonsense"]})
    assert len(found) == len(EVERY) + 2
    assert found[: len(EVERY)] == [item for single in EVERY for item in parse(single)]
    assert [type(item) for item in found[-2:]] == [Malformed, Malformed]


def test_keys() -> None:
    body = event(external_id="m-1", text="x")
    assert connector.key(request(body, webhook_id="evt_1")) == "id:evt_1"
    assert connector.key(request(body)) == connector.key(request(body))
    assert connector.key(request(body)) != connector.key(request(event(external_id="m-2", text="x")))
    for strange in ("x" * 151, "a\0b", "\udcff"):
        assert connector.key(request(body, webhook_id=strange)).startswith("id-sha256:")
