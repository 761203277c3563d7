"""Meta asks by GET whether the address is ours before it delivers anything there."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from openlines.connectors.base import BadSignature

_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,128}")


def answer(query: Mapping[str, str], *, verify_token: str) -> str:
    """The challenge, to be sent back as plain text. Raises ``BadSignature`` where the token is not ours.

    Only letters and digits go back: an address of ours must not echo what a stranger wrote.
    """
    shown = query.get("hub.verify_token", "").encode("utf-8", "replace")
    expected = verify_token.strip().encode("utf-8", "replace")
    if not expected or not hmac.compare_digest(shown, expected):
        raise BadSignature("the verify token is missing or wrong")
    challenge = query.get("hub.challenge", "")
    if query.get("hub.mode") != "subscribe" or not _CHALLENGE.fullmatch(challenge):
        raise BadSignature("this is no question of Meta's")
    return challenge
