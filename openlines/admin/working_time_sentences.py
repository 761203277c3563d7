"""What the saved working time does, in whole sentences (W1–W5); and warnings where it cannot work."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openlines.admin.working_time_fields import (
    coming_holidays,
    country_name,
    day_in_words,
    region_choices,
    weekday,
)
from openlines.models import OpenLine
from openlines.models.blocks import WorkingTimeBlock
from openlines.policies import worktime
from openlines.policies.worktime import DayException, Interval, WorkingTime

FEW = 3
"""Exceptions named in a sentence; the rest are counted."""


def working_time(line: OpenLine, hours: WorkingTime | None, *, now: datetime) -> list[str]:
    if hours is None:
        return [_("Working hours are off: the line is open always."), _unavailable(line)]
    return [
        *_hours(hours),
        *_closed_days(hours, now=now),
        state(hours, now=now),
        _off_hours(line),
        _unavailable(line),
    ]


def working_time_warnings(
    line: OpenLine, hours: WorkingTime | None, *, now: datetime, has_own_unavailable: bool
) -> list[str]:
    found = []
    if hours is not None:
        if not worktime.look(hours, now).is_open and worktime.next_change(hours, now) is None:
            found.append(_("With these settings the line is never open."))
        early = [day for day in range(7) if any(map(worktime.ends_a_minute_early, hours.week[day]))]
        early = [day for day in early if day not in hours.days_off]
        if early or any(map(worktime.ends_a_minute_early, _excepted(hours))):
            found.append(
                _(
                    "Hours end at 23:59: the last minute of the day is closed, for an end is not included. "
                    "Write 24:00, or 00:00, for the end of the day."
                )
            )
        today = now.astimezone(ZoneInfo(hours.zone)).date()
        if hours.country and not coming_holidays(hours.country, hours.region, today=today):
            found.append(
                _(
                    "The calendar knows no public holidays of %(country)s in the coming year. "
                    "Type those that matter, or choose another country."
                )
                % {"country": country_name(hours.country)}
            )
    if line.unavailable_text_enabled and has_own_unavailable and not line.check_availability:
        found.append(
            _(
                "The text for “nobody is available” is never sent: this line does not check who is available "
                "(see the page Queue)."
            )
        )
    return found


def _excepted(hours: WorkingTime) -> list[Interval]:
    return [interval for one in hours.exceptions for interval in one.intervals]


def intervals_in_words(intervals: tuple[Interval, ...]) -> str:
    """``09:00–13:00, 14:00–18:00``; an end on the next day is named as such."""
    return ", ".join(map(_interval, intervals)) if intervals else _("closed")


def _interval(interval: Interval) -> str:
    midnight = worktime.MIDNIGHT
    if interval.start == interval.end == midnight:
        return _("around the clock")
    end = "24:00" if interval.end == midnight else f"{interval.end:%H:%M}"
    words = f"{interval.start:%H:%M}–{end}"
    return _("%(hours)s of the next day") % {"hours": words} if interval.runs_over else words


def moment_in_words(moment: datetime, zone: str, *, near: datetime | None = None) -> str:
    """``Friday 18:00`` within a week of ``near``, else with the date; in the line's zone."""
    at = moment.astimezone(ZoneInfo(zone))
    beside = (near or moment).astimezone(ZoneInfo(zone))
    days = (at.date() - beside.date()).days
    if near is not None and days == 0:
        return f"{at:%H:%M}"
    if near is not None and 0 < days < 7:
        return f"{weekday(at.weekday())} {at:%H:%M}"
    return f"{weekday(at.weekday())}, {date_format(at, 'DATE_FORMAT')}, {at:%H:%M}"


def state(hours: WorkingTime, *, now: datetime) -> str:
    """Open or closed now, and until when."""
    change = worktime.next_change(hours, now)
    is_open = worktime.look(hours, now).is_open
    if change is None:
        return _("Right now it is open.") if is_open else _("Right now it is closed.")
    words = {"time": moment_in_words(change, hours.zone, near=now)}
    if is_open:
        return _("Right now it is open, until %(time)s.") % words
    return _("Right now it is closed; it opens: %(time)s.") % words


def _hours(hours: WorkingTime) -> list[str]:
    open_days = [(day, hours.week[day]) for day in range(7) if day not in hours.days_off and hours.week[day]]
    if not open_days:
        return [_("No weekday has working hours.")]
    runs = []
    for _key, group in groupby(enumerate(open_days), key=lambda row: (row[1][0] - row[0], row[1][1])):
        days = [day for _place, (day, _intervals) in group]
        intervals = open_days[[day for day, _i in open_days].index(days[0])][1]
        runs.append(f"{_days(days)} {intervals_in_words(intervals)}")
    found = [
        _("The line works %(hours)s (time zone %(zone)s).") % {"hours": "; ".join(runs), "zone": hours.zone}
    ]
    if hours.days_off:
        found.append(
            _("Days off: %(days)s.") % {"days": ", ".join(weekday(day) for day in sorted(hours.days_off))}
        )
    return found


def _days(days: list[int]) -> str:
    """``Monday–Friday``, ``Saturday, Sunday``."""
    if len(days) > 2:
        return f"{weekday(days[0])}–{weekday(days[-1])}"
    return ", ".join(map(weekday, days))


def _closed_days(hours: WorkingTime, *, now: datetime) -> list[str]:
    found = []
    if hours.holidays:
        found.append(_("Closed on %(days)s.") % {"days": worktime.in_text(hours.holidays)})
    if hours.country:
        place = country_name(hours.country)
        if hours.region:
            place += f" ({dict(region_choices(hours.country)).get(hours.region, hours.region)})"
        found.append(_("Closed on the public holidays of %(country)s.") % {"country": place})
    today = now.astimezone(ZoneInfo(hours.zone)).date()
    coming = sorted((one for one in hours.exceptions if one.day >= today), key=lambda one: one.day)
    if coming:
        named = "; ".join(_exception(one) for one in coming[:FEW])
        more = len(coming) - FEW
        if more > 0:
            named += " " + ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
        found.append(_("Exceptions: %(exceptions)s.") % {"exceptions": named})
    return found


def _exception(one: DayException) -> str:
    words = f"{day_in_words(one.day)} {intervals_in_words(one.intervals)}"
    return f"{words} ({one.note})" if one.note else words


def _off_hours(line: OpenLine) -> str:
    if line.off_hours_rule == WorkingTimeBlock.OffHoursRule.TEXT:
        return _(
            "Outside these hours dialogs are taken and handed out all the same, and the client gets a text, once a dialog."
        )
    return _("Outside these hours dialogs are taken and handed out all the same; the client is not told.")


def _unavailable(line: OpenLine) -> str:
    if not line.check_availability:
        return _("Whether anybody is available is not checked on this line.")
    if line.unavailable_text_enabled:
        return _("When nobody at all is available, the client gets a text about that.")
    return _("When nobody at all is available, the client is not told.")


def weekly_hours_in_words(value: dict[str, str]) -> str:
    """For the history."""
    return "; ".join(f"{weekday(int(day))} {text}" for day, text in sorted(value.items()))


def days_off_in_words(value: list[int]) -> str:
    return ", ".join(weekday(day) for day in value)


def exceptions_in_words(value: list[dict[str, str]]) -> str:
    return "; ".join(
        _exception(
            DayException(date.fromisoformat(row["date"]), worktime.parse_intervals(row["hours"]), row["note"])
        )
        for row in value
    )
