"""Which live chat an address means. Asked with each request, so it is kept for a moment in the process."""

from __future__ import annotations

import copy
import time
from typing import Final
from uuid import UUID

from openlines.connectors.livechat import options
from openlines.models import Connection

KEPT: Final = 2.0
"""Seconds. So long a chat may still answer after it was switched off."""
_MOST: Final = 10_000
_known: dict[UUID, tuple[float, Connection]] = {}


def find(public_id: UUID) -> Connection | None:
    """The live chat at this address, switched on or off; one statement at most."""
    clock = time.monotonic()
    known = _known.get(public_id)
    if known is None or known[0] < clock:
        found = Connection.objects.filter(public_id=public_id, kind=Connection.Kind.LIVECHAT).first()
        if found is None:
            _known.pop(public_id, None)
            return None
        if len(_known) >= _MOST:
            _known.clear()
        _known[public_id] = known = (clock + KEPT, found)
    # A copy for each request: what one of them looks up behind it (the line) is not for the next.
    return copy.copy(known[1])


def forget() -> None:
    _known.clear()


def appearance(chat: Connection) -> options.LiveChatOptions:
    return options.read(chat.options)


def title(chat: Connection) -> str:
    """What clients read above the chat; asks for the line where the chat has no title of its own."""
    return appearance(chat).title or chat.line.name
