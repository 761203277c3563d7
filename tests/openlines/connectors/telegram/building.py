"""Updates and requests for the tests of parsing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from openlines.connectors.base import Account, InboundItem, MessageReceived, RawRequest
from openlines.connectors.telegram.connector import TelegramConnector

PAYLOADS = Path(__file__).resolve().parents[4].parent / "shared" / "payloads" / "telegram"
needs_payloads = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the shared payloads are not here")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SENT = datetime(2026, 11, 22, 11, 59, tzinfo=UTC)
CHAT = {"id": 456, "type": "private", "first_name": "Mario", "last_name": "Bros", "username": "mario"}
USER = {"id": 456, "is_bot": False, "first_name": "Mario", "last_name": "Bros", "language_code": "it"}
NOBODY = Account(connection_id=1, kind="telegram", credentials={"token": "1:x", "secret_token": "s"})

connector = TelegramConnector()


def request(body: object) -> RawRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawRequest(headers={}, body=raw, received_at=NOW)


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 7, "from": USER, "chat": CHAT, "date": int(SENT.timestamp()), **content}


def parse(body: object) -> list[InboundItem]:
    return connector.parse(request(body), NOBODY)


def one(**update: Any) -> InboundItem:
    """The single event of an update."""
    (item,) = parse({"update_id": 1, **update})
    return item


def received(**content: Any) -> MessageReceived:
    """The single message that a private message with ``content`` gives."""
    item = one(message=message(**content))
    assert isinstance(item, MessageReceived)
    return item
