"""On which page a live chat was last seen (L1): a chat that is on no page does not work, whatever its settings say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from openlines.models import Connection

KEPT_FOR: Final = timedelta(hours=1)
"""A sighting is written once in this time: the script is asked for all day."""


def note(chat: Connection, *, page: str, now: datetime) -> None:
    """``page``: the address or origin of the page that asks for the chat's script; our own pages do not count."""
    host = _host(page)
    if not host or host == _host(settings.PUBLIC_URL):
        return
    if chat.seen_at is not None and now - chat.seen_at < KEPT_FOR:
        return
    stale = Q(seen_at__isnull=True) | Q(seen_at__lt=now - KEPT_FOR)
    Connection.objects.filter(stale, pk=chat.pk).update(seen_at=now, seen_on=host)
    chat.seen_at, chat.seen_on = now, host


def _host(address: str) -> str:
    try:
        parts = urlsplit(address[:2000])
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return f"{parts.hostname}{port}".replace("\x00", "")[:200]
