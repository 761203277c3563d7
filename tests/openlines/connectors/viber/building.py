"""Callbacks and requests for the tests of Viber."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from openlines.connectors.base import Account, InboundItem, MessageReceived, RawRequest
from openlines.connectors.viber.connector import ViberConnector
from openlines.connectors.viber.fake import TOKEN

PAYLOADS = Path(__file__).resolve().parents[4].parent / "shared" / "payloads" / "viber"
needs_payloads = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the shared payloads are not here")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SENT = datetime(2026, 11, 22, 11, 59, tzinfo=UTC)
LARGE = 4912661846655238145
"""A message_token: more than a float can tell apart."""
CLIENT = {"id": "01234567890A=", "name": "John McClane", "country": "UK", "language": "en", "api_version": 1}
NOBODY = Account(connection_id=1, kind="viber", credentials={"token": TOKEN})

connector = ViberConnector()


def request(body: object) -> RawRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawRequest(headers={}, body=raw, received_at=NOW)


def callback(event: str, **more: Any) -> dict[str, Any]:
    return {"event": event, "timestamp": int(SENT.timestamp() * 1000) + 250, "message_token": LARGE, **more}


def message(**content: Any) -> dict[str, Any]:
    return callback("message", sender=CLIENT, message=content, silent=False)


def parse(body: object) -> list[InboundItem]:
    return connector.parse(request(body), NOBODY)


def one(body: object) -> InboundItem:
    (item,) = parse(body)
    return item


def received(**content: Any) -> MessageReceived:
    item = one(message(**content))
    assert isinstance(item, MessageReceived)
    return item
