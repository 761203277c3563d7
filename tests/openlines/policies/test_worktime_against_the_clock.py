"""W2, W8: the policy against a walk of the clock, minute for minute, over random calendars, zones and nights of change."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest

from openlines.policies import worktime
from openlines.policies.worktime import DayException, Holiday, Interval, WorkingTime
from tests.openlines.policies.brute_clock import MINUTE, Walk, changes_of_the_clock, hours_of

ZONES = (
    ("Europe/Warsaw", 2026),
    ("America/New_York", 2026),
    ("America/St_Johns", 2005),  # changed at one minute past midnight
    ("America/Sao_Paulo", 2017),  # skipped midnight itself
    ("America/Havana", 2026),  # shows midnight's hour twice
    ("America/Nuuk", 2026),  # the hour before midnight is skipped, or had twice
    ("Australia/Lord_Howe", 2026),  # by half an hour
    ("Africa/Casablanca", 2026),  # for Ramadan
    ("Pacific/Apia", 2011),  # a whole day that never was
    ("Asia/Kathmandu", 2026),  # an odd offset, no changes
)
COUNTRIES = (("", ""), ("", ""), ("PL", ""), ("US", "CA"), ("DE", "BY"))


def a_time(dice: random.Random) -> time:
    """Near midnight and near the usual hours of change more often than not."""
    hour = dice.choice((0, 0, 1, 1, 2, 2, 3, 22, 23, dice.randrange(24)))
    return time(hour, dice.choice((0, 0, 15, 30, 59)))


def intervals(dice: random.Random) -> tuple[Interval, ...]:
    """None to three, apart from each other, the last perhaps past midnight; sometimes the whole day."""
    kind = dice.random()
    if kind < 0.12:
        return ()
    if kind < 0.24:
        return (Interval(time(), time()),)
    times = sorted({a_time(dice) for _n in range(6)})
    pairs = [Interval(a, b) for a, b in zip(times[::2], times[1::2], strict=False)]
    if dice.random() < 0.5 and pairs:
        last = pairs.pop()
        pairs.append(Interval(last.start, min(pairs[0].start if pairs else last.start, last.start)))
    return tuple(pairs)


def a_calendar(dice: random.Random, zone: str, around: date) -> WorkingTime:
    near = [around + timedelta(days=n) for n in range(-3, 4)]
    country, region = dice.choice(COUNTRIES)
    typed = [dice.choice(near) for _n in range(dice.choice((0, 0, 1, 2)))]
    return WorkingTime(
        zone=zone,
        week=tuple(intervals(dice) for _day in range(7)),
        days_off=frozenset(dice.sample(range(7), dice.choice((0, 1, 2)))),
        holidays=tuple(
            Holiday(d.day, d.month, dice.choice((None, d.year, d.year + 1)) if d.day != 29 else d.year)
            for d in typed
        ),
        country=country,
        region=region,
        exceptions=tuple(
            DayException(day, intervals(dice), "note") for day in dice.sample(near, dice.choice((0, 1, 2)))
        ),
    )


def scenes() -> list[tuple[str, int, int]]:
    return [(zone, year, seed) for zone, year in ZONES for seed in range(4)]


@pytest.mark.parametrize(("zone", "year", "seed"), scenes())
def test_the_policy_says_what_the_clock_says(zone: str, year: int, seed: int) -> None:
    dice = random.Random(f"{zone} {seed}")
    nights = changes_of_the_clock(zone, year) or [datetime(year, 12, 25, tzinfo=UTC)]
    middle = dice.choice(nights)
    calendar = a_calendar(dice, zone, middle.date())
    first, last = middle - timedelta(days=2), middle + timedelta(days=2)
    walk = Walk(calendar, first, last)

    assert worktime.periods(calendar, first, last) == walk.periods(first, last)

    near_the_change = [middle + n * MINUTE for n in range(-130, 131)]
    for at in [*near_the_change, *(first + n * MINUTE for n in range(0, 4 * 24 * 60, 13))]:
        look, days = worktime.look(calendar, at), walk.at(at)
        assert look.is_open == bool(days), at
        shown = walk.clock[(at - first) // MINUTE].date()
        assert look.day in days if days else look.day == shown
        assert look.rule == hours_of(calendar, look.day)[0]

    for _n in range(12):
        start = first + dice.randrange(4 * 24 * 60 - 1) * MINUTE
        end = start + dice.randrange(1, (last - start) // MINUTE + 1) * MINUTE
        worked = sum((b - a for a, b in walk.periods(start, end)), timedelta())
        assert worktime.elapsed(calendar, start, end) == worked
        begun = worktime.look(calendar, start).is_open
        turned = next((m for m in walk_from(start, last) if bool(walk.at(m)) != begun), None)
        change = worktime.next_change(calendar, start)
        if turned is not None:
            assert change == turned
        else:
            assert change is None or change >= last
        if worked:
            span = dice.randrange(1, worked // MINUTE + 1) * MINUTE
            reached = worktime.after(calendar, start, span)
            assert reached is not None
            assert worktime.elapsed(calendar, start, reached) == span
            assert worktime.elapsed(calendar, start, reached - MINUTE) == span - MINUTE


def walk_from(start: datetime, last: datetime) -> list[datetime]:
    return [start + n * MINUTE for n in range((last - start) // MINUTE)]


@pytest.mark.parametrize("seed", range(20))
def test_periods_are_in_order_apart_and_not_empty(seed: int) -> None:
    dice = random.Random(seed)
    zone, year = dice.choice(ZONES)
    calendar = a_calendar(dice, zone, date(year, 6, 1))
    start = datetime(year, 1, 1, tzinfo=UTC) + dice.randrange(365) * timedelta(days=1)
    end = start + timedelta(days=dice.randrange(1, 300))
    found = worktime.periods(calendar, start, end)
    edges = [edge for period in found for edge in period]
    assert edges == sorted(set(edges))
    assert not edges or (start <= edges[0] and edges[-1] <= end)
    middle = start + (end - start) / 3
    parts = worktime.elapsed(calendar, start, middle) + worktime.elapsed(calendar, middle, end)
    assert parts == worktime.elapsed(calendar, start, end)
