"""What we write leaves in order, once, with its outcome; against a fake Telegram over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from contactcenter.staff.models import Employee
from openlines.connectors import registry
from openlines.connectors.base import Sender, Sent, WrittenOutside
from openlines.connectors.telegram.fake import FakeTelegram, dies, refuse, server_error, too_many
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Client, Connection, Deadline, Dialog, DialogEvent, Message, OutboxItem
from openlines.services import connections, deadlines, dialogs, inbound_items, outbound, resending
from openlines.services.dialogs import Reply
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


def test_a_reply_is_sent_and_marked(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    message = answer(dialog, anna, "Good morning", now=at(5))
    assert message.delivery == "queued"
    assert drain(connection) == 1
    assert delivered(message) == "sent"
    assert [call.params["text"] for call in telegram.called("sendMessage")] == ["Good morning"]
    assert message.external_id
    assert drain(connection) == 0
    assert len(telegram.called("sendMessage")) == 1


def test_the_order_within_a_dialog_holds_through_a_failure(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    other = write(make_client(connection, "4712"), now=at(1)).dialog
    telegram.plan("sendMessage", server_error())
    for text in ("one", "two"):
        answer(dialog, anna, text, now=at(5))
    answer(other, anna, "other", now=at(6))
    drain(connection, 10)
    assert [c.params["text"] for c in telegram.called("sendMessage")] == ["one", "other"]
    drain(connection, 20)
    drain(connection, 22)
    assert [c.params["text"] for c in telegram.called("sendMessage")][2:] == ["one", "two"]


def test_what_waits_for_one_client_keeps_the_pace_of_a_chat_and_nobody_else_waits(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    """Telegram allows about a message a second in one chat; a long text is several."""
    other = write(make_client(connection, "4712"), now=at(1)).dialog
    answer(dialog, anna, "\n\n".join("x" * 4000 for _ in range(3)), now=at(5))
    answer(dialog, anna, "two", now=at(5))
    answer(other, anna, "other", now=at(6))
    drain(connection, 10)
    assert [c.params["text"][:5] for c in telegram.called("sendMessage")] == ["xxxxx"] * 3 + ["other"]
    assert at(13) <= Deadline.objects.get(kind="drain").due_at < at(14)
    drain(connection, 12)
    assert len(telegram.called("sendMessage")) == 4
    drain(connection, 14)
    assert telegram.called("sendMessage")[-1].params["text"] == "two"


def test_what_is_written_after_a_message_went_out_is_not_put_off(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    answer(dialog, anna, "one", now=at(5))
    drain(connection, 10)
    answer(dialog, anna, "two", now=at(10))
    drain(connection, 10.2)
    assert [c.params["text"] for c in telegram.called("sendMessage")] == ["one", "two"]


def test_retry_after_holds_the_whole_connection(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    telegram.plan("sendMessage", too_many(30))
    message = answer(dialog, anna, now=at(5))
    drain(connection, 10)
    assert delivered(message) == "queued"
    answer(write(make_client(connection, "4712"), now=at(11)).dialog, anna, now=at(12))
    drain(connection, 20)
    assert len(telegram.called("sendMessage")) == 1
    assert Deadline.objects.get(kind="drain").due_at >= at(40)
    drain(connection, 41)
    assert delivered(message) == "sent"
    assert len(telegram.called("sendMessage")) == 3


def test_a_refused_token_pauses_the_connection_and_keeps_the_queue(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    telegram.revoke()
    message = answer(dialog, anna, now=at(5))
    drain(connection)
    connection.refresh_from_db()
    assert connection.paused_reason
    assert delivered(message) == "queued"
    calls = len(telegram.calls)
    drain(connection, 60)
    assert len(telegram.calls) == calls
    telegram.bot().is_revoked = False
    outbound.resume(connection, now=at(70))
    drain(connection, 71)
    assert delivered(message) == "sent"


def test_a_call_that_died_is_unknown_and_never_sent_twice(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    telegram.plan("sendMessage", dies())
    message = answer(dialog, anna, now=at(5))
    drain(connection)
    drain(connection, 4000)
    assert delivered(message) == "unknown"
    assert message.failure
    assert len(telegram.called("sendMessage")) == 1
    dialog.refresh_from_db()
    assert dialog.state == "answered", "unknown counts as given"
    resending.send_again(message.pk, by=anna, now=at(5000), sure=True)
    drain(connection, 5001)
    assert delivered(message) == "sent"


def test_a_drain_killed_in_the_call_leaves_it_unknown(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    message = answer(dialog, anna, now=at(5))
    OutboxItem.objects.update(state="sending", attempts=1)
    drain(connection)
    assert delivered(message) == "unknown"
    assert not telegram.called("sendMessage")


def test_a_reply_that_fails_for_good_gives_the_clock_back(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    telegram.plan("sendMessage", refuse(403, "Forbidden: bot was blocked by the user"))
    message = answer(dialog, anna, now=at(40))
    drain(connection, 41)
    assert delivered(message) == "failed"
    dialog.refresh_from_db()
    assert (dialog.state, dialog.clock_started_at, dialog.first_reply_at) == ("waiting", at(0), None)
    assert (dialog.reaction_count, dialog.first_reaction) == (0, None)
    assert not dialog.reactions.exists()
    assert DialogEvent.objects.filter(kind="reply_failed").exists()
    assert not Client.objects.get().is_reachable
    with pytest.raises(CommandRefused) as refused:
        answer(dialog, anna, now=at(50))
    assert refused.value.code == "unreachable"
    deadlines.fire_due(now=at(301))
    assert Dialog.objects.get().is_unanswered


def test_another_message_of_the_turn_that_arrived_keeps_the_reply(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    answer(dialog, anna, "one", now=at(40))
    second = answer(dialog, anna, "two", now=at(45))
    drain_one = telegram.plan
    drain_one("sendMessage")
    outbound.drain(connection.pk, now=at(46))
    outbound.drain(connection.pk, now=at(48))
    third = answer(dialog, anna, "three", now=at(50))
    telegram.plan("sendMessage", refuse(400, "Bad Request: message is too long"))
    outbound.drain(connection.pk, now=at(51))
    assert (delivered(second), delivered(third)) == ("sent", "failed")
    dialog.refresh_from_db()
    assert dialog.state == "answered"
    assert dialog.first_reaction == timedelta(seconds=40)


def test_an_automatic_text_that_waited_too_long_is_dropped(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog
) -> None:
    from django.db import transaction

    from openlines.policies.facts import TextTrigger
    from openlines.services import automatic_actions
    from openlines.services.change import DialogChange, lock_dialog

    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog.pk), now=at(5))
        automatic_actions.say(change, TextTrigger.UNANSWERED)
        change.write()
    drain(connection, 5 + 15 * 60 + 1)
    assert Message.objects.get(trigger="unanswered").delivery == "failed"
    assert not telegram.called("sendMessage")


def test_the_same_composer_uuid_is_one_message_and_one_call(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    reply = Reply(uuid=uuid4(), text="once")
    first = dialogs.reply(dialog.pk, reply, by=anna, now=at(5))
    assert dialogs.reply(dialog.pk, reply, by=anna, now=at(6)).pk == first.pk
    drain(connection)
    assert len(telegram.called("sendMessage")) == 1


def test_what_a_lost_task_left_is_found(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    answer(dialog, anna, now=at(5))
    Deadline.objects.filter(kind="drain").delete()
    assert outbound.sweep(now=at(10)) == 0
    assert outbound.sweep(now=at(100)) == 1
    assert Deadline.objects.filter(kind="drain").exists()


def test_what_stands_behind_another_waits_as_long_as_it(
    connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    """Its own time has come, but not its turn: a drain that came back at once would find nothing, over and over."""
    first = answer(dialog, anna, "First", now=at(5))
    answer(dialog, anna, "Second", now=at(6))
    OutboxItem.objects.filter(message=first).update(next_attempt_at=at(3600))
    Deadline.objects.filter(kind="drain").delete()
    assert drain(connection) == 0
    assert Deadline.objects.get(connection=connection, kind="drain").due_at == at(3600)


def test_what_stands_still_with_its_line_is_no_lost_task(
    connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    answer(dialog, anna, now=at(5))
    Deadline.objects.filter(kind="drain").delete()
    Dialog.objects.update(frozen_at=at(6))
    assert outbound.sweep(now=at(100)) == 0
    Dialog.objects.update(frozen_at=None)
    assert outbound.sweep(now=at(100)) == 1


def test_an_echo_that_came_first_goes_from_the_screens_too(
    connection: Connection, dialog: Dialog, anna: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def send(*_args: object) -> Sent:
        echo = WrittenOutside(Sender("4711"), "e1", at(9), text="Good morning")
        with transaction.atomic():
            inbound_items.take(echo, connection, inbound_id=None, now=at(9))
        dialog.refresh_from_db()
        seen.append(dialog.rev)  # a screen that has just been brought up to date
        return Sent(("e1",))

    monkeypatch.setattr(type(registry.get("telegram")), "send", send)
    answer(dialog, anna, now=at(5))
    drain(connection)
    echo = Message.objects.get(author="outside")
    assert echo.deleted_at is not None
    assert echo in Message.objects.filter(rev__gt=seen[0])


def test_what_waits_is_not_sent_into_a_dialog_that_became_spam(
    connection: Connection, dialog: Dialog, anna: Employee, telegram: FakeTelegram
) -> None:
    reply = answer(dialog, anna, "Buy this", now=at(1))
    dialogs.spam(dialog.pk, by=anna, now=at(2))
    drain(connection)
    assert telegram.answers(4711) == []
    assert delivered(reply) == "failed" and "spam" in reply.failure


def test_what_waited_on_a_connection_that_was_off_asks_first_when_it_is_old(
    connection: Connection, dialog: Dialog, anna: Employee, telegram: FakeTelegram
) -> None:
    Connection.objects.filter(pk=connection.pk).update(is_active=False)
    connection.refresh_from_db()
    old = answer(dialog, anna, "Good morning", now=at(1))
    fresh = answer(dialog, anna, "Are you still there?", now=at(24 * 3600))
    connections.switch(connection, on=True, now=at(24 * 3600 + 5))
    drain(connection, 24 * 3600 + 6)
    assert [message["text"] for message in telegram.answers(4711)] == ["Are you still there?"]
    assert (delivered(old), delivered(fresh)) == ("failed", "sent")
    assert "send it again" in old.failure
