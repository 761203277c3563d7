"""The main job from end to end: a customer on a web page, an operator at the desk, the list afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from openlines.models import Dialog, Rating
from openlines.services import dialogs, lines
from tests.browser.conftest import Customers, Desks
from tests.factories import make_employee
from tests.openlines.factories import make_connection, make_line
from tests.waiting import wait_until

FINISHED = "Thank you for talking to us."


def test_from_the_first_word_to_the_list(
    desk: Desks, customer: Customers, logged_in: Callable[..., Page]
) -> None:
    anna = make_employee(role="operator", first_name="Anna", last_name="Nowak")
    line = make_line(anna, name="Teapots")
    chat = make_connection(line, name="Our shop")
    hers = desk(anna)
    expect(hers.page.get_by_text("You hold no dialogs")).to_be_visible()

    # A customer writes; the offer is there without a reload, and one key accepts it.
    carl = customer(chat).visit_the_shop().open_the_chat()
    carl.write("Is the blue teapot in stock?")
    expect(hers.offer("Is the blue teapot in stock?")).to_be_visible()
    expect(hers.page).to_have_title(re.compile(r"^\(1\) "))
    expect(hers.offers.locator("time[data-until]")).to_have_text(re.compile(r"^\d\d? ?s|1 ?min|1m"))
    hers.page.keyboard.press("a")
    expect(hers.text).to_be_focused()
    expect(hers.offers).to_have_count(0)
    expect(hers.row("Is the blue teapot in stock?")).to_contain_text("Accepted")

    # She answers; he sees it without a reload, and that she has read his.
    hers.page.keyboard.type("Yes, five of them.")
    expect(carl.chat.locator("[data-typing]")).to_have_text("Anna Nowak is writing…")
    hers.page.keyboard.press("Control+Enter")
    expect(carl.message("Yes, five of them.")).to_be_visible()
    expect(carl.chat.locator("[data-operator]")).to_have_text("Anna Nowak")
    expect(carl.message("blue teapot").locator(".message__mark")).to_have_attribute("title", "Read")
    expect(hers.bubble("Yes, five of them.").locator(".delivery")).to_have_text("Read")

    # What he is typing stands on her desk before he sends it.
    carl.text.press_sequentially("And the lid? It is")
    typed = hers.talk.locator("[data-typing]")
    expect(typed).to_contain_text("And the lid? It is")
    expect(carl.log).not_to_contain_text("And the lid?")
    carl.write("And the lid? It is cracked.")
    expect(hers.bubble("And the lid? It is cracked.")).to_be_visible()
    expect(typed).to_be_hidden()
    hers.write("We send a new one.")
    expect(carl.message("We send a new one.")).to_be_visible()

    # The end, as both see it.
    hers.finish()
    expect(carl.message(FINISHED)).to_be_visible()
    expect(carl.chat.get_by_text("This conversation is finished.")).to_be_visible()

    # All of it is there again after a reload of the shop's page.
    carl.page.reload()
    for words in ("Is the blue teapot in stock?", "Yes, five of them.", "We send a new one.", FINISHED):
        expect(carl.message(words)).to_have_count(1)

    first = Dialog.objects.get(line=line)
    assert first.reaction_count == 2
    assert first.first_reaction is not None

    # Closed for good: what he writes now is a new dialog.
    lines.save_block(line.pk, {"wrap_up": timedelta()}, now=timezone.now())
    expect(hers.row("teapot")).to_have_count(0)
    carl.chat.get_by_role("button", name="Start a new conversation").click()
    carl.write("One more thing.")
    expect(hers.offer("One more thing.")).to_be_visible()
    second = Dialog.objects.get(line=line, state=Dialog.State.NEW)

    # The manager's list has both, with the reaction times; filters and order work.
    leader = make_employee(role="administrator")
    listed = logged_in(leader, viewport={"width": 1600, "height": 900})
    listed.goto(f"/dialogs/?line={line.pk}")
    numbers = listed.locator("tbody th")
    expect(numbers).to_have_text([str(second.number), str(first.number)])
    row = listed.get_by_role("row").filter(has=listed.get_by_role("link", name=str(first.number), exact=True))
    for column in ("first", "total", "average", "maximum"):
        expect(row.locator(f"[data-column={column}]")).to_have_text(re.compile(r"^\d+:\d\d$"))
    listed.get_by_role("link", name="No.").click()
    expect(listed.get_by_role("columnheader", name="No.")).to_have_attribute("aria-sort", "ascending")
    expect(numbers).to_have_text([str(first.number), str(second.number)])
    listed.get_by_label("State").select_option("closed")
    expect(numbers).to_have_text([str(first.number)])
    expect(listed).to_have_url(re.compile("state=closed"))
    listed.get_by_role("link", name="Remove the filter “Closed”").click()
    expect(numbers).to_have_text([str(first.number), str(second.number)])


def test_the_rating_is_asked_once_below_the_messages_with_a_reason(desk: Desks, customer: Customers) -> None:
    """R2, R5: the line's message is the question; the buttons stand below it, and hide nothing."""
    anna = make_employee(role="operator", first_name="Anna", last_name="Nowak")
    chat = make_connection(make_line(anna, greeting_enabled=False))
    hers = desk(anna)
    carl = customer(chat).visit_the_shop().open_the_chat()
    carl.write("Is the blue teapot in stock?")
    hers.accept("blue teapot")
    hers.write("No.")
    expect(carl.message("No.")).to_be_visible()
    dialog = Dialog.objects.get(connection=chat)
    dialogs.finish(dialog.pk, by=anna, now=timezone.now())

    card = carl.chat.get_by_role("region", name="Rating")
    expect(card.get_by_role("button", name="Bad")).to_be_visible()
    expect(card.get_by_text("How did we do?")).to_be_hidden()
    request = carl.log.locator(".message--line").last
    expect(request).to_be_visible()
    assert request.evaluate("(box) => box.getBoundingClientRect().bottom") <= card.evaluate(
        "(box) => box.getBoundingClientRect().top"
    )

    reason = card.get_by_label("What went wrong?")
    expect(reason).to_be_hidden()
    card.get_by_role("button", name="Bad").press("Enter")
    expect(card.get_by_role("button", name="Bad")).to_have_attribute("aria-pressed", "true")
    sorry = carl.log.locator(".message--line").filter(has_text="sorry")
    expect(sorry).to_have_count(1)
    reason.fill("I wanted a blue one.")
    card.get_by_role("button", name="Send the reason").click()
    expect(card.get_by_role("status")).to_contain_text("Thank you for telling us.")
    expect(reason).to_be_hidden()
    wait_until(lambda: Rating.objects.filter(dialog=dialog, value=0, comment="I wanted a blue one.").exists())
    expect(sorry).to_have_count(1)
    expect(hers.page.get_by_role("region", name="Client", exact=True)).to_contain_text("I wanted a blue one.")
