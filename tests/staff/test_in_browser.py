"""The own state and the team in a real browser: buttons, running times, waking up, axe."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from contactcenter.staff import presence, work_days
from contactcenter.staff.models import Break, Employee, WorkDay
from tests.factories import make_department, make_employee
from tests.staff.makers import make_absence, make_tracked
from tests.waiting import wait_until

Opener = Callable[..., Page]


@pytest.fixture
def open_as(live_server: Any, browser: Browser) -> Iterator[Opener]:
    contexts = []

    def open_page(employee: Employee, address: str, **options: Any) -> Page:
        session = Client()
        session.force_login(employee)
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        cookie = session.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        page = context.new_page()
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


def faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def test_a_work_day_with_mouse_and_keyboard(open_as: Opener) -> None:
    anna = make_tracked()
    page = open_as(anna, reverse("staff:profile"))
    word = page.locator("#own-state")
    expect(word).to_contain_text("Work day not started")
    page.locator(".own-state > summary").click()
    page.get_by_role("button", name="Start the work day").click()
    expect(word).to_contain_text("At work")
    expect(word.locator("time")).to_have_text("0s")  # it runs
    expect(page.get_by_role("button", name="Take a break")).to_be_focused()  # where the button was
    expect(page.locator("#own-state-panel .htmx-added")).to_have_count(0)  # htmx knows it by now
    page.keyboard.press("Enter")
    expect(word).to_contain_text("On a break")
    wait_until(lambda: Break.objects.filter(employee=anna, ended_at=None).exists())
    WorkDay.objects.update(ended_at=timezone.now())  # in another tab, which ends the break too
    Break.objects.update(ended_at=timezone.now())
    page.get_by_role("button", name="Back from the break").click()
    expect(word).to_contain_text("Work day not started")
    page.keyboard.press("Escape")
    expect(page.locator("#own-state-panel")).to_be_hidden()


def test_a_refusal_is_read_where_the_button_was(open_as: Opener) -> None:
    anna = make_tracked()
    work_days.start_day(anna.pk, now=timezone.now())
    page = open_as(anna, reverse("staff:profile"))
    page.locator(".own-state > summary").click()
    expect(page.get_by_role("button", name="Take a break")).to_be_visible()
    WorkDay.objects.update(ended_at=timezone.now())
    page.get_by_role("button", name="Take a break").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Your work day has not started. Start it first, then take a break."
    )
    expect(page.get_by_role("button", name="Start the work day")).to_be_visible()


def test_a_forgotten_day_is_ended_by_its_own_time(open_as: Opener) -> None:
    anna = make_tracked()
    yesterday = timezone.localtime(timezone.now() - timedelta(days=1), anna.zone).replace(hour=9, minute=0)
    work_days.start_day(anna.pk, now=yesterday)
    page = open_as(anna, reverse("staff:profile"))
    page.locator(".own-state > summary").click()
    page.get_by_label("It ended at").fill(yesterday.strftime("%Y-%m-%dT17:30"))
    page.get_by_role("button", name="It ended then").click()
    expect(page.get_by_role("button", name="Start the work day")).to_be_visible()
    day = WorkDay.objects.get()
    assert timezone.localtime(day.ended_at, anna.zone).strftime("%H:%M") == "17:30"
    assert day.end_told_at is not None


@pytest.fixture
def awake(open_as: Opener) -> Page:
    """A page on a clock of its own, on which each sign of life is counted."""
    page = open_as(make_employee(), reverse("staff:profile"))
    page.clock.install()
    page.evaluate(
        """async () => {
            window.signs = 0;
            const { startPresence } = await import("/static/staff/presence.js");
            startPresence({ say: async () => { window.signs += 1; return true; } });
        }"""
    )
    return page


def signs(page: Page) -> int:
    return int(page.evaluate("window.signs"))


def test_an_open_desk_tells_of_itself_every_half_minute(awake: Page) -> None:
    assert signs(awake) == 1
    awake.clock.run_for(29_000)
    assert signs(awake) == 1
    awake.clock.run_for(2_000)
    assert signs(awake) == 2
    awake.clock.run_for(300_000)
    assert signs(awake) == 12


def test_a_laptop_that_wakes_tells_so_at_once_and_does_not_make_up_for_the_night(awake: Page) -> None:
    awake.clock.fast_forward(8 * 3600 * 1000)  # timers that came due fire once, as after sleep
    awake.clock.run_for(5_000)
    assert signs(awake) == 2


def test_a_tab_that_is_looked_at_again_tells_so_at_once(awake: Page) -> None:
    awake.clock.run_for(10_000)
    awake.evaluate("window.dispatchEvent(new Event('focus'))")
    assert signs(awake) == 2
    awake.evaluate("window.dispatchEvent(new Event('focus'))")  # several such events are one
    assert signs(awake) == 2


# -- how it looks


@pytest.fixture
def crew(transactional_db: None) -> Employee:
    """A head with people in every state; long names."""
    now = timezone.now()
    head = make_employee("head", first_name="Żaneta", last_name="Brzęczyszczykiewicz-Głowacka")
    top = make_department("Customer care", head=head)
    late = make_department("Evening shift of the customer care in Łódź", parent=top)
    resting = make_tracked(department=top, first_name="Bogdan", last_name="Break", position="Adviser")
    work_days.start_day(resting.pk, now=now - timedelta(hours=3))
    work_days.start_break(resting.pk, now=now - timedelta(minutes=12))
    busy = make_tracked(
        department=top,
        first_name="Wanda",
        last_name="Working",
        position="Senior adviser for returns and complaints",
    )
    work_days.start_day(busy.pk, now=now - timedelta(hours=2, minutes=10))
    presence.touch(busy.pk, now)
    forgot = make_tracked(department=top, first_name="Filip", last_name="Forgotten")
    work_days.start_day(forgot.pk, now=now - timedelta(days=1, hours=2))
    make_tracked(department=late, first_name="Nina", last_name="Not started")
    today = timezone.localdate()
    ill = make_employee(department=late, first_name="Leon", last_name="Leave", position="Adviser")
    make_absence(ill, str(today - timedelta(days=1)), str(today + timedelta(days=3)), kind="sick", note="flu")
    away = make_employee(department=late, first_name="Olga", last_name="Offline")
    presence.touch(away.pk, now - timedelta(hours=5))
    make_absence(away, str(today + timedelta(days=5)), str(today + timedelta(days=12)), starts_at_noon=True)
    make_absence(head, str(today + timedelta(days=5)), note="Moving house")
    make_absence(head, str(today - timedelta(days=30)), str(today - timedelta(days=26)))
    Employee.objects.filter(pk=head.pk).update(work_day_tracking="always")
    work_days.start_day(head.pk, now=now - timedelta(days=1, hours=4))
    work_days.end_day(head.pk, now=now, ended_at=now - timedelta(days=1))
    work_days.start_day(head.pk, now=now - timedelta(minutes=4))
    return head


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_axe_finds_nothing(
    open_as: Opener, crew: Employee, theme: str, size: tuple[int, int], tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("PICTURES", tmp_path))
    wide, high = size
    forgot = Employee.objects.get(last_name="Forgotten")
    for name, address in (
        ("team", reverse("staff:team")),
        ("person", reverse("staff:person", args=[forgot.pk])),
        ("absences", reverse("staff:own_absences")),
    ):
        page = open_as(crew, address, viewport={"width": wide, "height": high}, color_scheme=theme)
        expect(page.locator("#own-state")).to_contain_text("At work")
        assert page.evaluate("document.documentElement.scrollWidth") <= wide
        assert faults(page) == []
        page.screenshot(path=pictures / f"{name}-{wide}-{theme}.png", full_page=True)
        if name == "team":
            page.locator(".own-state > summary").click()
            expect(page.get_by_role("button", name="Take a break")).to_be_visible()
            assert faults(page) == []
            page.screenshot(path=pictures / f"panel-{wide}-{theme}.png")
