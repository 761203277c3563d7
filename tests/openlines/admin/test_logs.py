"""The inbound log and the outbox, as an administrator reads them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contactcenter.staff.models import Employee
from openlines.admin.readable import readable
from openlines.connectors import base, registry
from openlines.models import Connection, InboundEvent, Message, OpenLine, OutboxItem
from openlines.services import inbound, pausing
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

pytestmark = pytest.mark.django_db

TEXT = b'{"update_id":1,"message":{"message_id":5,"date":1790000000,"text":"za\\u017c\\u00f3\\u0142\\u0107",'
TEXT += b'"chat":{"id":3,"type":"private","first_name":"Carl"},"from":{"id":3,"first_name":"Carl","is_bot":false}}}'


def received(
    connection: Connection, body: bytes, monkeypatch: pytest.MonkeyPatch | None = None
) -> InboundEvent:
    """Parked where ``monkeypatch`` is given: the connector has a fault that is mended afterwards."""
    fresh = Connection.objects.select_related("line").get(pk=connection.pk)
    if monkeypatch:
        with monkeypatch.context() as broken:

            def fails(*_args: object) -> Any:
                raise base.Unreadable("nobody knows this")

            broken.setattr(type(registry.get(connection.kind)), "parse", fails)
            inbound.receive(fresh, base.RawRequest({"content-type": "application/json"}, body), now=at(0))
    else:
        inbound.receive(fresh, base.RawRequest({"content-type": "application/json"}, body), now=at(0))
    return InboundEvent.objects.latest("pk")


def test_a_delivery_is_readable_and_leads_to_its_message(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    event = received(make_connection(line, "telegram"), TEXT)
    text = client.get(reverse("admin:openlines_inboundevent_change", args=[event.pk])).text
    assert "zażółć" in text
    dialog = Message.objects.get(author="client").dialog
    assert reverse("workspace:dialog", args=[dialog.pk]) in text


def test_several_parked_deliveries_are_read_again(
    client: Client, administrator: Employee, line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = make_connection(line, "telegram")
    events = [
        received(bot, TEXT.replace(b'id":1,', b'id":%d,' % n).replace(b'id":5', b'id":%d' % n), monkeypatch)
        for n in (1, 2)
    ]
    assert [event.state for event in events] == ["parked", "parked"]
    assert not Message.objects.exists()
    chosen = {"action": "replay", "_selected_action": [event.pk for event in events]}
    answered = client.post(reverse("admin:openlines_inboundevent_changelist"), chosen, follow=True)
    assert "2 deliveries were read." in answered.text
    assert Message.objects.filter(author="client").count() == 2
    assert not InboundEvent.objects.filter(state="parked").exists()


def test_one_is_read_again_on_its_page(
    client: Client, administrator: Employee, line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = received(make_connection(line, "telegram"), TEXT, monkeypatch)
    page = client.get(reverse("admin:openlines_inboundevent_change", args=[event.pk]))
    assert "nobody knows this" in page.text
    address = reverse("admin:openlines_inboundevent_replay_this", args=[event.pk])
    assert client.get(address).status_code == 200, "a link asks first"
    assert not Message.objects.exists()
    client.post(address)
    event.refresh_from_db()
    assert (event.state, Message.objects.filter(author="client").count()) == ("processed", 1)


@pytest.mark.parametrize(
    ("kind", "content_type", "body", "words"),
    [
        (
            "sms",
            "application/x-www-form-urlencoded",
            b"From=%2B48601&Body=Hi+there",
            ["From: +48601", "Body: Hi there"],
        ),
        (
            "email",
            "",
            b"Subject: =?utf-8?q?Za=C5=BC=C3=B3=C5=82=C4=87?=\r\nFrom: a@shop.example\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.b64encode("gęślą".encode()),
            ["Subject: Zażółć", "From: a@shop.example", "gęślą"],
        ),
        ("viber", "application/json", b"\xff\x00{", ["��{"]),
        ("viber", "application/json", b"[" * 100_000, ["[[["]),
        ("email", "", b"", [""]),
        ("sms", "application/x-www-form-urlencoded", b"&=&" * 2000, [""]),
    ],
)
def test_bodies_are_shown_as_people_read_them(
    kind: str, content_type: str, body: bytes, words: list[str]
) -> None:
    shown = readable(kind, {"content-type": content_type}, body)
    assert all(word in shown for word in words)


def test_the_outbox_says_what_waits_and_why_and_what_the_provider_said(
    client: Client, administrator: Employee
) -> None:
    anna = make_operator("Anna")
    bot = make_connection(make_line(anna, greeting_enabled=False), "telegram")
    waits = answer(write(make_client(bot, "1")).dialog, anna, "This one waits")
    done = answer(write(make_client(bot, "2")).dialog, anna, "This one has left")
    OutboxItem.objects.filter(message=done).update(state="done")
    log = [{"at": at(0).isoformat(), "outcome": "TryLater", "detail": "Telegram asks to wait 7 s."}]
    OutboxItem.objects.filter(message=waits).update(log=log, attempts=1)
    pausing.pause(bot.pk, reason="Refused.", now=at(1))
    listed = reverse("admin:openlines_outboxitem_changelist")
    text = client.get(f"{listed}?waits=yes&connection__id__exact={bot.pk}").text
    assert "This one waits" in text
    assert "the provider refuses the connection" in text
    assert "This one has left" not in text
    assert "This one has left" in client.get(f"{listed}?waits=no").text
    item = OutboxItem.objects.get(message=waits)
    page = client.get(reverse("admin:openlines_outboxitem_change", args=[item.pk])).text
    assert "not taken, tried again later" in page
    assert "Telegram asks to wait 7 s." in page
