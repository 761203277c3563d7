"""``#OPENS#``: when a line opens again, in words, also over a change of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from openlines.policies import opening, texts
from openlines.policies.worktime import DayException, Interval, WorkingTime

WARSAW = "Europe/Warsaw"
NINE_TO_FIVE = (Interval(time(9), time(17)),)


def line(*exceptions: DayException, days: int = 5) -> WorkingTime:
    week = tuple(NINE_TO_FIVE if day < days else () for day in range(7))
    return WorkingTime(zone=WARSAW, week=week, days_off=frozenset(), holidays=(), exceptions=exceptions)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(WARSAW)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "language", "words"),
    [
        ("2026-03-27 18:00", "en", "Monday 9:00"),  # the clock goes forward on Sunday
        ("2026-03-29 23:59", "en", "tomorrow 9:00"),
        ("2026-03-30 00:00", "en", "today 9:00"),
        ("2026-10-24 12:00", "pl", "poniedziałek 9:00"),  # and back on that Sunday
        ("2026-10-25 12:00", "pl", "jutro 9:00"),
        ("2026-10-26 17:00", "de", "Dienstag 9:00"),
        ("2026-10-26 17:00", "xx-Latn-nonsense", "Tuesday 9:00"),
        ("2026-10-26 12:00", "en", ""),  # it is open
    ],
)
def test_the_day_by_the_lines_own_clock(now: str, language: str, words: str) -> None:
    assert opening.words(line(), now=at(now), language=language) == words


def test_minutes_are_written_with_two_digits() -> None:
    odd = DayException(date(2026, 10, 27), (Interval(time(8, 5), time(12)),))
    assert opening.words(line(odd), now=at("2026-10-26 18:00"), language="en") == "tomorrow 8:05"


def test_after_a_week_the_date_and_after_most_of_a_year_the_year_stand_there() -> None:
    far = DayException(date(2026, 11, 16), NINE_TO_FIVE)
    assert opening.words(line(far, days=0), now=at("2026-11-01 10:00"), language="pl") == (
        "poniedziałek, 16 listopada, 9:00"
    )
    next_year = DayException(date(2027, 11, 2), NINE_TO_FIVE)
    assert "2027" in opening.words(line(next_year, days=0), now=at("2026-11-01 10:00"), language="en")


def test_a_line_that_is_always_or_never_open_names_no_day() -> None:
    assert opening.words(None, now=at("2026-11-01 10:00"), language="en") == ""
    assert opening.words(line(days=0), now=at("2026-11-01 10:00"), language="en") == ""


@pytest.mark.parametrize("language", ["en", "pl", "de", ""])
def test_a_text_never_shows_the_bare_macro(language: str) -> None:
    said = texts.render("We are back #OPENS#.", texts.MacroValues(), language=language)
    assert "#" not in said
    assert not said.endswith(" .")


def test_a_preview_in_the_hours_names_the_opening_after_them() -> None:
    assert opening.in_preview(line(), now=at("2026-10-26 12:00"), language="en") == "tomorrow 9:00"
    assert opening.in_preview(None, now=at("2026-10-26 12:00"), language="en") == ""
