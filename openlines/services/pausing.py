"""A connection whose provider refuses our credentials stands still until they are mended, and the administrators hear of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from openlines.models import Connection
from openlines.services import alarms

LONGEST_REASON = 2000


def pause(connection_id: int, *, reason: str, now: datetime) -> bool:
    """Nothing is sent, polled or asked until ``outbound.resume``. True where it was at work; only then people are told.

    ``reason`` in words, with what to do.
    """
    reason = reason[:LONGEST_REASON]
    rows = Connection.objects.filter(pk=connection_id)
    with transaction.atomic():
        newly = rows.filter(paused_reason="").update(paused_reason=reason)
        rows.update(paused_reason=reason, last_error=reason, last_error_at=now)
        if newly:
            alarms.connection_stopped(connection_id, reason=reason, now=now)
    return bool(newly)
