"""What the people of the tests have before them: an operator's desk, a customer's page. All in the reader's words."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.urls import reverse
from playwright.sync_api import FrameLocator, Locator, Page, expect

from contactcenter.staff.models import Employee
from openlines.models import Connection


class Desk:
    """An operator at /desk/, logged in."""

    def __init__(self, page: Page, employee: Employee) -> None:
        self.page = page
        self.employee = employee
        self.status = page.locator("[data-live-status]")
        self.offers = page.locator("[data-offer]")
        self.rows = page.locator("[data-keyed=rows] li")
        self.talk = page.get_by_role("region", name="Conversation", exact=True)
        self.log = self.talk.get_by_role("log")
        self.head = self.talk.locator("[data-part=head]")
        self.gate = self.talk.locator("[data-gate]")
        self.text = self.talk.get_by_role("textbox", name="Your message")
        self.notice = self.talk.locator("[data-composer-notice]")
        self.toasts = page.locator("[data-toasts]")
        self.connection = page.locator("p[data-connection]")

    def open(self, dialog_id: int | None = None) -> Desk:
        """Returns when its event stream is there: from now on nothing needs a reload."""
        address = reverse("workspace:dialog", args=[dialog_id]) if dialog_id else reverse("workspace:desk")
        self.page.goto(address)
        self.is_live()
        return self

    def is_live(self) -> None:
        expect(self.status).to_have_attribute("data-status", "live")
        expect(self.status.locator("[data-live-words]")).to_have_text(
            re.compile(r"^up to date at \d\d:\d\d:\d\d$")
        )

    def offer(self, words: str) -> Locator:
        return self.offers.filter(has_text=words)

    def row(self, words: str) -> Locator:
        return self.rows.filter(has_text=words)

    def bubble(self, words: str | re.Pattern[str]) -> Locator:
        return self.log.locator(".item:not(.item--event)").filter(has_text=words)

    def accept(self, words: str) -> None:
        """With the mouse, from the list; the dialog opens."""
        self.offer(words).get_by_role("button", name="Accept").click()
        expect(self.bubble(words)).to_be_visible()
        expect(self.text).to_be_focused()

    def write(self, text: str) -> None:
        """With the keyboard; returns when the server has it."""
        self.text.fill(text)
        self.text.press("Control+Enter")
        expect(self.bubble(text)).to_have_count(1)
        expect(self.bubble(text).locator(".delivery")).to_be_attached()

    def finish(self) -> None:
        self.head.get_by_role("button", name="Finish").click()
        expect(self.gate).to_contain_text("Finished.")


class Customer:
    """A visitor with the chat before him: in the frame on somebody's page, or on the chat's own page."""

    def __init__(self, page: Page, connection: Connection, *, house: str, shop: str) -> None:
        self.page = page
        self._chat = f"{house}{reverse('widget:direct', args=[connection.public_id])}"
        self._shop = shop
        self.chat: Page | FrameLocator = page

    def visit_the_shop(self) -> Customer:
        loader = f"{self._chat}loader.js"
        self.page.goto(f"{self._shop}/?{urlencode({'loader': loader})}")
        self.chat = self.page.frame_locator("iframe.frame")
        return self

    def open_the_chat(self, *, in_a_hurry: bool = False) -> Customer:
        """By the button on the shop's page. ``in_a_hurry``: before the server has said who the customer is."""
        self.page.get_by_role("button", name="Open the chat").click()
        if in_a_hurry:
            expect(self.text).to_be_visible()
            return self
        return self._has_begun()

    def follow_the_link(self) -> Customer:
        """To the chat without a site around it."""
        self.page.goto(self._chat)
        self.chat = self.page
        return self._has_begun()

    def _has_begun(self) -> Customer:
        """The field is there before the script that sends what is written in it."""
        expect(self.text).to_be_visible()
        expect(self.log).to_have_attribute("aria-live", "polite")
        return self

    @property
    def text(self) -> Locator:
        return self.chat.get_by_role("textbox", name="Message")

    @property
    def log(self) -> Locator:
        return self.chat.get_by_role("log", name="Conversation")

    def message(self, words: str) -> Locator:
        return self.log.locator(".message").filter(has_text=words)

    def write(self, text: str) -> None:
        """Returns when the server has it."""
        self.text.fill(text)
        self.text.press("Enter")
        own = self.message(text).and_(self.log.locator(".message--client"))
        expect(own).to_have_count(1)
        expect(own.locator(".message__mark")).to_have_attribute("title", re.compile("Delivered|Read"))
