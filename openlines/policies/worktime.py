"""When a line works (W1–W3, W8): open or closed, by which rule, and working time between moments.

An interval belongs to the day it starts on, start included, end excluded. The first of these decides a day: an
exception by date, a typed holiday, the country's holiday, a day off, the weekday's hours.

Intervals are read off the wall clock of the line's zone: one begins at the first instant at which the clock shows its
start *or later*, and ends at the first at which it shows its end or later. So a start that the clock skips in spring is
the instant of the change, and a time that the clock shows twice in autumn means the first of the two. This keeps the
order of times: intervals that follow one another never overlap, and a break that falls into the repeated hour is had
once. What is open at 2:15 the first time round may be closed at 2:15 the second time.

Moments come in aware, in any zone, and go out in UTC: comparing two moments of one zone in Python ignores ``fold``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from openlines.policies import calendars

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MIDNIGHT = time()
SEARCHED = timedelta(days=400)
"""How far changes are looked for: a year and a bit, so that what happens once a year is found."""
FARTHEST = 10
"""How many such stretches ``after`` goes through before it says "never"."""


class Rule(StrEnum):
    ALWAYS = "always"
    EXCEPTION = "exception"
    HOLIDAY = "holiday"
    COUNTRY_HOLIDAY = "country_holiday"
    DAY_OFF = "day_off"
    HOURS = "hours"


@dataclass(frozen=True)
class Interval:
    """``end`` at or before ``start`` is on the next day: 22:00–06:00; 00:00–00:00 is the whole day."""

    start: time
    end: time

    @property
    def runs_over(self) -> bool:
        """Whether some of it lies after midnight."""
        return self.end <= self.start and self.end != MIDNIGHT

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True)
class Holiday:
    """Without a year: every year (29.02: in leap years)."""

    day: int
    month: int
    year: int | None = None

    def __str__(self) -> str:
        year = "" if self.year is None else f".{self.year}"
        return f"{self.day:02d}.{self.month:02d}{year}"


@dataclass(frozen=True)
class DayException:
    """A date with hours of its own; without intervals it is closed."""

    day: date
    intervals: tuple[Interval, ...]
    note: str = ""


@dataclass(frozen=True)
class WorkingTime:
    """``week``: seven days from Monday; ``zone``: an IANA name; ``country``, ``region``: codes of ``calendars``."""

    zone: str
    week: tuple[tuple[Interval, ...], ...]
    days_off: frozenset[int]
    holidays: tuple[Holiday, ...]
    country: str = ""
    region: str = ""
    exceptions: tuple[DayException, ...] = ()

    @cached_property
    def by_date(self) -> dict[date, DayException]:
        return {exception.day: exception for exception in self.exceptions}

    @cached_property
    def typed(self) -> frozenset[Holiday]:
        return frozenset(self.holidays)


@dataclass(frozen=True)
class DayRule:
    """What holds for the intervals that start on a day; ``note`` names the holiday or the exception."""

    rule: Rule
    intervals: tuple[Interval, ...]
    note: str = ""


@dataclass(frozen=True)
class Look:
    """``day``: the local day whose rule decides: where an interval of yesterday is still running, yesterday."""

    is_open: bool
    rule: Rule
    day: date
    note: str = ""


def look(working_time: WorkingTime | None, at: datetime) -> Look:
    """Whether the line works at this moment; ``None`` is working time switched off, that is open always (W1)."""
    if working_time is None:
        return Look(is_open=True, rule=Rule.ALWAYS, day=_utc(at).date())
    moment, zone = _utc(at), _zone(working_time.zone)
    today = moment.astimezone(zone).date()
    # tomorrow's can be running already: clocks that go back over midnight show today for a second time
    for day in (today, today - DAY, today + DAY):
        found = rule_of(working_time, day)
        if any(start <= moment < end for start, end in _pieces(found.intervals, day, zone)):
            return Look(is_open=True, rule=found.rule, day=day, note=found.note)
    found = rule_of(working_time, today)
    return Look(is_open=False, rule=found.rule, day=today, note=found.note)


def rule_of(working_time: WorkingTime, day: date) -> DayRule:
    """W2: the first match decides."""
    exception = working_time.by_date.get(day)
    if exception is not None:
        return DayRule(Rule.EXCEPTION, exception.intervals, exception.note)
    typed = working_time.typed
    for holiday in (Holiday(day.day, day.month, day.year), Holiday(day.day, day.month)):
        if holiday in typed:
            return DayRule(Rule.HOLIDAY, (), str(holiday))
    if working_time.country:
        name = calendars.public_holidays(working_time.country, working_time.region, day.year).get(day)
        if name is not None:
            return DayRule(Rule.COUNTRY_HOLIDAY, (), name)
    if day.weekday() in working_time.days_off:
        return DayRule(Rule.DAY_OFF, ())
    return DayRule(Rule.HOURS, working_time.week[day.weekday()])


def next_change(working_time: WorkingTime | None, at: datetime) -> datetime | None:
    """When open turns to closed or closed to open next, after ``at``; ``None``: not within ``SEARCHED``."""
    if working_time is None:
        return None
    moment = _utc(at)
    horizon = moment + SEARCHED
    for start, end in _open(working_time, moment, horizon):
        change = start if start > moment else end
        return change if change <= horizon else None
    return None


def periods(
    working_time: WorkingTime | None, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """The open stretches between two moments, cut to them: in order, apart from each other, none of them empty."""
    first, last = _utc(start), _utc(end)
    if first >= last:
        return []
    if working_time is None:
        return [(first, last)]
    cut = [(max(begin, first), min(stop, last)) for begin, stop in _open(working_time, first, last)]
    return [(begin, stop) for begin, stop in cut if begin < stop]


def elapsed(working_time: WorkingTime | None, start: datetime, end: datetime) -> timedelta:
    """Working time between two moments (K2); zero where ``end`` is not after ``start``."""
    return sum((stop - begin for begin, stop in periods(working_time, start, end)), timedelta())


def after(working_time: WorkingTime | None, start: datetime, span: timedelta) -> datetime | None:
    """The first moment at which ``span`` of working time has passed since ``start``; ``None``: never."""
    moment = _utc(start)
    if span <= timedelta():
        return moment
    if working_time is None:
        return moment + span
    left = span
    for _stretch in range(FARTHEST):
        horizon = moment + SEARCHED
        found = periods(working_time, moment, horizon)
        for begin, stop in found:
            if stop - begin >= left:
                return begin + left
            left -= stop - begin
        if not found:
            return None
        moment = horizon
    return None


# -- from the wall clock to instants


def _open(working_time: WorkingTime, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Open stretches that end after ``first`` and start by ``last``, joined where they touch; not cut to the two.

    The last one may be cut short after ``last``.
    """
    zone = _zone(working_time.zone)
    day = first.astimezone(zone).date() - DAY
    final = last.astimezone(zone).date() + DAY
    running: tuple[datetime, datetime] | None = None
    while day <= final:
        for start, end in _pieces(rule_of(working_time, day).intervals, day, zone):
            if running is None:
                running = (start, end)
            elif start <= running[1]:
                running = (running[0], max(running[1], end))
            else:
                if running[1] > first:
                    yield running
                running = (start, end)
        day += DAY
    if running is not None and running[1] > first and running[0] <= last:
        yield running


