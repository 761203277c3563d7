"""Standard Webhooks: who signs what, in both directions with the same secret.

``webhook-signature`` holds ``v1,<base64 of HMAC-SHA256(secret, "id.timestamp.body")>``, several with a blank between
while a secret is being changed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import timedelta

from openlines.connectors.base import Account, BadSignature, RawRequest

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How far the sender's clock may be from ours; older calls may be somebody's recording."""

SHORTEST = 16
"""Bytes of a secret; ours have 32."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def new_key() -> str:
    """A bearer key for the REST endpoints."""
    return f"cck_{secrets.token_urlsafe(32)}"


def secret(entered: str) -> bytes:
    """The bytes to sign with; empty where the entered text is no secret."""
    letters = entered.strip().removeprefix(PREFIX).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        found = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if len(found) >= SHORTEST else b""


def keys(account: Account) -> list[bytes]:
    """The secret, then the one before it while both hold."""
    entered = (account.credentials.get(name, "") for name in ("secret", "previous_secret"))
    return [key for key in map(secret, entered) if key]


def sign(account: Account, *, identifier: str, timestamp: int, body: bytes) -> str:
    """The header's value, with every secret that holds."""
    return " ".join(
        f"v1,{base64.b64encode(_mac(key, identifier, str(timestamp), body)).decode()}"
        for key in keys(account)
    )


def verify(request: RawRequest, account: Account) -> None:
    """Raises ``BadSignature``."""
    identifier = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    shown = request.headers.get("webhook-signature", "")
    if not (identifier and shown and timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12):
        raise BadSignature("the headers webhook-id, webhook-timestamp and webhook-signature are needed")
    if request.received_at is None or not _is_fresh(int(timestamp), request.received_at.timestamp()):
        raise BadSignature("webhook-timestamp is more than five minutes off")
    expected = [_mac(key, identifier, timestamp, request.body) for key in keys(account)]
    given = [_decoded(part.removeprefix("v1,")) for part in shown.split() if part.startswith("v1,")]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given[:10]):
        raise BadSignature("no signature matches")


def holds_key(shown: str, account: Account) -> bool:
    """Is ``shown`` the connection's API key?"""
    expected = account.credentials.get("api_key", "")
    return bool(expected) and hmac.compare_digest(
        shown.encode("utf-8", "replace"), expected.encode("utf-8", "replace")
    )


def _is_fresh(timestamp: int, now: float) -> bool:
    return abs(now - timestamp) <= TOLERANCE.total_seconds()


def _mac(key: bytes, identifier: str, timestamp: str, body: bytes) -> bytes:
    head = f"{identifier}.{timestamp}.".encode("utf-8", "surrogateescape")
    return hmac.digest(key, head + body, hashlib.sha256)


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""
