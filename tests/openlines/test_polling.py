"""A mailbox is read once, one mail a transaction; against a real Dovecot, and a connector that fails on demand."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database

from contactcenter.staff.models import Employee, Notice
from openlines import tasks
from openlines.connectors import base, registry
from openlines.connectors.email.connector import EmailConnector
from openlines.models import (
    Attachment,
    Client,
    Connection,
    Dialog,
    InboundEvent,
    Message,
    OutboxItem,
    UnderWay,
)
from openlines.services import connections, inbound, outbound, polling
from openlines.services.only_one import Work
from tests.fakes.mail_servers import MailServers, running, smtp_to
from tests.openlines.connectors.email.building import mail, multipart
from tests.openlines.factories import answer, at, make_connection, make_line, make_operator
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CREDENTIALS = {"address": "support@example.test", "imap_host": "127.0.0.1", "smtp_host": "127.0.0.1"}


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def connection(anna: Employee) -> Connection:
    line = make_line(anna, greeting_enabled=False, finish_text_enabled=False)
    return make_connection(line, "email", credentials=CREDENTIALS)


class Mailbox(EmailConnector):
    """Mails in a list in place of a server; raises ``trouble`` before the mail of that number."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.trouble: dict[int, Exception] = {}
        self.seen: list[int] = []

    def poll(
        self, account: base.Account, cursor: Mapping[str, Any], *, max_bytes: int
    ) -> Iterator[base.Polled]:
        for number in range(int(cursor["uid"]), len(self.mails)):
            if number in self.trouble:
                raise self.trouble.pop(number)
            yield base.Polled(base.RawRequest({}, self.mails[number]), {"uidvalidity": 1, "uid": number + 1})
            self.seen.append(number)

    def check(self, account: base.Account) -> base.Health:
        return base.Health(-1 not in self.trouble, "")

    def skip_to_now(self, account: base.Account) -> Mapping[str, Any]:
        if -1 in self.trouble:
            raise self.trouble.pop(-1)
        return {"uidvalidity": 1, "uid": len(self.mails)}


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    found = Mailbox()
    monkeypatch.setattr(registry, "get", lambda kind: found)
    return found


def poll(connection: Connection, seconds: float = 10) -> int:
    taken = polling.poll(connection.pk, now=at(seconds))
    connection.refresh_from_db()
    return taken


def texts() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("text", flat=True))


def letter(number: int, **headers: str) -> bytes:
    return mail(f"text {number}", Message_ID=f"<{number}@client.test>", **headers)


def test_it_begins_now_and_takes_each_mail_once(connection: Connection, mailbox: Mailbox) -> None:
    mailbox.mails = [letter(1)]
    assert poll(connection) == 0
    assert connection.cursor == {"uidvalidity": 1, "uid": 1, "since": at(10).isoformat()}
    mailbox.mails += [letter(2), letter(3)]
    assert poll(connection, 60) == 2
    assert poll(connection, 120) == 0
    assert texts() == ["text 2", "text 3"]
    assert connection.checked_at == at(120)
    assert mailbox.seen == [1, 2]


