"""Which live chat an address means. Asked with each request, so it is kept for a moment in the process."""

from __future__ import annotations

import copy
import time
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings

from openlines.connectors.livechat import options
from openlines.models import Connection
from openlines.policies import worktime
from openlines.services.settings import line_settings

KEPT: Final = 2.0
"""Seconds. So long a chat may still answer after it was switched off."""
_MOST: Final = 10_000
_known: dict[UUID, tuple[float, Connection]] = {}


def find(public_id: UUID) -> Connection | None:
    """The live chat at this address, switched on or off; one statement at most."""
    clock = time.monotonic()
    known = _known.get(public_id)
    if known is None or known[0] < clock:
        rows = Connection.objects.filter(public_id=public_id, kind=Connection.Kind.LIVECHAT)
        found = rows.select_related("line").first()
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


def is_open(chat: Connection, *, now: datetime) -> bool:
    """W7: by the chat's own schedule where it has one, else by the line's working time."""
    own = appearance(chat).schedule
    hours = options.working_time(own, zone=zone(chat)) if own else line_settings(chat.line).working_time
    return worktime.look(hours, now).is_open


def is_shown(chat: Connection, *, now: datetime) -> bool:
    """Switched off with its line or connection it hides (L4 keeps it: clients may go on writing); W7: or outside hours."""
    return chat.is_active and (not appearance(chat).only_open or is_open(chat, now=now))


def zone(chat: Connection) -> str:
    return chat.line.time_zone or settings.TIME_ZONE


def appearance(chat: Connection) -> options.LiveChatOptions:
    return options.read(chat.options)


def title(chat: Connection) -> str:
    """What clients read above the chat; asks for the line where the chat has no title of its own."""
    return appearance(chat).title or chat.line.name
