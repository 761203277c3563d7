from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from openlines.connectors.base import (
    MediaKind,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    ReachabilityChanged,
    ReactionChanged,
    Unreadable,
)
from openlines.connectors.fields import LAUNCH
from openlines.connectors.telegram.parse import OWN_MADE_EMOJI, PAID_REACTION
from tests.openlines.connectors.telegram.building import (
    CHAT,
    NOBODY,
    NOW,
    SENT,
    USER,
    connector,
    message,
    one,
    parse,
    received,
    request,
)


def test_a_text_is_read_with_its_sender_number_and_time() -> None:
    found = received(text="Ciao")
    assert (found.kind, found.text, found.at, found.external_id) == (MessageKind.TEXT, "Ciao", SENT, "456:7")
    sender = found.sender
    assert (sender.external_id, sender.name, sender.username, sender.language) == (
        "456",
        "Mario Bros",
        "",
        "it",
    )


def test_the_client_is_the_chat_also_where_another_wrote() -> None:
    found = received(text="Ciao", **{"from": {"id": 999, "first_name": "Bot", "is_bot": True}})
    assert (found.sender.external_id, found.sender.name) == ("456", "Mario Bros")


@pytest.mark.parametrize(
    ("text", "kind", "data"),
    [
        ("/start", MessageKind.START, {}),
        ("/start campaign-7", MessageKind.START, {"payload": "campaign-7"}),
        ("/start@demo_bot x", MessageKind.START, {"payload": "x"}),
        ("/started", MessageKind.TEXT, {}),
        ("/help", MessageKind.TEXT, {}),
    ],
)
def test_start_is_told_from_other_commands(text: str, kind: MessageKind, data: dict[str, str]) -> None:
    found = received(text=text)
    assert (found.kind, found.text, found.data) == (kind, text, data)


def test_the_largest_photo_is_taken_and_its_caption() -> None:
    sizes = [
        {"file_id": "s", "width": 90, "height": 60, "file_size": 99_999},
        {"file_id": "l", "width": 1280, "height": 960},
        {"file_id": "m", "width": 320, "height": 240},
    ]
    found = received(photo=sizes, caption="My parcel", media_group_id="77")
    assert (found.kind, found.text, found.group_key) == (MessageKind.MEDIA, "My parcel", "77")
    assert [(media.kind, media.reference, media.size) for media in found.media] == [
        (MediaKind.IMAGE, "l", None)
    ]


@pytest.mark.parametrize(
    ("key", "told", "kind", "name", "mime"),
    [
        (
            "document",
            {"file_name": "a.pdf", "mime_type": "application/pdf"},
            "file",
            "a.pdf",
            "application/pdf",
        ),
        ("document", {}, "file", "file", ""),
        ("document", {"file_name": "../../etc/pass\x00wd\n.txt"}, "file", "passwd.txt", ""),
        ("document", {"file_name": "C:\\temp\\a.doc"}, "file", "a.doc", ""),
        ("video", {}, "video", "video.mp4", "video/mp4"),
        ("video_note", {}, "video", "video.mp4", "video/mp4"),
        ("audio", {"mime_type": "audio/x-m4a"}, "audio", "audio.mp3", "audio/x-m4a"),
        ("voice", {"file_size": 12}, "voice", "voice.ogg", "audio/ogg"),
        ("animation", {}, "video", "animation.mp4", "video/mp4"),
    ],
)
def test_files_of_each_kind(key: str, told: dict[str, Any], kind: str, name: str, mime: str) -> None:
    found = received(**{key: {"file_id": "f1", **told}})
    assert found.kind is MessageKind.MEDIA
    assert [(media.kind, media.name, media.mime) for media in found.media] == [(kind, name, mime)]


def test_a_long_file_name_keeps_its_suffix() -> None:
    found = received(document={"file_id": "f", "file_name": "ż" * 500 + ".docx"})
    assert len(found.media[0].name) == 200
    assert found.media[0].name.endswith("ż.docx")


@pytest.mark.parametrize(
    ("flags", "mime"),
    [
        ({}, "image/webp"),
        ({"is_animated": True}, "application/x-tgsticker"),
        ({"is_video": True}, "video/webm"),
    ],
)
def test_stickers(flags: dict[str, bool], mime: str) -> None:
    found = received(sticker={"file_id": "s", "emoji": "🤣", **flags})
    assert (found.kind, found.media[0].mime, found.data) == (MessageKind.STICKER, mime, {"emoji": "🤣"})


