"""Pin, put aside, the outcome, the unanswered and a supervisor's rating, by keyboard and without a reload."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from openlines.models import Dialog, Rating
from openlines.services import dialogs
from tests.browser.conftest import Customers, Desks
from tests.factories import make_employee
from tests.openlines.factories import answer, make_client, make_connection, make_line, write


def test_an_operator_pins_puts_aside_and_says_that_it_is_not_solved(desk: Desks, customer: Customers) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    chat = make_connection(make_line(anna, outcome_required=True))
    hers = desk(anna)
    carl = customer(chat).follow_the_link()
    carl.write("My teapot leaks.")
    hers.accept("My teapot leaks.")
    hers.write("I will look into it.")
    keys = hers.page.keyboard
    keys.press("Escape")

    keys.press("p")
    expect(hers.head).to_contain_text("Pinned")
    expect(hers.row("I will look into it.").locator(".row__pin")).to_be_visible()

    # A time that is past is refused in words, and stands there to be corrected.
    keys.press("l")
    window = hers.page.get_by_role("dialog", name="Action")
    when = window.get_by_label("Put aside until")
    expect(when).to_be_focused()
    when.fill("2020-01-01T09:00")
    when.press("Enter")
    expect(window.get_by_role("alert")).to_contain_text("still to come")
    expect(when).to_have_value("2020-01-01T09:00")
    when.fill((timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT09:00"))
    when.press("Enter")
    expect(window).to_be_hidden()
    expect(hers.head.locator(".badge").filter(has_text="Put aside until")).to_be_visible()
    expect(hers.row("I will look into it.")).to_have_count(0)
    keys.press("5")
    expect(hers.row("I will look into it.").locator(".row__aside")).to_be_visible()

    # The client's word brings it back; what is due comes back by itself.
    carl.write("It is the lid.")
    keys.press("1")
    expect(hers.row("It is the lid.")).to_be_visible()
    hers.write("Thank you.")
    keys.press("Escape")
    dialog = Dialog.objects.get(operator=anna)
    dialogs.snooze(dialog.pk, by=anna, until=timezone.now() + timedelta(seconds=4), now=timezone.now())
    expect(hers.row("Thank you.")).to_have_count(0)
    expect(hers.row("Thank you.")).to_be_visible()
    expect(hers.head.locator(".badge").filter(has_text="Put aside until")).to_have_count(0)

    keys.press("f")
    expect(window).to_contain_text("Was it solved?")
    expect(window.get_by_role("button", name="Solved", exact=True)).to_be_focused()
    keys.press("Shift+Tab")
    expect(window.get_by_role("button", name="Not solved")).to_be_focused()
    keys.press("Enter")
    expect(hers.gate).to_contain_text("Finished.")
    assert Dialog.objects.get(pk=dialog.pk).outcome == "not_solved"


def test_a_supervisor_rates_and_what_he_types_survives_what_happens_meanwhile(desk: Desks) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    boss = make_employee(role="administrator", first_name="Beata")
    client = make_client(make_connection(make_line(anna)))
    dialog = write(client, "Is it in stock?", now=timezone.now()).dialog
    dialogs.take_over(dialog.pk, by=anna, now=timezone.now())
    answer(dialog, anna, "It is.", now=timezone.now())
    his = desk(boss).open(dialog.pk)
    keys = his.page.keyboard

    keys.press("e")
    window = his.page.get_by_role("dialog", name="Action")
    window.get_by_label("Comment").fill("Kind and quick")
    write(client, "Thank you!", now=timezone.now())
    expect(his.bubble("Thank you!")).to_have_count(1)
    expect(window.get_by_label("Comment")).to_have_value("Kind and quick")
    window.get_by_label("4", exact=True).focus()
    keys.press("Space")
    window.get_by_role("button", name="Rate", exact=True).press("Enter")
    expect(window).to_be_hidden()
    expect(his.page.get_by_role("region", name="Client")).to_contain_text("Kind and quick")
    assert Rating.objects.get(dialog=dialog).value == 4

    # The unanswered alone, and all again.
    keys.press("4")
    expect(his.row("Thank you!")).to_be_visible()
    keys.press("u")
    expect(his.row("Thank you!")).to_have_count(0)
    Dialog.objects.filter(pk=dialog.pk).update(is_unanswered=True)
    keys.press("u")
    expect(his.row("Thank you!")).to_be_visible()
    keys.press("u")
    expect(his.page.get_by_role("link", name="Unanswered", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    expect(his.row("Thank you!")).to_be_visible()


def test_a_dialog_that_is_handed_over_is_heard_at_an_open_desk_and_seen_at_one_opened_later(
    desk: Desks,
) -> None:
    """Q10."""
    anna = make_employee(role="operator", first_name="Anna")
    bert = make_employee(role="operator", first_name="Bert")
    client = make_client(make_connection(make_line(anna)), name="Carl")
    dialog = write(client, "Is it in stock?", now=timezone.now()).dialog
    dialogs.accept(dialog.pk, by=anna, now=timezone.now())
    his = desk(bert).open()
    bell = his.page.locator("details.notices")
    expect(bell.locator("[data-notices]")).to_be_attached()

    dialogs.transfer_to_colleague(dialog.pk, to=bert, by=anna, note="Call back today", now=timezone.now())
    expect(his.toasts).to_contain_text("to you: Call back today")
    expect(bell).to_contain_text("1 unread notice")
    his.page.reload()
    expect(bell).to_contain_text("1 unread notice")
    bell.locator("summary").click()
    bell.get_by_role("link", name="Call back today").click()
    expect(his.bubble("Is it in stock?")).to_be_visible()
    expect(bell.locator("[data-notices]")).to_be_attached()
    expect(bell.locator("[data-notices-count]")).to_have_count(0)