def _pieces(intervals: tuple[Interval, ...], day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The intervals that start on ``day`` as instants, in order; one that the clock skips whole is left out."""
    found = []
    for interval in intervals:
        start = instant(datetime.combine(day, interval.start), zone)
        last_day = day if interval.end > interval.start else day + DAY
        end = instant(datetime.combine(last_day, interval.end), zone)
        if start < end:
            found.append((start, end))
    return sorted(found)


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock of ``zone`` shows ``wall`` (naive) or later, in UTC."""
    shown = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _clock(shown, zone) == wall:
        return shown
    # skipped by the clock: the change lies between the readings with the offset after it and the one before it
    early, late = wall.replace(tzinfo=zone, fold=1, microsecond=0).astimezone(UTC), shown
    while late - early > SECOND:
        middle = early + ((late - early) // 2 // SECOND) * SECOND
        early, late = (early, middle) if _clock(middle, zone) >= wall else (middle, late)
    return late.replace(microsecond=0)


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


# -- from what a person types


class BadItem(ValueError):
    """``item``: what was typed; ``code``: not_a_date, no_such_day; not_an_interval, no_such_time, overlaps, repeated."""

    def __init__(self, item: str, code: str) -> None:
        super().__init__(f"{item}: {code}")
        self.item, self.code = item, code


_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})(?:\.((?:19|20|21)[0-9]{2}))?")
_TIME = r"([0-9]{1,2})(?::([0-9]{2}))?"
_INTERVAL = re.compile(rf"{_TIME}\s*[-–—]\s*{_TIME}")  # dashes as people type them


