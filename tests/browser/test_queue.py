"""Several operators on one line: who sees what, who gets it, and what the others are told."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Route, expect

from contactcenter.staff.models import Employee
from openlines.models import Connection, Deadline, Dialog, Offer, OpenLine
from openlines.ticker import WAKE_CHANNEL
from tests.browser.conftest import Customers, Desks
from tests.factories import make_employee
from tests.openlines.factories import make_connection, make_line
from tests.openlines.work.scene import notify
from tests.waiting import wait_until


def operators(*names: str) -> list[Employee]:
    return [make_employee(role="operator", first_name=name) for name in names]


def scene(*people: Employee, **values: object) -> tuple[OpenLine, Connection]:
    line = make_line(*people, **values)
    return line, make_connection(line)


def test_of_two_who_accept_at_once_one_gets_it_and_the_other_keeps_his_words(
    desk: Desks, customer: Customers
) -> None:
    people = operators("Anna", "Bert", "Cecylia")
    line, chat = scene(*people, distribution=OpenLine.Distribution.TO_ALL)
    desks = [desk(person) for person in people]
    customer(chat).follow_the_link().write("Who is first?")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for one in desks:
        expect(one.offer("Who is first?")).to_be_visible()
    for one in desks[:2]:
        one.offer("Who is first?").get_by_role("link").click()
        one.text.fill(f"I am, says {one.employee.first_name}.")
        one.page.route("**/accept/", hold)
        one.gate.get_by_role("button", name="Accept").click()
    wait_until(
        lambda: desks[0].page.evaluate("true") and len(held) == 2
    )  # asking lets the driver hand over its catch
    for route in held:
        route.continue_()

    for one in desks:
        expect(one.offers).to_have_count(0)
    dialog = Dialog.objects.get(line=line)
    [winner] = [one for one in desks if one.employee.pk == dialog.operator_id]
    [loser] = [one for one in desks[:2] if one is not winner]
    expect(winner.row("Who is first?")).to_be_visible()
    expect(loser.row("Who is first?")).to_have_count(0)
    words = f"{winner.employee.display_name} holds this dialog now."
    expect(loser.page.get_by_text(words).first).to_be_visible()
    expect(loser.text).to_have_value(f"I am, says {loser.employee.first_name}.")
    expect(loser.text).to_be_visible()
    loser.text.press("Control+Enter")
    assert Offer.objects.filter(dialog=dialog, outcome="accepted").count() == 1
    winner.write("I am.")
    assert dialog.messages.filter(author="operator").count() == 1


def test_a_skipped_offer_moves_to_the_next_desk(desk: Desks, customer: Customers) -> None:
    anna, bert = operators("Anna", "Bert")
    _line, chat = scene(anna, bert, distribution=OpenLine.Distribution.STRICTLY)
    hers, his = desk(anna), desk(bert)
    customer(chat).follow_the_link().write("Next, please")
    expect(hers.offer("Next, please")).to_be_visible()
    expect(his.offers).to_have_count(0)
    hers.page.keyboard.press("s")
    expect(his.offer("Next, please")).to_be_visible()
    expect(hers.offers).to_have_count(0)
    # Both have been asked: the round begins anew.
    his.offer("Next, please").get_by_role("button", name="Skip").click()
    expect(hers.offer("Next, please")).to_be_visible()
    expect(his.offers).to_have_count(0)


def test_an_offer_that_nobody_answers_moves_on_by_itself(desk: Desks, customer: Customers) -> None:
    anna, bert = operators("Anna", "Bert")
    line, chat = scene(anna, bert, distribution=OpenLine.Distribution.STRICTLY)
    hers, his = desk(anna), desk(bert)
    customer(chat).follow_the_link().write("Is anybody there?")
    expect(hers.offer("Is anybody there?")).to_be_visible()
    over(Dialog.objects.get(line=line))
    expect(his.offer("Is anybody there?")).to_be_visible()
    expect(hers.offers).to_have_count(0)
    assert Offer.objects.get(employee=anna).outcome == Offer.Outcome.LAPSED


def over(dialog: Dialog) -> None:
    """The standing offer's time is up, as if the minute had passed; the ticker is told."""
    past = timezone.now() - timedelta(seconds=1)
    Offer.objects.filter(dialog=dialog, ended_at__isnull=True).update(until=past)
    Dialog.objects.filter(pk=dialog.pk).update(offer_until=past)
    Deadline.objects.filter(dialog=dialog, kind="offer").update(due_at=past)
    notify(WAKE_CHANNEL)


def test_a_transfer_takes_the_note_along_and_the_customer_sees_none_of_it(
    desk: Desks, customer: Customers
) -> None:
    anna, bert = operators("Anna", "Bert")
    _line, chat = scene(anna, bert, distribution=OpenLine.Distribution.STRICTLY)
    hers, his = desk(anna), desk(bert)
    carl = customer(chat).follow_the_link()
    carl.write("My invoice is wrong")
    hers.accept("My invoice is wrong")
    hers.write("I ask a colleague.")
    hers.text.press("Escape")
    hers.page.keyboard.press("n")
    hers.page.keyboard.type("He is angry, be careful.")
    hers.page.keyboard.press("Control+Enter")
    expect(hers.bubble("He is angry, be careful.")).to_have_class("item item--note")
    hers.text.press("Escape")
    hers.page.keyboard.press("t")
    window = hers.page.get_by_role("dialog")
    window.get_by_role("combobox", name="To").select_option(label=f"{bert.display_name} · online")
    window.get_by_label("Note to the next operator").fill("Invoice 17 has the old VAT.")
    window.get_by_role("button", name="Transfer").click()
    expect(hers.toasts).to_contain_text(f"Transferred to {bert.display_name}.")
    expect(hers.row("My invoice")).to_have_count(0)

    row = his.row("I ask a colleague.")
    expect(row).to_be_visible()
    row.get_by_role("link").click()
    for note in ("He is angry, be careful.", "Invoice 17 has the old VAT."):
        expect(his.bubble(note)).to_have_class("item item--note")
    his.write("It is mended.")
    expect(carl.message("It is mended.")).to_be_visible()
    expect(carl.chat.locator("[data-operator]")).to_have_text(bert.display_name)
    carl.page.reload()
    expect(carl.message("It is mended.")).to_be_visible()
    for note in ("angry", "VAT"):
        expect(carl.log).not_to_contain_text(note)
