"""What the apps below announce: employees come and go. Receivers run in the announcer's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from contactcenter.staff import signals
from openlines.services import staffing


def connect() -> None:
    """Called once, in ``AppConfig.ready()``."""
    signals.became_available.connect(_came, dispatch_uid="openlines.came")
    signals.became_unavailable.connect(_went, dispatch_uid="openlines.went")
    signals.absences_changed.connect(_planned, dispatch_uid="openlines.planned")


def _came(sender: object, *, employee_id: int, now: datetime, **kwargs: Any) -> None:
    staffing.came(employee_id, now=now)


def _went(sender: object, *, employee_id: int, now: datetime, **kwargs: Any) -> None:
    staffing.went(employee_id, now=now)


def _planned(sender: object, *, employee_ids: Collection[int], now: datetime, **kwargs: Any) -> None:
    for employee_id in employee_ids:
        staffing.watch_absences(employee_id, now=now)
