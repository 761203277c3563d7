"""“… is typing”: shown to the client for five seconds. Telegram has no read marks for bots."""

from __future__ import annotations

from contactcenter.lib import http
from openlines.connectors.base import Account
from openlines.connectors.telegram import api

PATIENCE = 5.0
"""Seconds to wait for an answer: later than that nobody is typing any more."""


def show_typing(recipient: str, account: Account) -> None:
    """Never raises; failing loses nothing."""
    if not api.token(account):
        return
    try:
        api.call(account, "sendChatAction", {"chat_id": recipient, "action": "typing"}, read_seconds=PATIENCE)
    except (http.NotSent, http.MaybeSent):
        return
