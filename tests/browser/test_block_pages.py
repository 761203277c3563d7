"""The pages "Consent", "Automatic actions", "Quality" and "Other" in a browser: what hides, previews as one types,
saving, and the way of a line that is off and of one that is deleted.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from openlines.models import Connection, ConsentVersion, Dialog, LineText, OpenLine, ReplyList
from openlines.services import lines
from tests.browser.test_accessibility import THE_FRAME_OF_UNFOLD
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

LoggedIn = Callable[..., Page]
BLOCKS = ("consent", "automaticactions", "quality", "other")


def address_of(block: str, line: OpenLine) -> str:
    return reverse(f"admin:openlines_{block}settings_change", args=[line.pk])


def opened(logged_in: LoggedIn, block: str, **options: object) -> tuple[Page, OpenLine]:
    line = make_line(make_employee(), name="Teapots")
    page = logged_in(make_employee(role="administrator"), **options)
    page.goto(address_of(block, line))
    return page, line


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def shown(page: Page, *names: str) -> list[bool]:
    return [page.locator(f"[data-field={name}]").is_visible() for name in names]


def edit(page: Page, field: str) -> Locator:
    """Unfold the text's field and return it."""
    page.locator(f"[data-field={field}] [data-text-edit] summary").click()
    return page.locator(f"[name={field}]")


def preview(page: Page, field: str) -> str:
    return page.locator(f"[data-field={field}] [data-preview]").inner_text()


def test_consent_is_previewed_with_its_link_and_kept_as_a_version(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in, "consent")
    assert shown(page, "consent_url", "text_consent_en") == [False, False]
    page.get_by_label("Ask for consent to the processing of personal data").check()
    assert shown(page, "consent_url", "text_consent_en") == [True, True]
    assert "http" not in preview(page, "text_consent_en")  # no link is invented
    page.get_by_label("Address of the full document").fill("https://shop.example/privacy")
    assert "The full text: https://shop.example/privacy" in preview(page, "text_consent_en")
    save(page)
    text = edit(page, "text_consent_en")
    text.fill("#LINE# keeps what you write.")
    assert preview(page, "text_consent_en") == (
        "Teapots keeps what you write.\nThe full text: https://shop.example/privacy"
    )
    text.fill("Read #DOCUMENT# first.")
    assert preview(page, "text_consent_en") == "Read https://shop.example/privacy first."
    expect(page.locator("[data-field=text_consent_en]").get_by_text("I do not agree")).to_be_visible()
    save(page)
    expect(page.locator("[data-field=versions] tbody tr")).to_have_count(2)
    assert ConsentVersion.objects.filter(line=line).count() == 2
    page.get_by_role("link", name="Answers of clients").click()
    expect(page).to_have_url(f"{page.url.split('?')[0]}?version__line={line.pk}")


def test_automatic_actions_offer_own_times_and_a_new_list_of_replies(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in, "automaticactions")
    assert shown(page, "greeting_rule", "text_greeting_en", "text_unanswered_en") == [True, True, False]
    page.get_by_label("Send a greeting").uncheck()
    page.get_by_label("Send a text when nobody has answered").check()
    assert shown(page, "greeting_rule", "text_greeting_en", "text_unanswered_en") == [False, False, True]
    edit(page, "text_unanswered_en").fill("One moment, #CLIENT#.")
    assert preview(page, "text_unanswered_en") == "One moment, Maria."
    page.locator("[name=reply_list]").select_option(value="new")
    page.get_by_label("Show what the client is typing").uncheck()
    save(page)
    line.refresh_from_db()
    assert (line.greeting_enabled, line.unanswered_text_enabled, line.live_typing) == (False, True, False)
    assert line.reply_list == ReplyList.objects.get(name="Replies of Teapots")
    assert LineText.objects.get(line=line).text == "One moment, #CLIENT#."


def test_a_macro_that_means_nothing_is_shown_at_its_text_and_nothing_typed_is_lost(
    logged_in: LoggedIn,
) -> None:
    page, line = opened(logged_in, "automaticactions")
    edit(page, "text_greeting_en").fill("Hello #NAME#")
    page.get_by_role("button", name="Save").click()
    field = page.locator("[data-field=text_greeting_en]")
    expect(field.get_by_text("#NAME# is not known.")).to_be_visible()
    expect(page.locator("[name=text_greeting_en]")).to_have_value("Hello #NAME#")
    assert not LineText.objects.filter(line=line).exists()


