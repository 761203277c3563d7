"""Mails and requests for the tests of parsing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openlines.connectors.base import Account, InboundItem, MessageReceived, RawRequest
from openlines.connectors.email.connector import EmailConnector

_FOLDERS = [folder / "shared" / "payloads" / "email" for folder in Path(__file__).resolve().parents[4:]]
PAYLOADS = next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])
"""Beside the project, or above its worktrees."""
needs_payloads = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the shared payloads are not here")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
UUID = "0b6f5d6e-9a55-4a0b-8c1c-3f1d3c4b5a69"
TOKEN = "17-0123456789abcdef0123"
OURS = f"<{TOKEN}.{UUID}@example.test>"
ACCOUNT = Account(
    connection_id=1,
    kind="email",
    credentials={
        "address": "support@example.test",
        "other_addresses": "help@example.test, info@example.test",
    },
)

connector = EmailConnector()


def mail(body: str | bytes = "Hello", **headers: str) -> bytes:
    """From Carl to us; ``_`` in a name stands for a dash; a value of "-" leaves the header out."""
    told = {
        "From": "Carl Client <Carl@Client.test>",
        "To": "support@example.test",
        "Subject": "A question",
        "Date": "Sun, 22 Nov 2026 12:59:00 +0100",
        "Message-ID": "<1@client.test>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value != "-").encode()
    return head + b"\r\n" + (body if isinstance(body, bytes) else body.encode())


def request(raw: bytes, *, headers: Mapping[str, str] | None = None) -> RawRequest:
    return RawRequest(headers=headers or {"content-type": "message/rfc822"}, body=raw, received_at=NOW)


def one(raw: bytes, account: Account = ACCOUNT) -> InboundItem:
    (item,) = connector.parse(request(raw), account)
    return item


def received(raw: bytes, account: Account = ACCOUNT) -> MessageReceived:
    item = one(raw, account)
    assert isinstance(item, MessageReceived)
    return item


def multipart(kind: str, *parts: str, more: str = "") -> tuple[str, str]:
    """(content type, body)."""
    body = "".join(f"--frontier\r\n{part}\r\n" for part in parts)
    return f'multipart/{kind}; boundary="frontier"{more}', f"{body}--frontier--\r\n"
