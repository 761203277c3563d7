"""Forms and requests for the tests of SMS."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from openlines.connectors.base import Account, InboundItem, MessageReceived, RawRequest
from openlines.connectors.sms.connector import SmsConnector
from openlines.connectors.sms.fake import ACCOUNT, NUMBER, TOKEN

PAYLOADS = Path(__file__).resolve().parents[4].parent / "shared" / "payloads" / "twilio"
needs_payloads = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the shared payloads are not here")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOOK = "https://desk.example/hooks/sms/1/"
PHONE = "+48600100200"
NOBODY = Account(
    connection_id=1,
    kind="sms",
    credentials={"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER},
    webhook_url=HOOK,
)
FORM = "application/x-www-form-urlencoded; charset=UTF-8"

connector = SmsConnector()


def request(
    body: dict[str, str] | bytes, *, content_type: str = FORM, query: dict[str, str] | None = None
) -> RawRequest:
    raw = body if isinstance(body, bytes) else urlencode(body).encode()
    query = query or {}
    return RawRequest(
        {"content-type": content_type}, raw, query=query, query_string=urlencode(query), received_at=NOW
    )


def message(text: str = "Hello", **more: str) -> dict[str, str]:
    return {
        "MessageSid": "SM1",
        "SmsSid": "SM1",
        "AccountSid": ACCOUNT,
        "From": PHONE,
        "To": NUMBER,
        "Body": text,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        **more,
    }


def parse(body: dict[str, str] | bytes, *, query: dict[str, str] | None = None) -> list[InboundItem]:
    return connector.parse(request(body, query=query), NOBODY)


def received(text: str = "Hello", **more: str) -> MessageReceived:
    (item,) = parse(message(text, **more))
    assert isinstance(item, MessageReceived)
    return item


def payload(name: str) -> dict[str, str]:
    told: dict[str, str] = json.loads((PAYLOADS / f"{name}.json").read_text())["params"]
    return told
