"""A connection whose provider refuses our credentials stands still until they are mended, and the administrators hear of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from openlines.live import publish, topics
from openlines.models import Connection, Dialog
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
            tell_desks(connection_id)
            alarms.connection_stopped(connection_id, reason=reason, now=now)
    return bool(newly)


def tell_desks(connection_id: int) -> None:
    """Whoever has one of its dialogs before him looks again why messages wait, or that they leave again (L6: its open
    dialogs may be on several lines, and who holds one need not serve its line)."""
    held = Dialog.objects.open().filter(connection=connection_id).order_by().values_list("line", "operator")
    pairs = set(held.distinct())
    listeners = {topics.line(line_id) for line_id, _operator in pairs}
    listeners |= {topics.employee(operator_id) for _line, operator_id in pairs if operator_id is not None}
    for topic in sorted(listeners):
        publish.signal(topic, "connection", connection=connection_id)
