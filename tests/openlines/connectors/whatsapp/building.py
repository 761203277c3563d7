"""Deliveries and requests for the tests of WhatsApp."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from openlines.connectors.base import Account, InboundItem, MessageReceived, OutgoingMessage, RawRequest
from openlines.connectors.meta.fake import APP_ID, APP_SECRET, TOKEN
from openlines.connectors.whatsapp.connector import WhatsAppConnector
from openlines.connectors.whatsapp.fake import BUSINESS, NUMBER

PAYLOADS = Path(__file__).resolve().parents[4].parent / "shared" / "payloads" / "whatsapp"
needs_payloads = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the shared payloads are not here")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SENT = datetime(2026, 11, 22, 11, 59, tzinfo=UTC)
PHONE = "16505551234"
SCOPED = "US.13491208655302741918"
CONTACT = {"profile": {"name": "Sheena Nelson", "username": "@sheena"}, "wa_id": PHONE, "user_id": SCOPED}
CREDENTIALS = {
    "phone_number_id": NUMBER,
    "waba_id": BUSINESS,
    "token": TOKEN,
    "app_id": APP_ID,
    "app_secret": APP_SECRET,
    "verify_token": "a-verify-token",
}
HERE = Account(connection_id=1, kind="whatsapp", credentials=CREDENTIALS)

connector = WhatsAppConnector()


def request(body: object, **headers: str) -> RawRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawRequest(headers=headers, body=raw, received_at=NOW)


def value(*, number: str = NUMBER, **content: Any) -> dict[str, Any]:
    about = {"display_phone_number": "15550783881", "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": about, **content}


def delivery(*values: dict[str, Any], field: str = "messages", account: str = BUSINESS) -> dict[str, Any]:
    changes = [{"field": field, "value": one} for one in values]
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": account, "time": 1790000000, "changes": changes}],
    }


def message(
    kind: str = "text", content: object = None, *, sender: str | None = PHONE, **more: Any
) -> dict[str, Any]:
    return {
        "from": sender,
        "from_user_id": SCOPED,
        "id": "wamid.A==",
        "timestamp": str(int(SENT.timestamp())),
        "type": kind,
        kind: {"body": "Good morning"} if content is None else content,
        **more,
    }


def parse(body: object, account: Account = HERE) -> list[InboundItem]:
    return connector.parse(request(body), account)


def one(**content: Any) -> InboundItem:
    """The single event of a delivery with one element."""
    (item,) = parse(delivery(value(contacts=[CONTACT], **content)))
    return item


def received(kind: str = "text", content: object = None, **more: Any) -> MessageReceived:
    """The single message that a client's message gives."""
    item = one(messages=[message(kind, content, **more)])
    assert isinstance(item, MessageReceived)
    return item


def outgoing(text: str = "", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(**{"uuid": "our-uuid", "recipient": PHONE, "text": text, **more})
