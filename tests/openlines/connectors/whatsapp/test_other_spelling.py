"""WhatsApp knows a number under another spelling than we dialled (Brazil's ninth digit): the reply comes into the dialog
that the operator began.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from openlines.connectors import registry
from openlines.connectors.base import Addressable, Template
from openlines.connectors.whatsapp.fake import NUMBER, FakeWhatsApp
from openlines.connectors.whatsapp.fake.server import Customer
from openlines.models import Client, Dialog, Message
from openlines.services import clients, dialogs, outbound
from tests.factories import make_employee
from tests.openlines.connectors.whatsapp.building import CREDENTIALS
from tests.openlines.factories import make_connection, make_line

pytestmark = pytest.mark.django_db(transaction=True)
AS_DIALLED, AS_KNOWN = "5521987654321", "552187654321"


class Brazil(FakeWhatsApp):
    """Takes either spelling, tells its own."""

    def _customer(self, to: str) -> Customer:
        return super()._customer(AS_KNOWN if to.lstrip("+") == AS_DIALLED else to)


def test_the_reply_comes_into_the_dialog_that_was_begun(live_server: LiveServer) -> None:
    with Brazil(keeps_window=False) as fake:
        fake.customer(AS_KNOWN, "Joana")
        fake.add_template("hello", "Hello {{1}}!")
        anna = make_employee(role="operator", first_name="Anna")
        line = make_line(anna, greeting_enabled=False, name_before_text=False)
        number = make_connection(
            line, kind="whatsapp", account_key=NUMBER, base_url=fake.url, credentials=CREDENTIALS
        )
        path = reverse("openlines:hook", args=["whatsapp", number.public_id])
        assert registry.get("whatsapp").set_up(number.account(webhook_url=f"{live_server.url}{path}")).ok
        connector = registry.get("whatsapp")
        assert isinstance(connector, Addressable)
        client = clients.addressed(
            number, connector.sender_for(f"+{AS_DIALLED}", number.account()), now=timezone.now()
        )
        dialog = dialogs.start(client.pk, by=anna, now=timezone.now())
        hello = Template("hello", "en_US", ("Joana",))
        reply = dialogs.Reply(uuid=uuid4(), text="Hello Joana!", template=hello)
        dialogs.reply(dialog.pk, reply, by=anna, now=timezone.now())
        outbound.drain(number.pk, now=timezone.now())
        assert len(fake.customers[AS_KNOWN].messages) == 1  # it has left, and Meta told whose it is
        fake.write(AS_KNOWN, "Thank you, where can I fetch it?")
        assert Client.objects.count() == 1
        assert Dialog.objects.count() == 1
        assert Message.objects.get(author="client").dialog_id == dialog.pk
