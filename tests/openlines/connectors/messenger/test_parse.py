"""What Meta delivers of a page's conversations, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from openlines.connectors import registry
from openlines.connectors.base import (
    AccountNotice,
    DeliveryStatus,
    Malformed,
    MediaKind,
    MessageDeleted,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    ReactionChanged,
    Sender,
    StatusChanged,
    StatusUpTo,
    Unreadable,
    WrittenOutside,
)
from tests.openlines.connectors.messenger.building import (
    ACCOUNT,
    CLIENT,
    MS,
    NOW,
    SENT,
    UUID,
    delivery,
    echo,
    event,
    nobody,
    one,
    parse,
    raw,
    received,
    said,
)

CDN = "https://scontent.xx.fbcdn.net/v/t1/plan.jpg?oh=1&oe=2"


def test_a_text_is_a_message_of_the_client() -> None:
    found = received(text="Dzień dobry 😀", nlp={"entities": {}}, seq=3)
    assert found == MessageReceived(
        sender=Sender(CLIENT), external_id="m_1", at=SENT, kind=MessageKind.TEXT, text="Dzień dobry 😀"
    )


def test_ids_and_times_may_be_text_or_numbers() -> None:
    body = {
        "sender": {"id": int(CLIENT)},
        "recipient": {"id": int(ACCOUNT)},
        "timestamp": str(MS),
        "message": {"mid": "m_1", "text": "x"},
    }
    found = one(body, account=int(ACCOUNT))
    assert isinstance(found, MessageReceived)
    assert (found.sender.external_id, found.at) == (CLIENT, SENT)


def test_without_a_time_of_its_own_that_of_the_entry_counts_then_that_of_receipt() -> None:
    timeless = {name: value for name, value in said(text="x").items() if name != "timestamp"}
    first = one(timeless)
    assert isinstance(first, MessageReceived)
    assert first.at == SENT
    body = delivery(timeless)
    body["entry"][0]["time"] = "2021-09-08T06:34:04+0000"
    (second,) = parse(body)
    assert isinstance(second, MessageReceived)
    assert second.at == NOW


def test_a_whole_batch_is_read_and_a_bad_element_loses_no_neighbour() -> None:
    body = delivery(
        said(text="a"),
        "garbage",
        event(message={"text": "no id"}),
        event(message="not an object"),
        event(message={"mid": "m_2", "text": "b"}),
        {"timestamp": MS, "message": {"mid": "m_x", "text": "nobody's"}},
    )
    body["entry"] += [
        "garbage",
        {"id": ACCOUNT},
        delivery(event(message={"mid": "m_3", "text": "c"}))["entry"][0],
    ]
    found = parse(body)
    assert [item.text for item in found if isinstance(item, MessageReceived)] == ["a", "b", "c"]
    assert sum(isinstance(item, Malformed) for item in found) == 5
    assert sum(isinstance(item, NotSupported) for item in found) == 1  # the entry that holds nothing
    assert len(found) == 9


@pytest.mark.parametrize(
    ("kind", "shown", "name", "mime"),
    [
        ("image", MediaKind.IMAGE, "plan.jpg", "image/jpeg"),
        ("video", MediaKind.VIDEO, "video.mp4", "video/mp4"),
        ("audio", MediaKind.AUDIO, "audio.mp4", "audio/mp4"),
        ("file", MediaKind.FILE, "plan.jpg", "image/jpeg"),
        ("reel", MediaKind.VIDEO, "reel.mp4", "video/mp4"),
    ],
)
def test_files_are_fetched_from_their_link(kind: str, shown: MediaKind, name: str, mime: str) -> None:
    found = received(attachments=[{"type": kind, "payload": {"url": CDN}}])
    (media,) = found.media
    assert found.kind is MessageKind.MEDIA
    assert (media.kind, media.reference, media.name, media.mime) == (shown, CDN, name, mime)


def test_a_voice_note_is_sound_though_its_name_says_video() -> None:
    (media,) = received(
        attachments=[{"type": "audio", "payload": {"url": f"{CDN}/audioclip-17.mp4?x=1"}}]
    ).media
    assert media.mime == "audio/mp4"


def test_several_files_and_a_text_are_one_message() -> None:
    pictures = [{"type": "image", "payload": {"url": f"{CDN}&n={n}"}} for n in range(3)]
    found = received(text="Look", attachments=pictures)
    assert (found.kind, found.text, len(found.media)) == (MessageKind.MEDIA, "Look", 3)


def test_a_sticker_is_one_and_the_thumb_is_told() -> None:
    payload = {"url": CDN, "sticker_id": 369239263222822}
    found = received(sticker_id=369239263222822, attachments=[{"type": "image", "payload": payload}])
    assert found.kind is MessageKind.STICKER
    assert found.data["emoji"] == "👍"
    assert found.media[0].kind is MediaKind.STICKER


def test_a_place_has_its_coordinates() -> None:
    place = {"type": "location", "title": "Office", "payload": {"coordinates": {"lat": 52.2, "long": 21.0}}}
    found = received(attachments=[place])
    assert (found.kind, dict(found.data)) == (
        MessageKind.LOCATION,
        {"latitude": 52.2, "longitude": 21.0, "name": "Office"},
    )
    nowhere = received(
        attachments=[{"type": "location", "payload": {"coordinates": {"lat": 520, "long": 1}}}]
    )
    assert nowhere.kind is MessageKind.UNSUPPORTED


def test_a_shared_link_is_text_and_adds_nothing_to_a_text_that_holds_it() -> None:
    link = {"type": "fallback", "title": "Offer", "url": "https://example.com/a", "payload": "BLOB"}
    assert received(attachments=[link]).text == "Offer\nhttps://example.com/a"
    both = received(text="See https://example.com/a", attachments=[link])
    assert (both.kind, both.text) == (MessageKind.TEXT, "See https://example.com/a")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"is_unsupported": True}, "unsupported"),
        ({"attachments": [{"type": "hologram", "payload": {"url": CDN}}]}, "hologram"),
        ({"attachments": [{"type": "image", "payload": {}}]}, "image"),
        ({"attachments": [{"type": "fallback"}]}, "fallback"),
        ({"attachments": ["garbage"]}, "unknown"),
        ({"attachments": {}}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_what_nobody_knows_is_shown_as_unsupported(message: dict[str, Any], kind: str) -> None:
    found = received(**message)
    assert (found.kind, found.data["type"]) == (MessageKind.UNSUPPORTED, kind)


def test_a_product_is_unsupported_with_its_name() -> None:
    product = {"product": {"elements": [{"title": "Lamp", "subtitle": "$40"}]}}
    found = received(attachments=[{"type": "template", "payload": product}])
    assert (found.kind, found.text) == (MessageKind.UNSUPPORTED, "Lamp: $40")


def test_a_reply_names_its_target() -> None:
    assert received(text="Yes", reply_to={"mid": "m_0"}).reply_to == "m_0"


def test_a_pressed_quick_reply_brings_our_payload() -> None:
    found = received(text="Good", quick_reply={"payload": "rate:1"})
    assert (found.kind, found.text, found.data["payload"]) == (MessageKind.BUTTON, "Good", "rate:1")


def test_a_postback_is_a_button_and_the_first_one_a_start() -> None:
    found = one(event(postback={"mid": "m_p", "title": "Opening hours", "payload": "HOURS"}))
    assert isinstance(found, MessageReceived)
    assert (found.kind, found.text, found.external_id) == (MessageKind.BUTTON, "Opening hours", "m_p")
    start = one(
        event(postback={"title": "Get Started", "payload": "GET_STARTED", "referral": {"ref": "spring"}})
    )
    assert isinstance(start, MessageReceived)
    assert (start.kind, start.data["payload"]) == (MessageKind.START, "spring")


def test_a_postback_without_an_id_has_the_same_one_each_time() -> None:
    pressed = event(postback={"title": "Hours", "payload": "HOURS"})
    first, again, other = one(pressed), one(pressed), one({**pressed, "timestamp": MS + 1})
    assert isinstance(first, MessageReceived)
    assert isinstance(other, MessageReceived)
    assert first == again
    assert first.external_id != other.external_id


def test_where_the_client_comes_from_is_kept() -> None:
    ad = {"ref": "r", "source": "ADS", "ad_id": 12, "ads_context_data": {"ad_title": "Lamps"}}
    assert received(text="Hi", referral=ad).data["referral"] == {
        "ref": "r",
        "source": "ADS",
        "ad": "12",
        "title": "Lamps",
    }


def test_the_echo_of_ours_brings_our_uuid() -> None:
    found = one(echo(text="Good morning", app_id=5, metadata=UUID))
    assert found == WrittenOutside(
        client=Sender(CLIENT), external_id="m_echo", at=SENT, text="Good morning", uuid=UUID
    )


@pytest.mark.parametrize("metadata", [{}, {"metadata": "another app's"}, {"metadata": 7}])
def test_an_echo_of_somebody_else_was_written_outside(metadata: dict[str, Any]) -> None:
    found = one(echo(text="From the page's inbox", **metadata))
    assert isinstance(found, WrittenOutside)
    assert (found.uuid, found.client.external_id, found.text) == ("", CLIENT, "From the page's inbox")


def test_what_the_account_wrote_is_never_the_clients_even_without_the_mark() -> None:
    unmarked = echo(text="x")
    del unmarked["message"]["is_echo"]
    assert isinstance(one(unmarked), WrittenOutside)


def test_an_echo_with_the_parties_turned_round_still_finds_the_client() -> None:
    turned = {**echo(text="x"), "sender": {"id": CLIENT}, "recipient": {"id": ACCOUNT}}
    found = one(turned)
    assert isinstance(found, WrittenOutside)
    assert found.client.external_id == CLIENT


def test_what_the_account_writes_to_itself_concerns_nobody() -> None:
    itself = {**echo(text="x"), "recipient": {"id": ACCOUNT}}
    assert isinstance(one(itself), NotSupported)


def test_standby_messages_count_and_are_marked() -> None:
    (found, answer) = parse(delivery(said(text="Hello"), echo(text="A bot answers"), place="standby"))
    assert isinstance(found, MessageReceived)
    assert isinstance(answer, WrittenOutside)
    assert found.data["standby"] is True


def test_an_edit_brings_the_new_text() -> None:
    found = one(event(message_edit={"mid": "m_1", "text": "Hello!", "num_edit": "2"}))
    assert found == MessageEdited(Sender(CLIENT), "m_1", SENT, "Hello!")


def test_a_deletion_takes_the_message_back() -> None:
    assert one(said(is_deleted=True)) == MessageDeleted(Sender(CLIENT), ("m_1",), SENT)
    ours = one(echo(is_deleted=True))
    assert ours == MessageDeleted(Sender(CLIENT), ("m_echo",), SENT, by_us=True)


@pytest.mark.parametrize(
    ("reaction", "emojis"),
    [
        ({"action": "react", "reaction": "love", "emoji": "❤️"}, ("❤️",)),
        ({"action": "react", "reaction": "wow"}, ("😮",)),
        ({"action": "react", "reaction": "other", "emoji": "🦄"}, ("🦄",)),
        ({"action": "unreact"}, ()),
        ({"action": "unreact", "reaction": "love", "emoji": "❤️"}, ()),
    ],
)
def test_reactions_come_and_go(reaction: dict[str, str], emojis: tuple[str, ...]) -> None:
    assert one(event(reaction={"mid": "m_9", **reaction})) == ReactionChanged(
        Sender(CLIENT), "m_9", SENT, emojis
    )


def test_a_watermark_counts_up_to_its_millisecond() -> None:
    found = one(event(delivery={"mids": ["m_5", "m_6", "m_5"], "watermark": MS - 1, "seq": 3}))
    assert found == StatusUpTo(
        Sender(CLIENT),
        DeliveryStatus.DELIVERED,
        SENT.replace(microsecond=249_000),
        external_ids=("m_5", "m_6"),
    )
    read = one(event(read={"watermark": str(MS)}))
    assert read == StatusUpTo(Sender(CLIENT), DeliveryStatus.READ, SENT)


def test_a_receipt_without_a_watermark_goes_by_its_messages() -> None:
    (found,) = parse(delivery(event(delivery={"mids": ["m_5"]})))
    assert found == StatusChanged("m_5", DeliveryStatus.DELIVERED, SENT)
    assert isinstance(one(event(delivery={})), Malformed)


@pytest.mark.parametrize("name", ["policy_enforcement", "policy-enforcement"])
def test_a_block_by_meta_is_a_notice_for_the_administrator(name: str) -> None:
    body = {"recipient": {"id": ACCOUNT}, "timestamp": MS, name: {"action": "block", "reason": "Spam."}}
    found = one(body)
    assert isinstance(found, AccountNotice)
    assert found.is_error
    assert "Spam." in found.text
    body[name] = {"action": "unblock"}
    lifted = one(body)
    assert isinstance(lifted, AccountNotice)
    assert not lifted.is_error


def test_a_link_into_the_conversation_is_no_message_yet() -> None:
    item = one(event(referral={"ref": "x", "source": "ADS", "ad_id": "7"}))
    assert isinstance(item, MessageReceived)
    assert (item.kind, item.text) == (MessageKind.OPENED, "")
    assert item.data == {"referral": {"ref": "x", "source": "ADS", "ad": "7"}}


@pytest.mark.parametrize(
    "content",
    [
        {"optin": {"ref": "x"}},
        {"account_linking": {"status": "linked"}},
        {"pass_thread_control": {"new_owner_app_id": 1}},
        {"take_thread_control": {}},
        {"request_thread_control": {}},
        {"app_roles": {"1": ["automation"]}},
        {"something_of_next_year": {"mid": "x"}},
        {},
    ],
)
def test_notices_are_logged_and_open_nothing(content: dict[str, Any]) -> None:
    assert isinstance(one(event(**content)), NotSupported)


def test_only_its_own_page_is_read() -> None:
    body = delivery(said(text="ours"))
    body["entry"] += delivery(event(message={"mid": "m_2", "text": "theirs"}), account="999")["entry"]
    ours, other = parse(body)
    assert isinstance(ours, MessageReceived)
    assert isinstance(other, NotSupported)
    assert "999" in other.reason
    assert len([item for item in parse(body, account="") if isinstance(item, MessageReceived)]) == 2


def test_the_accounts_of_a_delivery_are_told_without_reading_it() -> None:
    connector: Any = registry.get("messenger")
    body = delivery(said(text="x"))
    body["entry"] += [{"id": 999}, {"id": ACCOUNT}, {"id": "0"}, "garbage", {}]
    assert connector.account_keys(raw(body)) == (ACCOUNT, "999")
    assert connector.account_keys(raw(b"garbage")) == ()
    assert connector.account_key({"page_id": " 17 "}) == "17"


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"7", b"{}", b'{"entry": {}}', b'{"object":"x","entry":[]}']
)
def test_what_is_no_delivery_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_a_delivery_of_another_kind_says_so() -> None:
    (found,) = parse(delivery(said(text="x"), kind="instagram"))
    assert isinstance(found, NotSupported)
    assert "instagram" in found.reason
    assert isinstance(parse({"object": "page", "entry": []})[0], NotSupported)


def test_a_second_delivery_has_the_same_key_and_nothing_else_has() -> None:
    connector = registry.get("messenger")

    def key(*events: object, **more: Any) -> str:
        return connector.key(raw(delivery(*events, **more)))

    picture = {"type": "image", "payload": {"url": CDN}}
    signed_anew = {"type": "image", "payload": {"url": f"{CDN}&x=1"}}
    assert key(said(attachments=[picture])) == key(said(attachments=[signed_anew]))
    later = delivery(said(text="x"))
    later["entry"][0]["time"] += 60_000
    assert connector.key(raw(later)) == key(said(text="x"))
    different = {
        key(said(text="x")),
        key(said(is_deleted=True)),
        key(said(text="x"), event(message={"mid": "m_2"})),
        key(event(message_edit={"mid": "m_1", "text": "y", "num_edit": 1})),
        key(event(message_edit={"mid": "m_1", "text": "y", "num_edit": 2})),
        key(event(reaction={"mid": "m_1", "action": "react"})),
        key(event(reaction={"mid": "m_1", "action": "unreact"})),
        key(event(read={"watermark": 1})),
        key(event(read={"watermark": 2})),
        connector.key(raw(b"garbage")),
        connector.key(raw(b"")),
    }
    assert len(different) == 11


def test_nobody_needs_credentials_to_parse() -> None:
    assert registry.get("messenger").parse(raw(delivery(said(text="x"))), nobody("messenger", ""))


def test_a_guest_of_a_chat_plugin_is_no_client() -> None:
    guest = {**event(postback={"payload": "hey", "title": ""}), "sender": {"user_ref": 987654321432}}
    assert isinstance(one(guest), NotSupported)


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("/reel/123451234512345/", "https://www.facebook.com/reel/123451234512345/"),
        ("https://www.facebook.com/reel/17/?s=x", "https://www.facebook.com/reel/17/?s=x"),
        ("https://www.instagram.com/p/Cabc/", "https://www.instagram.com/p/Cabc/"),
    ],
)
def test_a_reel_told_by_its_page_is_a_link_and_no_file(url: str, link: str) -> None:
    found = received(attachments=[{"type": "ig_reel", "payload": {"url": url, "reel_video_id": 17}}])
    assert (found.kind, found.text, found.media) == (MessageKind.TEXT, link, ())
    assert found.data == {"shared": "reel", "link": link}


def test_a_reel_told_by_its_file_is_a_video() -> None:
    url = "https://video.xx.fbcdn.net/v/reel.mp4?_nc=1"
    found = received(attachments=[{"type": "reel", "payload": {"url": url, "title": "Look"}}])
    assert (found.kind, found.text) == (MessageKind.MEDIA, "Look")
    assert [media.reference for media in found.media] == [url]


def test_a_sticker_without_an_attachment() -> None:
    assert received(sticker_id=369239263222822).data == {"emoji": "👍"}
    assert received(sticker_id=1).kind is MessageKind.STICKER
