"""What breaks on the way, and that nobody has to do anything about it: no message is lost, and none comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from contactcenter.staff.models import Employee
from openlines.models import Client, Connection, Dialog, Message
from tests.browser.conftest import Customers, Desks
from tests.browser.house import House
from tests.browser.people import Customer, Desk
from tests.conftest import database_url
from tests.factories import make_employee
from tests.openlines.factories import make_connection, make_line, write

STOPS_WITHIN = 3.0


@pytest.fixture
def operator() -> Employee:
    return make_employee(role="operator", first_name="Anna", last_name="Nowak")


@pytest.fixture
def chat(operator: Employee) -> Connection:
    return make_connection(make_line(operator, greeting_enabled=False))


@pytest.fixture
def carl(customer: Customers, chat: Connection) -> Customer:
    return customer(chat).visit_the_shop().open_the_chat()


@pytest.fixture
def anna(desk: Desks, operator: Employee, carl: Customer) -> Desk:
    """Anna, with Carl's dialog open before her."""
    hers = desk(operator)
    carl.write("Good morning")
    hers.accept("Good morning")
    return hers


def replies(chat: Connection) -> list[str]:
    ours = Message.objects.filter(dialog__line=chat.line, author=Message.Author.OPERATOR)
    return list(ours.values_list("text", flat=True))


# -- the event stream ------------------------------------------------------------------------------------------


@contextmanager
def nobody_can_connect() -> Iterator[psycopg.Connection]:
    """New connections to the database wait until the block ends: each looks its database up in this table."""
    with psycopg.connect(database_url()) as bare:
        bare.execute("LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE")
        yield bare
        bare.rollback()


def test_what_was_written_while_nobody_listened_is_caught_up(
    chat: Connection, anna: Desk, carl: Customer
) -> None:
    dialog = Dialog.objects.select_related("client__connection__line").get(line=chat.line)
    with nobody_can_connect() as bare:
        killed = bare.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'contactcenter live' AND datname = %s",
            [bare.info.dbname],
        ).fetchall()
        write(dialog.client, "Are you still there?", now=timezone.now())  # its NOTIFY is heard by nobody
        expect(anna.bubble("Are you still there?")).to_have_count(0)
    assert killed == [(True,)]
    expect(anna.bubble("Are you still there?")).to_be_visible()
    expect(carl.message("Are you still there?")).to_be_visible()
    anna.is_live()
    carl.write("I am.")
    expect(anna.bubble("I am.")).to_be_visible()


def test_a_restart_of_the_server_is_hardly_noticed(
    house: House, chat: Connection, anna: Desk, carl: Customer
) -> None:
    dialog = Dialog.objects.select_related("client__connection__line").get(line=chat.line)
    try:
        seconds = house.stop_web()
        expect(anna.status).to_have_attribute("data-status", "reconnecting")
        write(dialog.client, "Written while you were away", now=timezone.now())
        anna.text.fill("Not lost")
        anna.text.press("Control+Enter")
        expect(anna.bubble("Not lost")).to_contain_text("waits for the connection")
        expect(anna.text).to_have_value("")
        carl.text.fill("Not lost either")
        carl.text.press("Enter")
    finally:
        house.start_web()
    assert seconds < STOPS_WITHIN
    # Both pages catch up by themselves, and send what they kept.
    expect(anna.bubble("Written while you were away")).to_be_visible()
    expect(carl.message("Written while you were away")).to_be_visible()
    expect(anna.bubble("Not lost either")).to_have_count(1)
    anna.is_live()
    # The client wrote before the operator's reply could leave: it asks first.
    expect(anna.text).to_have_value("Not lost")
    anna.talk.locator("[data-stale-send]").click()
    expect(carl.message("Not lost")).to_have_count(2)
    assert replies(chat) == ["Not lost"]


# -- sending ---------------------------------------------------------------------------------------------------


