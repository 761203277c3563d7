"""Courtesies to the client over his provider: that we are typing, and that we have read what he wrote.

They are small talk: told aside, by a few threads with little room, and dropped where there is none. Nobody waits for them,
nothing is repeated, nothing raises. The live chat has both by its own page (``workspace/views_actions.py``).
"""

from __future__ import annotations

import threading
import time
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from contactcenter.lib.aside import Aside
from openlines.connectors import registry
from openlines.connectors.base import Account, Courteous
from openlines.models import Connection, Dialog, Message, MessageMark

TOLD = "read_told"
"""``MessageMark.status`` of a client's message whose read mark was told; it stands for all before it."""

TYPING_EVERY = 4.5
"""Seconds between two typing calls of one dialog: the desk tells it every five, and Telegram shows it for five. Counted in
each web process by itself; a browser stays with one while its connection lasts."""

ASIDE = Aside("courtesies", threads=2, room=20)

_told_typing: dict[int, float] = {}
_lock = threading.Lock()


def can_mark_read(kind: str) -> bool:
    """Whether clients of this kind of channel see that they were read."""
    return registry.has(kind) and registry.get(kind).features.read_marks


def marks_read(connection: Connection) -> bool:
    """As ``can_mark_read``, unless an administrator has switched it off."""
    return can_mark_read(connection.kind) and connection.options.get("read_marks", True) is not False


def typing(dialog: Dialog, *, by_id: int, now: datetime) -> None:
    """Who holds ``dialog`` is writing an answer. With line, connection and client at hand."""
    connector = _connector(dialog)
    if connector is None or dialog.operator_id != by_id:
        return
    reads = registry.get(dialog.connection.kind).features.typing_reads
    if reads and not marks_read(dialog.connection):
        return
    if not _in_time(dialog.pk):
        return
    message = _newest(dialog)
    claimed = reads and message is not None and _claim(message, now=now)
    external_id = (message.external_id or "") if message else ""
    recipient, account = _call(dialog)
    offered = ASIDE.offer(lambda: connector.show_typing(recipient, account, last_external_id=external_id))
    if claimed and message is not None and not offered:
        _give_back(message)


def seen(dialog: Dialog, *, by_id: int, now: datetime, last: int | None = None) -> None:
    """Who holds ``dialog`` has the client's messages before his eyes, down to the one with the id ``last`` (None: all).

    Told once: a further look says nothing new, nor does a colleague's.
    """
    connector = _connector(dialog)
    if connector is None or dialog.operator_id != by_id or not marks_read(dialog.connection):
        return
    message = _newest(dialog, last=last)
    if message is None or not _claim(message, now=now):
        return
    recipient, account = _call(dialog)
    external_id = message.external_id or ""
    if not ASIDE.offer(lambda: connector.mark_read(recipient, external_id, account)):
        _give_back(message)


def _connector(dialog: Dialog) -> Courteous | None:
    """None where there is nobody to tell, or nothing may go out now."""
    connection, line = dialog.connection, dialog.line
    if not registry.has(connection.kind):
        return None
    connector = registry.get(connection.kind)
    stands_still = dialog.frozen_at is not None or not line.is_active or line.deleting_since is not None
    works = connection.is_active and not connection.paused_reason and dialog.client.is_reachable
    if not isinstance(connector, Courteous) or stands_still or not works or not dialog.is_open:
        return None
    return connector


def _call(dialog: Dialog) -> tuple[str, Account]:
    return dialog.client.external_id, dialog.connection.account()


def _newest(dialog: Dialog, *, last: int | None = None) -> Message | None:
    """The client's newest message that the provider has a name for; ``is_told`` says whether its read mark was told."""
    told = MessageMark.objects.filter(message=OuterRef("pk"), status=TOLD)
    rows = Message.objects.filter(
        dialog=dialog, connection=dialog.connection, author=Message.Author.CLIENT, external_id__isnull=False
    )
    if last is not None:
        rows = rows.filter(pk__lte=last)
    return rows.order_by("-seq").annotate(is_told=Exists(told)).only("external_id").first()


def _claim(message: Message, *, now: datetime) -> bool:
    """Whether this is the one who tells it: of two at once (several tabs, a hand-over) only one does."""
    if getattr(message, "is_told", False):
        return False
    with transaction.atomic():
        rows = Message.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=message.pk)
        if not rows.exists() or MessageMark.objects.filter(message=message, status=TOLD).exists():
            return False
        MessageMark.objects.create(message=message, status=TOLD, at=now, heard_at=now)
        return True


def _give_back(message: Message) -> None:
    """There was no room: nobody was told, and the journey must not say so. The next look may tell it."""
    MessageMark.objects.filter(message=message, status=TOLD).delete()


def _in_time(dialog_id: int) -> bool:
    at = time.monotonic()
    with _lock:
        if at - _told_typing.get(dialog_id, -TYPING_EVERY) < TYPING_EVERY:
            return False
        for old in [one for one, told in _told_typing.items() if at - told > TYPING_EVERY]:
            del _told_typing[old]
        _told_typing[dialog_id] = at
        return True
