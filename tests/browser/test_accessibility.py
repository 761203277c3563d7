"""axe finds nothing on any screen, light and dark, wide and narrow (WCAG 2.2 AA)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from contactcenter.staff.models import Employee
from openlines.models import Dialog
from openlines.services import dialogs
from openlines.services.dialogs import Reply
from tests.browser.conftest import Contexts
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

THE_FRAME_OF_UNFOLD = ("landmark-one-main", "region")
"""Of the admin's pages around ours: it has no main landmark (moderate, and not WCAG's)."""

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Place:
    """A dialog with a bit of everything, one that is offered, and who looks at them."""

    anna: Employee
    leader: Employee
    dialog: Dialog

    def addresses(self) -> dict[str, tuple[Employee | None, str]]:
        chat = self.dialog.connection
        return {
            "log-in": (None, reverse("staff:login")),
            "desk with a dialog": (self.anna, reverse("workspace:dialog", args=[self.dialog.pk])),
            "empty desk": (self.leader, reverse("workspace:desk")),
            "dialogs": (self.leader, f"{reverse('kpi:dialogs')}?line={self.dialog.line_id}"),
            "a dialog's page": (self.leader, reverse("kpi:dialog", args=[self.dialog.pk])),
            "contact centre": (self.leader, reverse("centre:home")),
            "a line's queue": (
                self.leader,
                reverse("admin:openlines_queuesettings_change", args=[self.dialog.line_id]),
            ),
            "live chat": (None, reverse("widget:frame", args=[chat.public_id])),
        }


@pytest.fixture
def place() -> Place:
    anna = make_employee(role="operator", first_name="Anna", last_name="Nowak")
    line = make_line(anna)
    chat = make_connection(line)
    client = make_client(chat, name="Zażółć Gęślą-Jaźń", language="pl")
    now = timezone.now()
    dialog = write(client, "Where is my parcel? See http://shop.example/orders/17", now=now).dialog
    dialogs.accept(dialog.pk, by=anna, now=now)
    dialogs.reply(dialog.pk, Reply(uuid=uuid4(), text="On its way."), by=anna, now=now)
    dialogs.reply(dialog.pk, Reply(uuid=uuid4(), text="He has asked before.", is_note=True), by=anna, now=now)
    write(client, "Still?", now=now)
    write(make_client(chat, name="Bożena Ż."), "Anybody there?", now=now)
    leader = make_employee(role="administrator", first_name="Ewa", last_name="Zając")
    return Place(
        anna=anna, leader=leader, dialog=Dialog.objects.select_related("connection").get(pk=dialog.pk)
    )


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing(
    place: Place, theme: Theme, width: int, contexts: Contexts, logged_in: Callable[..., Page]
) -> None:
    pages: dict[Employee | None, Page] = {}
    found = {}
    for name, (reader, address) in place.addresses().items():
        if reader not in pages:
            options = {
                "color_scheme": theme,
                "reduced_motion": "reduce",
                "viewport": {"width": width, "height": 850},
            }
            pages[reader] = logged_in(reader, **options) if reader else contexts(**options).new_page()
        page = pages[reader]
        page.goto(address)
        expect(page.locator("h1, h2").first).to_be_attached()
        passed_over = THE_FRAME_OF_UNFOLD if address.startswith("/admin/") else ()
        report = Axe().run(page, options={"rules": {rule: {"enabled": False} for rule in passed_over}})
        if report.violations_count:
            found[name] = report.generate_report()
    assert not found, "\n\n".join(f"{name}: {report}" for name, report in found.items())
