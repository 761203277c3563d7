"""What is written down on the way of a message, so that its journey can be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from contactcenter.staff.models import Employee
from openlines.connectors.base import (
    DeliveryStatus,
    MessageEdited,
    MessageKind,
    MessageReceived,
    ReactionChanged,
    Sender,
    StatusChanged,
)
from openlines.connectors.telegram.fake import FakeTelegram, server_error, too_many
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Connection, Dialog, Message, MessageMark, OutboxItem, Shown
from openlines.services import attempts, dialogs, inbound_items, looks, outbound, resending
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram(any_chat=True) as fake:
        yield fake


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def connection(telegram: FakeTelegram, anna: Employee) -> Connection:
    line = make_line(anna, greeting_enabled=False, finish_text_enabled=False, name_before_text=False)
    return make_connection(
        line, "telegram", credentials={"token": TOKEN, "secret_token": "s"}, base_url=telegram.url
    )


@pytest.fixture
def dialog(connection: Connection) -> Dialog:
    return write(make_client(connection, "4711", name="Carl"), now=at(0)).dialog


def take(connection: Connection, item: object, *, now: float) -> None:
    inbound_items.take(item, connection, inbound_id=None, now=at(now))  # type: ignore[arg-type]


def received(external_id: str, text: str = "Hello") -> MessageReceived:
    return MessageReceived(Sender("4711"), external_id, at(1), MessageKind.TEXT, text)


# -- the outbox's log


def test_an_attempt_tells_when_it_began_how_long_it_took_and_what_was_answered(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    telegram.plan("sendMessage", server_error(), too_many(30))
    message = answer(dialog, anna, now=at(5))
    for moment in (10, 20, 60):
        outbound.drain(connection.pk, now=at(moment))
    first, second, third = OutboxItem.objects.get(message=message).log
    assert [one["outcome"] for one in (first, second, third)] == ["TryLater", "TryLater", "Sent"]
    assert [one["http"] for one in (first, second, third)] == [[500], [429], [200]]
    assert all(isinstance(one["ms"], int) and one["ms"] < 10_000 for one in (first, second, third))
    message.refresh_from_db()
    assert third["ids"] == [message.external_id]
    assert first["at"].startswith(at(10).isoformat()[:19])
    assert "ids" not in first


def _die_in_the_call(connection: Connection, *, now: datetime) -> None:
    item = outbound._next(connection, now=now)
    assert item is not None
    OutboxItem.objects.filter(pk=item.pk).update(state="sending", log=attempts.begun(now=now))


def test_a_drain_that_died_in_the_call_leaves_when_it_had_begun(
    connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    message = answer(dialog, anna, now=at(5))
    _die_in_the_call(connection, now=at(6))
    outbound.drain(connection.pk, now=at(300))
    begun, ended = OutboxItem.objects.get(message=message).log
    assert (begun["outcome"], begun["at"]) == ("Begun", at(6).isoformat())
    assert (ended["outcome"], "ms" in ended) == ("Unknown", False)


def test_who_had_it_sent_again_is_kept(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    message = answer(dialog, anna, now=at(5))
    _die_in_the_call(connection, now=at(6))
    outbound.drain(connection.pk, now=at(300))
    resending.send_again(message.pk, by=anna, now=at(400), sure=True)
    outbound.drain(connection.pk, now=at(401))
    log = OutboxItem.objects.get(message=message).log
    assert [one["outcome"] for one in log] == ["Begun", "Unknown", "Again", "Sent"]
    assert (log[2]["by"], log[2]["at"]) == (anna.pk, at(400).isoformat())


# -- marks


def test_each_edit_and_each_change_of_a_reaction_is_a_station_of_its_own(connection: Connection) -> None:
    take(connection, received("m1"), now=1)
    for second, text in ((2, "Helo"), (3, "Hello!"), (3, "Hello!")):
        take(connection, MessageEdited(Sender("4711"), "m1", at(second), text), now=second)
    for second, emojis in ((5, ("👍",)), (6, ()), (7, ("👍",)), (7, ("👍",))):
        take(connection, ReactionChanged(Sender("4711"), "m1", at(second), emojis), now=second)
    marks = MessageMark.objects.values_list("status", "heard_at", "detail")
    assert list(marks) == [
        ("edited", at(2), ""),
        ("edited", at(3), ""),
        ("reaction", at(5), "👍"),
        ("reaction", at(6), ""),
        ("reaction", at(7), "👍"),
    ]


def test_what_came_before_its_message_keeps_the_time_at_which_it_was_heard(connection: Connection) -> None:
    take(connection, MessageEdited(Sender("4711"), "m1", at(3), "Hello!"), now=4)
    take(connection, received("m1"), now=9)
    message = Message.objects.get()
    assert message.text == "Hello!"
    mark = MessageMark.objects.get()
    assert (mark.status, mark.at, mark.heard_at) == ("edited", at(3), at(4))


def test_the_same_status_told_twice_is_one_station(
    connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    message = answer(dialog, anna, now=at(5))
    outbound.drain(connection.pk, now=at(6))
    message.refresh_from_db()
    for second in (7, 8):
        status = StatusChanged(str(message.external_id), DeliveryStatus.DELIVERED, at(7))
        take(connection, status, now=second)
    assert MessageMark.objects.filter(message=message).count() == 1


# -- shown to whom


def test_a_look_is_kept_once_for_what_is_new(connection: Connection, dialog: Dialog, anna: Employee) -> None:
    assert looks.record(dialog.pk, employee_id=anna.pk, now=at(3))
    assert not looks.record(dialog.pk, employee_id=anna.pk, now=at(4))
    write(dialog.client, "Hello??", now=at(10))
    assert looks.record(dialog.pk, employee_id=anna.pk, now=at(12))
    assert list(Shown.objects.values_list("employee", "seq", "at")) == [
        (anna.pk, 1, at(3)),
        (anna.pk, 2, at(12)),
    ]


def test_what_one_wrote_oneself_is_nothing_new_but_it_is_to_a_colleague(
    dialog: Dialog, anna: Employee
) -> None:
    bert = make_operator("Bert")
    looks.record(dialog.pk, employee_id=anna.pk, now=at(3))
    answer(dialog, anna, now=at(5))
    assert not looks.record(dialog.pk, employee_id=anna.pk, now=at(6))
    assert looks.record(dialog.pk, employee_id=bert.pk, now=at(7))
    assert Shown.objects.get(employee=bert).seq == 2


def test_a_message_that_is_not_on_the_screen_yet_was_not_shown(dialog: Dialog, anna: Employee) -> None:
    on_screen = Message.objects.get()
    write(dialog.client, "Hello??", now=at(10))
    looks.record(dialog.pk, employee_id=anna.pk, now=at(12), last=on_screen.pk)
    assert Shown.objects.get().seq == on_screen.seq


def test_a_look_costs_one_statement(dialog: Dialog, anna: Employee) -> None:
    with CaptureQueriesContext(database) as asked:
        looks.record(dialog.pk, employee_id=anna.pk, now=at(3))
    assert len(asked) == 1


def test_the_desk_tells_how_far_he_saw(dialog: Dialog, anna: Employee) -> None:
    Employee.objects.filter(pk=anna.pk).update(is_superuser=True)
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    first = Message.objects.get()
    write(dialog.client, "Hello??", now=at(2))
    page = browser_of(anna)
    assert page.post(f"/desk/{dialog.pk}/seen/", {"last": first.pk}).status_code == 204
    assert [one.seq for one in Shown.objects.all()] == [first.seq]
    assert page.post(f"/desk/{dialog.pk}/seen/").status_code == 204
    assert [one.seq for one in Shown.objects.all()] == [first.seq, first.seq + 1]
