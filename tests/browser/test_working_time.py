"""The page "Working time" in a browser: what hides, exceptions by keyboard, countries, the calendar of what is typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from openlines.models import OpenLine
from tests.browser.test_accessibility import THE_FRAME_OF_UNFOLD
from tests.factories import make_employee
from tests.openlines.factories import make_line

LoggedIn = Callable[..., Page]


def opened(logged_in: LoggedIn, *, role: str = "administrator", **options: object) -> tuple[Page, OpenLine]:
    line = make_line(make_employee(), name="Teapots")
    page = logged_in(make_employee(role=role), **options)
    page.goto(reverse("admin:openlines_workingtimesettings_change", args=[line.pk]))
    return page, line


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def shown(page: Page, *names: str) -> list[bool]:
    return [page.locator(f"[data-field={name}]").is_visible() for name in names]


def ask(page: Page, when: str, answer: str) -> None:
    page.locator("#wt-at").fill(when)
    page.get_by_role("button", name="Check this moment").click()
    expect(page.locator("[data-answer]")).to_contain_text(answer)


def next_monday() -> date:
    today = timezone.localdate()
    return today + timedelta(days=7 - today.weekday())


def test_only_what_applies_is_shown(logged_in: LoggedIn) -> None:
    page, _line = opened(logged_in)
    fields = ("hours_mode", "hours_from", "weekly_hours", "holidays", "text_off_hours_en")
    assert shown(page, *fields) == [False] * 5
    expect(page.get_by_role("heading", name="Holidays and exceptions")).to_be_hidden()
    page.get_by_label("Set working hours").check()
    assert shown(page, *fields) == [True, True, False, True, True]
    page.get_by_label("for each weekday").check()
    assert shown(page, *fields) == [True, False, True, True, True]
    page.get_by_label("Do nothing").check()
    assert shown(page, *fields) == [True, False, True, True, False]
    page.get_by_label("Set working hours").uncheck()
    assert shown(page, *fields) == [False] * 5


def test_exceptions_are_added_and_removed_with_the_keyboard(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in)
    page.get_by_label("Set working hours").check()
    rows = page.locator("[data-exception]")
    expect(rows).to_have_count(0)
    for day, hours in (("2030-12-31", "9-13"), ("2030-12-24", "")):
        page.get_by_role("button", name="Add an exception").press("Enter")
        expect(rows.last.get_by_label("Date")).to_be_focused()
        rows.last.get_by_label("Date").fill(day)
        rows.last.get_by_label("Hours").fill(hours)
        rows.last.get_by_label("Note").fill("Holiday season")
    save(page)
    line.refresh_from_db()
    assert [(row["date"], row["hours"]) for row in line.date_exceptions] == [
        ("2030-12-24", ""),
        ("2030-12-31", "09:00-13:00"),
    ]
    page.get_by_role("button", name="Remove this exception").first.press("Enter")
    expect(page.get_by_role("button", name="Remove this exception")).to_be_focused()
    save(page)
    line.refresh_from_db()
    assert [row["date"] for row in line.date_exceptions] == ["2030-12-31"]


def test_a_country_brings_its_regions_and_its_holidays(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in)
    page.get_by_label("Set working hours").check()
    country, region = page.locator("[name=holiday_country]"), page.locator("[name=holiday_region]")
    country.select_option(label="Germany")
    region.select_option(label="Bayern")
    page.get_by_text("public holidays in the coming year").click()
    expect(page.locator("[data-coming] li").filter(has_text="Epiphany")).to_be_visible()
    region.focus()
    region.select_option(label="Berlin")
    expect(page.locator("[data-coming] li").filter(has_text="Women")).to_be_visible()
    expect(region).to_be_focused()
    save(page)
    line.refresh_from_db()
    assert (line.holiday_country, line.holiday_region) == ("DE", "BE")
    expect(page.get_by_text("Closed on the public holidays of Germany (Berlin).")).to_be_visible()


def test_the_calendar_answers_for_what_is_typed_and_not_saved(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in)
    monday = next_monday()
    ask(page, f"{monday}T03:00", "working hours are off")
    page.get_by_label("Set working hours").check()
    expect(page.locator("[data-calendar]")).to_contain_text("which are not saved yet")
    ask(page, f"{monday}T09:00", "hours of this weekday (Monday): 09:00–18:00")
    expect(page.locator("[data-answer] .ol-badge")).to_have_text("open")
    page.get_by_label("Holidays", exact=True).fill(f"{monday:%d.%m}")
    expect(page.locator("[data-answer]")).to_contain_text("holiday typed in the settings")
    expect(page.locator("[data-answer] .ol-badge")).to_have_text("closed")
    page.get_by_label("Holidays", exact=True).fill("Easter")
    expect(page.locator("[data-calendar]")).to_contain_text("Correct this first")
    line.refresh_from_db()
    assert not line.working_time_enabled
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“Easter” is no date.")).to_be_visible()


def test_who_may_only_read_asks_about_what_is_saved(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in, role="supervisor")
    OpenLine.objects.filter(pk=line.pk).update(working_time_enabled=True)
    ask(page, f"{next_monday()}T08:59", "It opens: 09:00.")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits(logged_in: LoggedIn, width: int, scheme: str) -> None:
    page, line = opened(logged_in, color_scheme=scheme, viewport={"width": width, "height": 900})
    OpenLine.objects.filter(pk=line.pk).update(
        working_time_enabled=True,
        hours_mode="weekly",
        weekly_hours={"0": "09:00-13:00, 14:00-18:00", "4": "22:00-06:00"},
        holidays="24.12",
        holiday_country="PL",
        date_exceptions=[{"date": "2030-12-31", "hours": "09:00-13:00", "note": "Stocktaking"}],
    )
    page.reload()
    for address in (None, reverse("admin:openlines_workingtime_calendar", args=[line.pk])):
        if address:
            page.goto(address)
        expect(page.locator(".wt-calendar tbody tr")).to_have_count(14)
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["id"] not in THE_FRAME_OF_UNFOLD] == []
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0
