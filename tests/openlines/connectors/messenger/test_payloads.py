"""Bodies that nobody here wrote: each goes in, and each message or receipt gives exactly one event."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contactcenter.lib import http
from openlines.connectors.base import (
    Broken,
    InboundItem,
    MessageDeleted,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    StatusChanged,
    StatusUpTo,
    WrittenOutside,
)
from openlines.connectors.meta import graph, messaging_refusal
from tests.openlines.connectors.messenger.building import PAYLOADS, needs_payloads, parse

pytestmark = needs_payloads

MESSAGES = {
    "bottender_customerChatPluginReferral": MessageKind.OPENED,
    "bottender_hugeLikeStickerMessage": MessageKind.STICKER,
    "bottender_imageMessage": MessageKind.MEDIA,
    "bottender_linkReferral": MessageKind.OPENED,
    "bottender_locationMessage": MessageKind.LOCATION,
    "bottender_quickReplyMessage": MessageKind.BUTTON,
    "bottender_textMessage": MessageKind.TEXT,
    "bottender_videoMessage": MessageKind.MEDIA,
    "chatwoot_instagram_ig_story_event": MessageKind.MEDIA,
    "chatwoot_instagram_message_attachment_event": MessageKind.MEDIA,
    "chatwoot_instagram_message_create_event": MessageKind.TEXT,
    "chatwoot_instagram_message_reply_event": MessageKind.TEXT,
    "chatwoot_instagram_message_standby_event": MessageKind.TEXT,
    "chatwoot_instagram_shared_reel_event": MessageKind.MEDIA,
    "chatwoot_instagram_story_mention_event": MessageKind.MEDIA,
    "restfb_messaging-message-basic": MessageKind.TEXT,
    "restfb_messaging-message-fallback-attachment": MessageKind.TEXT,
    "restfb_messaging-message-isunsupported": MessageKind.UNSUPPORTED,
    "restfb_messaging-message-media-attachment": MessageKind.MEDIA,
    "restfb_messaging-message-product-template": MessageKind.UNSUPPORTED,
    "restfb_messaging-message-sticker": MessageKind.STICKER,
    "restfb_messaging-message-sticker-thumbup": MessageKind.STICKER,
    "restfb_messaging-postback-referral": MessageKind.BUTTON,
}
OTHERS: dict[str, type[InboundItem]] = {
    "bottender_echoMessage": WrittenOutside,
    "bottender_read": StatusUpTo,
    "chatwoot_instagram_message_unsend_event": MessageDeleted,
    "chatwoot_instagram_story_mention_event_with_echo": WrittenOutside,
    "restfb_messaging-delivery-basic": StatusUpTo,
    "restfb_messaging-message-basic-echo": WrittenOutside,
    "restfb_messaging-message-edits": MessageEdited,
    "restfb_messaging-seen": StatusChanged,
    "restfb_standby-message-basic-echo": WrittenOutside,
}


def files() -> list[Path]:
    return [path for kind in ("messenger", "instagram") for path in sorted((PAYLOADS / kind).glob("*.json"))]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_each_body_gives_exactly_one_event(path: Path) -> None:
    body = path.read_bytes()
    account = str(json.loads(body)["entry"][0]["id"])
    for own in ("", account):
        (found,) = parse(body, kind=path.parent.name, account=own)
        name = path.stem
        if name in MESSAGES or "-nlp-" in name:
            assert isinstance(found, MessageReceived)
            assert found.kind is MESSAGES.get(name, MessageKind.TEXT)
            assert found.text or found.media or found.kind not in {MessageKind.TEXT, MessageKind.MEDIA}
        else:
            assert type(found) is OTHERS.get(name, NotSupported)


def test_none_is_forgotten() -> None:
    assert set(MESSAGES) | set(OTHERS) <= {path.stem for path in files()}


def test_the_documented_error_is_that_of_the_token() -> None:
    raw = (PAYLOADS / "messenger" / "responses" / "metadocs_190.json").read_bytes()
    reply = graph.read(http.Answer(status=400, headers={}, body=raw))
    assert isinstance(messaging_refusal.outcome(reply), Broken)
