"""Rating and consent by buttons, the product on one side and the fake on the other, over HTTP both ways."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from contactcenter.staff.models import Employee
from openlines.connectors import registry
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Connection, ConsentRecord, Dialog, InboundEvent, Message, OutboxItem, Rating
from openlines.services import dialogs, outbound
from tests.openlines.factories import answer, make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db(transaction=True)

CHAT = 456


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


def connect(telegram: FakeTelegram, live_server: LiveServer, anna: Employee, **settings: Any) -> Connection:
    """Set up as the administrator's button does it."""
    plain: dict[str, Any] = {
        "greeting_enabled": False,
        "finish_text_enabled": False,
        "name_before_text": False,
        "rating_enabled": False,
    }
    connection = make_connection(
        make_line(anna, **(plain | settings)),
        "telegram",
        base_url=telegram.url,
        credentials={"token": TOKEN, "secret_token": "a-secret_42"},
    )
    path = reverse("openlines:hook", args=["telegram", connection.public_id])
    done = registry.get("telegram").set_up(connection.account(webhook_url=f"{live_server.url}{path}"))
    assert done.ok, done.detail
    telegram.customer(CHAT, "Maria Nowak", language="en")
    return connection


def drain(connection: Connection) -> None:
    """Everything that waits, without waiting for a chat's pace."""
    for second in range(0, 10, 2):
        outbound.drain(connection.pk, now=timezone.now() + timedelta(seconds=second))
    assert not OutboxItem.objects.exclude(state=OutboxItem.State.DONE).exists()


def press(telegram: FakeTelegram, label: str) -> None:
    """On the newest message that has this button."""
    for message in reversed(telegram.answers(CHAT)):
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                if label in button["text"]:
                    telegram.press(CHAT, message["message_id"], button["callback_data"])
                    telegram.settle()
                    return
    raise LookupError(label)


def test_the_client_rates_by_a_button(
    telegram: FakeTelegram, live_server: LiveServer, anna: Employee
) -> None:
    connection = connect(telegram, live_server, anna, rating_enabled=True)
    telegram.write(CHAT, "Hello")
    telegram.settle()
    dialog = Dialog.objects.get()
    answer(dialog, anna, "Hi", now=timezone.now())
    dialogs.finish(dialog.pk, by=anna, now=timezone.now())
    drain(connection)
    request = telegram.answers(CHAT)[-1]
    assert "1 " not in request["text"]
    labels = [button["text"] for button in request["reply_markup"]["inline_keyboard"][0]]
    assert len(labels) == 2

    press(telegram, labels[0])
    rating = Rating.objects.get()
    assert (rating.dialog, rating.value) == (dialog, 1)
    shown = Message.objects.get(kind="answer")
    assert (shown.author, shown.text) == ("client", labels[0])
    press(telegram, labels[1])  # he thinks again (R4): the keyboard has stayed
    rating.refresh_from_db()
    assert rating.value == 0
    assert Dialog.objects.count() == 1
    assert not InboundEvent.objects.filter(state=InboundEvent.State.PARKED).exists()


def test_a_button_of_somebody_elses_dialog_rates_nothing(
    telegram: FakeTelegram, live_server: LiveServer, anna: Employee
) -> None:
    """A changed app can send anything as what stands behind a button."""
    connection = connect(telegram, live_server, anna, rating_enabled=True)
    telegram.write(CHAT, "Hello")
    telegram.settle()
    dialog = Dialog.objects.get()
    sent = answer(dialog, anna, "Hi", now=timezone.now())
    drain(connection)
    telegram.customer(457, "Eve")
    telegram.write(457, "Me too")
    telegram.press(457, int(telegram.bot().chats[457].messages[0]["message_id"]), f"rating:{dialog.pk}:0")
    telegram.settle()
    assert not Rating.objects.exists()
    assert sent.dialog_id == dialog.pk


@pytest.mark.parametrize(("label", "decision"), [("I agree", "given"), ("not agree", "refused")])
def test_the_client_consents_or_refuses_by_a_button(
    telegram: FakeTelegram, live_server: LiveServer, anna: Employee, label: str, decision: str
) -> None:
    connection = connect(
        telegram, live_server, anna, consent_enabled=True, consent_url="https://shop.example/privacy"
    )
    telegram.write(CHAT, "Hello")
    telegram.settle()
    drain(connection)
    (asked,) = telegram.answers(CHAT)
    assert "https://shop.example/privacy" in asked["text"]
    assert "By writing on" not in asked["text"]

    telegram.write(CHAT, "Are you there?")  # with buttons, writing on is no consent
    telegram.settle()
    assert not ConsentRecord.objects.filter(decision="given").exists()
    press(telegram, label)
    assert ConsentRecord.objects.latest("pk").decision == decision
    assert Message.objects.filter(kind="answer").count() == 1
    assert Dialog.objects.count() == 1
