"""The page "Working time" (W1–W5) and its calendar (W8): what it takes, refuses by name, says in words, and answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from contactcenter.staff.models import Employee
from openlines.admin import working_time_calendar as calendar
from openlines.models import LineText, OpenLine
from openlines.policies import worktime
from openlines.policies.worktime import WorkingTime, parse_intervals
from openlines.services import settings
from tests.factories import make_employee

pytestmark = pytest.mark.django_db

Values = Callable[..., dict[str, Any]]


@pytest.fixture
def address(administrator: Employee, line: OpenLine, page_of: Callable[[str, OpenLine], str]) -> str:
    return page_of("workingtime", line)


@pytest.fixture
def values(address: str, filled: Values) -> Values:
    """The page's values with working hours on, and changes."""

    def changed(**changes: Any) -> dict[str, Any]:
        found = filled(address, working_time_enabled="on", **changes)
        found.pop("date_exceptions", None)
        return found

    return changed


def exceptions(*rows: tuple[str, str, str]) -> dict[str, list[str]]:
    columns = zip(*rows, strict=True)
    return {
        f"date_exceptions_{part}": list(cells)
        for part, cells in zip(("date", "hours", "note"), columns, strict=True)
    }


def saved(client: Client, address: str, data: dict[str, Any]) -> Any:
    answer = client.post(address, data, follow=True)
    assert "Saved." in answer.text
    return answer


def refused(client: Client, address: str, data: dict[str, Any]) -> str:
    line = OpenLine.objects.get()
    answer = client.post(address, data)
    assert answer.status_code == 200
    assert OpenLine.objects.get().version == line.version
    with translation.override("en"):
        return " ".join(str(error) for errors in answer.context["form"].errors.values() for error in errors)


# -- what it takes


def test_off_is_how_a_line_begins(client: Client, address: str, line: OpenLine) -> None:
    answer = client.get(address)
    assert "Working hours are off: the line is open always." in answer.text
    assert settings.working_time_of(line) is None


