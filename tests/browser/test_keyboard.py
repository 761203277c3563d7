"""Everything without a mouse, from the log-in to the end of a dialog."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Contexts, Customers
from tests.browser.people import Desk
from tests.factories import make_employee
from tests.openlines.factories import make_connection, make_line

MOST_STEPS = 60


def tab_to(page: Page, wanted: Locator, *, key: str = "Tab") -> None:
    """Press Tab until it has the focus, as somebody does who looks for it."""
    expect(wanted).to_be_visible()
    for _step in range(MOST_STEPS):
        page.keyboard.press(key)
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the focus does not come to {wanted}")


def test_a_dialog_from_the_log_in_to_its_end(contexts: Contexts, customer: Customers) -> None:
    anna = make_employee(
        "anna.keys", role="operator", first_name="Anna", last_name="Nowak", password="two teapots and a lid"
    )
    chat = make_connection(make_line(anna, confirm_finish=True))
    page = contexts().new_page()
    keys = page.keyboard
    page.goto("/desk/")
    tab_to(page, page.get_by_label("User name").or_(page.get_by_label("Username")))
    keys.type("anna.keys")
    tab_to(page, page.get_by_label("Password", exact=True))
    keys.type("wrong")
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    tab_to(page, page.get_by_label("Password", exact=True))
    keys.type("two teapots and a lid")
    keys.press("Enter")
    hers = Desk(page, anna)
    hers.is_live()

    # The offer comes while the focus is elsewhere, and takes nothing away from it.
    tab_to(page, page.get_by_role("searchbox"))
    carl = customer(chat).follow_the_link()
    carl.write("Do you hear me?")
    expect(hers.offer("Do you hear me?")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()
    tab_to(page, hers.offer("Do you hear me?").get_by_role("link"))
    keys.press("Enter")
    expect(hers.bubble("Do you hear me?")).to_be_visible()
    tab_to(page, hers.gate.get_by_role("button", name="Accept"))
    keys.press("Enter")
    expect(hers.text).to_be_focused()
    keys.type("Loud and clear.")
    keys.press("Control+Enter")
    expect(carl.message("Loud and clear.")).to_be_visible()

    # The list of keys, and one of them; the question before finishing answers to the keyboard too.
    keys.press("Escape")
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.press("f")
    expect(page.get_by_role("dialog")).to_contain_text("Finish this dialog?")
    keys.press("Enter")
    expect(hers.gate).to_contain_text("Finished.")
    expect(carl.chat.get_by_text("This conversation is finished.")).to_be_visible()