def parse_holidays(text: str) -> tuple[Holiday, ...]:
    """``01.01, 1.5, 24.12.2027`` (W3), separated by commas, semicolons or line ends. Raises ``BadItem``."""
    found: dict[Holiday, None] = {}
    for item in _items(text):
        match = _DATE.fullmatch(item)
        if match is None:
            raise BadItem(item, "not_a_date")
        day, month, year = int(match[1]), int(match[2]), int(match[3]) if match[3] else None
        try:
            date(year or 2000, month, day)  # a leap year: 29.02 is a day of some years
        except ValueError:
            raise BadItem(item, "no_such_day") from None
        found[Holiday(day, month, year)] = None
    return tuple(found)


def parse_intervals(text: str) -> tuple[Interval, ...]:
    """``09:00-13:00, 14:00-18:00``; also ``9-13``, and 24:00 for the end of the day. In order. Raises ``BadItem``."""
    found: list[tuple[int, int, Interval]] = []
    for item in _items(text):
        match = _INTERVAL.fullmatch(item)
        if match is None:
            raise BadItem(item, "not_an_interval")
        start, end = _minutes(item, match[1], match[2]), _minutes(item, match[3], match[4])
        if start == 24 * 60:
            raise BadItem(item, "no_such_time")
        interval = Interval(_time(start), _time(end % (24 * 60)))
        end = end if end > start else end + 24 * 60
        if any(interval == other for _s, _e, other in found):
            raise BadItem(item, "repeated")
        if any(start < other_end and other_start < end for other_start, other_end, _other in found):
            raise BadItem(item, "overlaps")
        found.append((start, end, interval))
    return tuple(interval for _start, _end, interval in sorted(found, key=lambda row: row[0]))


def without_break(whole: Interval, start: time | None, end: time | None) -> tuple[Interval, ...]:
    """What is left of ``whole`` around a break within it; all of it without one. Raises ``BadItem``: ``break_outside``."""
    if start is None or end is None:
        return (whole,)
    opens, closes = _minute_of(whole.start), _minute_of(whole.end)
    closes += 0 if closes > opens else 24 * 60
    leaves, returns = _minute_of(start), _minute_of(end)
    leaves += 0 if leaves > opens else 24 * 60  # of hours that run past midnight, a break may lie there
    returns += 0 if returns > leaves else 24 * 60
    if not opens < leaves < returns < closes:
        raise BadItem(f"{start:%H:%M}-{end:%H:%M}", "break_outside")
    return (Interval(whole.start, start), Interval(end, whole.end))


def _minute_of(at: time) -> int:
    return at.hour * 60 + at.minute


def ends_a_minute_early(interval: Interval) -> bool:
    """23:59 as an end: who types it mostly means the end of the day, and leaves its last minute closed."""
    return (interval.end.hour, interval.end.minute) == (23, 59)


def in_text(items: tuple[Holiday, ...] | tuple[Interval, ...]) -> str:
    """As the parsers read it."""
    return ", ".join(str(item) for item in items)


def _items(text: str) -> list[str]:
    return [item for item in (part.strip() for part in re.split(r"[,;\n]", text)) if item]


def _minutes(item: str, hours: str, minutes: str | None) -> int:
    total = int(hours) * 60 + int(minutes or 0)
    if total > 24 * 60 or int(minutes or 0) > 59:
        raise BadItem(item, "no_such_time")
    return total


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
