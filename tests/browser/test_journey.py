"""What happened to a message: from the desk by keyboard, from a dialog's page; ids can be copied; axe finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from contactcenter.staff.models import Employee
from openlines.models import Connection, Dialog, Message, MessageMark, OutboxItem, Shown
from openlines.services import dialogs, pausing
from openlines.services.dialogs import Reply
from tests.browser.conftest import Desks
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write


@pytest.fixture
def anna() -> Employee:
    return make_employee(role="operator", first_name="Anna", last_name="Nowak")


@pytest.fixture
def dialog(anna: Employee) -> Dialog:
    """A message that came, one that was sent after some trouble, one that waits; the connection stands still."""
    now = timezone.now()
    line = make_line(anna, name="Shop", greeting_enabled=False)
    whatsapp = make_connection(line, "whatsapp", name="WhatsApp of the shop", paused_reason="Not yet.")
    client = make_client(whatsapp, "4711", name="Zażółć Gęślą-Jaźń")
    asked = write(client, "Where is my parcel?", now=now - timedelta(seconds=400), external_id="wamid.IN1")
    dialog = asked.dialog
    dialogs.accept(dialog.pk, by=anna, now=now - timedelta(seconds=380))
    Shown.objects.create(
        dialog=dialog, employee=anna, seq=asked.seq, at=now - timedelta(seconds=377, milliseconds=250)
    )
    words = ("It left our house on Monday and is in your town now.", "Shall we call you?", "Or write?")
    sent, _waits, _behind = (
        dialogs.reply(
            dialog.pk, Reply(uuid=uuid4(), text=text), by=anna, now=now - timedelta(seconds=300 - place)
        )
        for place, text in enumerate(words)
    )
    at = (now - timedelta(seconds=295)).isoformat()
    OutboxItem.objects.filter(message=sent).update(
        state="done",
        log=[
            {"at": at, "outcome": "TryLater", "detail": "WhatsApp is busy.", "ms": 310, "http": [500]},
            {
                "at": (now - timedelta(seconds=290)).isoformat(),
                "outcome": "Sent",
                "detail": "",
                "ms": 188,
                "http": [200],
                "ids": ["wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"],
            },
        ],
    )
    external_id = "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"
    Message.objects.filter(pk=sent.pk).update(delivery="read", external_id=external_id)
    for status, seconds in (("delivered", 285), ("read", 200)):
        heard = now - timedelta(seconds=seconds)
        MessageMark.objects.create(
            message=sent, status=status, at=heard - timedelta(seconds=2), heard_at=heard
        )
    reason = "WhatsApp refuses the access token. Make a new one and paste it."
    # It stays paused all the time: the house's workers would send at once.
    Connection.objects.filter(pk=whatsapp.pk).update(
        paused_reason=reason, last_error=reason, last_error_at=now - timedelta(seconds=250)
    )
    return Dialog.objects.get(pk=dialog.pk)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_the_window(
    dialog: Dialog, anna: Employee, logged_in: Callable[..., Page], theme: str, size: tuple[int, int]
) -> None:
    page = logged_in(
        anna, color_scheme=theme, reduced_motion="reduce", viewport={"width": size[0], "height": size[1]}
    )
    page.goto(reverse("workspace:dialog", args=[dialog.pk]))
    expect(page.locator("[data-hold]")).to_contain_text("Messages wait: the channel does not let us in")
    bubble = page.locator(".item", has_text="It left our house")
    bubble.hover()
    bubble.get_by_role("button", name="What happened to this message").click()
    window = page.get_by_role("dialog")
    expect(window).to_contain_text("The client has read it.")
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
    page.keyboard.press("Escape")
    bubble = page.locator(".item", has_text="Or write?")
    bubble.hover()
    bubble.get_by_role("button", name="What happened to this message").click()
    expect(window).to_contain_text("It has not left yet.")
    page.goto(
        reverse("workspace:journey", args=[dialog.pk, dialog.messages.get(text__startswith="It left").pk])
    )
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()


def test_by_keyboard_from_the_desk_to_an_id_in_the_clipboard(
    dialog: Dialog, anna: Employee, desk: Desks
) -> None:
    at_desk = desk(anna).open(dialog.pk)
    page = at_desk.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opener = at_desk.bubble("It left our house").get_by_role("button", name="What happened to this message")
    opener.focus()
    page.keyboard.press("Enter")
    window = page.get_by_role("dialog")
    expect(window).to_contain_text("Attempt 2: accepted by WhatsApp")
    window.get_by_role("button", name="Copy: id at the provider").focus()
    page.keyboard.press("Enter")
    expect(window.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("wamid.HBgL")
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    expect(opener).to_be_focused()


def test_from_a_waiting_message_to_the_one_before_it(dialog: Dialog, anna: Employee, desk: Desks) -> None:
    at_desk = desk(anna).open(dialog.pk)
    opener = at_desk.bubble("Or write?").get_by_role("button", name="What happened to this message")
    opener.focus()
    opener.press("Enter")
    window = at_desk.page.get_by_role("dialog")
    expect(window).to_contain_text("has to leave first")
    window.get_by_role("link", name="What happened to that one").click()
    expect(window).to_contain_text("is paused: WhatsApp refuses the access token.")
    expect(window).not_to_contain_text("has to leave first")


def test_the_hold_goes_from_the_screen_when_the_connection_is_mended(
    dialog: Dialog, anna: Employee, desk: Desks
) -> None:
    at_desk = desk(anna).open(dialog.pk)
    expect(at_desk.page.locator("[data-hold]")).to_be_visible()
    Connection.objects.filter(pk=dialog.connection_id).update(paused_reason="", last_error="")
    pausing.tell_desks(dialog.connection_id)
    expect(at_desk.page.locator("[data-hold]")).to_have_count(0)


def test_what_the_desk_shows_is_written_down(dialog: Dialog, anna: Employee, desk: Desks) -> None:
    newest = write(dialog.client, "Hello??", now=timezone.now())
    at_desk = desk(anna).open(dialog.pk)
    opener = at_desk.bubble("Hello??").get_by_role("button", name="What happened to this message")
    opener.focus()
    window = at_desk.page.get_by_role("dialog")
    with at_desk.page.expect_response(lambda answer: answer.url.endswith("/seen/")):
        at_desk.page.reload()
    opener.press("Enter")
    expect(window).to_contain_text("On the screen of Anna Nowak")
    assert Shown.objects.filter(dialog=dialog, seq=newest.seq, employee=anna).count() == 1


def test_from_a_dialogs_page(dialog: Dialog, logged_in: Callable[..., Page]) -> None:
    leader = make_employee(role="administrator", first_name="Ewa", last_name="Zając")
    page = logged_in(leader, viewport={"width": 1440, "height": 900})
    page.goto(reverse("kpi:dialog", args=[dialog.pk]))
    bubble = page.locator(".item", has_text="Where is my parcel?")
    bubble.hover()
    expect(bubble.get_by_role("button", name="Quote")).to_be_hidden()
    bubble.get_by_role("button", name="What happened to this message").click()
    expect(page.get_by_role("dialog")).to_contain_text("Received; 1 person has had it on the screen.")
