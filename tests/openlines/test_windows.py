"""The channel's window: what is refused before it is stored, and what the outbox makes of it (connectors §2–4)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from contactcenter.staff.models import Employee
from openlines.connectors.base import OutgoingMessage, Template
from openlines.models import Client, Dialog, Message, OutboxItem
from openlines.services import dialogs, outgoing, windows
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from tests.openlines.factories import (
    NOW,
    answer,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(hours=24)
AN_INSTANT = timedelta(microseconds=1)
TEMPLATE = Template("order_news", "en", ("Anna",))


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


def client_on(kind: str, anna: Employee) -> Client:
    line = make_line(anna, greeting_enabled=False, name_before_text=False)
    return make_client(make_connection(line, kind))


def held(client: Client, anna: Employee) -> Dialog:
    """He wrote at NOW, and Anna has it."""
    dialog = write(client, now=NOW).dialog
    return dialogs.take_over(dialog.pk, by=anna, now=NOW)


def template(text: str = "Hello Anna") -> Reply:
    return Reply(uuid=uuid4(), text=text, template=TEMPLATE)


def test_a_free_text_is_taken_to_the_last_instant(anna: Employee) -> None:
    dialog = held(client_on("whatsapp", anna), anna)
    assert answer(dialog, anna, now=NOW + DAY - AN_INSTANT).delivery == Message.Delivery.QUEUED


def test_after_the_window_a_free_text_is_refused_and_nothing_is_stored(anna: Employee) -> None:
    dialog = held(client_on("whatsapp", anna), anna)
    with pytest.raises(CommandRefused, match="Send one of the templates") as refused:
        answer(dialog, anna, now=NOW + DAY)
    assert refused.value.code == "window"
    assert not Message.objects.filter(author="operator").exists()
    dialog.refresh_from_db()
    assert dialog.state == Dialog.State.ACCEPTED  # its clock runs on
    assert dialog.clock_started_at == NOW


def test_a_note_needs_no_window(anna: Employee) -> None:
    dialog = held(client_on("whatsapp", anna), anna)
    note = Reply(uuid=uuid4(), text="He asked before.", is_note=True)
    assert dialogs.reply(dialog.pk, note, by=anna, now=NOW + 9 * DAY).is_note


def test_a_template_counts_as_the_reply(anna: Employee) -> None:
    dialog = held(client_on("whatsapp", anna), anna)
    message = dialogs.reply(dialog.pk, template(), by=anna, now=NOW + DAY)
    assert message.text == "Hello Anna"
    dialog.refresh_from_db()
    assert dialog.state == Dialog.State.ANSWERED
    assert dialog.first_reaction == DAY
    composed = outgoing.compose(OutboxItem.objects.get(message=message), now=NOW + 2 * DAY)
    assert isinstance(composed, OutgoingMessage)
    assert composed.template == TEMPLATE


def test_a_template_in_a_channel_without_any_is_refused(anna: Employee) -> None:
    dialog = held(client_on("messenger", anna), anna)
    with pytest.raises(CommandRefused, match="no templates"):
        dialogs.reply(dialog.pk, template(), by=anna, now=NOW)


def test_a_person_may_still_write_late_and_says_so_to_the_channel(anna: Employee) -> None:
    dialog = held(client_on("messenger", anna), anna)
    message = answer(dialog, anna, now=NOW + 2 * DAY)
    item = OutboxItem.objects.get(message=message)
    composed = outgoing.compose(item, now=NOW + 2 * DAY)
    assert isinstance(composed, OutgoingMessage)
    assert composed.late
    with pytest.raises(CommandRefused, match="when the client writes again"):
        answer(dialog, anna, now=NOW + 7 * DAY)


def test_a_bot_is_no_person(anna: Employee) -> None:
    """HUMAN_AGENT is for people: what a bot says late is not sent under it."""
    dialog = held(client_on("messenger", anna), anna)
    message = answer(dialog, anna, now=NOW)
    item = OutboxItem.objects.select_related("message").get(message=message)
    for author in (Message.Author.BOT, Message.Author.AUTOMATIC):
        item.message.author = author
        forbidden = outgoing.compose(item, now=NOW + 2 * DAY)
        assert isinstance(forbidden, outgoing.Forbidden)
        assert "automatic" in forbidden.reason


def test_what_waited_past_the_window_fails_with_what_to_do(anna: Employee) -> None:
    dialog = held(client_on("whatsapp", anna), anna)
    message = answer(dialog, anna, now=NOW + DAY - AN_INSTANT)
    forbidden = outgoing.compose(OutboxItem.objects.get(message=message), now=NOW + DAY)
    assert isinstance(forbidden, outgoing.Forbidden)
    assert forbidden.reason.startswith("Not sent. The client's last message is too long ago")


def test_it_counts_from_his_last_message_in_whichever_dialog(anna: Employee) -> None:
    client = client_on("whatsapp", anna)
    dialogs.spam(held(client, anna).pk, by=anna, now=NOW)
    dialog = dialogs.start(client.pk, by=anna, now=NOW + timedelta(hours=1))
    assert windows.of_dialog(dialog, now=NOW + timedelta(hours=1)).until == NOW + DAY
    write(client, now=NOW + timedelta(hours=2))
    dialog.refresh_from_db()
    assert windows.of_dialog(dialog, now=NOW + timedelta(hours=2)).until == NOW + timedelta(hours=26)


def test_what_is_sent_again_in_a_dialog_that_is_over_has_the_window_of_the_newer_one(anna: Employee) -> None:
    client = client_on("whatsapp", anna)
    older = held(client, anna)
    Dialog.objects.filter(pk=older.pk).update(state="closed", closed_at=NOW)
    write(client, "Me again", now=NOW + 7 * DAY)
    over = Dialog.objects.select_related("connection").get(pk=older.pk)
    assert windows.of_dialog(over, now=NOW + 7 * DAY).takes(by_person=True)
    assert not windows.of_dialog(over, now=NOW + 9 * DAY).takes(by_person=True)
