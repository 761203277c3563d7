"""From the set-up to the receipts, with the product on one side and the fake on the other, over HTTP both ways."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from contactcenter.staff.models import Employee
from openlines.connectors import registry
from openlines.connectors.whatsapp.fake import NUMBER, FakeWhatsApp
from openlines.models import Client, Connection, Dialog, InboundEvent, Message
from openlines.services import outbound
from tests.openlines.connectors.whatsapp.building import (
    CREDENTIALS,
    PAYLOADS,
    PHONE,
    SCOPED,
    delivery,
    message,
    needs_payloads,
    value,
)
from tests.openlines.factories import answer, make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def connection(whatsapp: FakeWhatsApp, anna: Employee, live_server: LiveServer) -> Connection:
    """Set up as the administrator's button does it: Meta asks our address before it accepts it."""
    connection = make_connection(
        make_line(anna, greeting_enabled=False, name_before_text=False),
        kind="whatsapp",
        account_key=NUMBER,
        base_url=whatsapp.url,
        credentials=CREDENTIALS,
    )
    path = reverse("openlines:hook", args=["whatsapp", connection.public_id])
    account = connection.account(webhook_url=f"{live_server.url}{path}")
    done = registry.get("whatsapp").set_up(account)
    assert done.ok, done.detail
    assert registry.get("whatsapp").check(account).ok
    return connection


def test_a_conversation_goes_both_ways(
    whatsapp: FakeWhatsApp, connection: Connection, anna: Employee
) -> None:
    whatsapp.write(PHONE, "Dzień dobry, ile to kosztuje?")
    dialog = Dialog.objects.get()
    reply = answer(dialog, anna, "40 zł", now=timezone.now())
    outbound.drain(connection.pk, now=timezone.now())
    (sent,) = whatsapp.customers[PHONE].messages
    assert (sent["text"]["body"], sent["biz_opaque_callback_data"]) == ("40 zł", str(reply.uuid))

    for told in ("sent", "read", "delivered"):
        whatsapp.mark(PHONE, sent["id"], told)
    reply.refresh_from_db()
    assert reply.delivery == "read"

    whatsapp.write(PHONE, "Dziękuję", reply_to=sent["id"])
    thanks = Message.objects.get(text="Dziękuję")
    assert thanks.reply_to == reply
    assert not InboundEvent.objects.filter(state=InboundEvent.State.PARKED).exists()


def test_a_failure_later_is_told_to_the_operator(
    whatsapp: FakeWhatsApp, connection: Connection, anna: Employee
) -> None:
    whatsapp.write(PHONE, "Hello")
    reply = answer(Dialog.objects.get(), anna, "Hi", now=timezone.now())
    outbound.drain(connection.pk, now=timezone.now())
    whatsapp.mark(PHONE, whatsapp.customers[PHONE].messages[0]["id"], "failed", error={"code": 131026})
    reply.refresh_from_db()
    assert reply.delivery == "failed"
    assert "not be on WhatsApp" in reply.failure


def test_a_second_delivery_changes_nothing(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    said = whatsapp.message(PHONE, "text", {"body": "Hello"})
    for _ in range(2):
        assert whatsapp.bring(messages=[said], contacts=[whatsapp.customers[PHONE].as_contact()]) == 200
    assert Message.objects.filter(author="client").count() == 1
    assert InboundEvent.objects.count() == 1


def test_a_phone_and_an_id_are_one_client(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    whatsapp.write(PHONE, "by phone")
    customer = whatsapp.customers[PHONE]
    customer.user_id = SCOPED
    whatsapp.write(PHONE, "with both")
    customer.hides_phone = True
    whatsapp.write(PHONE, "by id")
    assert Client.objects.count() == 1
    assert Message.objects.filter(author="client").count() == 3
    assert Dialog.objects.count() == 1


def test_a_changed_number_keeps_the_client(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    whatsapp.write(PHONE, "old")
    change = whatsapp.message(PHONE, "system", {"type": "user_changed_number", "wa_id": "48500100200"})
    whatsapp.bring(messages=[change])
    whatsapp.customer("48500100200")
    whatsapp.write("48500100200", "new")
    assert Client.objects.count() == 1
    assert Dialog.objects.count() == 1


def test_what_the_owner_writes_on_the_phone_is_shown(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    whatsapp.write(PHONE, "Hello")
    echo = {
        "from": "15550783881",
        "to": PHONE,
        "id": "wamid.Echo",
        "timestamp": whatsapp.message(PHONE, "text", {})["timestamp"],
        "type": "text",
        "text": {"body": "from the phone"},
    }
    assert whatsapp.bring(name="smb_message_echoes", message_echoes=[echo]) == 200
    assert Message.objects.filter(text="from the phone", author="outside").count() == 1


def test_a_wrong_signature_and_a_wrong_question(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    assert whatsapp.deliver(whatsapp.address, whatsapp.delivery(messages=[]), secret="other") == 403
    assert not whatsapp.shake_hands(whatsapp.address, "other")
    assert whatsapp.shake_hands(whatsapp.address, "a-verify-token")
    assert not InboundEvent.objects.exists()


def test_notices_are_kept_with_the_connection(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    change = {
        "field": "account_update",
        "value": {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}},
    }
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": whatsapp.business, "time": 1790000000, "changes": [change]}],
    }
    assert whatsapp.deliver(whatsapp.address, body) == 200
    connection.refresh_from_db()
    assert "SCAM" in connection.last_error


def test_one_address_serves_every_number_of_the_app(
    whatsapp: FakeWhatsApp, connection: Connection, anna: Employee
) -> None:
    second = make_connection(
        make_line(anna, greeting_enabled=False),
        kind="whatsapp",
        account_key="999",
        base_url=whatsapp.url,
        credentials={**CREDENTIALS, "phone_number_id": "999"},
    )
    body = delivery(
        value(messages=[message(id="wamid.1")]),
        value(number="999", messages=[message(id="wamid.2", sender="48500", from_user_id=None)]),
        value(number="555", messages=[message(id="wamid.3")]),
    )
    assert whatsapp.deliver(whatsapp.address, body) == 200
    heard = {(one.dialog.connection_id, one.external_id) for one in Message.objects.filter(author="client")}
    assert heard == {(connection.pk, "wamid.1"), (second.pk, "wamid.2")}


def test_a_batch_keeps_its_good_messages(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    good = [message(id=f"wamid.{number}") for number in range(3)]
    assert (
        whatsapp.deliver(whatsapp.address, delivery(value(messages=[*good, {"type": "text"}, None]))) == 200
    )
    assert Message.objects.filter(author="client").count() == 3


@needs_payloads
def test_every_real_body_is_taken(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    for path in sorted(PAYLOADS.glob("*.json")):
        assert whatsapp.deliver(whatsapp.address, path.read_bytes()) == 200, path.name
    assert not InboundEvent.objects.filter(state=InboundEvent.State.PARKED).exists()
