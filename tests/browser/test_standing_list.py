"""The desk's list under the hand: nothing moves while somebody is about to act in it, and what is gone says why."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from contactcenter.staff.models import Employee
from openlines.models import Connection, Dialog, Offer
from openlines.services import dialogs
from tests.browser.conftest import Desks
from tests.browser.people import Desk
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

STAND = "() => { const now = performance.now(); performance.now = () => now; }"
GO_ON = "() => delete performance.now"
"""The clock of a page stands, so that the moment after a change lasts as long as the test wants."""


@pytest.fixture
def anna() -> Employee:
    return make_employee(role="operator", first_name="Anna", last_name="Nowak")


@pytest.fixture
def kasia() -> Employee:
    return make_employee(role="supervisor", first_name="Kasia", last_name="Lis")


@pytest.fixture
def chat(anna: Employee) -> Connection:
    return make_connection(make_line(anna, greeting_enabled=False))


def writes(chat: Connection, *texts: str) -> list[Dialog]:
    """Each by a client of their own; each is offered to Anna."""
    return [write(make_client(chat), text, now=timezone.now()).dialog for text in texts]


def takes(by: Employee, dialog: Dialog) -> None:
    dialogs.accept(dialog.pk, by=by, now=timezone.now(), may_take_over=True)


def hover(row: Locator, button: str) -> None:
    row.get_by_role("button", name=button).hover()


def tops(page: Page) -> dict[str, float]:
    script = "rows => Object.fromEntries(rows.map(row => [row.dataset.key, row.getBoundingClientRect().top]))"
    found: dict[str, float] = page.locator("[data-keyed] > li").evaluate_all(script)
    return found


def order(hers: Desk) -> list[str]:
    texts: list[str] = hers.page.locator("[data-keyed] .row__words").all_inner_texts()
    return texts


def test_offers_stand_still_under_the_pointer(
    chat: Connection, anna: Employee, kasia: Employee, desk: Desks
) -> None:
    mine, first, second = writes(chat, "mine", "first", "second")
    takes(anna, mine)
    hers = desk(anna)
    expect(hers.offers).to_have_count(2)
    expect(hers.row("mine")).to_be_visible()
    hover(hers.offer("second"), "Accept")
    before = tops(hers.page)

    takes(kasia, first)
    writes(chat, "third")
    expect(hers.offer("third")).to_be_visible()
    expect(hers.offer("first")).to_contain_text("Taken by Kasia Lis")
    for name in ("Accept", "Skip"):
        expect(hers.offer("first").get_by_role("button", name=name)).to_be_disabled()
    after = tops(hers.page)
    assert {key: after[key] for key in before} == before
    assert order(hers) == ["first", "second", "mine", "third"]
    new = hers.page.get_by_role("button", name="New further down: 1")
    expect(new).to_be_visible()

    hers.page.mouse.down()
    hers.page.mouse.up()
    expect(hers.bubble("second")).to_be_visible()
    expect(hers.offer("second")).to_have_count(0)  # a gap stands in its place
    expect(hers.row("second")).to_be_visible()
    assert tops(hers.page)[f"o{first.pk}"] == before[f"o{first.pk}"]
    assert tops(hers.page)[str(mine.pk)] == before[str(mine.pk)]
    assert Dialog.objects.get(pk=second.pk).operator == anna
    assert Dialog.objects.get(pk=first.pk).operator == kasia

    hers.text.hover()
    expect(hers.offers).to_have_count(1)
    expect(new).to_be_hidden()
    assert set(order(hers)) == {"third", "mine", "second"}
    assert order(hers)[0] == "third"


def test_what_lapsed_stays_grey_for_a_while_wherever_the_pointer_is(
    chat: Connection, anna: Employee, kasia: Employee, desk: Desks
) -> None:
    first, _second = writes(chat, "first", "second")
    hers = desk(anna)
    expect(hers.offers).to_have_count(2)
    hers.status.hover()
    hers.page.evaluate(STAND)
    takes(kasia, first)
    expect(hers.offer("first")).to_contain_text("Taken by Kasia Lis")
    # The key acts on what stands there, and what stands first there is nobody's to accept any more.
    hers.page.keyboard.press("a")
    expect(hers.toasts).to_contain_text("nothing was done")
    assert not Dialog.objects.filter(operator=anna).exists()
    hers.page.evaluate(GO_ON)
    expect(hers.offer("first")).to_have_count(0)
    expect(hers.offers).to_have_count(1)


def test_the_keyboard_keeps_its_place_in_a_list_that_changes(
    chat: Connection, anna: Employee, kasia: Employee, desk: Desks
) -> None:
    first, second, *_others = writes(chat, *(f"number {at}" for at in range(1, 13)))
    hers = desk(anna)
    expect(hers.offers).to_have_count(12)
    accept = hers.offer("number 9").get_by_role("button", name="Accept")
    accept.focus()
    place = hers.page.locator("[data-list]")
    scrolled = place.evaluate("list => list.scrollTop")
    before = tops(hers.page)
    assert scrolled > 0

    takes(kasia, first)
    write(second.client, "changed", now=timezone.now())
    expect(hers.offer("number 1").first).to_contain_text("Taken by Kasia Lis")
    expect(hers.offer("changed")).to_be_visible()
    expect(accept).to_be_focused()
    assert place.evaluate("list => list.scrollTop") == scrolled
    assert tops(hers.page) == before

    # It is gone at the moment of the key: nothing happens, to it or to another one.
    ninth = Offer.objects.get(dialog__last_text="number 9", employee=anna).dialog
    takes(kasia, ninth)
    expect(hers.offer("number 9")).to_contain_text("Taken by Kasia Lis")
    hers.page.keyboard.press("Enter")
    expect(hers.toasts).to_contain_text("Taken by Kasia Lis")
    assert not Dialog.objects.filter(operator=anna).exists()
    expect(accept).to_be_focused()


def test_what_comes_under_the_pointer_waits_until_it_can_be_read(
    chat: Connection, anna: Employee, desk: Desks
) -> None:
    writes(chat, "first")
    hers = desk(anna)
    hover(hers.offer("first"), "Accept")
    box = hers.offer("first").get_by_role("button", name="Accept").bounding_box()
    step = hers.offer("first").bounding_box()
    assert box and step
    hers.page.mouse.move(box["x"] + 5, box["y"] + step["height"] + 5)
    hers.page.evaluate(STAND)
    writes(chat, "second")
    expect(hers.offer("second")).to_be_visible()
    hers.page.mouse.down()
    hers.page.mouse.up()
    expect(hers.toasts).to_contain_text("nothing was done")
    assert not Dialog.objects.filter(operator=anna).exists()
