from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from openlines.connectors.base import (
    DeliveryStatus,
    MediaKind,
    MessageKind,
    MessageReceived,
    NotSupported,
    ReachabilityChanged,
    StatusChanged,
    Unreadable,
)
from openlines.connectors.fields import decode, mapping
from tests.openlines.connectors.viber.building import (
    CLIENT,
    LARGE,
    NOW,
    PAYLOADS,
    SENT,
    callback,
    connector,
    message,
    needs_payloads,
    one,
    parse,
    received,
    request,
)

EXPECTED: dict[str, Any] = {
    "bottender_conversationStarted": MessageKind.OPENED,
    "bottender_delivered": StatusChanged,
    "bottender_fileMessage": MessageKind.MEDIA,
    "bottender_locationMessage": MessageKind.LOCATION,
    "bottender_textMessage": MessageKind.TEXT,
    "bottender_unsubscribed": ReachabilityChanged,
    "bottender_videoMessage": MessageKind.MEDIA,
    "vibernode_contactMessage": MessageKind.CONTACT,
    "vibernode_stickerMessage": MessageKind.STICKER,
    "vibernode_textMessage": MessageKind.TEXT,
    "vibernode_urlMessage": MessageKind.TEXT,
}


@needs_payloads
@pytest.mark.parametrize("name", EXPECTED)
def test_each_real_callback_gives_exactly_one_event(name: str) -> None:
    raw = (PAYLOADS / f"{name}.json").read_bytes()
    (item,) = parse(raw)
    assert (item.kind if isinstance(item, MessageReceived) else type(item)) == EXPECTED[name]
    token = mapping(decode(raw))["message_token"]
    if isinstance(item, MessageReceived | StatusChanged):
        assert item.external_id == str(token)
    assert connector.key(request(raw)).startswith(f"{mapping(decode(raw))['event']}:{token}")


@needs_payloads
def test_every_file_of_the_folder_goes_in() -> None:
    files = [path for path in PAYLOADS.glob("*.json") if not path.stem.startswith("signature")]
    assert len(files) >= len(EXPECTED)
    for path in files:
        assert len(parse(path.read_bytes())) == 1


def test_a_text() -> None:
    item = received(type="text", text="a message", tracking_data="tracking data")
    assert (item.kind, item.text, item.external_id) == (MessageKind.TEXT, "a message", str(LARGE))
    assert (item.sender.external_id, item.sender.name, item.sender.language) == (
        CLIENT["id"],
        "John McClane",
        "en",
    )
    assert item.at.replace(microsecond=0) == SENT
    assert dict(item.data) == {}


@pytest.mark.parametrize("token", [LARGE, str(LARGE), 2**64 - 1])
def test_a_token_is_kept_to_the_last_digit(token: int | str) -> None:
    body = json.dumps(message(type="text", text="x")).replace(str(LARGE), json.dumps(token)).encode()
    item = one(body)
    assert isinstance(item, MessageReceived)
    assert item.external_id == str(token)
    assert connector.key(request(body)) == f"message:{token}"


@pytest.mark.parametrize("token", [1.5e18, None, True, -1, 2**64, "", "a b", [], "é"])
def test_a_message_without_a_usable_token_is_parked(token: object) -> None:
    body = {**message(type="text", text="x"), "message_token": token}
    with pytest.raises(Unreadable):
        parse(body)
    assert connector.key(request(body)).startswith("sha256:")


@pytest.mark.parametrize("timestamp", [None, "x", 0, -5, 10**18, 4977069964384421269, 2**70])
def test_an_absurd_time_is_that_of_receipt(timestamp: object) -> None:
    item = one({**message(type="text", text="x"), "timestamp": timestamp})
    assert isinstance(item, MessageReceived)
    assert item.at == NOW


def test_milliseconds_are_read_as_such() -> None:
    item = one({**message(type="text", text="x"), "timestamp": 1457764197627})
    assert isinstance(item, MessageReceived)
    assert item.at == datetime(2016, 3, 12, 6, 29, 57, tzinfo=UTC)


def test_files() -> None:
    picture = received(type="picture", text="Look", media="https://dl-media.viber.com/x.jpg", thumbnail="y")
    assert picture.text == "Look"
    assert picture.media[0].kind is MediaKind.IMAGE
    assert picture.media[0].reference == "https://dl-media.viber.com/x.jpg"
    assert (picture.media[0].name, picture.media[0].mime) == ("photo.jpg", "image/jpeg")
    video = received(type="video", media="https://dl-media.viber.com/v", duration=3, size=77)
    assert (video.media[0].kind, video.media[0].size) == (MediaKind.VIDEO, 77)
    file = received(type="file", media="https://x.viber.com/d", file_name="../a/Pläne.pdf", file_size=3220)
    assert (file.media[0].name, file.media[0].mime, file.media[0].size) == (
        "Pläne.pdf",
        "application/pdf",
        3220,
    )
    nameless = received(type="file", media="https://x.viber.com/d", file_name="a" * 300 + ".docx", size="x")
    assert nameless.media[0].name.endswith("a.docx")
    assert nameless.media[0].size is None


