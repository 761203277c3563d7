"""The desk without its server: it says so in seconds, claims nothing that it cannot know, and catches up by itself."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from openlines.models import Dialog, Message
from openlines.services import dialogs
from tests.browser.conftest import Desks
from tests.browser.house import House
from tests.browser.people import Desk
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

ALL_BUT_THE_STREAM = re.compile(r"^http://[^/]+/(?!live/)")
BACK = re.compile(r"up to date at \d\d:\d\d:\d\d")


@pytest.fixture
def dialog() -> Dialog:
    """Anna's own."""
    anna = make_employee(role="operator", first_name="Anna", last_name="Nowak")
    chat = make_connection(make_line(anna, greeting_enabled=False))
    held = write(make_client(chat), "Good morning", now=timezone.now()).dialog
    return dialogs.accept(held.pk, by=anna, now=timezone.now())


@pytest.fixture
def anna(dialog: Dialog, desk: Desks) -> Desk:
    assert dialog.operator is not None
    return desk(dialog.operator)


def knows_nothing(anna: Desk) -> None:
    expect(anna.connection).to_contain_text("No connection since")
    expect(anna.status).to_be_hidden()
    expect(anna.page.locator("#own-state")).to_be_hidden()
    expect(anna.page.get_by_text("Not connected")).to_be_visible()


def test_a_server_that_hangs_is_noticed_and_nothing_claims_to_be_current(
    house: House, dialog: Dialog, anna: Desk
) -> None:
    with house.hangs():
        knows_nothing(anna)
        anna.row("Good morning").get_by_role("link").click()
        expect(anna.toasts).to_contain_text("this cannot be opened now")
        expect(anna.toasts).not_to_contain_text("Not sent")
        write(dialog.client, "Are you there?", now=timezone.now())
    expect(anna.connection).to_contain_text(BACK)
    expect(anna.row("Are you there?")).to_be_visible()
    anna.is_live()
    expect(anna.page.locator("#own-state")).to_be_visible()
    expect(anna.connection).to_be_hidden()


def test_requests_without_an_answer_count_though_the_stream_speaks(dialog: Dialog, anna: Desk) -> None:
    anna.page.route(ALL_BUT_THE_STREAM, lambda route: route.abort())
    anna.row("Good morning").get_by_role("link").click()
    expect(anna.toasts).to_contain_text("this cannot be opened now")
    knows_nothing(anna)
    anna.page.unroute(ALL_BUT_THE_STREAM)
    expect(anna.connection).to_contain_text(BACK)
    anna.row("Good morning").get_by_role("link").click()
    expect(anna.bubble("Good morning")).to_be_visible()


def test_notices_leave_the_composer_free(dialog: Dialog, anna: Desk) -> None:
    """At each size: what must be read does not lie over what is to be pressed."""
    anna.open(dialog.pk)
    anna.page.route("**/desk/**", lambda route: route.abort())
    anna.page.keyboard.press("Escape")
    for width, height in ((1440, 900), (1024, 768), (390, 844)):
        anna.page.set_viewport_size({"width": width, "height": height})
        anna.head.get_by_role("button", name="Transfer").click()
        expect(anna.toasts).to_contain_text("cannot be opened now")
        anna.text.fill("Free")
        anna.talk.locator("[data-send]").click(trial=True)
        anna.talk.get_by_role("button", name="Note").click(trial=True)


def test_a_reply_that_waited_is_a_question_where_a_colleague_wrote_meanwhile(
    dialog: Dialog, anna: Desk
) -> None:
    anna.open(dialog.pk)
    anna.page.route(ALL_BUT_THE_STREAM, lambda route: route.abort())
    for text in ("First", "Second"):
        anna.text.fill(text)
        anna.text.press("Control+Enter")
    expect(anna.bubble("Second")).to_be_visible()
    expect(anna.bubble("First")).to_contain_text("waits for the connection")
    expect(anna.connection).to_contain_text("Replies that wait: 2")
    tomasz = make_employee(role="administrator", first_name="Tomasz", last_name="Wilk")
    sold = dialogs.Reply(uuid=uuid4(), text="It is sold.")
    dialogs.reply(dialog.pk, sold, by=tomasz, now=timezone.now(), may_take_over=True, may_join=True)

    anna.page.unroute(ALL_BUT_THE_STREAM)
    expect(anna.talk.locator("[data-stale-words]")).to_contain_text("Tomasz")
    expect(anna.text).to_have_value("First\nSecond")
    expect(anna.bubble("It is sold.")).to_have_count(1)
    texts = Message.objects.filter(dialog=dialog, author=Message.Author.OPERATOR).values_list(
        "text", flat=True
    )
    assert list(texts) == ["It is sold."]
    anna.talk.locator("[data-stale-send]").click()
    expect(anna.bubble("First").locator(".delivery")).to_be_attached()
    assert [text.split() for text in texts.all()] == [["It", "is", "sold."], ["First", "Second"]]
