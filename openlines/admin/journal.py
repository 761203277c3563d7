"""What simple-history cannot see: changes of a line's queue and texts, kept in the admin's own log beside the line.

An entry is Django's structure of a change with ``before`` and ``after`` added: a list of names, or a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from openlines.models import OpenLine


@dataclass(frozen=True)
class Entry:
    """``subject``: ``queue`` or ``text:<trigger>:<language>``."""

    at: datetime
    by: str
    subject: str
    before: Any
    after: Any


def record(request: HttpRequest, line: OpenLine, subject: str, *, before: Any, after: Any) -> None:
    part, _colon, detail = subject.partition(":")
    change = {
        "changed": {"fields": [part], "name": detail or part, "object": line.name, "subject": subject}
        | {"before": before, "after": after}
    }
    LogEntry.objects.create(
        user_id=int(request.user.pk or 0),
        content_type=ContentType.objects.get_for_model(OpenLine),
        object_id=str(line.pk),
        object_repr=line.name[:200],
        action_flag=CHANGE,
        change_message=json.dumps([change]),
    )


def entries(line: OpenLine, *, most: int) -> Iterator[Entry]:
    """Newest first."""
    rows = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(OpenLine), object_id=str(line.pk), action_flag=CHANGE
    )
    for row in rows.select_related("user").order_by("-action_time", "-pk")[:most]:
        try:
            (change,) = json.loads(row.change_message)
            changed = change["changed"]
            yield Entry(
                row.action_time, str(row.user), changed["subject"], changed["before"], changed["after"]
            )
        except (ValueError, KeyError, TypeError):
            continue  # an entry of another kind