def test_quality_hides_what_does_not_apply(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in, "quality")
    fields = ("rating_in_dialog", "rating_limit_days", "text_rating_request_en")
    assert shown(page, *fields) == [True, False, True]
    page.get_by_label("Limit the time for rating").check()
    assert shown(page, *fields) == [True, True, True]
    page.get_by_label("Days to rate").fill("2")
    expect(page.locator("[data-field=text_rating_request_en]").get_by_text("👍 Good")).to_be_visible()
    save(page)
    expect(page.get_by_text("Clients can rate for 2 days after the end")).to_be_visible()
    page.get_by_label("Ask the client for a rating").uncheck()
    assert shown(page, *fields) == [False, False, False]
    expect(page.get_by_role("heading", name="Texts in the live chat")).to_be_hidden()
    save(page)
    line.refresh_from_db()
    assert (line.rating_enabled, line.rating_limit_days) == (False, 2)


def test_a_line_goes_off_and_what_waited_is_released(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in, "other")
    chat = make_connection(line)
    page.get_by_label("Active", exact=True).uncheck()
    save(page)
    expect(page.locator(".ol-notice").get_by_text("The line is switched off")).to_be_visible()
    person = make_client(chat)
    person.connection = Connection.objects.select_related("line").get(pk=chat.pk)
    write(person, "Are you there?", now=timezone.now())
    page.reload()
    expect(page.get_by_text("1 dialog waits from the time when the line was off.")).to_be_visible()
    page.get_by_label("Active", exact=True).check()
    save(page)
    page.get_by_role("link", name="Release or discard").click()
    page.get_by_role("button", name="Discard…").click()
    expect(page.get_by_text("Really discard them?")).to_be_visible()
    page.get_by_role("link", name="Keep them").click()
    page.get_by_role("button", name="Release to the queue").click()
    expect(page.get_by_text("1 dialog released.")).to_be_visible()
    assert not Dialog.objects.filter(line=line, is_kept=True).exists()


def test_a_line_is_deleted_with_its_name_typed_and_the_page_follows(logged_in: LoggedIn) -> None:
    page, line = opened(logged_in, "other")
    chat = make_connection(line)
    write(make_client(chat), now=timezone.now())
    page.get_by_role("link", name="Delete this line…").click()
    page.get_by_label("Type the name of the line").fill("Teapot")
    page.get_by_label("Connection Live chat").select_option(value="delete")
    page.get_by_role("button", name="Delete the line").click()
    expect(page.get_by_text("Type it exactly as it is written.")).to_be_visible()
    expect(page.get_by_label("Connection Live chat")).to_have_value("delete")
    page.get_by_label("Type the name of the line").fill("Teapots")
    page.get_by_role("button", name="Delete the line").click()
    expect(page.get_by_text("The line “Teapots” is deleted.")).to_be_visible()
    assert not OpenLine.objects.filter(pk=line.pk).exists()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit(logged_in: LoggedIn, width: int, scheme: str) -> None:
    page, line = opened(logged_in, "other", color_scheme=scheme, viewport={"width": width, "height": 900})
    chat = make_connection(line)
    values = {
        "consent_enabled": True,
        "unanswered_text_enabled": True,
        "rating_limit_enabled": True,
        "is_active": False,
    }
    lines.save_block(line.pk, values, now=timezone.now())
    person = make_client(chat)
    person.connection = Connection.objects.select_related("line").get(pk=chat.pk)
    write(person, now=timezone.now())
    addresses = [address_of(block, line) for block in BLOCKS]
    addresses += [
        reverse(f"admin:openlines_openline_{name}", args=[line.pk]) for name in ("kept", "deletion")
    ]
    for address in addresses:
        page.goto(address)
        found = Axe().run(page).response["violations"]
        assert [(address, one["id"]) for one in found if one["id"] not in THE_FRAME_OF_UNFOLD] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
