"""W1–W3, W8: when a line works, and by which rule, at the points that the specification names."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from openlines.policies import calendars, worktime
from openlines.policies.worktime import (
    BadItem,
    DayException,
    Holiday,
    Interval,
    Rule,
    WorkingTime,
    in_text,
    parse_holidays,
    parse_intervals,
    without_break,
)

WARSAW = ZoneInfo("Europe/Warsaw")


def at(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW, fold=fold)


def calendar(hours: str | dict[int, str] = "09:00-18:00", **values: Any) -> WorkingTime:
    week = [parse_intervals(hours if isinstance(hours, str) else hours.get(day, "")) for day in range(7)]
    usual: dict[str, Any] = {"days_off": frozenset({5, 6}), "holidays": ()}
    return WorkingTime(zone="Europe/Warsaw", week=tuple(week), **(usual | values))


def is_open(working_time: WorkingTime | None, text: str) -> bool:
    return worktime.look(working_time, at(text)).is_open


def test_off_means_open_always() -> None:
    moment = at("2026-12-25 03:00")
    look = worktime.look(None, moment)
    assert (look.is_open, look.rule) == (True, Rule.ALWAYS)
    assert worktime.next_change(None, moment) is None
    assert worktime.elapsed(None, moment, moment + timedelta(days=3)) == timedelta(days=3)
    assert worktime.after(None, moment, timedelta(hours=1)) == moment + timedelta(hours=1)


def test_the_start_is_open_and_the_end_is_closed() -> None:
    line = calendar()
    assert not is_open(line, "2026-11-23 08:59:59")
    assert is_open(line, "2026-11-23 09:00")
    assert is_open(line, "2026-11-23 17:59:59")
    assert not is_open(line, "2026-11-23 18:00")


def test_friday_night_runs_into_a_free_saturday_and_a_free_friday_has_none_of_it() -> None:
    line = calendar({4: "22:00-06:00", 5: "22:00-06:00"}, days_off=frozenset({5}))
    look = worktime.look(line, at("2026-11-28 05:59"))
    assert (look.is_open, look.rule, look.day) == (True, Rule.HOURS, date(2026, 11, 27))
    closed = worktime.look(line, at("2026-11-28 06:00"))
    assert (closed.is_open, closed.rule, closed.day) == (False, Rule.DAY_OFF, date(2026, 11, 28))
    assert not is_open(line, "2026-11-28 23:00")
    free_friday = calendar({4: "22:00-06:00"}, holidays=parse_holidays("27.11"))
    assert not is_open(free_friday, "2026-11-27 23:00")
    assert not is_open(free_friday, "2026-11-28 05:00")


@pytest.mark.parametrize(
    ("left_out", "rule", "note"),
    [
        (0, Rule.EXCEPTION, "Stocktaking"),
        (1, Rule.HOLIDAY, "25.12"),
        (2, Rule.COUNTRY_HOLIDAY, "Boże Narodzenie (pierwszy dzień)"),
        (3, Rule.DAY_OFF, ""),
        (4, Rule.HOURS, ""),
    ],
)
def test_the_first_rule_that_matches_decides(left_out: int, rule: Rule, note: str) -> None:
    everything: list[dict[str, Any]] = [
        {"exceptions": (DayException(date(2026, 12, 25), parse_intervals("20-21"), "Stocktaking"),)},
        {"holidays": parse_holidays("25.12")},
        {"country": "PL"},
        {"days_off": frozenset({4})},
    ]
    values: dict[str, Any] = {"days_off": frozenset()}
    for one in everything[left_out:]:
        values |= one
    look = worktime.look(calendar("09:00-18:00", **values), at("2026-12-25 12:00"))
    assert (look.rule, look.note, look.is_open) == (rule, note, rule is Rule.HOURS)


def test_an_exception_opens_a_holiday() -> None:
    line = calendar(
        country="PL", exceptions=(DayException(date(2026, 12, 25), parse_intervals("10-14"), "Fair"),)
    )
    assert is_open(line, "2026-12-25 10:00")
    assert worktime.look(line, at("2026-12-25 14:00")).rule is Rule.EXCEPTION


def test_a_holiday_with_a_year_holds_that_year_only() -> None:
    line = calendar(holidays=parse_holidays("24.12.2026, 29.02"), days_off=frozenset())
    assert not is_open(line, "2026-12-24 12:00")
    assert is_open(line, "2027-12-24 12:00")
    assert not is_open(line, "2028-02-29 12:00")


def test_a_country_that_the_package_does_not_know_has_no_holidays() -> None:
    assert is_open(calendar(country="XX"), "2026-12-25 12:00")
    assert is_open(calendar(country="PL", region="nowhere"), "2026-12-25 12:00")
    assert calendars.public_holidays("XX", "", 2026) == {}


@pytest.mark.parametrize(
    ("country", "region", "day"),
    [
        ("US", "", date(2026, 7, 3)),  # 4 July is a Saturday: observed on Friday
        ("PL", "", date(2026, 12, 24)),  # a holiday since 2025
        ("GB", "ENG", date(2026, 4, 6)),
        ("GB", "", date(2026, 4, 6)),  # Easter Monday: in three of four
        ("GB", "", date(2026, 8, 31)),
        ("CH", "", date(2026, 4, 3)),  # Good Friday: not in the Ticino and the Valais
        ("DE", "BY", date(2026, 1, 6)),
    ],
)
def test_a_holiday_that_most_of_the_country_keeps_is_one(country: str, region: str, day: date) -> None:
    assert day in calendars.public_holidays(country, region, day.year)


@pytest.mark.parametrize(
    ("country", "region", "day"),
    [
        ("GB", "SCT", date(2026, 4, 6)),
        ("DE", "", date(2026, 1, 6)),
        ("DE", "", date(2026, 10, 31)),  # Reformation Day: in nine of sixteen
        ("US", "", date(2026, 11, 27)),  # the day after Thanksgiving
    ],
)
def test_a_holiday_of_some_regions_needs_the_region(country: str, region: str, day: date) -> None:
    assert day not in calendars.public_holidays(country, region, day.year)


def test_names_of_holidays_do_not_hang_on_the_machines_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en_US")
    calendars.public_holidays.cache_clear()
    assert calendars.public_holidays("PL", "", 2026)[date(2026, 1, 1)] == "Nowy Rok"
    assert calendars.public_holidays("PL", "", 2026, "en")[date(2026, 1, 1)] == "New Year's Day"


# -- changes of the clock (Warsaw: 29 March 2026 forward at 2, 25 October 2026 back at 3)


def length(line: WorkingTime, day: str) -> timedelta:
    return worktime.elapsed(line, at(f"{day} 00:00"), at(f"{day} 00:00") + timedelta(days=1))


def test_a_whole_day_has_23_or_25_hours_when_the_clocks_change() -> None:
    line = calendar("00:00-24:00", days_off=frozenset())
    assert worktime.look(line, at("2026-03-29 12:00")).is_open
    day_and_night = calendar({6: "00:00-24:00"}, days_off=frozenset())
    assert length(day_and_night, "2026-03-29") == timedelta(hours=23)
    assert length(day_and_night, "2026-10-25") == timedelta(hours=25)
    assert worktime.next_change(line, at("2026-03-01 00:00")) is None


def test_a_start_that_the_clock_skips_is_the_moment_of_the_change() -> None:
    line = calendar({6: "02:30-05:00"}, days_off=frozenset())
    assert worktime.periods(line, at("2026-03-29 00:00"), at("2026-03-30 00:00")) == [
        (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC))
    ]
    skipped_whole = calendar({6: "02:10-02:50"}, days_off=frozenset())
    assert length(skipped_whole, "2026-03-29") == timedelta()


def test_a_time_shown_twice_means_the_first() -> None:
    line = calendar({6: "01:00-02:30, 02:45-04:00"}, days_off=frozenset())
    assert worktime.look(line, at("2026-10-25 02:29")).is_open
    assert not worktime.look(line, at("2026-10-25 02:30")).is_open
    assert worktime.look(line, at("2026-10-25 02:45")).is_open
    assert worktime.look(line, at("2026-10-25 02:40", fold=1)).is_open  # the break is had once
    assert length(line, "2026-10-25") == timedelta(hours=3, minutes=45)


def test_clocks_that_go_back_over_midnight_do_not_close_what_tomorrow_opened() -> None:
    week = tuple(parse_intervals("00:00-06:00" if day == 6 else "") for day in range(7))
    line = WorkingTime(zone="America/St_Johns", week=week, days_off=frozenset(), holidays=())
    second_time = datetime(2005, 10, 29, 23, 30, tzinfo=ZoneInfo("America/St_Johns"), fold=1)  # 00:01 → 23:01
    look = worktime.look(line, second_time)
    assert (look.is_open, look.day) == (True, date(2005, 10, 30))
    assert not worktime.look(line, second_time.replace(fold=0)).is_open


def test_hours_stay_the_same_on_the_wall_through_the_year() -> None:
    line = calendar()
    summer = worktime.next_change(line, at("2026-07-06 01:00"))
    winter = worktime.next_change(line, at("2026-12-07 01:00"))
    assert (summer, winter) == (at("2026-07-06 09:00"), at("2026-12-07 09:00"))


# -- spans


def test_the_next_change_is_found_over_a_year_and_not_farther() -> None:
    yearly = calendar("", exceptions=(DayException(date(2027, 11, 22), parse_intervals("9-10")),))
    assert worktime.next_change(yearly, at("2026-11-23 12:00")) == at("2027-11-22 09:00")
    assert worktime.next_change(yearly, at("2026-01-01 12:00")) is None
    assert worktime.next_change(calendar(""), at("2026-11-23 12:00")) is None


def test_working_time_after_a_moment() -> None:
    line = calendar()
    friday = at("2026-11-27 17:00")
    assert worktime.after(line, friday, timedelta(hours=2)) == at("2026-11-30 10:00")
    assert worktime.after(line, friday, timedelta(hours=1)) == at("2026-11-27 18:00")
    assert worktime.after(line, friday, timedelta()) == friday
    assert worktime.after(calendar(""), friday, timedelta(minutes=1)) is None


def test_backwards_nothing_has_passed() -> None:
    assert worktime.elapsed(calendar(), at("2026-11-23 12:00"), at("2026-11-23 10:00")) == timedelta()


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        worktime.look(calendar(), datetime(2026, 11, 23, 12))  # noqa: DTZ001


# -- what people type


def test_holidays_are_read_as_people_type_them() -> None:
    assert parse_holidays("01.01, 1.5;24.12.2027\n 29.02 ,, 1.1") == (
        Holiday(1, 1),
        Holiday(1, 5),
        Holiday(24, 12, 2027),
        Holiday(29, 2),
    )
    assert parse_holidays(" ") == ()


@pytest.mark.parametrize(
    ("text", "item", "code"),
    [
        ("01.01, Easter", "Easter", "not_a_date"),
        ("01.01 24.12", "01.01 24.12", "not_a_date"),
        ("24/12", "24/12", "not_a_date"),
        ("1.1.27", "1.1.27", "not_a_date"),
        ("24.12, 31.04", "31.04", "no_such_day"),
        ("12.24", "12.24", "no_such_day"),
        ("29.02.2027", "29.02.2027", "no_such_day"),
        ("00.01", "00.01", "no_such_day"),
    ],
)
def test_a_holiday_that_is_none_is_named(text: str, item: str, code: str) -> None:
    with pytest.raises(BadItem) as refused:
        parse_holidays(text)
    assert (refused.value.item, refused.value.code) == (item, code)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("09:00-13:00, 14:00-18:00", "09:00-13:00, 14:00-18:00"),
        ("14-18; 9:30 – 13", "09:30-13:00, 14:00-18:00"),
        ("22:00-06:00, 9-10", "09:00-10:00, 22:00-06:00"),
        ("0-24", "00:00-00:00"),
        ("18:00-24:00", "18:00-00:00"),
        ("22:00-10:00, 9:00-13:00", "09:00-13:00, 22:00-10:00"),
        ("", ""),
    ],
)
def test_hours_are_read_as_people_type_them(text: str, read: str) -> None:
    assert worktime.in_text(parse_intervals(text)) == read


@pytest.mark.parametrize(
    ("text", "item", "code"),
    [
        ("9-13, lunch", "lunch", "not_an_interval"),
        ("9:00", "9:00", "not_an_interval"),
        ("9:60-10", "9:60-10", "no_such_time"),
        ("9-25", "9-25", "no_such_time"),
        ("24-2", "24-2", "no_such_time"),
        ("24:30-2", "24:30-2", "no_such_time"),
        ("9-13, 12-18", "12-18", "overlaps"),
        ("22-6, 23-24", "23-24", "overlaps"),
        ("9-13, 09:00-13:00", "09:00-13:00", "repeated"),
        ("0-24, 9-13", "9-13", "overlaps"),
    ],
)
def test_hours_that_are_none_are_named(text: str, item: str, code: str) -> None:
    with pytest.raises(BadItem) as refused:
        parse_intervals(text)
    assert (refused.value.item, refused.value.code) == (item, code)


@pytest.mark.parametrize(
    ("whole", "pause", "left"),
    [
        ((time(9), time(18)), (time(13), time(14)), "09:00-13:00, 14:00-18:00"),
        ((time(0), time(0)), (time(13), time(14)), "00:00-13:00, 14:00-00:00"),
        ((time(22), time(6)), (time(23, 30), time(0, 30)), "22:00-23:30, 00:30-06:00"),
        ((time(22), time(6)), (time(2), time(3)), "22:00-02:00, 03:00-06:00"),
        ((time(9), time(18)), (None, None), "09:00-18:00"),
    ],
)
def test_a_break_parts_the_hours_of_all_days(
    whole: tuple[time, time], pause: tuple[time | None, time | None], left: str
) -> None:
    assert in_text(without_break(Interval(*whole), *pause)) == left


@pytest.mark.parametrize(
    "pause", [(time(8), time(10)), (time(9), time(10)), (time(17), time(18)), (time(14), time(13))]
)
def test_a_break_outside_the_hours_is_refused(pause: tuple[time, time]) -> None:
    with pytest.raises(BadItem) as refused:
        without_break(Interval(time(9), time(18)), *pause)
    assert refused.value.code == "break_outside"
