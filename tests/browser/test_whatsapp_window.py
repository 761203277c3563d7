"""The 24-hour window before the operator's eyes, and a template by keyboard, through WhatsApp's fake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from openlines.connectors.whatsapp.fake import NUMBER, FakeWhatsApp
from openlines.services import dialogs
from tests.browser.conftest import Desks
from tests.browser.house import House
from tests.factories import make_employee
from tests.openlines.connectors.whatsapp.building import CREDENTIALS
from tests.openlines.factories import make_client, make_connection, make_line, write

PHONE = "16505551234"
SECONDS_LEFT = 12
DAY = 24 * 3600


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    with FakeWhatsApp() as fake:
        fake.add_template("opening_hours", "We are open from nine to five.")
        fake.add_template("order_news", "Hello {{1}}, your order {{2}} is on its way.\n\nYours, the shop")
        fake.add_template("picture", "Look!", parts=[{"type": "HEADER", "format": "IMAGE"}])
        yield fake


def test_it_closes_live_a_template_goes_by_keyboard_and_his_answer_opens_it(
    house: House, whatsapp: FakeWhatsApp, desk: Desks
) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    connection = make_connection(
        make_line(anna, greeting_enabled=False, name_before_text=False),
        kind="whatsapp",
        account_key=NUMBER,
        base_url=whatsapp.url,
        credentials=CREDENTIALS,
    )
    carl = make_client(connection, PHONE, name="Carl Bell", phone=f"+{PHONE}")
    whatsapp.customer(PHONE, "Carl Bell").wrote_at = time.time() - DAY + SECONDS_LEFT
    then = timezone.now() - timedelta(seconds=DAY - SECONDS_LEFT)
    dialog = dialogs.take_over(write(carl, "Is it in stock?", now=then).dialog.pk, by=anna, now=then)

    hers = desk(anna).open(dialog.pk)
    keys = hers.page.keyboard
    expect(hers.gate).to_contain_text("You can write freely until")
    hers.text.fill("It is, and")
    expect(hers.gate).to_contain_text("too long ago for a free text")  # without a reload
    expect(hers.text).to_have_value("It is, and")
    expect(hers.talk.get_by_role("button", name="Reply", exact=True)).to_be_disabled()

    keys.press("Escape")
    keys.press("m")
    window = hers.page.get_by_role("dialog", name="Action")
    search = window.get_by_role("searchbox")
    expect(search).to_be_focused()
    expect(window).to_contain_text("1 template cannot be sent from here")
    keys.type("order")
    expect(window.get_by_role("radio")).to_have_count(1)
    keys.press("Enter")
    expect(window.get_by_label("In the place of 1")).to_have_value("Carl Bell")
    expect(window.get_by_label("In the place of 2")).to_be_focused()
    keys.type("17")
    expect(window.get_by_role("group", name="As the client reads it")).to_contain_text(
        "Hello Carl Bell, your order 17 is on its way."
    )
    keys.press("Enter")
    expect(window).to_be_hidden()
    sent = hers.bubble("Hello Carl Bell, your order 17 is on its way.")
    expect(sent).to_contain_text("Template “order_news”")
    expect(sent.locator(".delivery")).to_have_attribute("title", "Sent")
    (message,) = whatsapp.customers[PHONE].messages
    assert message["template"]["name"] == "order_news"
    assert [one["text"] for one in message["template"]["components"][0]["parameters"]] == ["Carl Bell", "17"]

    answer = whatsapp.message(PHONE, "text", {"body": "Thank you!"})
    hook = house.address + reverse("openlines:hook", args=["whatsapp", connection.public_id])
    contacts = [whatsapp.customers[PHONE].as_contact()]
    assert whatsapp.deliver(hook, whatsapp.delivery(messages=[answer], contacts=contacts)) == 200
    expect(hers.bubble("Thank you!")).to_be_visible()
    expect(hers.gate.locator("[data-window-state]")).to_have_count(0)
    keys.press("r")
    expect(hers.text).to_have_value("It is, and")
    hers.write("It is, and it leaves today.")
    expect(hers.bubble("it leaves today").locator(".delivery")).to_have_attribute("title", "Sent")
    assert whatsapp.customers[PHONE].messages[-1]["text"]["body"] == "It is, and it leaves today."
