"""Names and messages are text, whatever is in them: on every screen that shows them."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

from openlines.models import Dialog
from tests.browser.conftest import Customers, Desks
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

NAME = "<img src=x onerror=alert(1)>"
MARKUP = """</script><script>alert(2)</script>"><svg onload=alert(3)> {{ 7*7 }} &lt;b&gt;"""
LINKS = "javascript:alert(4) http://good.example/?a=1&b=<i> data:text/html,<script>alert(5)</script>"


def test_markup_is_shown_as_it_was_written(
    desk: Desks, customer: Customers, logged_in: Callable[..., Page]
) -> None:
    """A dialog box, an error or a blocked script in any page fails the test (see ``contexts``)."""
    anna = make_employee(role="operator", first_name=NAME, last_name="<b>Lis</b>")
    line = make_line(anna, name=f"Line {NAME}")
    chat = make_connection(line, name=f"Chat {NAME}", options={"title": f"Title {MARKUP}"})
    hers = desk(anna)

    # On the desk: offer, list, conversation, client, typing.
    named = make_client(chat, name=NAME)
    write(named, MARKUP, now=timezone.now())
    write(named, LINKS, now=timezone.now())
    offer = hers.offer(NAME)
    expect(offer).to_contain_text("javascript:alert(4)")
    hers.accept(LINKS)
    expect(hers.log.get_by_text(MARKUP, exact=True)).to_be_visible()
    expect(hers.log.get_by_text(LINKS, exact=True)).to_be_visible()
    expect(hers.head.get_by_role("heading")).to_have_text(NAME)
    expect(hers.page.get_by_role("region", name="Client").get_by_role("heading", level=2)).to_have_text(NAME)
    harmless(hers.page)

    # In the customer's chat: the title, his own words, the operator's name and words, a quote of his.
    carl = customer(chat).visit_the_shop().open_the_chat()
    carl.write(MARKUP)
    hers.accept(MARKUP)
    carl.text.press_sequentially(NAME)
    expect(hers.talk.locator("[data-typing]")).to_contain_text(NAME)
    hers.text.fill(f"{MARKUP} {LINKS}")
    hers.text.press("Control+Enter")
    expect(carl.message(LINKS)).to_contain_text(MARKUP)
    expect(carl.chat.locator("[data-operator]")).to_have_text(f"{NAME} <b>Lis</b>")
    carl.write(LINKS)
    frame = carl.page.frames[-1]
    assert frame.locator("svg[onload], img[onerror], b, i, .log script").count() == 0
    hrefs = frame.locator(".log a").evaluate_all("links => links.map(link => link.href)")
    assert hrefs
    assert all(href.startswith("http://good.example/") for href in hrefs)

    # In the manager's list and on a dialog's page.
    listed = logged_in(make_employee(role="administrator"), viewport={"width": 1600, "height": 900})
    for address in (f"/dialogs/?line={line.pk}", f"/dialogs/{Dialog.objects.get(client=named).pk}/"):
        listed.goto(address)
        expect(listed.get_by_text(NAME).locator("visible=true").first).to_be_visible()
        harmless(listed)
    listed.goto(f"/dialogs/?q={NAME}<script>alert(6)</script>")
    expect(listed.get_by_role("searchbox")).to_have_value(re.compile("<script>"))
    harmless(listed)


def harmless(page: Page) -> None:
    """None of the markup has become an element, and none of the links leads to a script."""
    assert page.locator("[onerror], [onload], main script, main i:not(.typing i)").count() == 0
    schemes = page.locator("a").evaluate_all("links => [...new Set(links.map(link => link.protocol))]")
    assert set(schemes) <= {"http:", "https:", "mailto:", "tel:", "geo:"}
