"""From the set-up to the receipts, with the product on one side and Meta's fake on the other, over HTTP both ways."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from contactcenter.staff.models import Employee
from openlines.connectors import registry
from openlines.connectors.messenger.fake import PAGE, FakeMessenger
from openlines.connectors.meta.fake import APP_ID, APP_SECRET, TOKEN
from openlines.models import Connection, Dialog, Message
from openlines.services import outbound
from tests.openlines.connectors.messenger.building import CLIENT
from tests.openlines.factories import answer, make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def connection(meta: FakeMessenger, anna: Employee, live_server: LiveServer) -> Connection:
    """Set up as the administrator's button does it: Meta asks our address before it accepts it."""
    connection = make_connection(
        make_line(anna, greeting_enabled=False, name_before_text=False),
        kind="messenger",
        account_key=PAGE,
        base_url=meta.url,
        credentials={
            "page_id": PAGE,
            "access_token": TOKEN,
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "verify_token": "a-verify-token",
        },
    )
    path = reverse("openlines:hook", args=["messenger", connection.public_id])
    account = connection.account(webhook_url=f"{live_server.url}{path}")
    done = registry.get("messenger").set_up(account)
    assert done.ok, done.detail
    assert registry.get("messenger").check(account).ok
    return connection


def sent(meta: FakeMessenger) -> dict[str, Any]:
    return meta.customers[CLIENT].messages[-1]


def test_a_conversation_goes_both_ways(meta: FakeMessenger, connection: Connection, anna: Employee) -> None:
    assert meta.write(CLIENT, "Dzień dobry, ile to kosztuje?") == 200
    dialog = Dialog.objects.get()
    reply = answer(dialog, anna, "40 zł", now=timezone.now())
    outbound.drain(connection.pk, now=timezone.now())
    assert sent(meta)["text"] == "40 zł"

    assert meta.tell(meta.echo(sent(meta), CLIENT, app_id=APP_ID)) == 200
    later = int((timezone.now() + timedelta(seconds=1)).timestamp() * 1000)
    meta.tell(meta.event(CLIENT, delivery={"mids": [sent(meta)["mid"]], "watermark": later}))
    reply.refresh_from_db()
    assert reply.delivery == "delivered"
    meta.tell(meta.event(CLIENT, read={"watermark": later}))
    reply.refresh_from_db()
    assert reply.delivery == "read"
    assert not Message.objects.filter(author="outside").exists()

    meta.write(CLIENT, "Dziękuję", reply_to={"mid": sent(meta)["mid"]})
    thanks = Message.objects.get(text="Dziękuję")
    assert thanks.reply_to == reply
    mid = thanks.external_id
    meta.tell(meta.event(CLIENT, message_edit={"mid": mid, "text": "Dziękuję bardzo", "num_edit": 1}))
    thanks.refresh_from_db()
    assert thanks.text == "Dziękuję bardzo"
    meta.tell(meta.event(CLIENT, message={"mid": mid, "is_deleted": True}))
    thanks.refresh_from_db()
    assert thanks.deleted_at is not None


def test_what_the_page_writes_in_its_own_inbox_is_shown(meta: FakeMessenger, connection: Connection) -> None:
    meta.write(CLIENT, "Hello")
    meta.tell(meta.echo({"mid": "m_inbox", "text": "From the page's inbox"}, CLIENT))
    assert Message.objects.get(author="outside").text == "From the page's inbox"


def test_a_forged_delivery_changes_nothing(meta: FakeMessenger, connection: Connection) -> None:
    assert meta.write(CLIENT, "Hello", secret="another") == 403
    assert not Dialog.objects.exists()
