"""Deliveries, requests and messages for the tests of Messenger and Instagram."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from openlines.connectors import registry
from openlines.connectors.base import (
    Account,
    InboundItem,
    MessageReceived,
    OutgoingMessage,
    RawRequest,
)

PAYLOADS = Path(__file__).resolve().parents[4].parent / "shared" / "payloads"
needs_payloads = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the shared payloads are not here")

NOW = datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC)
SENT = datetime(2026, 11, 22, 11, 59, 30, 250_000, tzinfo=UTC)
MS = 1795348770250
"""``SENT`` as Meta writes it."""
ACCOUNT, CLIENT = "100200", "7001"
UUID = "0b5c0f5e-3f6e-4d0c-9a52-2f7a9a6d9b11"


def nobody(kind: str, account: str = ACCOUNT) -> Account:
    name = "page_id" if kind == "messenger" else "ig_id"
    return Account(connection_id=1, kind=kind, credentials={name: account} if account else {})


def raw(body: object) -> RawRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawRequest(headers={}, body=content, received_at=NOW)


def event(**content: Any) -> dict[str, Any]:
    return {"sender": {"id": CLIENT}, "recipient": {"id": ACCOUNT}, "timestamp": MS, **content}


def echo(**message: Any) -> dict[str, Any]:
    told = {"mid": "m_echo", "is_echo": True, **message}
    return {"sender": {"id": ACCOUNT}, "recipient": {"id": CLIENT}, "timestamp": MS, "message": told}


def said(**message: Any) -> dict[str, Any]:
    return event(message={"mid": "m_1", **message})


def delivery(
    *events: object, kind: str = "messenger", place: str = "messaging", account: object = ACCOUNT
) -> Any:
    subject = "page" if kind == "messenger" else "instagram"
    return {"object": subject, "entry": [{"id": account, "time": MS, place: list(events)}]}


def parse(body: object, *, kind: str = "messenger", account: str = ACCOUNT) -> list[InboundItem]:
    return registry.get(kind).parse(raw(body), nobody(kind, account))


def one(*events: object, kind: str = "messenger", **more: Any) -> InboundItem:
    (item,) = parse(delivery(*events, kind=kind, **more), kind=kind)
    return item


def received(kind: str = "messenger", **message: Any) -> MessageReceived:
    item = one(said(**message), kind=kind)
    assert isinstance(item, MessageReceived)
    return item


def outgoing(text: str = "", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(**({"uuid": UUID, "recipient": CLIENT, "text": text} | more))