def test_a_venue_is_a_named_place() -> None:
    location = {"latitude": 52.5, "longitude": 13.4}
    found = received(location=location, venue={"location": location, "title": "Café", "address": "Ring 1"})
    assert found.kind is MessageKind.LOCATION
    assert found.data == {"latitude": 52.5, "longitude": 13.4, "name": "Café", "address": "Ring 1"}


@pytest.mark.parametrize("latitude", [float("nan"), float("inf"), 91, 10**400, "52", True, None])
def test_an_impossible_place_is_unsupported(latitude: object) -> None:
    found = received(location={"latitude": latitude, "longitude": 13})
    assert (found.kind, found.data) == (MessageKind.UNSUPPORTED, {"type": "location"})


def test_only_ones_own_contact_gives_the_phone() -> None:
    contact = {"phone_number": "+4930123", "first_name": "Mario", "last_name": "Bros", "user_id": 456}
    own = received(contact=contact)
    others = received(contact={**contact, "user_id": 457})
    assert own.kind is MessageKind.CONTACT
    assert own.data == {"name": "Mario Bros", "phone": "+4930123"}
    assert (own.sender.phone, others.sender.phone) == ("+4930123", "")


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ({"poll": {"question": "Tea?"}}, "poll", "Tea?"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "dice", "🎲"),
        ({"story": {"id": 1}}, "story", ""),
        ({"hologram": {"beams": 3}, "is_glossy": True}, "hologram", ""),
        ({"hologram": {"beams": 3}, "pinned_message": {}}, "hologram", ""),
        ({"hologram": 3}, "hologram", ""),
        ({"photo": "not a list"}, "photo", ""),
        ({"document": {"file_name": "no id.pdf"}}, "document", ""),
        ({"text": 17}, "unknown", ""),
        ({"text": None}, "unknown", ""),
        ({}, "unknown", ""),
    ],
)
def test_what_is_not_known_is_an_unsupported_message(content: dict[str, Any], kind: str, text: str) -> None:
    found = received(**content)
    assert (found.kind, found.text, found.data) == (MessageKind.UNSUPPORTED, text, {"type": kind})


def test_replies_quotes_and_forwards() -> None:
    found = received(
        text="This one",
        reply_to_message={"message_id": 3, "chat": CHAT},
        quote={"text": "Tuesday", "position": 4},
        forward_origin={"type": "user", "sender_user": {"first_name": "Luigi"}},
    )
    assert found.reply_to == "456:3"
    assert found.data == {"quote": "Tuesday", "forwarded_from": "Luigi"}


def test_a_message_in_a_topic_replies_to_nothing() -> None:
    assert received(text="x", reply_to_message={"message_id": 3, "forum_topic_created": {}}).reply_to == ""


def test_an_edit_carries_the_new_text() -> None:
    edited = message(caption="Better", photo=[{"file_id": "x"}], edit_date=int(NOW.timestamp()))
    found = one(edited_message=edited)
    assert isinstance(found, MessageEdited)
    assert (found.external_id, found.text, found.at) == ("456:7", "Better", NOW)


def test_a_live_location_is_no_edit() -> None:
    assert isinstance(one(edited_message=message(location={"latitude": 1, "longitude": 2})), NotSupported)


def test_reactions_are_the_full_set() -> None:
    reactions = [
        {"type": "emoji", "emoji": "👍"},
        {"type": "custom_emoji", "custom_emoji_id": "5"},
        {"type": "paid"},
        {"type": "new kind"},
        None,
    ]
    change = {
        "chat": CHAT,
        "message_id": 3,
        "user": USER,
        "date": int(SENT.timestamp()),
        "new_reaction": reactions,
    }
    found = one(message_reaction=change)
    assert isinstance(found, ReactionChanged)
    assert (found.external_id, found.at) == ("456:3", SENT)
    assert found.emojis == ("👍", OWN_MADE_EMOJI, PAID_REACTION)


def test_a_button_is_a_message_that_says_what_stands_on_it() -> None:
    keyboard = {
        "inline_keyboard": [[{"text": "No", "callback_data": "0"}, {"text": "Yes", "callback_data": "1"}]]
    }
    query = {"id": "99", "from": USER, "message": message(text="Well?", reply_markup=keyboard), "data": "1"}
    found = one(callback_query=query)
    assert isinstance(found, MessageReceived)
    assert (found.kind, found.text, found.data) == (MessageKind.BUTTON, "Yes", {"payload": "1"})
    assert (found.external_id, found.reply_to, found.at) == ("cb:99", "456:7", NOW)


