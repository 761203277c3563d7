"""Words from the product to an employee, shown in the app."""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from contactcenter.staff.models.notice import Notice

log = logging.getLogger(__name__)

_texts: dict[str, str | Promise] = {}


def register(kind: str, text: str | Promise) -> None:
    """Gives a kind its text: a lazy translation with %(name)s places for the data. Called from `ready()`."""
    _texts[kind] = text


def text_of(kind: str, data: dict[str, Any]) -> str:
    """The notice in the active language; its key where nobody registered a text or the data lacks a place."""
    try:
        return str(_texts[kind]) % data
    except (KeyError, TypeError, ValueError):
        log.warning("The notice %r has no text for its data", kind)
        return kind


def notify(
    employee_ids: Collection[int], *, kind: str, data: dict[str, Any], now: datetime, link: str = ""
) -> list[Notice]:
    """Writes a notice to each of them, in the caller's transaction; data must be JSON. One statement."""
    return Notice.objects.bulk_create(
        Notice(employee_id=employee_id, kind=kind, data=data, link=link, created_at=now)
        for employee_id in dict.fromkeys(employee_ids)
    )


def unread_of(employee_id: int) -> list[Notice]:
    return list(Notice.objects.filter(employee_id=employee_id, read_at__isnull=True)[:100])


def mark_read(employee_id: int, *, now: datetime) -> int:
    """Everything he has not read yet becomes read; the number of notices it was."""
    return Notice.objects.filter(employee_id=employee_id, read_at__isnull=True).update(read_at=now)
