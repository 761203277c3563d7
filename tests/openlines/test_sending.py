"""What stops us before the call was not sent, and everybody sees that; only what stops us within it is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from django.db import connection as database

from contactcenter.lib import calls
from contactcenter.staff.models import Employee
from openlines.connectors import base, registry
from openlines.connectors.telegram.connector import TelegramConnector
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Connection, Deadline, Dialog, Message, OutboxItem
from openlines.services import (
    connection_test,
    outbound,
    outcomes,
    outgoing,
    own_messages,
    resending,
    sending,
    wakeups,
)
from openlines.services.errors import CommandRefused
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """As a kill -9: nothing that follows is run but what the interpreter itself unwinds."""


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


def drain(connection: Connection, seconds: float = 10) -> int:
    return outbound.drain(connection.pk, now=at(seconds))


def delivered(message: Message) -> str:
    message.refresh_from_db()
    return message.delivery


def texts(telegram: FakeTelegram) -> list[str]:
    return [call.params["text"] for call in telegram.called("sendMessage")]


def raising(error: BaseException) -> Any:
    def raises(*_args: object, **_more: object) -> Any:
        raise error

    return raises


def outcomes_of(message: Message) -> list[str]:
    return [entry["outcome"] for entry in OutboxItem.objects.get(message=message, action="send").log]


# -- the process dies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["compose", "prepare"])
def test_what_was_taken_up_and_not_begun_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
    where: str,
) -> None:
    message = answer(dialog, anna, "Hello", now=at(5))
    with monkeypatch.context() as patch:
        if where == "compose":
            patch.setattr(outgoing, "compose", raising(Killed()))
        else:  # in the connector, before its call
            patch.setattr(TelegramConnector, "send", raising(Killed()))
        with pytest.raises(Killed):
            drain(connection)
    assert OutboxItem.objects.get().state == "claimed"
    with pytest.raises(CommandRefused, match="right now"):
        own_messages.edit(message.pk, "x", by=anna, now=at(11))
    assert drain(connection, 20) == 1
    assert (delivered(message), texts(telegram)) == ("sent", ["Hello"])
    assert outcomes_of(message) == ["Interrupted", "Sent"]


def test_what_was_begun_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    def dies_in_the_call(*_args: object) -> base.Outcome:
        calls.begin()
        raise Killed

    message = answer(dialog, anna, "Hello", now=at(5))
    with monkeypatch.context() as patch:
        patch.setattr(TelegramConnector, "send", dies_in_the_call)
        with pytest.raises(Killed):
            drain(connection)
    assert OutboxItem.objects.get().state == "sending"
    drain(connection, 20)
    assert (delivered(message), texts(telegram)) == ("unknown", [])
    assert outcomes_of(message) == ["Begun", "Unknown"]


def test_the_call_is_begun_in_the_database_before_the_provider_hears_of_it(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    seen: list[object] = []
    begin = calls.begin

    def look() -> None:
        seen.append(OutboxItem.objects.get().state)
        begin()
        seen.extend([OutboxItem.objects.get().state, len(telegram.called("sendMessage"))])

    monkeypatch.setattr(calls, "begin", look)
    answer(dialog, anna, "Hello", now=at(5))
    drain(connection)
    assert seen == ["claimed", "sending", 0]


def test_what_the_process_dies_of_is_given_up_and_stops_nobody(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    poison = answer(dialog, anna, "poison", now=at(5))
    other = answer(write(make_client(connection, "4712"), now=at(1)).dialog, anna, "other", now=at(6))
    compose = outgoing.compose

    def dies(item: OutboxItem, *more: Any, **options: Any) -> Any:
        if item.message.text == "poison":
            raise Killed
        return compose(item, *more, **options)

    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "compose", dies)
        for seconds in (10, 20, 30):
            with pytest.raises(Killed):
                drain(connection, seconds)
        drain(connection, 40)
    assert (delivered(poison), delivered(other), texts(telegram)) == ("failed", "sent", ["other"])
    assert "stopped" in poison.failure
    dialog.refresh_from_db()
    assert dialog.state == "waiting", "it never counted as an answer"
    resending.send_again(poison.pk, by=anna, now=at(50), sure=True)
    drain(connection, 51)
    assert delivered(poison) == "sent"


def test_a_long_text_goes_on_behind_the_part_that_was_taken(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    message = answer(dialog, anna, "\n\n".join(letter * 4000 for letter in "abc"), now=at(5))
    taken = calls.taken

    def dies(ids: list[str]) -> None:
        taken(ids)
        if len(telegram.called("sendMessage")) == 2:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(calls, "taken", dies)
        with pytest.raises(Killed):
            drain(connection)
    drain(connection, 20)
    assert [text[0] for text in texts(telegram)] == ["a", "b", "c"]
    assert delivered(message) == "sent"
    assert len(message.provider_ids) == 3


def test_the_custom_channel_is_called_again_with_the_same_id(anna: Employee) -> None:
    """Its receiver knows a repetition by its id, so that nothing need be unknown."""
    assert registry.get("api").features.repeats
    assert not registry.get("telegram").features.repeats
    connection = make_connection(make_line(anna, greeting_enabled=False), "api", credentials={"secret": "x"})
    message = answer(write(make_client(connection, "c1"), now=at(0)).dialog, anna, now=at(5))
    OutboxItem.objects.update(state="sending", attempts=1)
    sending.settle_interrupted(connection, now=at(10))
    assert (OutboxItem.objects.get().state, delivered(message)) == ("queued", "queued")


def test_what_cannot_be_settled_is_closed_as_unknown_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    bad = answer(dialog, anna, "bad", now=at(5))
    OutboxItem.objects.update(state="sending", attempts=1)
    other = answer(write(make_client(connection, "4712"), now=at(1)).dialog, anna, "other", now=at(6))
    written = outcomes.write

    def fails(item: OutboxItem, *more: Any, **options: Any) -> int:
        if item.message_id == bad.pk:
            raise KeyError("interval")
        return written(item, *more, **options)

    monkeypatch.setattr(outcomes, "write", fails)
    drain(connection)
    assert (delivered(bad), delivered(other)) == ("unknown", "sent")


@pytest.mark.parametrize("is_begun", [True, False])
def test_a_test_message_that_never_left_is_not_said_to_have_perhaps_arrived(
    monkeypatch: pytest.MonkeyPatch, connection: Connection, dialog: Dialog, is_begun: bool
) -> None:
    def fails(*_args: object) -> base.Outcome:
        if is_begun:
            calls.begin()
        raise KeyError("x")

    monkeypatch.setattr(TelegramConnector, "send", fails)
    client = connection_test.recent_clients(connection)[0]
    tested = connection_test.send(connection, to=str(client.pk), now=at(10))
    assert not tested.ok
    assert ("may have arrived" in tested.words) is is_begun


# -- a mistake of ours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["compose", "connector"])
def test_a_mistake_before_the_call_is_a_failure_that_everybody_sees(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
    where: str,
) -> None:
    message = answer(dialog, anna, "Hello", now=at(5))
    with monkeypatch.context() as patch:
        if where == "compose":
            patch.setattr(outgoing, "compose", raising(KeyError("colour")))
        else:
            patch.setattr(TelegramConnector, "send", raising(KeyError("colour")))
        assert drain(connection) == 1
    assert delivered(message) == "failed"
    assert "KeyError" in message.failure
    dialog.refresh_from_db()
    assert (dialog.state, dialog.first_reply_at) == ("waiting", None), "it is no answer"
    connection.refresh_from_db()
    assert connection.last_error == message.failure
    resending.send_again(message.pk, by=anna, now=at(50))
    drain(connection, 51)
    assert (delivered(message), texts(telegram)) == ("sent", ["Hello"])
    connection.refresh_from_db()
    assert connection.last_error == ""


def test_a_mistake_after_the_call_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    from openlines.connectors.telegram import send

    monkeypatch.setattr(send, "_accepted", raising(KeyError("result")))
    message = answer(dialog, anna, "Hello", now=at(5))
    drain(connection)
    assert (delivered(message), texts(telegram)) == ("unknown", ["Hello"])
    assert "KeyError" in message.failure


def test_a_mistake_between_two_parts_keeps_what_was_taken(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    message = answer(dialog, anna, "\n\n".join(letter * 4000 for letter in "ab"), now=at(5))
    taken = calls.taken

    def fails(ids: list[str]) -> None:
        taken(ids)
        raise KeyError("part")

    with monkeypatch.context() as patch:
        patch.setattr(calls, "taken", fails)
        drain(connection)
    assert delivered(message) == "failed"
    resending.send_again(message.pk, by=anna, now=at(20))
    drain(connection, 21)
    assert [text[0] for text in texts(telegram)] == ["a", "b"]


@pytest.mark.parametrize("error", [OperationalError("deadlock detected"), MemoryError(), OSError("disk")])
def test_a_trouble_that_passes_is_tried_again_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
    error: Exception,
) -> None:
    first, second = (answer(dialog, anna, text, now=at(5)) for text in ("one", "two"))
    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "compose", raising(error))
        drain(connection)
    assert delivered(first) == "queued"
    drain(connection, 20)
    drain(connection, 22)
    assert (delivered(first), texts(telegram)) == ("sent", ["one", "two"])
    third = answer(dialog, anna, "three", now=at(30))
    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "compose", raising(error))
        for turn in range(sending.MOST_TRIES):
            drain(connection, 100 * (turn + 1))
    assert (delivered(second), delivered(third)) == ("sent", "failed")


def test_a_change_that_was_not_begun_has_failed_and_one_that_was_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    message = answer(dialog, anna, "Hello", now=at(5))
    drain(connection)

    def fails_in_the_call(*_args: object) -> base.Outcome:
        calls.begin()
        raise KeyError("answer")

    for seconds, edit, outcome in (
        (20, raising(KeyError("x")), "Failed"),
        (40, fails_in_the_call, "Unknown"),
    ):
        own_messages.edit(message.pk, f"Good day {seconds}", by=anna, now=at(seconds))
        with monkeypatch.context() as patch:
            patch.setattr(TelegramConnector, "edit", edit)
            drain(connection, seconds + 1)
        change = OutboxItem.objects.filter(action="edit").latest("pk")
        assert (change.state, change.last_outcome) == ("done", outcome)
        assert (delivered(message), message.text) == ("sent", "Hello")


def test_what_the_provider_said_is_written_though_the_database_was_away(
    monkeypatch: pytest.MonkeyPatch,
    telegram: FakeTelegram,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    message = answer(dialog, anna, "Hello", now=at(5))
    written = outcomes.write
    pids: list[int] = []

    def breaks(*args: Any, **options: Any) -> int:
        if not pids:
            pids.append(database.connection.info.backend_pid)
            with psycopg.connect(**_own(database)) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pids[0]])
        return written(*args, **options)

    monkeypatch.setattr(outcomes, "write", breaks)
    with pytest.raises(
        sending.DatabaseWasAway
    ):  # its lock is gone with the connection: another drain follows
        drain(connection)
    assert (delivered(message), texts(telegram)) == ("sent", ["Hello"])
    assert Deadline.objects.get(kind="drain").due_at <= at(20)


def _own(wrapper: Any) -> dict[str, Any]:
    parameters = wrapper.get_connection_params()
    return {
        name: parameters[name]
        for name in ("host", "port", "user", "password", "dbname")
        if parameters.get(name)
    }


# -- one drain at a time, and soon another one ---------------------------------------------------------------


def test_while_it_works_a_deadline_stands_that_replaces_it_within_seconds(
    monkeypatch: pytest.MonkeyPatch, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    answer(dialog, anna, now=at(5))
    monkeypatch.setattr(outgoing, "compose", raising(Killed()))
    with pytest.raises(Killed):
        drain(connection)
    lease = Deadline.objects.get(connection=connection, kind="drain")
    assert at(10) < lease.due_at <= at(10) + wakeups.LEASE + timedelta(seconds=1)


def test_a_back_off_of_one_dialog_does_not_keep_the_others(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    """Its deadline stands in an hour; what is written now is due now."""
    slow = answer(dialog, anna, "slow", now=at(5))
    OutboxItem.objects.filter(message=slow).update(next_attempt_at=at(3600))
    drain(connection)
    assert Deadline.objects.get(kind="drain").due_at == at(3600)
    answer(write(make_client(connection, "4712"), now=at(11)).dialog, anna, "quick", now=at(12))
    assert Deadline.objects.get(kind="drain").due_at == at(12) + wakeups.NET
    drain(connection, 13)
    assert texts(telegram) == ["quick"]
    assert Deadline.objects.get(kind="drain").due_at == at(3600)


def test_the_net_finds_what_is_due_behind_a_late_deadline_and_nothing_else(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    slow = answer(dialog, anna, "slow", now=at(5))
    answer(dialog, anna, "behind it", now=at(6))
    OutboxItem.objects.filter(message=slow).update(next_attempt_at=at(3600))
    drain(connection)
    assert outbound.sweep(now=at(60)) == 0, "what stands behind another is not due"
    answer(write(make_client(connection, "4712"), now=at(61)).dialog, anna, "quick", now=at(62))
    Deadline.objects.filter(kind="drain").update(due_at=at(3600))  # the request for a task was lost
    assert outbound.sweep(now=at(100)) == 1
    assert outbound.sweep(now=at(101)) == 0