def test_a_double_click_sends_once(chat: Connection, anna: Desk, carl: Customer) -> None:
    anna.text.fill("By mouse")
    anna.talk.get_by_role("button", name="Send").dblclick()
    expect(carl.message("By mouse")).to_have_count(1)
    anna.text.fill("By keys")
    anna.page.keyboard.press("Control+Enter")
    anna.page.keyboard.press("Control+Enter")
    expect(carl.message("By keys")).to_have_count(1)
    carl.text.fill("By mouse too")
    carl.chat.get_by_role("button", name="Send").dblclick()
    expect(anna.bubble("By mouse too")).to_have_count(1)
    anna.write("The last one")
    expect(carl.message("The last one")).to_be_visible()
    assert replies(chat) == ["By mouse", "By keys", "The last one"]
    assert Message.objects.filter(dialog__line=chat.line, text="By mouse too").count() == 1
    for text in ("By mouse", "By keys"):
        expect(anna.log.get_by_text(text, exact=True)).to_have_count(1)


def test_replies_that_did_not_get_through_wait_over_a_reload_and_go_out_once_in_order(
    chat: Connection, anna: Desk, carl: Customer
) -> None:
    anna.page.route("**/reply/", lambda route: route.abort())
    texts = ["Five are left.", "Shall I keep one?", "A third"]
    for text in texts:
        anna.text.fill(text)
        anna.text.press("Control+Enter")
        expect(anna.text).to_have_value("")
    expect(anna.bubble(texts[0])).to_contain_text("waits for the connection")
    anna.page.reload()
    anna.is_live()
    for text in texts:
        expect(anna.bubble(text)).to_have_count(1)
    expect(anna.text).to_have_value("")
    expect(anna.bubble(texts[0])).to_contain_text("waits for the connection")
    anna.bubble(texts[0]).get_by_role("button", name="Take back").click()
    expect(anna.text).to_have_value(texts[0])
    expect(anna.bubble(texts[0])).to_have_count(0)
    anna.text.fill("")

    anna.page.unroute("**/reply/")
    for text in texts[1:]:
        expect(carl.message(text)).to_have_count(1)
        expect(anna.bubble(text)).to_have_count(1)
        expect(anna.bubble(text).locator(".delivery")).to_be_attached()
    assert replies(chat) == texts[1:]


def test_a_reply_whose_answer_was_lost_is_not_asked_for_again(
    chat: Connection, anna: Desk, carl: Customer
) -> None:
    """It has arrived, and the stream says so: the text is not left in the field to be sent twice."""

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    anna.page.route("**/reply/", lose_the_answer, times=1)
    anna.text.fill("Five are left.")
    anna.text.press("Control+Enter")
    expect(carl.message("Five are left.")).to_have_count(1)
    expect(anna.bubble("Five are left.").locator(".delivery")).to_be_attached()
    expect(anna.bubble("Five are left.")).to_have_count(1)
    for reloads in (False, True):
        if reloads:
            anna.page.reload()
            anna.is_live()
        expect(anna.text).to_have_value("")
        expect(anna.notice).to_be_hidden()
    assert replies(chat) == ["Five are left."]


def test_a_customers_message_whose_answer_was_lost_comes_once(
    chat: Connection, anna: Desk, carl: Customer
) -> None:
    """His page tries again by itself, under the same UUID."""

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    carl.page.route(lambda address: address.endswith("/messages/"), lose_the_answer, times=1)
    carl.text.fill("How much is it?")
    carl.text.press("Enter")
    expect(anna.bubble("How much is it?")).to_have_count(1)
    expect(carl.message("How much is it?").locator(".message__mark")).to_have_attribute("title", "Read")
    expect(carl.message("How much is it?")).to_have_count(1)
    expect(carl.chat.locator("[data-notice]")).to_be_hidden()
    assert Message.objects.filter(dialog__line=chat.line, text="How much is it?").count() == 1


def test_who_writes_before_the_chat_knows_him_is_one_visitor(chat: Connection, customer: Customers) -> None:
    """His first words wait for the session's answer; a second session would make a second visitor of him."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    carl = customer(chat).visit_the_shop()
    carl.page.route("**/session/", hold)
    with carl.page.expect_request("**/session/"):
        carl.open_the_chat(in_a_hurry=True)
    carl.text.fill("In a hurry")
    carl.text.press("Enter")
    expect(carl.message("In a hurry")).to_be_visible()
    for route in held:
        route.continue_()
    carl.page.unroute("**/session/")
    expect(carl.message("In a hurry").locator(".message__mark")).to_have_attribute("title", "Delivered")
    carl.write("Where is my parcel?")
    assert len(held) == 1
    assert Message.objects.filter(dialog__client=Client.objects.get(connection=chat)).count() == 2