def test_a_button_outside_the_chat_is_not_for_us() -> None:
    assert isinstance(one(callback_query={"id": "9", "from": USER, "inline_message_id": "x"}), NotSupported)


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("left", False), ("member", True)])
def test_blocking_makes_unreachable(status: str, reachable: bool) -> None:
    change = {
        "chat": CHAT,
        "from": USER,
        "date": int(SENT.timestamp()),
        "new_chat_member": {"status": status},
    }
    found = one(my_chat_member=change)
    assert isinstance(found, ReachabilityChanged)
    assert (found.sender.external_id, found.reachable, found.at) == ("456", reachable, SENT)


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel", "something new"])
@pytest.mark.parametrize("update", ["message", "edited_message", "message_reaction", "my_chat_member"])
def test_only_private_chats_count(kind: str, update: str) -> None:
    content = message(
        text="x", chat={"id": -100, "type": kind, "title": "T"}, new_chat_member={"status": "left"}
    )
    assert isinstance(one(**{update: content}), NotSupported)


@pytest.mark.parametrize(
    "kind", ["business_message", "deleted_business_messages", "channel_post", "poll_answer", "a new one"]
)
def test_other_updates_are_not_supported(kind: str) -> None:
    found = one(**{kind: message(text="x")})
    assert isinstance(found, NotSupported)
    assert kind in found.reason


def test_a_notice_is_no_message() -> None:
    assert isinstance(one(message=message(pinned_message=message(text="x"))), NotSupported)
    assert isinstance(one(message=message(new_chat_members=[USER])), NotSupported)


@pytest.mark.parametrize("date", [0, -1, 2**40, 2**80, "x", None, 1.5, True, int(NOW.timestamp()) + 10**6])
def test_an_absurd_time_is_the_time_of_receipt(date: object) -> None:
    assert received(text="x", date=date).at == NOW


def test_without_a_time_of_receipt_times_stay_possible() -> None:
    bare = request({"update_id": 1, "message": message(text="x", date=0)})
    (found,) = connector.parse(type(bare)(headers={}, body=bare.body), NOBODY)
    assert isinstance(found, MessageReceived)
    assert found.at == LAUNCH == datetime(2013, 8, 14, tzinfo=UTC)


def test_text_that_the_database_refuses_is_made_storable() -> None:
    raw = json.dumps({"update_id": 1, "message": message(text="TEXT")}).encode()
    (found,) = parse(raw.replace(b"TEXT", rb"a\u0000b\ud83dc\ud83d\ude00"))
    assert isinstance(found, MessageReceived)
    assert found.text.startswith("ab")
    assert found.text.endswith("c😀")
    found.text.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"not json",
        b"[" * 100_000,
        b"1" * 10_000,
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"update_id":"7"}',
        b'{"update_id":1,"message":[]}',
        b'{"update_id":1,"message":"x"}',
        b'{"update_id":1,"message":{}}',
        b'{"update_id":1,"message":{"chat":{"id":"456","type":"private"},"message_id":1}}',
        b'{"update_id":1,"message":{"chat":{"id":456,"type":"private"},"message_id":1e99}}',
        b'{"update_id":1,"message":{"chat":{"id":1' + b"0" * 40 + b',"type":"private"},"message_id":1}}',
        b'{"update_id":1,"callback_query":{"from":{},"message":{"chat":{"id":4,"type":"private"}}}}',
        b'{"ok":true,"result":[]}',
        b'{"ok":true,"result":[{"message":{}}]}',
    ],
)
def test_what_is_no_update_is_unreadable_and_has_a_key(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)
    assert len(connector.key(request(body))) <= 80


@pytest.mark.parametrize("number", [b"true", b"-1", b"1.5", b"null", b'"5"', b"1" + b"0" * 30, b"[]"])
def test_a_key_without_a_proper_number_is_the_hash(number: bytes) -> None:
    key = connector.key(request(b'{"update_id":' + number + b"}"))
    assert key.startswith("sha256:")
    assert len(key) == 71


def test_a_bad_update_of_a_list_does_not_lose_its_neighbours() -> None:
    good = {"update_id": 2, "message": message(text="x")}
    first, second = parse({"ok": True, "result": [{"update_id": 1, "message": {}}, good]})
    assert isinstance(first, MessageReceived)
    assert isinstance(second, NotSupported)
