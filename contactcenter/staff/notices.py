"""Words from the product to an employee, shown in the app."""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from contactcenter.staff import signals
from contactcenter.staff.models.notice import Notice

log = logging.getLogger(__name__)

MOST = 100
"""Unread notices that are shown."""

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
    employee_ids: Collection[int],
    *,
    kind: str,
    data: dict[str, Any],
    now: datetime,
    link: str = "",
    once: bool = False,
) -> list[Notice]:
    """Writes a notice to each of them, in the caller's transaction; data must be JSON.

    `once`: an older one of this kind and link that the reader has not read yet gives way, so there is one.
    """
    people = dict.fromkeys(employee_ids)
    if once:
        Notice.objects.filter(employee__in=people, kind=kind, link=link, read_at__isnull=True).delete()
    written = Notice.objects.bulk_create(
        Notice(employee_id=employee_id, kind=kind, data=data, link=link, created_at=now)
        for employee_id in people
    )
    if written:
        signals.noticed.send(Notice, employee_ids=list(people), now=now)
    return written


def unread_of(employee_id: int) -> list[Notice]:
    return list(Notice.objects.filter(employee_id=employee_id, read_at__isnull=True)[:MOST])


def mark_read(employee_id: int, *, now: datetime, about: str = "", notice_id: int | None = None) -> int:
    """What they have not read yet becomes read: everything, what has the link `about`, or the one; how many it was."""
    unread = Notice.objects.filter(employee_id=employee_id, read_at__isnull=True)
    if about:
        unread = unread.filter(link=about)
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    return unread.update(read_at=now)


def forget(about: Collection[str]) -> None:
    """Those with these links go: what they tell is erased."""
    Notice.objects.filter(link__in=about).delete()
