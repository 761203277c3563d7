"""The pages of a line in a real browser: the queue by mouse and by keyboard, what hides, what the client will read."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from openlines.models import OpenLine, QueueEntry
from tests.conftest import ASYNC_UNSAFE
from tests.factories import make_department, make_employee
from tests.openlines.factories import make_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OF_UNFOLD = ("region", "landmark-unique", "landmark-one-main")
"""What the admin's own frame is reproached with."""


@pytest.fixture
def line(transactional_db: None) -> OpenLine:
    make_employee(first_name="Ewa", last_name="Found")
    make_employee(first_name="Eve", department=make_department("Evening shift"))
    return make_line(*(make_employee(first_name=name) for name in ("Adam", "Beata", "Celina")), name="Shop")


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, line: OpenLine) -> Iterator[Page]:
    """An administrator's, logged in."""
    os.environ[ASYNC_UNSAFE] = "1"
    session = Client()
    session.force_login(make_employee(role="administrator"))
    cookie = session.cookies[settings.SESSION_COOKIE_NAME].value
    with browser.new_context(base_url=live_server.url) as context:
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        opened = context.new_page()
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        yield opened
        assert errors == []


def first_names(page: Page) -> list[str]:
    return [name.split()[0] for name in page.locator(".ol-member__name").all_inner_texts()]


def block(name: str, line: OpenLine) -> str:
    return reverse(f"admin:openlines_{name}settings_change", args=[line.pk])


def test_the_queue_is_put_in_order_by_keyboard_and_by_dragging(page: Page, line: OpenLine) -> None:
    page.goto(block("queue", line))
    assert first_names(page) == ["Adam", "Beata", "Celina"]
    page.locator("[data-down]").first.focus()
    page.keyboard.press("Enter")
    assert first_names(page) == ["Beata", "Adam", "Celina"]
    expect(page.locator("[data-said]")).to_contain_text("is now at place 2 of 3")
    page.keyboard.press("ArrowDown")  # the focus stays with who was moved
    assert first_names(page) == ["Beata", "Celina", "Adam"]
    grips = page.locator("[data-list] [data-grip]")
    first, last = grips.nth(0).bounding_box(), grips.nth(2).bounding_box()
    assert first and last
    page.mouse.move(last["x"] + 5, last["y"] + 5)
    page.mouse.down()
    page.mouse.move(first["x"] + 5, first["y"] - 3, steps=10)
    page.mouse.up()
    assert first_names(page) == ["Adam", "Beata", "Celina"]
    page.locator("[data-down]").first.click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    saved = [str(entry).split()[0] for entry in QueueEntry.objects.filter(line=line)]
    assert saved == first_names(page) == ["Beata", "Adam", "Celina"]


def test_people_and_departments_are_added_from_one_box_without_a_mouse(page: Page, line: OpenLine) -> None:
    page.goto(block("queue", line))
    page.get_by_role("combobox", name="Add an employee or a department").fill("ev")
    expect(page.locator("#queue-found li")).to_have_count(2)  # the shift and Eve
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert first_names(page)[-1] == "Evening"
    expect(page.locator(".ol-people li")).to_have_count(4)  # with Eve, before anything is saved
    assert QueueEntry.objects.filter(line=line).count() == 3
    page.get_by_role("button", name="Remove: Evening shift").press("Enter")
    expect(page.locator(".ol-people li")).to_have_count(3)


def test_what_does_not_apply_hides_at_once(page: Page, line: OpenLine) -> None:
    page.goto(block("queue", line))
    idle, limit = page.locator("[data-field=idle_time]"), page.locator("[data-field=limit]")
    expect(idle).to_be_visible()
    expect(limit).to_be_hidden()
    page.get_by_label("To all at once").check()
    page.get_by_label("Limit simultaneous dialogs").check()
    expect(idle).to_be_hidden()
    expect(limit).to_be_visible()
    page.goto(block("automaticactions", line))
    own = page.locator("[name=wrap_up_1]")
    expect(own).to_be_hidden()
    page.locator("[name=wrap_up_0]").select_option("own")
    expect(own).to_be_visible()


def test_a_text_shows_as_the_client_will_read_it(page: Page, line: OpenLine) -> None:
    page.goto(block("automaticactions", line))
    text = page.locator("[data-field=text_greeting_en]")
    expect(text.get_by_role("textbox")).to_be_hidden()
    expect(text.get_by_text("ready text", exact=True)).to_be_visible()
    text.locator("summary").click()
    text.get_by_role("textbox").fill("Welcome to ")
    text.get_by_role("button", name="#LINE#").click()
    expect(text.locator("[data-preview]")).to_have_text("Welcome to Shop")
    expect(text.locator("[data-origin]")).to_have_text("own text")
    text.get_by_role("button", name="Back to the ready text").click()
    expect(text.locator("[data-preview]")).to_contain_text("Thank you for writing to us")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_faults_of_access(page: Page, line: OpenLine, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    addresses = [block(name, line) for name in ("queue", "automaticactions", "other")]
    addresses += [
        reverse("admin:openlines_openline_history", args=[line.pk]),
        reverse("admin:openlines_connection_add") + "?kind=telegram",
        reverse("centre:home"),
    ]
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found = [v["id"] for v in Axe().run(page).response["violations"] if v["id"] not in OF_UNFOLD]
        assert found == [], address
