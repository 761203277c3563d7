"""The whole way: Viber's signed calls to our address, over HTTP, while it registers it and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from openlines.connectors.base import Account, Button, OutgoingMessage, Sent
from openlines.connectors.viber.fake import TOKEN, FakeViber
from openlines.models import Client, Connection, InboundEvent, Message
from tests.openlines.connectors.viber.building import NOW, connector
from tests.openlines.factories import make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db(transaction=True)
WHO = "01234567890A="


@pytest.fixture
def bot(viber: FakeViber) -> Connection:
    line = make_line(make_operator())
    return make_connection(line, kind="viber", credentials={"token": TOKEN}, base_url=viber.url)


@pytest.fixture
def ready(viber: FakeViber, bot: Connection, live_server: LiveServer) -> Account:
    """Set up against the running server: Viber's own trial call has been answered."""
    account = bot.account(webhook_url=f"{live_server.url}/hooks/viber/{bot.public_id}/")
    health = connector.set_up(account)
    assert health.ok, health.detail
    return account


def test_the_trial_call_is_answered_while_the_address_is_registered(
    viber: FakeViber, bot: Connection, ready: Account
) -> None:
    assert viber.webhook == ready.webhook_url
    assert {"delivered", "seen", "failed"} <= viber.events
    event = InboundEvent.objects.get()
    assert (event.state == InboundEvent.State.PARKED) is False
    assert viber.answered == [(200, "application/json", b"")]


def test_a_message_a_second_delivery_and_receipts(viber: FakeViber, bot: Connection, ready: Account) -> None:
    token = viber.write(WHO, "Hello 😀")
    message = Message.objects.get(author="client")
    assert (message.text, message.external_id) == ("Hello 😀", str(token))
    assert Client.objects.get().name == "John McClane"
    sent = connector.send(OutgoingMessage(uuid="u", recipient=WHO, text="Hi"), ready)
    assert isinstance(sent, Sent)
    before = InboundEvent.objects.count()
    viber.mark(int(sent.external_ids[0]), "delivered", whose=WHO, devices=3)
    viber.mark(int(sent.external_ids[0]), "seen", whose=WHO, devices=2)
    assert InboundEvent.objects.count() == before + 2
    assert {status for status, _, _ in viber.answered} == {200}


def test_leaving_is_kept_and_an_opened_chat_makes_no_dialog(
    viber: FakeViber, bot: Connection, ready: Account
) -> None:
    viber.open_chat(WHO)
    assert not Message.objects.exists()
    assert viber.answered[-1] == (200, "application/json", b"")  # a body would be shown as a welcome
    viber.write(WHO, "Hello")
    viber.unsubscribe(WHO)
    assert Client.objects.get().is_reachable is False
    viber.subscribe(WHO)
    assert Client.objects.get().is_reachable is True


def test_an_opened_chat_is_welcomed_unless_the_connection_or_its_line_is_off(
    viber: FakeViber, bot: Connection, ready: Account
) -> None:
    bot.credentials = {**bot.credentials, "welcome": "Hello! What can we do for you?"}
    bot.save()
    viber.open_chat(WHO)
    assert b"What can we do for you?" in viber.answered[-1][2]
    assert not Message.objects.exists()
    bot.line.is_active = False
    bot.line.save()
    viber.open_chat(WHO)
    assert viber.answered[-1] == (200, "application/json", b"")


def test_a_pressed_button_brings_its_payload(viber: FakeViber, bot: Connection, ready: Account) -> None:
    viber.write(WHO, "Hello")
    buttons = (Button("Good", "rate:1"), Button("Bad", "rate:0"))
    connector.send(OutgoingMessage(uuid="u", recipient=WHO, text="How was it?", buttons=buttons), ready)
    viber.press(WHO, 1)
    pressed = Message.objects.filter(author="client").order_by("pk").last()
    assert pressed
    assert pressed.text == "Bad"


def test_an_answer_proves_that_a_message_arrived_whose_fate_was_unknown(
    viber: FakeViber, bot: Connection, ready: Account
) -> None:
    viber.write(WHO, "Hello")
    dialog = Message.objects.get(author="client").dialog
    ours = Message.objects.create(
        dialog=dialog,
        author="automatic",
        text="Hi",
        seq=100,
        rev=1,
        connection=bot,
        delivery="unknown",
        created_at=NOW,
    )
    connector.send(OutgoingMessage(uuid=str(ours.uuid), recipient=WHO, text="Hi"), ready)
    viber.write(WHO, "Thanks")
    ours.refresh_from_db()
    assert ours.delivery == Message.Delivery.DELIVERED


def test_a_wrong_signature_is_refused(viber: FakeViber, bot: Connection, ready: Account) -> None:
    before = InboundEvent.objects.count()
    viber.token = "another"
    viber.write(WHO, "Hello")
    assert viber.answered[-1][0] == 403
    assert InboundEvent.objects.count() == before


def test_set_up_fails_when_our_address_does_not_answer(
    viber: FakeViber, bot: Connection, live_server: LiveServer
) -> None:
    elsewhere: Any = bot.account(
        webhook_url=f"{live_server.url}/hooks/viber/{'0' * 8}-0000-4000-8000-{'0' * 12}/"
    )
    found = connector.set_up(replace(elsewhere))
    assert not found.ok
    assert viber.webhook == ""
