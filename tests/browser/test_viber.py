"""Connecting Viber: it calls our address while we still wait for its answer, and the server has one process."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import Page, expect

from openlines.connectors.viber.fake import TOKEN, FakeViber
from openlines.models import Connection, InboundEvent, Message
from tests.browser.house import House
from tests.factories import make_employee
from tests.openlines.factories import make_line
from tests.waiting import wait_until

WHO = "01234567890A="


WELCOME = "Hello! What can we do for you?"


def test_an_administrator_connects_a_bot_and_a_client_writes(
    house: House, logged_in: Callable[..., Page]
) -> None:
    line = make_line(make_employee(), greeting_enabled=False)
    page = logged_in(make_employee(role="administrator"))
    with FakeViber() as viber:
        page.goto(f"{reverse('admin:openlines_connection_add')}?kind=viber")
        page.locator("[name=name]").fill("Shop")
        page.locator("[name=line]").select_option(str(line.pk))
        page.locator("[name=credential_token]").fill(TOKEN)
        page.locator("[name=credential_welcome]").fill(WELCOME)
        page.locator("details:has([name=base_url]) > summary").click()
        page.locator("[name=base_url]").fill(viber.url)
        page.locator("[name=base_url]").press("Enter")
        expect(page.get_by_text(f"Viber delivers the messages to {viber.name} here.")).to_be_visible()
        made = Connection.objects.get(line=line)
        assert str(made.public_id) in viber.webhook
        assert [status for status, _, _ in viber.answered] == [200]
        assert InboundEvent.objects.filter(connection=made).count() == 1
        viber.open_chat(WHO)
        assert WELCOME.encode() in viber.answered[-1][2]
        viber.write(WHO, "Good morning")
        wait_until(lambda: Message.objects.filter(connection=made, text="Good morning").exists(), seconds=15)
