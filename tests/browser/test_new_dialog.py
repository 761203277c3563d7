"""Writing to somebody first, by keyboard alone: a stranger by template through WhatsApp's fake, and a client whose dialog
is open already.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from openlines.connectors.whatsapp.fake import NUMBER, FakeWhatsApp
from openlines.models import Dialog, Message
from openlines.services import dialogs
from tests.browser.conftest import Desks
from tests.factories import make_employee
from tests.openlines.connectors.whatsapp.building import CREDENTIALS
from tests.openlines.factories import make_client, make_connection, make_line, write


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    with FakeWhatsApp() as fake:
        fake.add_template("hello", "Hello {{customer_name}}, this is the shop.")
        fake.add_template("order_news", "Your order {{1}} is on its way.")
        yield fake


def test_a_stranger_by_template_and_a_client_whose_dialog_is_open(
    whatsapp: FakeWhatsApp, desk: Desks
) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    line = make_line(anna, greeting_enabled=False, name_before_text=False)
    numbers = make_connection(
        line, kind="whatsapp", account_key=NUMBER, base_url=whatsapp.url, credentials=CREDENTIALS
    )
    bot = make_connection(line, kind="telegram", name="Bot of the shop", is_active=False)
    hers = desk(anna)
    keys = hers.page.keyboard

    keys.press("c")
    window = hers.page.get_by_role("dialog", name="Action")
    to = window.get_by_role("combobox", name="To")
    found = window.get_by_role("listbox", name="Clients").get_by_role("option")
    expect(to).to_be_focused()
    assert not Axe().run(hers.page).violations_count
    keys.type("600 100 200")
    keys.press("Tab")
    expect(window.get_by_role("searchbox")).to_be_focused()
    keys.type("hello")
    keys.press("Enter")
    expect(window.get_by_label("In the place of customer name")).to_be_focused()
    keys.type("Carl")
    keys.press("Enter")
    expect(window.get_by_role("alert")).to_contain_text(
        "with its country code"
    )  # everything stands there still
    to.fill("+48 600 100 200")
    keys.press("Control+Enter")
    expect(window).to_be_hidden()
    expect(hers.bubble("Hello Carl, this is the shop.").locator(".delivery")).to_have_attribute(
        "title", "Sent"
    )
    (message,) = whatsapp.customers["48600100200"].messages
    (value,) = message["template"]["components"][0]["parameters"]
    assert (value["text"], value["parameter_name"]) == ("Carl", "customer_name")
    started = Dialog.objects.get(connection=numbers)
    assert (started.operator, started.state) == (anna, Dialog.State.ANSWERED)

    # A known client, found by his name; his dialog is open, so that it opens with the text as its draft.
    then = timezone.now() - timedelta(minutes=1)
    eve = make_client(numbers, "48600100300", name="Eve Żółć", phone="+48600100300")
    dialog = dialogs.take_over(write(eve, "Is it there?", now=then).dialog.pk, by=anna, now=then)
    keys.press("Escape")
    keys.press("c")
    expect(to).to_be_focused()
    keys.type("żół")
    expect(found).to_contain_text("has an open dialog")
    keys.press("ArrowDown")
    assert not Axe().run(hers.page).violations_count
    keys.press("Escape")  # the list, not the window
    expect(found).to_have_count(0)
    expect(window).to_be_visible()
    to.press_sequentially("ć")
    expect(found).to_be_visible()
    keys.press("ArrowDown")
    expect(found).to_have_attribute("aria-selected", "true")
    keys.press("Enter")
    expect(to).to_have_value("Eve Żółć")
    expect(window).to_contain_text(f"No. {dialog.number}")
    keys.press("Tab")
    expect(window.get_by_role("textbox", name="Message")).to_be_focused()
    keys.type("It is.")
    keys.press("Control+Enter")
    expect(window).to_be_hidden()
    expect(hers.bubble("Is it there?")).to_be_visible()
    expect(hers.text).to_have_value("It is.")
    expect(hers.text).to_be_focused()
    expect(hers.toasts).to_contain_text("Nothing was sent")
    assert not Message.objects.filter(dialog=dialog, author="operator").exists()
    assert not Dialog.objects.filter(connection=bot).exists()
