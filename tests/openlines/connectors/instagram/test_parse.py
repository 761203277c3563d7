"""What Instagram writes otherwise than Messenger; the common part is tested there."""

from __future__ import annotations

from typing import Any

import pytest

from openlines.connectors import registry
from openlines.connectors.base import (
    DeliveryStatus,
    MediaKind,
    MessageDeleted,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    ReactionChanged,
    Sender,
    StatusChanged,
    WrittenOutside,
)
from tests.openlines.connectors.messenger.building import (
    ACCOUNT,
    CLIENT,
    SENT,
    delivery,
    echo,
    event,
    parse,
    raw,
    said,
)
from tests.openlines.connectors.messenger.building import one as one_of
from tests.openlines.connectors.messenger.building import received as received_of

CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=17949&signature=x"


def one(*events: object, **more: Any) -> Any:
    return one_of(*events, kind="instagram", **more)


def received(**message: Any) -> MessageReceived:
    return received_of("instagram", **message)


def test_a_text_and_a_reply() -> None:
    found = received(text="Is it still there?", reply_to={"mid": "m_0"})
    assert (found.text, found.reply_to, found.sender) == ("Is it still there?", "m_0", Sender(CLIENT))


def test_a_reply_to_a_story_brings_the_story_along() -> None:
    found = received(text="How much?", reply_to={"story": {"url": CDN, "id": 17949}})
    assert (found.kind, found.text) == (MessageKind.MEDIA, "How much?")
    assert [media.reference for media in found.media] == [CDN]
    assert dict(found.data) == {"shared": "story_reply", "story": "17949"}
    bare = received(text="How much?", reply_to={"story": {"id": "17949"}})
    assert (bare.kind, bare.media) == (MessageKind.TEXT, ())


@pytest.mark.parametrize(
    ("attachment", "shared", "kind", "text"),
    [
        ({"type": "story_mention", "payload": {"url": CDN}}, "story_mention", MediaKind.IMAGE, ""),
        ({"type": "share", "payload": {"url": CDN}}, "post", MediaKind.IMAGE, ""),
        ({"type": "ig_post", "payload": {"url": CDN, "title": "Lamp"}}, "post", MediaKind.IMAGE, "Lamp"),
        ({"type": "ig_reel", "payload": {"url": CDN, "title": "Reel"}}, "reel", MediaKind.VIDEO, "Reel"),
        ({"type": "reel", "payload": {"url": CDN}}, "reel", MediaKind.VIDEO, ""),
        ({"type": "ig_story", "payload": {"story_media_url": CDN}}, "story", MediaKind.IMAGE, ""),
    ],
)
def test_what_the_client_shows_us_is_fetched_and_named(
    attachment: dict[str, Any], shared: str, kind: MediaKind, text: str
) -> None:
    found = received(attachments=[attachment])
    assert (found.kind, found.text, found.data["shared"]) == (MessageKind.MEDIA, text, shared)
    assert [(media.kind, media.reference) for media in found.media] == [(kind, CDN)]


def test_a_heart_is_a_sticker() -> None:
    found = received(attachments=[{"type": "like_heart"}])
    assert (found.kind, found.data["emoji"], found.media) == (MessageKind.STICKER, "❤️", ())


@pytest.mark.parametrize(
    "message",
    [
        {"is_unsupported": True},
        {"attachments": [{"type": "unsupported_type", "payload": {"title": "Avatar"}}]},
    ],
)
def test_what_instagram_does_not_tell_is_shown_as_unsupported(message: dict[str, Any]) -> None:
    assert received(**message).kind is MessageKind.UNSUPPORTED


def test_an_unsent_message_is_deleted() -> None:
    assert one(said(is_deleted=True)) == MessageDeleted(Sender(CLIENT), ("m_1",), SENT)


def test_seen_tells_the_one_message() -> None:
    assert one(event(read={"mid": "m_9"})) == StatusChanged("m_9", DeliveryStatus.READ, SENT)


def test_a_reaction_and_a_postback() -> None:
    liked = one(event(reaction={"mid": "m_9", "action": "react", "reaction": "love", "emoji": "❤"}))
    assert liked == ReactionChanged(Sender(CLIENT), "m_9", SENT, ("❤",))
    asked = one(event(postback={"mid": "m_p", "title": "Opening hours?", "payload": "HOURS"}))
    assert (asked.kind, asked.text) == (MessageKind.BUTTON, "Opening hours?")


def test_an_echo_was_written_in_instagrams_own_app() -> None:
    found = one(echo(text="From the phone"))
    assert isinstance(found, WrittenOutside)
    assert (found.client, found.text, found.uuid) == (Sender(CLIENT), "From the phone", "")


# --- traps ---


@pytest.mark.parametrize("edit", [{"mid": "m_1", "num_edit": 0}, {}, {"mid": 7, "text": ["x"]}])
def test_an_edit_without_a_sender_is_a_notice(edit: dict[str, Any]) -> None:
    found = one({"timestamp": 0, "message_edit": edit})
    assert isinstance(found, NotSupported)


def test_a_true_edit_counts() -> None:
    found = one(event(message_edit={"mid": "m_1", "num_edit": 1, "text": "Hello!"}))
    assert found == MessageEdited(Sender(CLIENT), "m_1", SENT, "Hello!")


def test_a_test_of_the_dashboard_is_none_of_the_clients() -> None:
    value = {
        "sender": {"id": "12334"},
        "recipient": {"id": "23245"},
        "timestamp": "1527459824",
        "message": {"mid": "random_mid", "text": "random_text"},
    }
    found = one({"field": "messages", "value": value}, place="changes", account="0")
    assert isinstance(found, NotSupported)
    assert "dashboard" in found.reason


def test_a_message_as_a_change_of_the_account_itself_is_read() -> None:
    found = one({"field": "messages", "value": said(text="Hello")}, place="changes")
    assert isinstance(found, MessageReceived)


@pytest.mark.parametrize("field", ["comments", "live_comments", "mentions", "story_insights", 7, None])
def test_comments_and_mentions_open_no_dialog(field: object) -> None:
    value = {"id": "1", "from": {"id": CLIENT, "username": "anna"}, "text": "Nice"}
    assert isinstance(one({"field": field, "value": value}, place="changes"), NotSupported)


def test_an_entry_that_is_itself_a_comment_is_told_as_one() -> None:
    body = {"object": "instagram", "entry": [{"id": ACCOUNT, "time": 1, "field": "comments", "value": {}}]}
    (found,) = parse(body, kind="instagram")
    assert isinstance(found, NotSupported)
    assert "comments" in found.reason


def test_all_these_in_one_delivery_lose_no_message() -> None:
    body = delivery({"timestamp": 0, "message_edit": {"num_edit": 0}}, said(text="Hello"), kind="instagram")
    body["entry"] += [
        {"id": "0", "changes": [{"field": "messages", "value": {}}]},
        {"id": ACCOUNT, "changes": ["garbage", {"field": "comments"}]},
        {"id": ACCOUNT, "standby": [event(message={"mid": "m_2", "text": "More"})]},
    ]
    found = parse(body, kind="instagram")
    assert [item.text for item in found if isinstance(item, MessageReceived)] == ["Hello", "More"]
    assert len(found) == 6


def test_the_account_is_told_apart_from_others() -> None:
    connector: Any = registry.get("instagram")
    assert connector.account_key({"ig_id": "17", "page_id": "3"}) == "17"
    assert connector.account_keys(raw(delivery(said(text="x"), kind="instagram"))) == (ACCOUNT,)
    assert isinstance(one(said(text="x"), account="999"), NotSupported)
