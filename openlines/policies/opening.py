"""When a line opens again, in words: what ``#OPENS#`` stands for in a text (W4). Pure."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from openlines.policies import worktime
from openlines.policies.worktime import WorkingTime

_NEAR_DAYS = {"en": ("today", "tomorrow"), "pl": ("dziś", "jutro")}
"""Other languages name the weekday of these two days as well."""
_LOCALES = {"en": "en_GB"}
_WEEK, _LONG = 7, 300
"""Days from which the date, and then its year, stands with the weekday."""


def opens_at(working_time: WorkingTime | None, *, now: datetime) -> datetime | None:
    """None where the line is open, is open always, or never opens."""
    if worktime.look(working_time, now).is_open:
        return None
    return worktime.next_change(working_time, now)


def words(working_time: WorkingTime | None, *, now: datetime, language: str) -> str:
    """``tomorrow 9:00``, ``Monday 9:00``, ``Monday, 4 January, 9:00``: by the clock of the line's zone, in ``language``
    (else English). Empty where ``opens_at`` knows none: then ``texts.render`` has a word instead.
    """
    at = opens_at(working_time, now=now)
    if at is None or working_time is None:
        return ""
    zone = ZoneInfo(working_time.zone)
    there = at.astimezone(zone)
    day = _day(there.date(), today=now.astimezone(zone).date(), language=language)
    return f"{day} {there.hour}:{there:%M}"


def in_preview(working_time: WorkingTime | None, *, now: datetime, language: str) -> str:
    """As ``words`` would say it at the end of the hours that run now."""
    if opens_at(working_time, now=now) is None:
        now = worktime.next_change(working_time, now) or now
    return words(working_time, now=now, language=language)


def _day(day: date, *, today: date, language: str) -> str:
    tag = language.lower().split("-")[0]
    away = (day - today).days
    near = _NEAR_DAYS.get(tag, ())
    if 0 <= away < len(near):
        return near[away]
    locale = _locale(language)
    weekday = format_date(day, "cccc", locale=locale)
    if away < _WEEK:
        return weekday
    return f"{weekday}, {format_skeleton('yMMMMd' if away >= _LONG else 'MMMMd', day, locale=locale)},"


def _locale(language: str) -> Locale:
    tag = _LOCALES.get(language.lower(), language)
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")
