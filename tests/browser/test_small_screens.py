"""Every own page on a phone and at 400 % zoom (320 CSS pixels): nothing runs off the side, and the work keeps its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from openlines.models import Dialog, Message
from openlines.services import dialogs
from tests.browser.people import Desk
from tests.factories import make_employee
from tests.openlines.factories import answer, make_client, make_connection, make_line, write

LEAST_CONVERSATION = 100
"""Pixels of 256."""

TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter(node => node.checkVisibility() && !node.closest("table, .topbar nav, .visually-hidden, .skip-link, .clip > *"))
  .filter(node => { const box = node.getBoundingClientRect(); return box.width > 1 && box.right > innerWidth + 1; })
  .map(node => node.outerHTML.slice(0, 120))"""


@pytest.fixture
def dialog() -> Dialog:
    boss = make_employee(role="administrator", first_name="Magdalena", last_name="Wielkopolska-Chrząszcz")
    chat = make_connection(make_line(boss, name="Sklep internetowy z kawą i herbatą"))
    now = timezone.now()
    written = write(make_client(chat, name="Grzegorz Brzęczyszczykiewicz"), "Dzień dobry!", now=now)
    held = dialogs.accept(written.dialog.pk, by=boss, now=now)
    answer(held, boss, "https://shop.example/" + "a" * 200, now=now)
    return held


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 256)])
def test_nothing_runs_off_the_side(
    dialog: Dialog, width: int, height: int, logged_in: Callable[..., Page]
) -> None:
    assert dialog.operator is not None
    page = logged_in(dialog.operator, viewport={"width": width, "height": height}, locale="pl")
    message = Message.objects.filter(dialog=dialog, author=Message.Author.OPERATOR).get()
    wrong = {}
    for address in (
        reverse("workspace:desk"),
        reverse("workspace:dialog", args=[dialog.pk]),
        reverse("workspace:journey", args=[dialog.pk, message.pk]),
        reverse("kpi:dialogs"),
        reverse("kpi:dialog", args=[dialog.pk]),
        reverse("kpi:ratings"),
        reverse("kpi:fairness"),
        reverse("centre:home"),
        reverse("staff:team"),
        reverse("staff:profile"),
        reverse("staff:own_absences"),
    ):
        page.goto(address)
        expect(page.locator("h1, h2").first).to_be_attached()
        found = page.evaluate(TOO_WIDE)
        scrolls = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
        if found or scrolls:
            wrong[address] = found or "scrolls"
        for menu in page.locator(".topbar details[data-menu] > summary").all():
            menu.click()
            panel = menu.locator("xpath=..").locator(".menu__panel")
            box = panel.bounding_box()
            if box and not (box["x"] >= 0 and box["x"] + box["width"] <= width):
                wrong[f"{address} {menu.inner_text()}"] = box
            page.keyboard.press("Escape")
    assert not wrong


def test_the_conversation_keeps_its_place_at_the_largest_zoom(
    dialog: Dialog, logged_in: Callable[..., Page]
) -> None:
    assert dialog.operator is not None
    page = logged_in(dialog.operator, viewport={"width": 320, "height": 256})
    his = Desk(page, dialog.operator).open(dialog.pk)
    box = his.log.bounding_box()
    assert box and box["height"] >= LEAST_CONVERSATION
    his.write("Short")


def test_filters_fold_away_on_a_phone(dialog: Dialog, logged_in: Callable[..., Page]) -> None:
    assert dialog.operator is not None
    page = logged_in(dialog.operator, viewport={"width": 390, "height": 844})
    page.goto(reverse("kpi:dialogs"))
    state = page.get_by_label("State")
    expect(state).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    expect(state).to_be_visible()
    page.set_viewport_size({"width": 1024, "height": 768})
    expect(page.get_by_role("button", name="Filters")).to_be_hidden()
    expect(state).to_be_visible()
