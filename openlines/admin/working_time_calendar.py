"""W8: "are we open on 31 Dec 14:30, and which rule says so?", and the coming two weeks; for saved or unsaved settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from openlines.admin.working_time_fields import country_name, day_in_words, weekday
from openlines.admin.working_time_sentences import intervals_in_words, moment_in_words
from openlines.policies import calendars, worktime
from openlines.policies.worktime import DayRule, Rule, WorkingTime

DAYS = 14
WIDTH = 960
"""Of a day's bar, in units of its drawing."""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Answer:
    """``when``: the moment asked for; ``rule``: what says so; ``following``: when it changes next."""

    when: str
    is_open: bool
    rule: str
    following: str


@dataclass(frozen=True)
class Day:
    """A day of the clock. ``hours``: what is open on it, with what runs on from the day before; ``bars``: the same as
    (left, width) of ``WIDTH``; ``clock``: a change of the clock; ``earlier``: what runs on."""

    day: date
    title: str
    is_today: bool
    is_asked: bool
    hours: list[str]
    rule: str
    kind: str
    clock: str
    earlier: str
    bars: list[tuple[int, int]]
    now: int | None


@dataclass(frozen=True)
class Calendar:
    zone: str
    asked: str
    """As the page's control takes it."""
    remark: str
    """Where the clock skips the time asked for, or shows it twice."""
    answers: list[Answer]
    days: list[Day]


def look(hours: WorkingTime | None, *, now: datetime, asked: datetime | None = None) -> Calendar:
    """``asked``: naive, on the clock of the line's zone; None asks for now. The two weeks start today."""
    zone = ZoneInfo(hours.zone if hours is not None else settings.TIME_ZONE)
    here = now.astimezone(zone)
    wall = asked or here.replace(tzinfo=None, second=0, microsecond=0)
    moments, remark = _moments(wall, zone) if asked else ([now], "")
    first = here.date()
    return Calendar(
        zone=str(zone),
        asked=wall.isoformat(timespec="minutes"),
        remark=remark,
        answers=[_answer(hours, moment, zone) for moment in moments],
        days=[
            _day(hours, first + timedelta(days=n), zone, now=now, asked=wall.date() if asked else None)
            for n in range(DAYS)
        ],
    )


def _moments(wall: datetime, zone: ZoneInfo) -> tuple[list[datetime], str]:
    """The moments at which the clock shows ``wall``: one, two, or the one of the change that skips it."""
    first = wall.replace(tzinfo=zone, fold=0)
    second = wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return [first.astimezone(UTC)], ""
    if first.astimezone(UTC) < second.astimezone(UTC):
        return [first.astimezone(UTC), second.astimezone(UTC)], _(
            "The clocks go back that night and show this time twice."
        )
    change = worktime.instant(wall, zone)
    return [change], _(
        "The clocks go forward that night and skip this time; the next there is: %(time)s."
    ) % {"time": f"{change.astimezone(zone):%H:%M}"}


def _answer(hours: WorkingTime | None, moment: datetime, zone: ZoneInfo) -> Answer:
    at = moment.astimezone(zone)
    when = f"{weekday(at.weekday())}, {date_format(at, 'DATE_FORMAT')}, {at:%H:%M} ({at.tzname() or zone})"
    if hours is None:
        return Answer(when, is_open=True, rule=_("working hours are off"), following="")
    found = worktime.look(hours, moment)
    rule = rule_in_words(worktime.rule_of(hours, found.day), found.day, hours)
    if found.is_open and found.day < at.date():
        rule = _("%(day)s runs on past midnight: %(rule)s") % {
            "day": weekday(found.day.weekday()),
            "rule": rule,
        }
    change = worktime.next_change(hours, moment)
    if change is None:
        following = "" if found.is_open else _("It does not open within the year after.")
    else:
        words = {"time": moment_in_words(change, str(zone), near=moment)}
        following = (_("It closes: %(time)s.") if found.is_open else _("It opens: %(time)s.")) % words
    return Answer(when, found.is_open, rule, following)


