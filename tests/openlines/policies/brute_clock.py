"""Working time worked out a second way: by walking the clock minute for minute. Slow, and nothing of ``worktime`` but its
input types. "An interval begins when the clock first shows its start or later, and ends when it first shows its end or
later" is taken literally here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays as package

from openlines.policies.worktime import WorkingTime

MINUTE = timedelta(minutes=1)


def hours_of(calendar: WorkingTime, day: date) -> tuple[str, list[tuple[time, time]]]:
    """(name of the rule, intervals) of a day, by asking every rule and taking the strongest."""
    answers: dict[str, list[tuple[time, time]]] = {}
    answers["hours"] = [(i.start, i.end) for i in calendar.week[day.weekday()]]
    if day.isoweekday() - 1 in calendar.days_off:
        answers["day_off"] = []
    if calendar.country:
        there = package.country_holidays(calendar.country, subdiv=calendar.region or None, years=day.year)
        if day in there:
            answers["country_holiday"] = []
    for holiday in calendar.holidays:
        if (holiday.day, holiday.month) == (day.day, day.month) and holiday.year in (None, day.year):
            answers["holiday"] = []
    for exception in calendar.exceptions:
        if exception.day == day:
            answers["exception"] = [(i.start, i.end) for i in exception.intervals]
    rule = next(
        name for name in ("exception", "holiday", "country_holiday", "day_off", "hours") if name in answers
    )
    return rule, answers[rule]


class Walk:
    """``open``: for each minute from ``first`` on (UTC), the days whose intervals are running."""

    def __init__(self, calendar: WorkingTime, first: datetime, last: datetime) -> None:
        self.first = first
        zone = ZoneInfo(calendar.zone)
        pending: list[tuple[datetime, datetime, date]] = []
        day = first.astimezone(zone).date() - timedelta(days=5)
        while day <= last.astimezone(zone).date() + timedelta(days=2):
            for start, end in hours_of(calendar, day)[1]:
                until = datetime.combine(day, end)
                if until <= datetime.combine(day, start):
                    until += timedelta(days=1)
                pending.append((datetime.combine(day, start), until, day))
            day += timedelta(days=1)
        running: list[tuple[datetime, date]] = []
        self.open: list[set[date]] = []
        self.clock: list[datetime] = []
        at = first - timedelta(days=3)
        while at < last:
            shown = at.astimezone(zone).replace(tzinfo=None)
            running += [(until, day) for start, until, day in pending if start <= shown]
            pending = [row for row in pending if row[0] > shown]
            running = [row for row in running if row[0] > shown]
            if at >= first:
                self.open.append({day for _until, day in running})
                self.clock.append(shown)
            at += MINUTE

    def at(self, moment: datetime) -> set[date]:
        return self.open[(moment - self.first) // MINUTE]

    def periods(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        found: list[tuple[datetime, datetime]] = []
        moment = start
        while moment < end:
            if self.at(moment):
                if found and found[-1][1] == moment:
                    found[-1] = (found[-1][0], moment + MINUTE)
                else:
                    found.append((moment, moment + MINUTE))
            moment += MINUTE
        return found


def changes_of_the_clock(zone: str, year: int) -> list[datetime]:
    """The minutes (UTC) of a year at which the zone's offset changes."""
    tz, found = ZoneInfo(zone), []
    at = datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        after = at + timedelta(hours=1)
        if at.astimezone(tz).utcoffset() != after.astimezone(tz).utcoffset():
            found += [
                at + n * MINUTE
                for n in range(1, 61)
                if (at + n * MINUTE).astimezone(tz).utcoffset()
                != (at + (n - 1) * MINUTE).astimezone(tz).utcoffset()
            ]
        at = after
    return found