def test_the_simple_form_saves_one_interval_for_all_days(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    answer = saved(client, address, values(hours_from="08:30", hours_to="16:00", days_off=["6"]))
    line.refresh_from_db()
    assert (line.hours_from, line.hours_to, line.days_off) == (time(8, 30), time(16), [6])
    assert "The line works Monday–Saturday 08:30–16:00 (time zone Europe/Warsaw)." in answer.text
    assert "Days off: Sunday." in answer.text


def test_hours_of_each_weekday_are_saved_as_they_will_be_read(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    typed = {"weekly_hours_0": "14-18, 9-13", "weekly_hours_4": "22:00 - 6:00"}
    answer = saved(client, address, values(hours_mode="weekly", time_zone="America/New_York", **typed))
    line.refresh_from_db()
    assert line.weekly_hours == {"0": "09:00-13:00, 14:00-18:00", "4": "22:00-06:00"}
    assert "Monday 09:00–13:00, 14:00–18:00; Friday 22:00–06:00 of the next day" in answer.text
    hours = settings.working_time_of(line)
    assert hours is not None
    assert (hours.zone, hours.week[4]) == ("America/New_York", parse_intervals("22:00-06:00"))


def test_holidays_countries_and_exceptions_are_saved(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    rows = exceptions(("2030-12-31", "9-13", "Stocktaking"), ("", "", ""), ("2030-12-24", "", ""))
    data = values(holidays="1.1, 24.12", holiday_country="DE", holiday_region="BY", **rows)
    answer = saved(client, address, data)
    line.refresh_from_db()
    assert (line.holidays, line.holiday_country, line.holiday_region) == ("1.1, 24.12", "DE", "BY")
    assert line.date_exceptions == [
        {"date": "2030-12-24", "hours": "", "note": ""},
        {"date": "2030-12-31", "hours": "09:00-13:00", "note": "Stocktaking"},
    ]
    assert "Closed on 01.01, 24.12." in answer.text
    assert "Closed on the public holidays of Germany (Bayern)." in answer.text
    assert "Exceptions: Dec. 24, 2030 closed; Dec. 31, 2030 09:00–13:00 (Stocktaking)." in answer.text


def test_a_region_of_another_country_is_none(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    saved(client, address, values(holiday_country="PL", holiday_region="BY"))
    line.refresh_from_db()
    assert (line.holiday_country, line.holiday_region) == ("PL", "")


def test_what_does_not_apply_keeps_what_was_saved(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    saved(client, address, values(holidays="24.12"))
    data = values(holidays="nonsense", hours_from="25:00", weekly_hours_0="x", **exceptions(("x", "y", "z")))
    data.pop("working_time_enabled")
    saved(client, address, data)
    line.refresh_from_db()
    assert (line.working_time_enabled, line.holidays, line.hours_from) == (False, "24.12", time(9))
    assert line.date_exceptions == []


def test_texts_of_the_closed_line_are_saved_with_it(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    data = values(text_off_hours_en="We sleep, #CLIENT#.", text_unavailable_pl="Nikogo nie ma.")
    answer = saved(client, address, data)
    assert set(LineText.objects.filter(line=line).values_list("trigger", "language")) == {
        ("off_hours", "en"),
        ("unavailable", "pl"),
    }
    assert 'placeholder="We sleep, #CLIENT#."' in answer.text  # what a day off without its own text sends
    assert "is never sent: this line does not check who is available" in answer.text
    history = client.get(reverse("admin:openlines_openline_history", args=[line.pk]))
    titles = {change.page for change in history.context["changes"] if change.differences}
    assert titles == {"Working time"}


def test_the_macro_of_the_opening_is_previewed_in_each_language(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    data = values(text_off_hours_en="Back: #OPENS#", text_off_hours_pl="Wracamy: #OPENS#")
    with time_machine.travel(datetime(2026, 3, 6, 20, tzinfo=UTC), tick=False):  # a Friday evening
        answer = saved(client, address, data)
    assert "Back: Monday 9:00" in answer.text
    assert "Wracamy: poniedziałek 9:00" in answer.text


# -- what it refuses, by name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"holidays": "01.01, Easter"}, "“Easter” is no date."),
        ({"holidays": "31.04"}, "“31.04” is no day of the calendar."),
        ({"hours_mode": "weekly", "weekly_hours_1": "9-25"}, "Tuesday: “9-25”: there is no such time."),
        ({"hours_mode": "weekly", "weekly_hours_1": "9-13, 12-18"}, "Tuesday: “12-18” overlaps"),
        ({"hours_mode": "weekly", "weekly_hours_6": "always"}, "Sunday: “always” is no interval."),
        ({"hours_from": "noon"}, "Enter a valid time."),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"holiday_country": "XX"}, "XX"),
        ({"days_off": ["7"]}, "7"),
        (exceptions(("", "9-13", "Fair")), "“9-13” has no date."),
        (exceptions(("2030-13-01", "", "")), "“2030-13-01” is no date."),
        (exceptions(("2030-12-31", "late", "")), "Dec. 31, 2030: “late” is no interval."),
        (exceptions(("2030-12-31", "", ""), ("2030-12-31", "9-13", "")), "Dec. 31, 2030 is there twice."),
        ({"text_holiday_en": "#NOBODY#"}, "#NOBODY# is not known."),
        ({"text_holiday_en": "#DOCUMENT#"}, "#DOCUMENT# is not known."),
    ],
)
def test_nonsense_is_refused_with_the_bad_item_named(
    client: Client, address: str, values: Values, typed: dict[str, Any], words: str
) -> None:
    assert words in refused(client, address, values(**typed))


def test_a_line_that_never_opens_is_warned_about(client: Client, address: str, values: Values) -> None:
    answer = saved(client, address, values(days_off=[str(day) for day in range(7)]))
    assert "With these settings the line is never open." in answer.text


def test_a_country_without_holidays_is_warned_about(client: Client, address: str, values: Values) -> None:
    answer = saved(client, address, values(holiday_country="UA"))
    assert "The calendar knows no public holidays of Ukraine in the coming year." in answer.text


def test_what_was_typed_stays_when_somebody_else_saved(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    data = values(days_off=["0", "1"], **exceptions(("2030-12-31", "9-13", ""), ("2030-12-24", "", "")))
    saved(client, address, values(holidays="24.12"))
    answer = client.post(address, data)
    assert answer.status_code == 409
    assert answer.context["form"]["days_off"].value() == ["0", "1"]
    assert [row["date"] for row in answer.context["form"]["date_exceptions"].value()] == [
        "2030-12-31",
        "2030-12-24",
    ]


def test_the_history_tells_lists_in_words_and_takes_a_change_back(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    saved(client, address, values(days_off=["6"], **exceptions(("2030-12-24", "", "Eve"))))
    page = reverse("admin:openlines_openline_history", args=[line.pk])
    (change,) = [one for one in client.get(page).context["changes"] if one.key]
    words = {one.label: (one.before, one.after) for one in change.differences}
    assert words["Days off"] == ("Saturday, Sunday", "Sunday")
    assert words["Exceptions by date"] == ("(empty)", "Dec. 24, 2030 closed (Eve)")
    client.post(page, {"change": change.key})
    line.refresh_from_db()
    assert (line.working_time_enabled, line.days_off, line.date_exceptions) == (False, [5, 6], [])


# -- the calendar (W8)


def ask(client: Client, line: OpenLine, at: str, data: dict[str, Any] | None = None) -> calendar.Calendar:
    page = reverse("admin:openlines_workingtime_calendar", args=[line.pk])
    answer = client.get(page, {"at": at}) if data is None else client.post(page, data | {"at": at})
    assert answer.status_code == 200
    found: calendar.Calendar = answer.context["calendar"]
    return found


def test_are_we_open_on_31_december_at_half_past_two(
    client: Client, address: str, values: Values, line: OpenLine
) -> None:
    (always,) = ask(client, line, "2030-12-31T14:30").answers
    assert (always.is_open, always.rule) == (True, "working hours are off")
    saved(client, address, values(**exceptions(("2030-12-31", "9-13", "Stocktaking"))))
    (answer,) = ask(client, line, "2030-12-31T14:30").answers
    assert answer.when == "Tuesday, Dec. 31, 2030, 14:30 (CET)"
    assert (answer.is_open, answer.rule) == (False, "exception by date “Stocktaking”: 09:00–13:00")
    assert answer.following == "It opens: Wednesday 09:00."


def test_the_calendar_answers_for_what_is_not_saved_and_saves_nothing(
    client: Client, values: Values, line: OpenLine
) -> None:
    data = values(holiday_country="PL")
    (answer,) = ask(client, line, "2030-12-25T12:00", data).answers
    assert not answer.is_open
    assert answer.rule.startswith("public holiday of Poland: Christmas Day")
    line.refresh_from_db()
    assert not line.working_time_enabled
    page = reverse("admin:openlines_workingtime_calendar", args=[line.pk])
    assert "Correct this first" in client.post(page, data | {"holidays": "x"}).text


def test_who_may_see_the_line_may_ask_and_nobody_else(client: Client, line: OpenLine) -> None:
    page = reverse("admin:openlines_workingtime_calendar", args=[line.pk])
    country = reverse("admin:openlines_workingtime_country")
    client.force_login(make_employee(role="supervisor"))
    assert client.get(page).status_code == client.get(country, {"country": "DE"}).status_code == 200
    client.force_login(make_employee(role="operator"))
    assert client.get(page, follow=True).status_code == client.get(country, follow=True).status_code == 403


@pytest.mark.parametrize(
    "asked", ["", "tomorrow", "2030-12-31", "0001-01-01T00:00", "9999-12-31T23:59", "2030-12-31T14:30+05:00"]
)
def test_any_question_gets_a_page(client: Client, values: Values, line: OpenLine, asked: str) -> None:
    assert ask(client, line, asked, values()).answers
    assert ask(client, line, asked).answers


WARSAW = WorkingTime(
    zone="Europe/Warsaw",
    week=(*[parse_intervals("9-17")] * 4, parse_intervals("22-6"), (), parse_intervals("1:30-4")),
    days_off=frozenset({5}),
    holidays=(),
)


def test_two_weeks_name_rules_and_changes_of_the_clock() -> None:
    with translation.override("en"):
        found = calendar.look(WARSAW, now=datetime(2026, 3, 20, 12, tzinfo=UTC))
    days = {day.day.isoformat(): day for day in found.days}
    assert len(found.days) == calendar.DAYS
    assert found.days[0].is_today and found.days[0].hours == ["22:00–24:00"]
    assert (days["2026-03-21"].hours, days["2026-03-21"].rule) == (["00:00–06:00"], "day off")
    assert days["2026-03-21"].earlier == "with what runs on from Friday"
    assert days["2026-03-29"].clock == "The clocks go forward from 02:00 to 03:00."
    assert days["2026-03-29"].hours == ["01:30–04:00"]
    left, width = days["2026-03-29"].bars[0]
    assert width == pytest.approx(calendar.WIDTH * 1.5 / 23, abs=1)  # of a day of 23 hours
    assert left == pytest.approx(calendar.WIDTH * 1.5 / 23, abs=1)


def test_a_time_shown_twice_has_two_answers_and_a_skipped_one_the_next() -> None:
    with translation.override("en"):
        now = datetime(2026, 10, 20, 12, tzinfo=UTC)
        twice = calendar.look(WARSAW, now=now, asked=datetime.fromisoformat("2026-10-25T02:15"))
        skipped = calendar.look(WARSAW, now=now, asked=datetime.fromisoformat("2026-03-29T02:15"))
    assert [answer.when[-6:] for answer in twice.answers] == ["(CEST)", " (CET)"]
    assert "show this time twice" in twice.remark
    assert next(day for day in twice.days if day.is_asked).clock == "The clocks go back from 03:00 to 02:00."
    assert [answer.when for answer in skipped.answers] == ["Sunday, March 29, 2026, 03:00 (CEST)"]
    assert "skip this time; the next there is: 03:00." in skipped.remark


@pytest.mark.parametrize("typed", ["0:00-24:00", "00:00 - 00:00", "0-24", "00:00-23:59", "00:00–23:59"])
def test_around_the_clock_is_open_at_midnight_or_the_gap_is_told(
    client: Client, administrator: Employee, line: OpenLine, address: str, values: Values, typed: str
) -> None:
    week = {f"weekly_hours_{day}": typed for day in range(7)}
    page = client.post(
        address, values(hours_mode="weekly", time_zone="Europe/Warsaw", days_off=[], **week), follow=True
    ).text
    line.refresh_from_db()
    hours = settings.working_time_of(line)
    assert hours is not None
    start = datetime(2026, 3, 23, tzinfo=UTC)  # the week in which Warsaw's clocks change
    minutes = (start + timedelta(minutes=number) for number in range(7 * 24 * 60))
    is_closed = [at for at in minutes if not worktime.look(hours, at).is_open]
    assert bool(is_closed) == ("23:59" in typed) == ("Hours end at 23:59" in page)


def test_a_lunch_break_is_typed_once(
    client: Client, administrator: Employee, line: OpenLine, address: str, values: Values
) -> None:
    page = client.post(address, values(break_from="13:00", break_to="14:00"), follow=True).text
    assert "Monday–Friday 09:00–13:00, 14:00–18:00" in page
    line.refresh_from_db()
    hours = settings.working_time_of(line)
    assert hours is not None
    assert [str(interval) for interval in hours.week[0]] == ["09:00-13:00", "14:00-18:00"]


@pytest.mark.parametrize(
    ("typed", "field", "problem"),
    [
        ({"break_from": "13:00"}, "break_to", "A break has a beginning and an end"),
        ({"break_to": "13:00"}, "break_from", "A break has a beginning and an end"),
        ({"break_from": "08:00", "break_to": "10:00"}, "break_from", "does not lie within"),
        ({"break_from": "14:00", "break_to": "13:00"}, "break_from", "does not lie within"),
    ],
)
def test_a_break_that_cannot_be_is_refused_at_its_field(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    address: str,
    values: Values,
    typed: dict[str, str],
    field: str,
    problem: str,
) -> None:
    answer = client.post(address, values(**typed))
    assert problem in answer.context["form"].errors[field][0]
    line.refresh_from_db()
    assert not line.working_time_enabled


def test_the_weekdays_begin_with_the_hours_of_all_days(
    client: Client, administrator: Employee, line: OpenLine, address: str, values: Values
) -> None:
    client.post(address, values(hours_from="08:00", hours_to="16:00", break_from="12:00", break_to="12:30"))
    line.refresh_from_db()
    assert line.weekly_hours == {}
    week = client.get(address).context["form"]["weekly_hours"].value()
    assert week == {str(day): "08:00-12:00, 12:30-16:00" for day in range(5)}


def test_what_is_wrong_with_a_weekday_stands_at_that_day_alone(
    client: Client, administrator: Employee, line: OpenLine, address: str, values: Values
) -> None:
    week = {f"weekly_hours_{day}": "09:00-17:00" for day in range(7)} | {"weekly_hours_2": "9 to 5"}
    page = client.post(address, values(hours_mode="weekly", **week)).text
    assert page.count('aria-invalid="true"') == 1
    assert "weekly_hours_2_problem" in page
    assert 'value="9 to 5"' in page
