"""An operator changes, deletes and sends again what he wrote, by keyboard; the client's page follows without a reload."""

from __future__ import annotations

import re

from django.utils import timezone
from playwright.sync_api import Locator, expect

from openlines.connectors.telegram.fake import dies, refuse
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Dialog, Message
from openlines.services import dialogs
from tests.browser.conftest import Customers, Desks
from tests.browser.house import House
from tests.browser.people import Desk
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write
from tests.waiting import wait_until


def editing_of(desk: Desk) -> Locator:
    return desk.talk.locator("[data-editing]")


def test_a_message_is_edited_and_deleted_by_keyboard_while_the_client_looks(
    desk: Desks, customer: Customers
) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    chat = make_connection(make_line(anna))
    hers = desk(anna)
    carl = customer(chat).follow_the_link()
    carl.write("When does it come?")
    hers.accept("When does it come?")
    hers.write("It comes tomorow.")
    expect(carl.message("It comes tomorow.")).to_be_visible()
    keys = hers.page.keyboard

    # The arrow in the empty field begins; Escape leaves the message as it is, and the field keeps the focus.
    hers.text.press("ArrowUp")
    expect(editing_of(hers)).to_contain_text("Editing your message")
    expect(hers.text).to_have_value("It comes tomorow.")
    keys.press("Escape")
    expect(editing_of(hers)).to_be_hidden()
    expect(hers.text).to_have_value("")
    expect(hers.text).to_be_focused()

    # With something written the arrow stays the field's; the button begins, and the draft comes back, over a reload too.
    hers.text.fill("By the way, ")
    hers.text.press("ArrowUp")
    expect(editing_of(hers)).to_be_hidden()
    edit = hers.bubble("It comes tomorow.").get_by_role("button", name="Edit")
    edit.focus()
    keys.press("Enter")
    expect(hers.text).to_be_focused()
    hers.text.fill("It comes tomorrow.")
    hers.page.reload()
    hers.is_live()
    expect(editing_of(hers)).to_be_visible()
    expect(hers.text).to_have_value("It comes tomorrow.")
    hers.text.press("Control+Enter")
    expect(editing_of(hers)).to_be_hidden()
    expect(hers.text).to_have_value("By the way, ")
    changed = hers.bubble("It comes tomorrow.")
    expect(changed).to_contain_text("edited")
    changed.get_by_text("Before the change").click()
    expect(changed.get_by_text("It comes tomorow.")).to_be_visible()
    expect(carl.message("It comes tomorrow.")).to_contain_text("Edited", ignore_case=True)
    expect(carl.message("It comes tomorow.")).to_have_count(0)
    expect(carl.log.locator(".message--operator")).to_have_count(1)

    # A note of one's own, with the same key.
    hers.text.fill("")
    keys.press("Escape")
    keys.press("n")
    hers.text.fill("He is in a hury")
    hers.text.press("Control+Enter")
    expect(hers.bubble("He is in a hury").get_by_role("button", name="Edit")).to_have_count(1)
    hers.text.press("ArrowUp")
    expect(hers.text).to_have_value("He is in a hury")
    hers.text.fill("He is in a hurry")
    hers.text.press("Control+Enter")
    expect(hers.bubble("He is in a hurry")).to_contain_text("edited")

    # Deleting asks first.
    remove = changed.get_by_role("button", name="Delete")
    remove.focus()
    keys.press("Enter")
    window = hers.page.get_by_role("dialog", name="Action")
    expect(window).to_contain_text("Delete this message?")
    keys.press("Escape")
    expect(window).to_be_hidden()
    assert not Message.objects.filter(deleted_at__isnull=False, dialog__connection=chat).exists()
    remove.focus()
    keys.press("Enter")
    window.get_by_role("button", name="Delete").press("Enter")
    expect(hers.log.locator(".bubble--deleted")).to_contain_text("Deleted")
    expect(carl.log).not_to_contain_text("It comes tomorrow.")
    expect(carl.log).to_contain_text("deleted", ignore_case=True)
    dialog = Dialog.objects.get(connection=chat)
    assert (dialog.state, dialog.reaction_count) == ("answered", 1), "the reply was given"


def test_buttons_follow_what_one_may_do(desk: Desks) -> None:
    anna, bert = (make_employee(role="operator", first_name=name) for name in ("Anna", "Bert"))
    chat = make_connection(make_line(anna, bert))
    dialog = write(make_client(chat), "Hello?", now=timezone.now()).dialog
    dialogs.accept(dialog.pk, by=anna, now=timezone.now())
    hers = desk(anna).open(dialog.pk)
    hers.write("Good morning")
    edit = hers.bubble("Good morning").locator("[data-edits]")
    expect(edit).to_be_visible()
    dialogs.transfer_to_colleague(dialog.pk, to=bert, by=anna, now=timezone.now())
    expect(hers.gate).to_contain_text("Bert")
    expect(edit).to_be_hidden()
    dialogs.transfer_to_colleague(dialog.pk, to=anna, by=bert, now=timezone.now())
    expect(edit).to_be_visible()


def test_what_failed_is_sent_again_and_what_is_unknown_asks_first(desk: Desks, house: House) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    bot = make_connection(
        make_line(anna, greeting_enabled=False, name_before_text=False),
        "telegram",
        credentials={"token": TOKEN, "secret_token": "s"},
        base_url=house.telegram.url,
    )
    client = make_client(bot, "90210", name="Carl")
    dialog = write(client, "Hello?", now=timezone.now()).dialog
    dialogs.accept(dialog.pk, by=anna, now=timezone.now())
    hers = desk(anna).open(dialog.pk)
    house.telegram.plan("sendMessage", refuse(400, "Bad Request: something odd"))
    hers.write("It is in stock.")
    bubble = hers.bubble("It is in stock.")
    again = bubble.get_by_role("button", name="Send again")
    expect(bubble.locator(".bubble__failure")).to_contain_text("Not delivered:")
    expect(hers.log).to_contain_text("reply did not reach the client")
    again.focus()
    hers.page.keyboard.press("Enter")
    expect(bubble.locator(".delivery--sent")).to_be_attached()
    expect(again).to_have_count(0)
    expect(bubble.locator(".bubble__failure")).to_have_count(0)

    house.telegram.plan("sendMessage", dies())
    hers.write("Two are left.")
    bubble = hers.bubble("Two are left.")
    expect(bubble.locator(".bubble__failure")).to_contain_text("did not confirm")
    again = bubble.get_by_role("button", name="Send again")
    again.focus()
    hers.page.keyboard.press("Enter")
    window = hers.page.get_by_role("dialog", name="Action")
    expect(window).to_contain_text("may get it twice")
    hers.page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    assert Message.objects.get(text="Two are left.").delivery == "unknown"
    again.focus()
    hers.page.keyboard.press("Enter")
    window.get_by_role("button", name="Send again").press("Enter")
    expect(bubble.locator(".delivery--sent")).to_be_attached()
    wait_until(lambda: Message.objects.get(text="Two are left.").delivery == "sent")
    assert [one["text"] for one in house.telegram.answers(90210)][-1] == "Two are left."
    expect(hers.page.locator("[data-keyed=rows] li")).to_contain_text(re.compile("Two are left."))
