"""A line's settings as policies want them: frozen, and cached in the process under (line, version).

The version is read with the row that a service locks anyway, so there is nothing to invalidate. The columns are part of
the key all the same: a transaction that raised the version may be rolled back, and the next one has the same version.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import FileField

from openlines.models import ConsentVersion, LineText, OpenLine
from openlines.models.blocks import BLOCKS
from openlines.policies.facts import (
    Distribution,
    GreetingRule,
    LimitLeavesOut,
    LineSettings,
    OffHoursRule,
)

if TYPE_CHECKING:
    from openlines.policies.worktime import WorkingTime

_COLUMNS = tuple(
    field.attname
    for block in BLOCKS
    for field in block._meta.local_fields
    if not isinstance(field, FileField)
)


class _Key:
    """Carries the row into the cache without being part of the key."""

    def __init__(self, line: OpenLine) -> None:
        self.line = line
        self.key = (line.pk, line.version, *(_hashable(getattr(line, name)) for name in _COLUMNS))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.key == other.key


def _hashable(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value


def line_settings(line: OpenLine) -> LineSettings:
    return _cached(_Key(line))


def read_settings(line: OpenLine) -> LineSettings:
    """As the given row says, saved or not."""
    texts = (
        {(t.trigger, t.language): t.text for t in LineText.objects.filter(line_id=line.pk)} if line.pk else {}
    )
    return LineSettings(
        line_id=line.pk,
        version=line.version,
        name=line.name,
        language=line.text_language,
        distribution=Distribution(line.distribution),
        idle_time=line.idle_time,
        check_availability=line.check_availability,
        limit=line.limit if line.limit_enabled else None,
        limit_leaves_out=LimitLeavesOut(line.limit_leaves_out),
        greeting=line.greeting_enabled,
        greeting_rule=GreetingRule(line.greeting_rule),
        unanswered_after=line.unanswered_after,
        unanswered_text=line.unanswered_text_enabled,
        finish_text=line.finish_text_enabled,
        wrap_up=line.wrap_up,
        auto_close_after=line.auto_close_after,
        auto_close_text=line.auto_close_text_enabled,
        confirm_finish=line.confirm_finish,
        working_time=working_time_of(line),
        off_hours_rule=OffHoursRule(line.off_hours_rule),
        unavailable_text=line.unavailable_text_enabled,
        consent_version=_consent_version(line),
        consent_url=line.consent_url,
        rating=line.rating_enabled,
        rating_in_dialog=line.rating_in_dialog,
        rating_closes=line.rating_closes,
        rating_limit=timedelta(days=line.rating_limit_days) if line.rating_limit_enabled else None,
        outcome_required=line.outcome_required,
        is_active=line.is_active and line.deleting_since is None,
        keep_log=line.keep_log,
        live_typing=line.live_typing,
        texts=texts,
    )


def working_time_of(line: OpenLine) -> WorkingTime | None:
    """The line's working time as the policy wants it; None where it is off (W1). ``worktime.BadItem`` where a saved text
    does not read, which the page refuses.
    """
    if not line.working_time_enabled:
        return None
    from openlines.policies import worktime

    simple = line.hours_mode == line.HoursMode.SIMPLE
    whole = worktime.Interval(line.hours_from, line.hours_to)
    every_day = worktime.without_break(whole, line.break_from, line.break_to)
    week = tuple(
        every_day if simple else worktime.parse_intervals(line.weekly_hours.get(str(day), ""))
        for day in range(7)
    )
    exceptions = tuple(
        worktime.DayException(
            date.fromisoformat(row["date"]),
            worktime.parse_intervals(row.get("hours", "")),
            row.get("note", ""),
        )
        for row in line.date_exceptions
    )
    return worktime.WorkingTime(
        zone=line.time_zone or settings.TIME_ZONE,
        week=week,
        days_off=frozenset(line.days_off),
        holidays=worktime.parse_holidays(line.holidays),
        country=line.holiday_country,
        region=line.holiday_region,
        exceptions=exceptions,
    )


def _consent_version(line: OpenLine) -> int | None:
    if not line.consent_enabled or not line.pk:
        return None
    latest = ConsentVersion.objects.filter(line_id=line.pk).order_by("-number")
    return latest.values_list("pk", flat=True).first()


@lru_cache(maxsize=1024)
def _cached(key: _Key) -> LineSettings:
    return read_settings(key.line)
