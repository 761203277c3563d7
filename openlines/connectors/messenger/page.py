"""A page as a sender: where its calls go and what it takes."""

from __future__ import annotations

from openlines.connectors.base import Account
from openlines.connectors.meta.messaging_send import MESSENGER_LIMIT, MESSENGER_TYPES, Channel

PROFILE = ("first_name", "last_name")


def channel(account: Account) -> Channel:
    limit, measure = MESSENGER_LIMIT
    return Channel(
        name="Messenger",
        node=account.credentials.get("page_id", "").strip() or "me",
        limit=limit,
        measure=measure,
        types=MESSENGER_TYPES,
        with_metadata=True,
    )
