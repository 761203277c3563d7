"""Proof that a webhook call is Meta's: HMAC-SHA256 over the very bytes, keyed with the app's secret.

Meta signs what it sends, with ``\\u00e4`` for ä and ``\\/`` for a slash: the body is never written anew.
"""

from __future__ import annotations

import hashlib
import hmac

from openlines.connectors.base import BadSignature, RawRequest

HEADER = "x-hub-signature-256"

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """The header's value."""
    return _PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(request: RawRequest, *secrets: str) -> None:
    """Raises ``BadSignature`` unless one of the ``secrets`` (empty ones do not count) signed the request."""
    shown = request.headers.get(HEADER, "").strip().encode("utf-8", "replace")
    usable = [secret for secret in secrets if secret]
    if not usable:
        raise BadSignature("the connection has no app secret")
    if not shown:
        raise BadSignature("the signature is missing")
    # Every secret is tried, so that the time taken does not tell which one fits.
    good = [hmac.compare_digest(shown, sign(request.body, secret).encode()) for secret in usable]
    if not any(good):
        raise BadSignature("the signature is wrong")