def test_a_mail_and_its_place_are_committed_together(
    connection: Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll(connection)
    mailbox.mails = [letter(1), letter(2)]
    whole = inbound.receive

    def dies_at_the_second(*args: Any, **kwargs: Any) -> Any:
        found = whole(*args, **kwargs)
        if len(texts()) == 2:
            raise RuntimeError("power cut")
        return found

    monkeypatch.setattr(inbound, "receive", dies_at_the_second)
    poll(connection, 60)
    assert texts() == ["text 1"]
    assert connection.cursor["uid"] == 1
    assert "power cut" in connection.last_error
    monkeypatch.undo()
    monkeypatch.setattr(registry, "get", lambda kind: mailbox)
    assert poll(connection, 120) == 1
    assert texts() == ["text 1", "text 2"]
    assert connection.last_error == ""


class Killed(BaseException):
    """As a kill -9, or the task queue's time-out."""


@pytest.mark.parametrize("trouble", [Killed, RuntimeError])
def test_a_mail_that_stops_its_reader_twice_is_parked_and_those_behind_it_come_in(
    connection: Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, trouble: type[BaseException]
) -> None:
    make_operator("Ewa", is_superuser=True)
    poll(connection)
    mailbox.mails = [letter(1), letter(2), letter(3)]
    whole = inbound._process
    read: list[bytes] = []

    def process(event_id: int, of: Connection, request: base.RawRequest, **options: Any) -> bool:
        if request.body == letter(2):
            read.append(request.body)
            raise trouble
        return whole(event_id, of, request, **options)

    monkeypatch.setattr(inbound, "_process", process)
    for seconds in (60, 120):
        if trouble is Killed:
            with pytest.raises(Killed):
                poll(connection, seconds)
        else:
            poll(connection, seconds)
        connection.refresh_from_db()
        assert (texts(), connection.cursor["uid"]) == (["text 1"], 1)
    assert poll(connection, 180) == 2
    assert (texts(), connection.cursor["uid"], len(read)) == (["text 1", "text 3"], 3, 2)
    parked = InboundEvent.objects.get(state="parked")
    assert bytes(parked.body) == letter(2)
    assert "stopped" in parked.reason
    assert (connection.health, "parked" in connection.last_error) == ("failing", True)
    assert Notice.objects.filter(kind="connection_failing").exists()
    assert not UnderWay.objects.exists()
    monkeypatch.setattr(inbound, "_process", whole)  # an update that can read it
    assert inbound.replay(parked, now=at(300))
    assert texts() == ["text 1", "text 3", "text 2"]


def test_one_death_is_forgotten_when_the_mail_is_read(
    connection: Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody restarted the machine just then."""
    poll(connection)
    mailbox.mails = [letter(1)]
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(inbound, "receive", _dies)
        poll(connection, 60)
    poll(connection, 120)
    assert texts() == ["text 1"]
    assert not UnderWay.objects.exists()


def _dies(*_args: object, **_more: object) -> None:
    raise Killed


def test_reading_has_a_time_limit(
    connection: Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parser that never ends; and one that swallows every exception while it does."""

    def never_ends(self: object, request: base.RawRequest, account: base.Account) -> Any:
        while b"text 1" in request.body:
            with suppress(Exception):
                time.sleep(0.01)
        return whole(mailbox, request, account)

    whole = EmailConnector.parse
    poll(connection)
    monkeypatch.setattr(inbound, "READING_SECONDS", 0.3)
    monkeypatch.setattr(Mailbox, "parse", never_ends, raising=False)
    mailbox.mails = [letter(1), letter(2)]
    assert poll(connection, 60) == 2
    assert texts() == ["text 2"]
    parked = InboundEvent.objects.get(state="parked")
    assert "longer than" in parked.reason
    assert connection.health == "failing"


def test_a_mail_known_already_changes_nothing(connection: Connection, mailbox: Mailbox) -> None:
    poll(connection)
    mailbox.mails = [letter(1), b"Received: from elsewhere\r\n" + letter(1)]
    poll(connection, 60)
    assert texts() == ["text 1"]
    assert InboundEvent.objects.count() == 1
    Connection.objects.update(cursor={**connection.cursor, "uid": 0})
    poll(connection, 120)
    assert texts() == ["text 1"]


def test_what_cannot_be_read_is_parked_and_holds_nothing_up(connection: Connection, mailbox: Mailbox) -> None:
    poll(connection)
    mailbox.mails = [b"this is no mail", letter(2)]
    poll(connection, 60)
    assert texts() == ["text 2"]
    assert InboundEvent.objects.get(state="parked").reason


def test_refused_credentials_pause_the_connection(connection: Connection, mailbox: Mailbox) -> None:
    poll(connection)
    mailbox.mails = [letter(1)]
    mailbox.trouble[0] = base.CredentialsRefused("the password is wrong")
    assert poll(connection, 60) == 0
    assert connection.paused_reason == connection.last_error == "the password is wrong"
    assert poll(connection, 120) == 0
    assert texts() == []
    outbound.resume(connection, now=at(180))
    assert poll(connection, 180) == 1
    assert texts() == ["text 1"]


def test_a_passing_error_is_shown_until_the_next_poll_works(connection: Connection, mailbox: Mailbox) -> None:
    poll(connection)
    mailbox.mails = [letter(1), letter(2)]
    mailbox.trouble[1] = base.MediaUnavailable("no connection", temporary=True)
    assert poll(connection, 60) == 1
    assert (connection.last_error, connection.paused_reason) == ("no connection", "")
    assert poll(connection, 120) == 1
    assert connection.last_error == ""
    assert texts() == ["text 1", "text 2"]


def test_an_error_of_the_way_out_stays(connection: Connection, mailbox: Mailbox) -> None:
    poll(connection)
    Connection.objects.update(last_error="cannot send")
    poll(connection, 60)
    assert connection.last_error == "cannot send"


def test_nothing_of_the_time_when_it_was_off_comes_in(connection: Connection, mailbox: Mailbox) -> None:
    poll(connection)
    connections.switch(connection, on=False, now=at(20))
    mailbox.mails = [letter(1)]
    assert poll(connection, 30) == 0
    connections.switch(connection, on=True, now=at(40))
    mailbox.mails += [letter(2)]
    assert poll(connection, 50) == 1
    assert texts() == ["text 2"]
    assert connection.cursor["since"] == at(40).isoformat()


def test_where_the_server_is_away_when_it_goes_on_the_first_poll_skips(
    connection: Connection, mailbox: Mailbox
) -> None:
    poll(connection)
    connections.switch(connection, on=False, now=at(20))
    mailbox.mails = [letter(1)]
    mailbox.trouble[-1] = base.MediaUnavailable("away", temporary=True)
    connections.switch(connection, on=True, now=at(40))
    assert poll(connection, 50) == 0
    assert connection.last_error == "away"
    assert poll(connection, 60) == 0
    mailbox.mails += [letter(2)]
    assert poll(connection, 70) == 1
    assert connection.last_error == ""
    assert texts() == ["text 2"]


def test_switched_off_in_the_middle_of_a_poll(
    connection: Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll(connection)
    mailbox.mails = [letter(1), letter(2)]
    whole = inbound.receive

    def then_off(*args: Any, **kwargs: Any) -> Any:
        found = whole(*args, **kwargs)
        if len(texts()) == 2:
            Connection.objects.filter(pk=connection.pk).update(is_active=False)
        return found

    monkeypatch.setattr(inbound, "receive", then_off)
    assert poll(connection, 60) == 1
    assert texts() == ["text 1"]


def test_two_polls_at_once_are_one(connection: Connection, mailbox: Mailbox, bare_connection: Any) -> None:
    poll(connection)
    mailbox.mails = [letter(1)]
    lock = (Work.POLL, connection.pk)
    bare_connection.execute("SELECT pg_advisory_lock(%s, %s)", lock)
    assert poll(connection, 60) == 0
    bare_connection.execute("SELECT pg_advisory_unlock(%s, %s)", lock)
    assert poll(connection, 60) == 1
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [Work.POLL]
        )
        assert cursor.fetchone() == (0,)


def test_each_active_mailbox_gets_a_task(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, anna: Employee
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(polling, "async_task", lambda task, pk, **options: asked.append((task, pk)))
    make_connection(make_line(anna), "email", is_active=False)
    make_connection(make_line(anna), "email", paused_reason="x")
    make_connection(make_line(anna), "telegram")
    assert tasks.poll() == "1 mailbox asked"
    assert asked == [("openlines.tasks.poll", connection.pk)]


# -- with real servers --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mail_servers() -> Iterator[MailServers]:
    with running() as servers:
        yield servers


def test_a_whole_conversation_by_mail(
    mail_servers: MailServers, connection: Connection, anna: Employee
) -> None:
    servers = mail_servers
    connections.save(connection, {"credentials": servers.credentials(reply_token="yes")})
    poll(connection, 1)
    kind, body = multipart(
        "mixed",
        "Content-Type: text/plain; charset=utf-8\r\n\r\nWhere is my żółw?",
        "Content-Type: image/png; name=a.png\r\nContent-ID: <a@1>\r\n\r\nPNG",
    )
    with smtp_to(servers.smtp_port) as session:
        session.sendmail("carl@client.test", ["support@example.test"], mail(body, Content_Type=kind))
    servers.arrived("support")
    assert poll(connection, 60) == 1
    dialog = Dialog.objects.get()
    assert texts() == ["Where is my żółw?"]
    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.file.read(), attachment.reference) == ("stored", b"PNG", "a@1")

    reply = answer(dialog, anna, "On its way.", now=at(70))
    outbound.drain(connection.pk, now=at(71))
    reply.refresh_from_db()
    assert (reply.delivery, reply.failure) == ("sent", "")
    (arrived,) = servers.arrived("carl")
    assert b"In-Reply-To: <1@client.test>" in arrived
    assert b"Subject: Re: A question" in arrived

    # A colleague answers from another address: the conversation stays Carl's.
    with smtp_to(servers.smtp_port) as session:
        told = mail(
            "Dora here, thanks!",
            From="dora@client.test",
            Message_ID="<2@client.test>",
            In_Reply_To=str(reply.external_id),
        )
        session.sendmail("dora@client.test", ["support@example.test"], told)
    servers.arrived("support", 2)
    assert poll(connection, 120) == 1
    assert Dialog.objects.count() == Client.objects.count() == 1
    told_by = Message.objects.get(dialog=dialog, text="Dora here, thanks!")
    assert told_by.extra["from"] == "dora@client.test"


def test_a_bounce_comes_back_to_its_message(
    mail_servers: MailServers, connection: Connection, anna: Employee
) -> None:
    servers = mail_servers
    servers.empty()
    connections.save(connection, {"credentials": servers.credentials()})
    poll(connection, 1)
    with smtp_to(servers.smtp_port) as session:
        session.sendmail("carl@client.test", ["support@example.test"], mail(From="later@client.test"))
    servers.arrived("support")
    poll(connection, 60)
    reply = answer(Dialog.objects.get(), anna, "Hello", now=at(70))
    outbound.drain(connection.pk, now=at(71))
    reply.refresh_from_db()
    assert reply.delivery == "sent"
    servers.arrived("support", 2)
    assert poll(connection, 120) == 1
    reply.refresh_from_db()
    assert reply.delivery == "failed"
    assert "no such mailbox" in reply.failure
    assert not Client.objects.get().is_reachable
    assert OutboxItem.objects.get().state == "done"


def test_a_mailbox_made_anew_gives_nothing_twice_and_loses_nothing(
    mail_servers: MailServers, connection: Connection
) -> None:
    """The server numbers anew (UIDVALIDITY), in another order; one mail has another's Message-ID, one has none."""
    servers = mail_servers
    servers.empty()
    connections.save(connection, {"credentials": servers.credentials()})
    poll(connection, 1)
    first, other = mail("one"), mail("another body under the same id")
    nameless = mail("without an id", Message_ID="-")
    for raw in (first, other, nameless):
        servers.put(raw)
    assert poll(connection, 60) == 3
    to_us_twice = b"Delivered-To: help@example.test\r\nReceived: by another way\r\n" + first
    servers.put(to_us_twice)
    poll(connection, 120)
    before = Connection.objects.get(pk=connection.pk).cursor["uidvalidity"]
    servers.empty()
    wait_until(lambda: time.time() >= before + 1)  # Dovecot numbers a mailbox by the second it is made in
    for raw in (mail("new", Message_ID="<9@client.test>"), nameless, other, first):
        servers.put(raw)
    poll(connection, 180)
    assert Connection.objects.get(pk=connection.pk).cursor["uidvalidity"] != before
    assert sorted(texts()) == ["another body under the same id", "new", "one", "without an id"]


def test_a_connection_that_waits_for_a_day_still_begins_where_it_was(
    connection: Connection, mailbox: Mailbox
) -> None:
    poll(connection)
    mailbox.mails = [letter(1)]
    assert polling.poll(connection.pk, now=at(0) + timedelta(days=1)) == 1
