"""Answering while others do something in the same dialog: nothing contradicts, nothing written is lost."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone
from playwright.sync_api import expect

from openlines.models import Dialog, Message
from openlines.services import dialogs
from openlines.services.dialogs import Reply
from tests.browser.conftest import Customers, Desks
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write


def test_two_answers_at_once_ask_first_and_keep_the_text(desk: Desks) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    boss = make_employee(role="administrator", first_name="Tomasz", last_name="Lis")
    dialog = write(
        make_client(make_connection(make_line(anna)), name="Zofia"), "May I cancel?", now=timezone.now()
    ).dialog
    dialogs.take_over(dialog.pk, by=anna, now=timezone.now())
    hers = desk(anna).open(dialog.pk)
    hers.text.fill("Yes, you may.")
    dialogs.reply(dialog.pk, Reply(uuid4(), "No, it has left."), by=boss, now=timezone.now(), may_join=True)
    hers.text.press("Control+Enter")

    asked = hers.talk.get_by_role("group", name="Somebody wrote meanwhile")
    expect(asked).to_contain_text("Tomasz Lis wrote")
    expect(asked).to_contain_text("No, it has left.")
    expect(hers.bubble("No, it has left.")).to_be_visible()
    expect(hers.text).to_have_value("Yes, you may.")
    assert not Message.objects.filter(dialog=dialog, text="Yes, you may.").exists()

    # By keyboard: look first, change the text; it goes without another question.
    expect(asked.get_by_role("button", name="Look first")).to_be_focused()
    hers.page.keyboard.press("Enter")
    expect(asked).to_be_hidden()
    expect(hers.text).to_be_focused()
    hers.write("Sorry, Tomasz is right.")
    expect(hers.text).to_have_value("")

    # All the same: the second key sends what was written.
    hers.text.fill("Shall I send it back?")
    dialogs.reply(dialog.pk, Reply(uuid4(), "I have stopped it."), by=boss, now=timezone.now(), may_join=True)
    expect(hers.bubble("I have stopped it.")).to_be_visible()
    hers.text.press("Control+Enter")
    expect(asked).to_contain_text("I have stopped it.")
    hers.page.keyboard.press("Tab")
    hers.page.keyboard.press("Enter")
    expect(hers.bubble("Shall I send it back?").locator(".delivery")).to_be_attached()
    expect(asked).to_be_hidden()
    assert Message.objects.filter(dialog=dialog, text="Shall I send it back?").count() == 1
    assert Dialog.objects.get(pk=dialog.pk).operator == anna


def test_a_finish_is_undone_by_keyboard_and_asks_while_the_client_types(
    desk: Desks, customer: Customers
) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    chat = make_connection(make_line(anna))
    hers = desk(anna)
    carl = customer(chat).follow_the_link()
    carl.write("Thank you, that is all.")
    hers.accept("Thank you, that is all.")
    hers.write("You are welcome.")
    keys = hers.page.keyboard
    keys.press("Escape")

    keys.press("f")
    expect(hers.gate).to_contain_text("Finished as solved?")
    keys.press("Control+z")
    expect(hers.gate.locator("[data-finishing]")).to_have_count(0)
    assert Dialog.objects.get(operator=anna).state == "answered"
    expect(hers.head.get_by_role("button", name="Finish")).to_be_visible()

    # Who is seen typing has more to say.
    carl.text.press_sequentially("Oh, and", delay=20)
    expect(hers.talk.locator("[data-typing]")).to_be_visible()
    hers.head.get_by_role("button", name="Finish").click()
    window = hers.page.get_by_role("dialog", name="Action")
    expect(window).to_contain_text("is writing")
    window.get_by_role("button", name="Cancel").click()
    assert Dialog.objects.get(operator=anna).finish_at is None

    # What the client writes meanwhile calls it off, and says so.
    carl.write("Oh, and do you deliver?")
    expect(hers.bubble("do you deliver?")).to_be_visible()
    keys.press("g")
    expect(hers.gate).to_contain_text("Finished as not solved?")
    carl.write("To Norway?")
    expect(hers.toasts).to_contain_text("is not finished")
    expect(hers.bubble("To Norway?")).to_be_visible()

    expect(hers.page.locator("[data-keyed=rows] li").filter(has_text="To Norway?")).to_have_count(
        1
    )  # all is drawn
    hers.head.locator(".split summary").press("Enter")
    hers.head.get_by_role("button", name="Not solved").click()
    expect(hers.gate).to_contain_text("Finished as not solved?")
    expect(hers.gate).to_contain_text("Finished. A reply opens")
    assert Dialog.objects.get(operator=anna).outcome == "not_solved"


def test_who_else_is_in_the_dialog_is_seen_and_lapses(desk: Desks) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    boss = make_employee(role="administrator", first_name="Kasia", last_name="Lis")
    dialog = write(
        make_client(make_connection(make_line(anna))), "Is it in stock?", now=timezone.now()
    ).dialog
    dialogs.take_over(dialog.pk, by=anna, now=timezone.now())
    hers = desk(anna).open(dialog.pk)
    company = hers.talk.locator("[data-onlookers]")
    expect(company).to_be_empty()
    theirs = desk(boss).open(dialog.pk)
    expect(company).to_have_text("Kasia Lis is looking too")
    expect(theirs.talk.locator("[data-onlookers]")).to_contain_text("Anna")

    theirs.page.keyboard.press("n")
    theirs.text.press_sequentially("I know this one", delay=20)
    expect(company).to_have_text("Kasia Lis is writing here…")
    expect(company).to_have_text("Kasia Lis is looking too")
    theirs.page.close()
    expect(company).to_be_empty()


def test_a_lapsed_offer_says_who_has_it_and_keeps_the_text(desk: Desks) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    bert = make_employee(role="operator", first_name="Bert", last_name="Lis")
    line = make_line(anna, bert, idle_time=timedelta(seconds=60), distribution="strictly")
    dialog = write(make_client(make_connection(line)), "Do you repair?", now=timezone.now()).dialog
    hers = desk(anna).open(dialog.pk)
    Dialog.objects.filter(pk=dialog.pk).update(offer_until=timezone.now() + timedelta(seconds=30))
    hers.text.press_sequentially("Yes, ", delay=20)
    expect(hers.gate).to_contain_text("Held while you write")
    until = Dialog.objects.get(pk=dialog.pk).offer_until
    assert until is not None
    assert until > timezone.now() + timedelta(seconds=40)

    dialogs.take_over(dialog.pk, by=bert, now=timezone.now())
    expect(hers.notice).to_contain_text("Bert Lis holds this dialog now.")
    expect(hers.text).to_have_value("Yes, ")
    hers.page.reload()
    expect(hers.talk).to_contain_text("has moved on")
    expect(hers.talk).to_contain_text("Bert Lis holds this dialog now.")
