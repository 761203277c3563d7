"""Starting a dialog: where, with whom, why not, and what is stored (§11, §12)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from contactcenter.staff.models import Employee
from openlines.connectors.base import Template
from openlines.models import Client, Connection, Dialog, Message, OpenLine, OutboxItem
from openlines.services import dialogs, outgoing, starting
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from tests.factories import make_employee
from tests.openlines.factories import NOW, answer, make_client, make_connection, make_line, write
from tests.openlines.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Employee:
    return make_employee(role="operator", first_name="Anna")


def on(kind: str, *people: Employee) -> Connection:
    return make_connection(make_line(*people, greeting_enabled=False, name_before_text=False), kind)


def mail(text: str = "Good morning", subject: str = "") -> Reply:
    return Reply(uuid=uuid4(), text=text, subject=subject)


def test_a_mail_to_a_stranger(anna: Employee) -> None:
    connection = on("email", anna)
    message = mail(subject="Your order")
    begun = starting.begin(connection, "Carl@Example.org", message, by=anna, now=NOW)
    assert begun.is_new
    client = Client.objects.get()
    assert (client.external_id, client.email) == ("carl@example.org", "carl@example.org")
    dialog = Dialog.objects.get()
    assert (dialog.state, dialog.operator) == (Dialog.State.ANSWERED, anna)
    sent = OutboxItem.objects.get().message
    thread = outgoing.thread(dialog, sent)
    assert (thread.subject, thread.in_reply_to) == ("Your order", "")
    assert starting.begin(connection, "carl@example.org", message, by=anna, now=NOW).dialog == dialog
    assert Message.objects.count() == 1  # the same message again changes nothing


def test_his_answer_comes_to_the_dialog_that_was_started(anna: Employee) -> None:
    begun = starting.begin(on("sms", anna), "+48 600 100 200", mail(), by=anna, now=NOW)
    client = Client.objects.select_related("connection__line").get(external_id="+48600100200")
    assert write(client, "Yes", now=NOW).dialog_id == begun.dialog.pk


def test_whatsapp_takes_a_template_from_a_stranger_and_nothing_else(anna: Employee) -> None:
    connection = on("whatsapp", anna)
    with pytest.raises(CommandRefused, match="templates"):
        starting.begin(connection, "+48600100200", mail(), by=anna, now=NOW)
    assert not Client.objects.exists()  # nothing is left behind
    assert not Dialog.objects.exists()
    template = Reply(uuid=uuid4(), text="Hello", template=Template("hello", "en"))
    begun = starting.begin(connection, "+48600100200", template, by=anna, now=NOW)
    assert begun.dialog.state == Dialog.State.ANSWERED
    assert Client.objects.get().external_id == "48600100200"


def test_a_known_whatsapp_client_is_found_by_his_number(anna: Employee) -> None:
    connection = on("whatsapp", anna)
    known = make_client(connection, "US.123", phone="+48600100200", aliases=("48600100200", "+48600100200"))
    write(known, now=NOW)
    dialogs.spam(Dialog.objects.get().pk, by=anna, now=NOW)
    begun = starting.begin(connection, "+48 600 100 200", mail(), by=anna, now=NOW)
    assert begun.dialog.client == known


def test_an_open_dialog_is_opened_and_nothing_is_sent(anna: Employee) -> None:
    connection = on("sms", anna)
    client = make_client(connection, "+48600100200")
    dialog = write(client, now=NOW).dialog
    begun = starting.begin(connection, "+48600100200", mail(), by=anna, now=NOW)
    assert (begun.dialog, begun.is_new) == (dialog, False)
    assert not Message.objects.filter(author="operator").exists()


def test_who_has_blocked_us_stays_blocked(anna: Employee) -> None:
    connection = on("sms", anna)
    client = make_client(connection, "+48600100200")
    Client.objects.update(is_reachable=False)
    with pytest.raises(CommandRefused, match="blocked"):
        starting.begin(connection, "+48600100200", mail(), by=anna, now=NOW)
    client.refresh_from_db()
    assert not client.is_reachable


def test_an_empty_message_starts_nothing(anna: Employee) -> None:
    with pytest.raises(CommandRefused, match="empty"):
        starting.begin(on("sms", anna), "+48600100200", mail("  "), by=anna, now=NOW)
    assert not Client.objects.exists()


@pytest.mark.parametrize("kind", ["telegram", "livechat", "api"])
def test_elsewhere_only_known_clients(anna: Employee, kind: str) -> None:
    connection = on(kind, anna)
    with pytest.raises(CommandRefused, match="only to clients who wrote before"):
        starting.begin(connection, "Carl", mail(), by=anna, now=NOW)
    client = make_client(connection)
    dialogs.spam(write(client, now=NOW).dialog.pk, by=anna, now=NOW)
    begun = starting.begin(connection, client, mail(), by=anna, now=NOW + timedelta(days=90))
    assert begun.dialog.state == Dialog.State.ANSWERED


def test_a_visitor_of_the_live_chat_need_not_have_written(anna: Employee) -> None:
    visitor = make_client(on("livechat", anna))
    assert starting.why_not(visitor, by=anna, now=NOW) == ""
    stranger = make_client(on("telegram", anna))
    assert "wrote before" in starting.why_not(stranger, by=anna, now=NOW)


def test_messenger_within_the_week(anna: Employee) -> None:
    client = make_client(on("messenger", anna))
    dialogs.spam(write(client, now=NOW).dialog.pk, by=anna, now=NOW)
    assert starting.why_not(client, by=anna, now=NOW + timedelta(days=6)) == ""
    assert "too long ago" in starting.why_not(client, by=anna, now=NOW + timedelta(days=7))


def test_only_what_works_on_his_lines_is_offered(anna: Employee) -> None:
    good, off, paused, dark = on("email", anna), on("sms", anna), on("whatsapp", anna), on("telegram", anna)
    foreign = on("email", make_employee(role="operator"))
    Connection.objects.filter(pk=off.pk).update(is_active=False)
    Connection.objects.filter(pk=paused.pk).update(paused_reason="token")
    OpenLine.objects.filter(pk=dark.line_id).update(is_active=False)
    assert list(starting.connections_for(anna)) == [good]
    boss = make_employee(role="administrator")
    assert set(starting.connections_for(boss)) >= {good, foreign}
    assert not {off, paused, dark} & set(starting.connections_for(boss))
    assert not starting.connections_for(make_employee()).exists()
    for connection, words in ((off, "switched off"), (paused, "does not work"), (dark, "line")):
        connection = Connection.objects.select_related("line").get(pk=connection.pk)
        assert words in starting.outlook(connection, None, now=NOW).why_not


def test_a_line_that_is_not_his_is_said(anna: Employee) -> None:
    client = make_client(on("email", make_employee(role="operator")))
    assert "not yours" in starting.why_not(client, by=anna, now=NOW)


def test_the_search_finds_what_he_may_see(anna: Employee) -> None:
    connection = on("sms", anna)
    seen = make_client(connection, "+48600100200", name="Carl Żółć", phone="+48600100200")
    dialog = write(seen, now=NOW).dialog
    dialogs.take_over(dialog.pk, by=anna, now=NOW)
    answer(dialog, anna, now=NOW)
    make_client(connection, "+48600100300", name="Carl Hidden", phone="+48600100300")
    for query in ("carl", "żółć carl", "600 100", "+48600100200"):
        assert list(starting.search(anna, query)) == [seen], query
    assert list(starting.search(anna, "c")) == []
    assert len(starting.search(make_employee(role="administrator"), "carl")) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_the_same_message_at_once_is_told_as_sent_to_both(anna: Employee, attempt: int) -> None:
    """Told that nothing was sent, he would send it a second time."""
    connection, message = on("email", anna), mail()
    begin = partial(starting.begin, connection, "carl@example.org", message, by=anna, now=NOW)
    begun = together(begin, begin)
    assert [one.is_new for one in begun] == [True, True]
    assert Message.objects.count() == 1


@pytest.mark.parametrize(("at_work", "days"), [(True, 0), (False, 5)])
def test_a_started_dialog_says_whether_it_was_in_working_time(
    anna: Employee, at_work: bool, days: int
) -> None:
    line = make_line(anna, working_time_enabled=True, time_zone="UTC")
    client = make_client(make_connection(line, "telegram"))
    begun = dialogs.start(client.pk, by=anna, now=NOW + timedelta(days=days))
    begun.refresh_from_db()
    assert begun.in_working_time is at_work
