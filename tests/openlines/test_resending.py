"""A message that failed, or of which nobody knows, is sent again by hand; against a fake Telegram."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from contactcenter.staff.models import Employee
from openlines.connectors.base import DeliveryStatus, StatusChanged
from openlines.connectors.telegram.fake import FakeTelegram, dies, refuse
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Client, Connection, Dialog, Message, OpenLine
from openlines.services import dialogs, marks, outbound, resending
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
DAY = timedelta(hours=24).total_seconds()


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram(any_chat=True) as fake:
        yield fake


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def connection(telegram: FakeTelegram, anna: Employee) -> Connection:
    line = make_line(
        anna,
        greeting_enabled=False,
        finish_text_enabled=False,
        name_before_text=False,
        rating_enabled=False,
    )
    return make_connection(
        line, "telegram", credentials={"token": TOKEN, "secret_token": "s"}, base_url=telegram.url
    )


@pytest.fixture
def dialog(connection: Connection) -> Dialog:
    return write(make_client(connection, "4711", name="Carl"), now=at(0)).dialog


@pytest.fixture
def failed(telegram: FakeTelegram, dialog: Dialog, anna: Employee, connection: Connection) -> Message:
    telegram.plan("sendMessage", refuse(400, "Bad Request: something"))
    message = answer(dialog, anna, "Good morning", now=at(40))
    outbound.drain(connection.pk, now=at(41))
    message.refresh_from_db()
    assert message.delivery == "failed"
    return message


def delivery(message: Message) -> str:
    message.refresh_from_db()
    return message.delivery


def refusal(message: Message, **options: Any) -> CommandRefused:
    with pytest.raises(CommandRefused) as refused:
        resending.send_again(message.pk, **options)
    return refused.value


def test_it_arrives_and_is_the_answer_that_the_client_waited_for(
    telegram: FakeTelegram, connection: Connection, failed: Message, anna: Employee
) -> None:
    rev = failed.rev
    resending.send_again(failed.pk, by=anna, now=at(60))
    assert delivery(failed) == "queued"
    assert (failed.failure, failed.rev > rev) == ("", True)
    assert outbound.drain(connection.pk, now=at(61)) == 1
    assert delivery(failed) == "sent"
    assert [call.params["text"] for call in telegram.called("sendMessage")] == ["Good morning"] * 2
    dialog = Dialog.objects.get()
    assert dialog.state == "answered"
    assert dialog.first_reaction
    assert 61 <= dialog.first_reaction.total_seconds() < 62, "until it arrived"
    item = failed.sending
    assert item is not None
    assert (item.log[1]["outcome"], item.log[1]["by"]) == ("Again", anna.pk)
    assert refusal(failed, by=anna, now=at(70)).code == "unchangeable", "it is on its way or there"


def test_one_that_failed_after_it_was_taken_is_sent_whole_again(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    """The provider took it, and said later that it did not arrive: nothing of it may be left out as sent."""
    message = answer(dialog, anna, "Good morning", now=at(5))
    outbound.drain(connection.pk, now=at(6))
    message.refresh_from_db()
    first = message.external_id
    assert first
    marks.status(connection, StatusChanged(first, DeliveryStatus.FAILED, at(7), "No such user"), now=at(7))
    assert Dialog.objects.get().state == "waiting"
    resending.send_again(message.pk, by=anna, now=at(8))
    outbound.drain(connection.pk, now=at(9))
    assert delivery(message) == "sent"
    assert message.external_id not in (None, first)
    assert len(telegram.called("sendMessage")) == 2
    assert Dialog.objects.get().state == "answered"


def test_of_an_unknown_one_it_asks_first(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    telegram.plan("sendMessage", dies())
    message = answer(dialog, anna, now=at(5))
    outbound.drain(connection.pk, now=at(6))
    asked = refusal(message, by=anna, now=at(7))
    assert (asked.code, "twice" in asked.message) == ("ask", True)
    assert delivery(message) == "unknown"
    resending.send_again(message.pk, by=anna, now=at(8), sure=True)
    outbound.drain(connection.pk, now=at(9))
    assert delivery(message) == "sent"


def test_what_is_older_than_a_day_asks_first(failed: Message, connection: Connection, anna: Employee) -> None:
    assert "24 hours" in refusal(failed, by=anna, now=at(41 + DAY)).message
    resending.send_again(failed.pk, by=anna, now=at(41 + DAY), sure=True)
    outbound.drain(connection.pk, now=at(42 + DAY))
    assert delivery(failed) == "sent"


def test_in_a_closed_dialog_it_asks_first_and_only_who_had_it(
    telegram: FakeTelegram, connection: Connection, failed: Message, anna: Employee
) -> None:
    dialogs.finish(failed.dialog_id, by=anna, now=at(50))
    assert refusal(failed, by=anna, now=at(51)).message.startswith("The dialog is closed.")
    newer = write(Client.objects.get(), now=at(52)).dialog
    assert f"No. {newer.number}" in refusal(failed, by=anna, now=at(53)).message
    assert refusal(failed, by=make_operator("Bert"), now=at(54), sure=True).code == "taken"
    resending.send_again(failed.pk, by=anna, now=at(55), sure=True)
    outbound.drain(connection.pk, now=at(56))
    assert delivery(failed) == "sent"
    assert Dialog.objects.get(pk=failed.dialog_id).state == "closed"
    assert Dialog.objects.get(pk=newer.pk).state == "new", "it answers nothing there"


def test_who_may_not_write_in_the_dialog_may_not_send_again(failed: Message, anna: Employee) -> None:
    bert = make_operator("Bert")
    assert refusal(failed, by=bert, now=at(50)).holder == anna.display_name
    resending.send_again(failed.pk, by=bert, now=at(51), may_join=True)
    assert delivery(failed) == "queued"


@pytest.mark.parametrize(
    ("model", "values", "code"),
    [
        (Client, {"is_reachable": False}, "unreachable"),
        (OpenLine, {"is_active": False}, "off"),
        (Connection, {"is_active": False}, "off"),
        (Dialog, {"state": "spam"}, "closed"),
        (Dialog, {"frozen_at": at(0)}, "line_off"),
        (Dialog, {"log_erased_at": at(0)}, "unchangeable"),
        (Message, {"deleted_at": at(0)}, "unchangeable"),
    ],
)
def test_what_forbids_it_is_said_and_nothing_leaves(
    failed: Message, anna: Employee, model: Any, values: dict[str, Any], code: str
) -> None:
    model.objects.update(**values)
    assert refusal(failed, by=anna, now=at(50), sure=True).code == code
    assert delivery(failed) == "failed"


def test_where_the_channels_window_is_over_it_is_said_before_it_fails_once_more(anna: Employee) -> None:
    line = make_line(anna, greeting_enabled=False)
    dialog = write(make_client(make_connection(line, "whatsapp"), "48600100200"), now=at(0)).dialog
    message = answer(dialog, anna, now=at(5))
    Message.objects.filter(pk=message.pk).update(delivery="failed")
    message.outbox_items.update(state="done")
    assert refusal(message, by=anna, now=at(DAY + 60), sure=True).code == "window"
    resending.send_again(message.pk, by=anna, now=at(DAY - 60), sure=True)


def test_a_repeated_word_about_the_first_sending_does_not_fail_the_second(
    telegram: FakeTelegram, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    """Some providers name our own id in each status, whichever sending it is about."""
    message = answer(dialog, anna, now=at(1))
    outbound.drain(connection.pk, now=at(2))
    message.refresh_from_db()
    failed = StatusChanged(
        message.external_id or "", DeliveryStatus.FAILED, at(3), uuid=str(message.uuid), reason="No."
    )
    marks.status(connection, failed, now=at(3))
    resending.send_again(message.pk, by=anna, now=at(10))
    marks.status(connection, failed, now=at(11))
    outbound.drain(connection.pk, now=at(12))
    message.refresh_from_db()
    assert message.delivery == "sent"
    assert message.external_id != failed.external_id