def rule_in_words(found: DayRule, day: date, hours: WorkingTime | None, *, names_hours: bool = True) -> str:
    """The rule that decides a day; ``names_hours``: with its hours, where they do not stand beside it."""
    words = {
        "hours": intervals_in_words(found.intervals),
        "note": found.note,
        "day": weekday(day.weekday()),
    }
    match found.rule:
        case Rule.EXCEPTION if found.note:
            return _("exception by date “%(note)s”: %(hours)s") % words
        case Rule.EXCEPTION:
            return _("exception by date: %(hours)s") % words
        case Rule.HOLIDAY:
            return _("holiday typed in the settings: %(note)s") % words
        case Rule.COUNTRY_HOLIDAY if hours is not None:
            names = calendars.public_holidays(hours.country, hours.region, day.year, get_language() or "")
            return _("public holiday of %(country)s: %(name)s") % {
                "country": country_name(hours.country),
                "name": names.get(day, found.note),
            }
        case Rule.DAY_OFF:
            return _("day off") % words
        case Rule.ALWAYS:
            return _("working hours are off")
    if not names_hours and found.intervals:
        return _("hours of this weekday")
    if not found.intervals:
        return _("no working hours are set for this weekday: %(day)s") % words
    return _("hours of this weekday (%(day)s): %(hours)s") % words


def _day(hours: WorkingTime | None, day: date, zone: ZoneInfo, *, now: datetime, asked: date | None) -> Day:
    start = worktime.instant(datetime.combine(day, time()), zone)
    end = worktime.instant(datetime.combine(day + timedelta(days=1), time()), zone)
    length = end - start
    found = worktime.rule_of(hours, day) if hours is not None else DayRule(Rule.ALWAYS, ())
    open_now = worktime.periods(hours, start, end)

    def place(moment: datetime) -> int:
        return round((moment - start) / length * WIDTH) if length else 0

    runs_on = (
        hours is not None and worktime.look(hours, start).day < day and worktime.look(hours, start).is_open
    )
    return Day(
        day=day,
        title=f"{weekday(day.weekday())}, {day_in_words(day)}",
        is_today=start <= now < end,
        is_asked=day == asked,
        hours=[_stretch(begin, stop, start, end, zone) for begin, stop in open_now],
        rule=rule_in_words(found, day, hours, names_hours=False),
        kind=str(found.rule),
        clock=_clock_change(start, end, zone),
        earlier=_("with what runs on from %(day)s") % {"day": weekday((day - timedelta(days=1)).weekday())}
        if runs_on
        else "",
        bars=[(place(begin), max(place(stop) - place(begin), 1)) for begin, stop in open_now],
        now=place(now) if start <= now < end else None,
    )


def _stretch(begin: datetime, stop: datetime, start: datetime, end: datetime, zone: ZoneInfo) -> str:
    if (begin, stop) == (start, end):
        return _("around the clock")
    until = "24:00" if stop == end else _shown(stop, zone)
    return f"{_shown(begin, zone)}–{until}"


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    """With the name of the offset where the clock shows this time twice."""
    at = moment.astimezone(zone)
    twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    return f"{at:%H:%M} {at.tzname()}" if twice else f"{at:%H:%M}"


def _clock_change(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """What the clock does between two moments, in words; empty where it goes evenly."""
    early, late = start, end
    offset = start.astimezone(zone).utcoffset()
    if offset == end.astimezone(zone).utcoffset():
        return ""
    while late - early > MINUTE:
        middle = early + (late - early) // 2 // MINUTE * MINUTE
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == offset else (early, middle)
    before = (late.replace(tzinfo=None) + (offset or timedelta())).strftime("%H:%M")
    words = {"before": before, "after": f"{late.astimezone(zone):%H:%M}"}
    if (late.astimezone(zone).utcoffset() or timedelta()) > (offset or timedelta()):
        return _("The clocks go forward from %(before)s to %(after)s.") % words
    return _("The clocks go back from %(before)s to %(after)s.") % words
