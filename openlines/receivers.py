"""What the apps below announce: employees come and go. Receivers run in the announcer's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_save
from django.utils import timezone

from contactcenter.lib.commits import after_commit
from contactcenter.staff import signals
from contactcenter.staff.models import Department, Employee
from openlines.live import publish, topics
from openlines.services import staffing


def connect() -> None:
    """Called once, in ``AppConfig.ready()``."""
    signals.became_available.connect(_came, dispatch_uid="openlines.came")
    signals.became_unavailable.connect(_went, dispatch_uid="openlines.went")
    signals.absences_changed.connect(_planned, dispatch_uid="openlines.planned")
    signals.noticed.connect(_noticed, dispatch_uid="openlines.noticed")
    user_logged_out.connect(_logged_out, dispatch_uid="openlines.logged_out")
    for model in (Employee, Department):
        post_save.connect(_membership, sender=model, dispatch_uid=f"openlines.membership.{model.__name__}")


_WHO_BELONGS = {"department", "department_id", "is_active", "head", "head_id", "parent", "parent_id"}


def _membership(
    sender: object, *, instance: Employee | Department, update_fields: Collection[str] | None, **kwargs: Any
) -> None:
    """A log-in writes ``last_login`` and concerns nobody; a form writes everything, and then it may be the department."""
    if update_fields is not None and _WHO_BELONGS.isdisjoint(update_fields):
        return
    after_commit(staffing.departments_changed, now=timezone.now())


def _logged_out(sender: object, *, user: Employee | None, **kwargs: Any) -> None:
    """The tables end the streams of this log-in; those of another one, elsewhere, come back with a new ticket."""
    if user is not None:
        publish.drop_holder(topics.employee(user.pk))


def _came(sender: object, *, employee_id: int, now: datetime, **kwargs: Any) -> None:
    staffing.came(employee_id, now=now)


def _went(sender: object, *, employee_id: int, now: datetime, **kwargs: Any) -> None:
    staffing.went(employee_id, now=now)


def _noticed(sender: object, *, employee_ids: Collection[int], **kwargs: Any) -> None:
    for employee_id in employee_ids:
        publish.signal(topics.employee(employee_id), "notice")


def _planned(sender: object, *, employee_ids: Collection[int], now: datetime, **kwargs: Any) -> None:
    for employee_id in employee_ids:
        staffing.watch_absences(employee_id, now=now)
