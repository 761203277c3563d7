"""The whole way: Twilio's signed calls to our public address, over HTTP, and what we send back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from openlines.connectors.base import Account, OutgoingMessage, Sent
from openlines.connectors.sms.fake import ACCOUNT, NUMBER, TOKEN, FakeTwilio
from openlines.models import Client, Connection, InboundEvent, Message
from openlines.services import inbound
from openlines.services.addresses import webhook_url
from tests.openlines.connectors.sms.building import PHONE, connector
from tests.openlines.factories import make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def number(twilio: FakeTwilio) -> Connection:
    credentials = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER}
    line = make_line(make_operator())
    return make_connection(line, kind="sms", credentials=credentials, base_url=twilio.url)


@pytest.fixture
def ready(twilio: FakeTwilio, number: Connection, live_server: LiveServer, settings: Settings) -> Account:
    settings.PUBLIC_URL = live_server.url
    account = number.account(webhook_url=webhook_url(number))
    health = connector.set_up(account)
    assert health.ok, health.detail
    return account


def test_a_text_message_comes_in_once_and_is_answered_in_twilio_s_language(
    twilio: FakeTwilio, ready: Account
) -> None:
    sid = twilio.write(PHONE, "Zażółć & 😀+1")
    message = Message.objects.get(author="client")
    assert (message.text, message.external_id) == ("Zażółć & 😀+1", sid)
    client = Client.objects.get()
    assert (client.external_id, client.phone) == (PHONE, PHONE)
    status, kind, body = twilio.answered[-1]
    assert (status, kind) == (200, "text/xml; charset=utf-8")
    assert body.endswith(b"<Response/>")
    twilio.call(
        f"{ready.webhook_url}",
        {"MessageSid": sid, "SmsSid": sid, "From": PHONE, "Body": "Zażółć & 😀+1", "AccountSid": ACCOUNT},
    )
    assert twilio.answered[-1][0] == 200
    assert Message.objects.filter(author="client").count() == 1


def test_a_delivery_that_we_could_not_keep_comes_again_and_then_by_the_list(
    twilio: FakeTwilio, number: Connection, ready: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = {"left": 2}
    receive = inbound.receive

    def sometimes(*args: object, **options: object) -> object:
        if fail["left"]:
            fail["left"] -= 1
            raise OSError("the disk is full")
        return receive(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(inbound, "receive", sometimes)
    twilio.write(PHONE, "One")
    assert [status for status, _, _ in twilio.answered] == [500, 500, 200]
    fail["left"] = 100
    twilio.answered.clear()
    lost = twilio.write(PHONE, "Two")
    assert [status for status, _, _ in twilio.answered] == [500] * 8  # four, and four to the fallback
    fail["left"] = 0
    now = datetime.now(UTC)
    for request in connector.missed(ready, now - timedelta(hours=1)):
        inbound.receive(number, request, now=now)
    texts = Message.objects.filter(author="client").order_by("pk").values_list("text", flat=True)
    assert list(texts) == ["One", "Two"]
    assert Message.objects.get(external_id=lost).text == "Two"


def test_what_becomes_of_ours_is_reported_with_our_own_number(twilio: FakeTwilio, ready: Account) -> None:
    outcome = connector.send(
        OutgoingMessage(uuid="7b0e6c1a-5a2f-4c0c-9a55-0c8f6a3c7b11", recipient=PHONE, text="Hi"), ready
    )
    assert isinstance(outcome, Sent)
    (sid,) = outcome.external_ids
    twilio.report(sid, "delivered")
    twilio.report(sid, "delivered")
    twilio.report(sid, "undelivered", code=30003)
    assert [status for status, _, _ in twilio.answered] == [200] * 3
    assert sorted(InboundEvent.objects.values_list("key", flat=True)) == [
        f"status:{sid}:delivered",
        f"status:{sid}:undelivered",
    ]
    assert not InboundEvent.objects.filter(state=InboundEvent.State.PARKED).exists()


def test_stop_is_shown_and_kept_and_start_takes_it_back(twilio: FakeTwilio, ready: Account) -> None:
    twilio.write(PHONE, "Hello")
    twilio.write(PHONE, "STOP")
    assert Client.objects.get().is_reachable is False
    assert Message.objects.filter(author="client", text="STOP").exists()
    twilio.write(PHONE, "START")
    assert Client.objects.get().is_reachable is True


def test_what_is_not_twilio_s_is_refused(twilio: FakeTwilio, ready: Account, settings: Settings) -> None:
    twilio.token = "0" * 32
    twilio.write(PHONE, "Hello")
    twilio.token = TOKEN
    settings.PUBLIC_URL = "https://desk.example"  # another address than the one that was called
    twilio.write(PHONE, "Hello")
    assert {status for status, _, _ in twilio.answered} == {403}
    assert not InboundEvent.objects.exists()
