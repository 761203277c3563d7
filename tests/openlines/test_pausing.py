"""Refused credentials: the connection stands still, the administrators are told once, and what waits goes out when they are
mended. Whatever found the refusal: a message, a mailbox, the hourly upkeep.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections, transaction
from django.test import Client as Http
from django.urls import reverse

from contactcenter.staff.models import Employee, Notice, Scope
from openlines.connectors import base, registry
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Connection, Dialog, Message, OutboxItem
from openlines.policies.health import Health
from openlines.services import health, outbound, own_messages, pausing, polling, resending, upkeep
from tests.factories import make_employee, make_role
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)
from tests.openlines.together import somebody_waits_for_a_lock
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 24 * 3600


@pytest.fixture
def ewa() -> Employee:
    return make_employee(role="administrator", first_name="Ewa")


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram(any_chat=True) as fake:
        yield fake


@pytest.fixture
def bot(telegram: FakeTelegram, anna: Employee) -> Connection:
    line = make_line(anna, greeting_enabled=False, finish_text_enabled=False, name_before_text=False)
    wrong = {"token": "1:wrong", "secret_token": "s"}
    return make_connection(line, "telegram", name="Shop", credentials=wrong, base_url=telegram.url)


def told(person: Employee) -> list[tuple[str, str]]:
    rows = Notice.objects.filter(employee=person).order_by("pk")
    return [(notice.kind, notice.link) for notice in rows]


def page_of(connection: Connection) -> str:
    return reverse("admin:openlines_connection_change", args=[connection.pk])


def by_a_message(monkeypatch: pytest.MonkeyPatch, connection: Connection) -> Callable[[float], object]:
    dialog = write(make_client(connection, "1"), now=at(0)).dialog
    answer(dialog, connection.line.queue_entries.get().employee, now=at(1))  # type: ignore[arg-type]
    refuse = lambda *_args: base.Broken("Refused. Copy it again.")  # noqa: E731
    monkeypatch.setattr(type(registry.get(connection.kind)), "send", refuse)
    return lambda seconds: outbound.drain(connection.pk, now=at(seconds))


def _refuse(*_args: Any, **_options: Any) -> Any:
    raise base.CredentialsRefused("Refused. Copy it again.")


def by_a_poll(monkeypatch: pytest.MonkeyPatch, connection: Connection) -> Callable[[float], object]:
    Connection.objects.update(cursor={"uid": 1})
    monkeypatch.setattr(type(registry.get("email")), "poll", _refuse)
    return lambda seconds: polling.poll(connection.pk, now=at(seconds))


def by_upkeep(monkeypatch: pytest.MonkeyPatch, connection: Connection) -> Callable[[float], object]:
    monkeypatch.setattr(type(registry.get("sms")), "missed", _refuse)
    return lambda seconds: upkeep.reconcile(now=at(seconds))


@pytest.mark.parametrize(
    ("kind", "way"), [("telegram", by_a_message), ("email", by_a_poll), ("sms", by_upkeep)]
)
def test_whoever_is_refused_pauses_the_connection_and_tells_once(
    kind: str,
    way: Callable[[pytest.MonkeyPatch, Connection], Callable[[float], object]],
    ewa: Employee,
    anna: Employee,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = make_connection(make_line(anna), kind, credentials={"token": "1:x"})
    find = way(monkeypatch, connection)
    for seconds in (10, 70, 4000):
        find(seconds)
        health.watch(now=at(seconds))
    connection.refresh_from_db()
    assert connection.paused_reason == connection.last_error == "Refused. Copy it again."
    assert told(ewa) == [("connection_stopped", page_of(connection))]
    assert told(anna) == []  # who sets nothing up
    assert "Refused. Copy it again. What waits goes out when that is mended." in Notice.objects.get().text


def test_who_may_change_connections_only_is_told_too(anna: Employee) -> None:
    technician = make_employee()
    make_role("technician", connections_change=Scope.ALL).bindings.create(employee=technician)
    connection = make_connection(make_line(anna), "telegram")
    assert pausing.pause(connection.pk, reason="Refused.", now=at(0))
    assert len(told(technician)) == 1


def test_refused_again_after_it_was_mended_is_told_again(ewa: Employee, anna: Employee) -> None:
    connection = make_connection(make_line(anna), "telegram")
    assert pausing.pause(connection.pk, reason="Refused.", now=at(0))
    assert not pausing.pause(connection.pk, reason="Still refused.", now=at(5))
    first = Notice.objects.get(employee=ewa)
    outbound.resume(connection, now=at(60))
    assert pausing.pause(connection.pk, reason="Refused anew.", now=at(120))
    (unread,) = Notice.objects.filter(employee=ewa)  # the older one, which nobody had read, gives way
    assert unread.pk != first.pk
    assert unread.data["reason"] == "Refused anew."
    Notice.objects.update(read_at=at(130))
    outbound.resume(connection, now=at(140))
    pausing.pause(connection.pk, reason="Refused.", now=at(150))
    assert len(told(ewa)) == 2


def test_failing_is_told_once_and_again_after_it_recovered(ewa: Employee, anna: Employee) -> None:
    connection = make_connection(make_line(anna), "telegram", health="ok")

    def fail(error: str, seconds: float) -> int:
        Connection.objects.update(last_error=error)
        return health.watch(now=at(seconds))

    assert fail("Telegram cannot be reached.", 0) == 1
    assert fail("Telegram cannot be reached.", 300) == 0
    assert told(ewa) == [("connection_failing", page_of(connection))]
    assert "Telegram cannot be reached." in Notice.objects.get().text
    Notice.objects.update(read_at=at(310))
    assert fail("", 600) == 0
    assert fail("Telegram cannot be reached.", 900) == 1
    assert len(told(ewa)) == 2


def test_silence_is_told_with_a_link(ewa: Employee, anna: Employee, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = make_connection(make_line(anna), "telegram", health="ok")
    silent = health.Report(Health.SILENT, None, None)
    monkeypatch.setattr(health, "report", lambda rows, now: {connection.pk: silent})
    assert health.watch(now=at(0)) == 1
    assert health.watch(now=at(300)) == 0
    assert told(ewa) == [("connection_silent", page_of(connection))]


def test_what_is_mended_and_fails_in_another_way_before_the_next_look_is_told(
    ewa: Employee, anna: Employee
) -> None:
    connection = make_connection(make_line(anna), "telegram", health="ok")
    pausing.pause(connection.pk, reason="Refused.", now=at(0))
    health.watch(now=at(10))
    outbound.resume(connection, now=at(20))
    Connection.objects.update(last_error="Telegram cannot be reached.")
    health.watch(now=at(310))
    assert told(ewa)[-1][0] == "connection_failing"


def test_from_the_refusal_over_the_page_to_the_client(
    ewa: Employee, anna: Employee, bot: Connection, telegram: FakeTelegram, client: Http
) -> None:
    """A fake that refuses, then accepts: the whole way of an administrator."""
    old, fresh, closed = (
        write(make_client(bot, str(number)), now=at(-2 * DAY)).dialog for number in (71, 72, 73)
    )
    too_old = answer(old, anna, "Yesterday", now=at(-DAY - 3600))
    outbound.drain(bot.pk, now=at(-DAY - 3590))
    in_time = answer(fresh, anna, "An hour ago", now=at(-3600))
    of_closed = answer(closed, anna, "Before it was closed", now=at(-3600))
    Dialog.objects.filter(pk=closed.pk).update(state="closed", closed_at=at(-60))
    assert outbound.drain(bot.pk, now=at(-1800)) == 0
    bot.refresh_from_db()
    assert "token" in bot.paused_reason
    assert told(ewa) == [("connection_stopped", page_of(bot))]

    client.force_login(ewa)
    values = {"name": "Shop", "line": bot.line_id, "base_url": telegram.url}
    with time_machine.travel(at(0), tick=False):
        still = client.post(page_of(bot), {**values, "credential_token": "2:wrong"}, follow=True)
        assert "Nothing is sent at the moment" in still.text
        client.post(page_of(bot), {**values, "credential_token": TOKEN}, follow=True)
    bot.refresh_from_db()
    assert (bot.paused_reason, bot.last_error) == ("", "")
    assert telegram.called("setWebhook")
    outbound.drain(bot.pk, now=at(1))

    for message in (too_old, in_time, of_closed):
        message.refresh_from_db()
    assert in_time.delivery == "sent"
    assert [one["text"] for one in telegram.answers(72)] == ["An hour ago"]
    for asked in (too_old, of_closed):
        assert asked.delivery == "failed"
        assert "send it again" in asked.failure
    assert telegram.answers(71) == telegram.answers(73) == []

    resending.send_again(too_old.pk, by=anna, now=at(2), sure=True)
    outbound.drain(bot.pk, now=at(3))
    assert [one["text"] for one in telegram.answers(71)] == ["Yesterday"]


def test_an_automatic_text_that_waited_is_dropped_when_it_is_too_late(
    anna: Employee, telegram: FakeTelegram
) -> None:
    line = make_line(anna, greeting_enabled=True)
    bot = make_connection(
        line, "telegram", credentials={"token": "1:wrong", "secret_token": "s"}, base_url=telegram.url
    )
    write(make_client(bot, "9"), now=at(0))
    outbound.drain(bot.pk, now=at(1))
    Connection.objects.update(credentials={"token": TOKEN, "secret_token": "s"})
    outbound.resume(Connection.objects.get(pk=bot.pk), now=at(0) + timedelta(hours=1))
    outbound.drain(bot.pk, now=at(3601))
    greeting = Message.objects.get(author="automatic")
    assert (greeting.delivery, telegram.answers(9)) == ("failed", [])


def test_what_is_taken_back_while_the_connection_is_mended_stays_taken_back(
    anna: Employee, bot: Connection
) -> None:
    dialog = write(make_client(bot, "71"), now=at(-2 * DAY)).dialog
    message = answer(dialog, anna, "Yesterday", now=at(-DAY - 3600))
    pausing.pause(bot.pk, reason="Refused.", now=at(-DAY))

    def resume() -> None:
        try:
            outbound.resume(bot, now=at(0))
        finally:
            connections.close_all()

    mending = threading.Thread(target=resume)
    with transaction.atomic():
        own_messages.delete(message.pk, by=anna, now=at(0))
        mending.start()
        wait_until(somebody_waits_for_a_lock)
    mending.join(10)
    message.refresh_from_db()
    assert (message.delivery, message.failure) == ("", "")
    assert OutboxItem.objects.get().last_outcome == "Withdrawn"
