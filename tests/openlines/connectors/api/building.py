"""Events and requests of the custom channel for tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from openlines.connectors.api.connector import ApiConnector
from openlines.connectors.api.fake import SECRET
from openlines.connectors.base import Account, InboundItem, MessageReceived, OutgoingMessage, RawRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ACCOUNT = Account(connection_id=1, kind="api", credentials={"secret": SECRET, "api_key": "cck_x"})
CONTACT = {
    "external_id": "user-42",
    "name": "Anna Nowak",
    "username": "anna",
    "language": "pl",
    "phone": "+48600700800",
    "email": "anna@shop.example",
    "page": "https://shop.example/cart",
    "aliases": ["old-7"],
}
connector = ApiConnector()


def request(body: object, **headers: str) -> RawRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawRequest(headers={k.replace("_", "-"): v for k, v in headers.items()}, body=raw, received_at=NOW)


def event(kind: str = "message.created", /, **data: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": "2026-11-22T11:59:00Z", "data": {"contact": CONTACT, **data}}


def parse(body: object) -> list[InboundItem]:
    return connector.parse(request(body), ACCOUNT)


def one(kind: str, /, **data: Any) -> InboundItem:
    (item,) = parse(event(kind, **data))
    return item


def received(**data: Any) -> MessageReceived:
    item = one("message.created", external_id="m-1", **data)
    assert isinstance(item, MessageReceived)
    return item


def outgoing(text: str = "Good morning", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(
        uuid="5f3f3f5e-0000-4000-8000-000000000001", recipient="user-42", text=text, **more
    )


EVERY: list[dict[str, Any]] = [
    event(external_id="m-1", text="Hello", reply_to="m-0", quote="q", at=1795348700),
    event(
        external_id="m-2",
        attachments=[
            {"url": "https://shop.example/a.jpg", "name": "a.jpg", "mime": "image/jpeg", "size": 5},
            {"content_b64": "aGVsbG8=", "name": "hello.txt", "kind": "file"},
        ],
        group="g",
    ),
    event(external_id="m-3", location={"latitude": 52.2, "longitude": 21.0, "name": "Office"}),
    event(external_id="m-4", card={"name": "Jan", "phone": "+48600"}),
    event(external_id="m-5", button={"payload": "yes", "text": "Yes"}),
    event(external_id="m-6", start={"payload": "landing"}),
    event(external_id="m-7", poll={"question": "?"}),
    event("message.edited", external_id="m-1", text="Hello!"),
    event("message.deleted", external_ids=["m-1", "m-2"]),
    event("message.status", external_id="c-1", status="failed", reason="Full.", unreachable=True),
    event("message.status", uuid="5f3f3f5e-0000-4000-8000-000000000001", status="read"),
    event("message.written_outside", external_id="o-1", text="From the shop's own desk"),
    event("reaction.changed", external_id="c-1", emojis=["👍", "❤️"]),
    event("contact.reachability", reachable=False),
    event("contact.identity_changed", previous="user-41"),
    event("account.notice", text="Quota nearly used up", is_error=True),
    event("order.paid", number=5),
]
"""One of each kind; every one gives exactly one event."""