def test_places_contacts_stickers_and_links() -> None:
    place = received(type="location", location={"lat": 50.76891, "lon": "6.11499"})
    assert place.data == {"latitude": 50.76891, "longitude": 6.11499}
    contact = received(type="contact", contact={"name": "idan", "phone_number": "97245611234"})
    assert contact.data == {"name": "idan", "phone": "+97245611234"}
    assert received(type="sticker", sticker_id=5536).data == {"sticker": "5536"}
    assert received(type="sticker", sticker_id="40133").data == {"sticker": "40133"}
    assert received(type="url", media="http://viber.com").text == "http://viber.com"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"type": "rich_media", "rich_media": {}}, "rich_media"),
        ({"type": "hologram", "text": "seen?"}, "hologram"),
        ({"type": "picture"}, "picture"),
        ({"type": "location", "location": {"lat": 900, "lon": 1}}, "location"),
        ({"type": "contact", "contact": []}, "contact"),
        ({"type": "text"}, "text"),
        ({"x": 1}, "unknown"),
    ],
)
def test_what_is_unknown_is_shown_as_such(content: dict[str, Any], kind: str) -> None:
    item = received(**content)
    assert item.kind is MessageKind.UNSUPPORTED
    assert item.data["type"] == kind
    assert item.text == content.get("text", "")


UUID = "7b0e6c1a-5a2f-4c0c-9a55-0c8f6a3c7b11"


def test_a_pressed_button_has_its_words_and_its_payload() -> None:
    track = json.dumps({"uuid": UUID, "buttons": {"Good 👍": "rate:1"}})
    pressed, echo = parse(message(type="text", text="Good 👍", tracking_data=track))
    assert isinstance(pressed, MessageReceived)
    assert (pressed.kind, pressed.text) == (MessageKind.BUTTON, "Good 👍")
    assert pressed.data == {"payload": "rate:1"}
    written, _ = parse(message(type="text", text="Not so good", tracking_data=track))
    assert isinstance(written, MessageReceived)
    assert (written.kind, dict(written.data)) == (MessageKind.TEXT, {})
    assert isinstance(echo, StatusChanged)
    assert (echo.external_id, echo.uuid, echo.status) == ("", UUID, DeliveryStatus.DELIVERED)


@pytest.mark.parametrize(
    "track", ["{", "{}", "[]", '{"uuid": "x"}', '{"buttons": {"x": 1}}', '{"buttons": []}', 7, None]
)
def test_tracking_data_of_others_means_nothing(track: object) -> None:
    item = received(type="text", text="x", tracking_data=track)
    assert (item.kind, dict(item.data)) == (MessageKind.TEXT, {})


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("delivered", DeliveryStatus.DELIVERED),
        ("seen", DeliveryStatus.READ),
        ("failed", DeliveryStatus.FAILED),
    ],
)
def test_receipts(event: str, status: DeliveryStatus) -> None:
    body = callback(event, user_id="01234567890A=", desc="failure description")
    item = one(body)
    assert isinstance(item, StatusChanged)
    assert (item.external_id, item.status) == (str(LARGE), status)
    assert ("failure description" in item.reason) is (event == "failed")
    assert connector.key(request(body)) == connector.key(request({**body, "timestamp": 1}))
    assert connector.key(request(body)) != connector.key(request({**body, "event": "message"}))


def test_a_failure_without_words_has_some() -> None:
    item = one(callback("failed", user_id="x"))
    assert isinstance(item, StatusChanged)
    assert "again" in item.reason


def test_leaving_and_coming_back() -> None:
    gone = one(callback("unsubscribed", user_id="01234567890A="))
    back = one(callback("subscribed", user=CLIENT))
    assert isinstance(gone, ReachabilityChanged)
    assert isinstance(back, ReachabilityChanged)
    assert (gone.reachable, back.reachable) == (False, True)
    assert gone.sender.external_id == back.sender.external_id == CLIENT["id"]


def test_an_opened_chat_is_no_message_yet() -> None:
    item = one(callback("conversation_started", user=CLIENT, type="open", context="x", subscribed=False))
    assert isinstance(item, MessageReceived)
    assert (item.kind, item.text, item.data) == (MessageKind.OPENED, "", {"payload": "x"})
    assert item.sender.external_id == CLIENT["id"]


@pytest.mark.parametrize(
    "body",
    [
        callback("webhook"),
        callback("action"),
        callback("event of next year", anything=[1]),
    ],
)
def test_what_is_not_for_us_says_so(body: dict[str, Any]) -> None:
    item = one(body)
    assert isinstance(item, NotSupported)
    assert item.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        {"event": 7},
        callback("message"),
        callback("message", sender=CLIENT),
        callback("message", sender={}, message={"type": "text", "text": "x"}),
        callback("unsubscribed"),
        callback("subscribed"),
        {"event": "delivered", "user_id": "x"},
    ],
)
def test_what_is_no_callback_is_unreadable(body: object) -> None:
    with pytest.raises(Unreadable):
        parse(body)
    assert connector.key(request(body))
