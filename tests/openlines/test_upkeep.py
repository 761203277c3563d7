"""What connections need now and then, identities that change or turn out to be one, and marks that come too early."""

from __future__ import annotations

import pytest
from django.db import transaction

from openlines.connectors import base, registry
from openlines.connectors.base import DeliveryStatus, RawRequest, Sender, StatusChanged
from openlines.models import Client, ClientAlias, Connection, Dialog, EarlyMark, Message, MessageMark
from openlines.services import clients, inbound_items, outcomes, upkeep
from tests.openlines.factories import answer, at, make_connection, make_line, make_operator, write
from tests.openlines.rules.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def take(connection: Connection, item: base.InboundItem, *, now: float) -> str:
    fresh = Connection.objects.select_related("line").get(pk=connection.pk)
    with transaction.atomic():
        return inbound_items.take(item, fresh, inbound_id=None, now=at(now))


def test_what_was_missed_is_received_once(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = make_connection(make_line(make_operator()), "sms", credentials={"account_sid": "AC1"})
    Connection.objects.filter(pk=connection.pk).update(created_at=at(-100))
    connector = registry.get("sms")
    lost = RawRequest(headers={}, body=b"MessageSid=SM1&From=%2B48123123123&To=%2B48&Body=Hello&NumMedia=0")
    monkeypatch.setattr(type(connector), "missed", lambda self, account, since: [lost])
    assert upkeep.reconcile(now=at(0)) == 1
    assert upkeep.reconcile(now=at(3600)) == 0
    assert Message.objects.get(author="client").text == "Hello"


def test_a_refusal_pauses_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = make_connection(make_line(make_operator()), "sms", credentials={"account_sid": "AC1"})

    def missed(self: object, account: object, since: object) -> list[RawRequest]:
        raise base.CredentialsRefused("Twilio refuses the token.")

    monkeypatch.setattr(type(registry.get("sms")), "missed", missed)
    upkeep.reconcile(now=at(0))
    connection.refresh_from_db()
    assert connection.paused_reason == "Twilio refuses the token."


def test_access_is_renewed_and_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = make_connection(make_line(make_operator()), "instagram", credentials={"token": "old"})
    monkeypatch.setattr(type(registry.get("instagram")), "renew", lambda self, account: {"token": "new"})
    assert upkeep.renew(now=at(0)) == 1
    assert Connection.objects.get(pk=connection.pk).credentials["token"] == "new"


def test_clients_get_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = make_connection(make_line(make_operator()), "messenger", credentials={"page_id": "1"})
    clients.find_or_create(connection, Sender("PSID"), now=at(0))
    monkeypatch.setattr(
        type(registry.get("messenger")), "profile", lambda self, pk, account: Sender(pk, name="Carla")
    )
    assert upkeep.name_clients(now=at(60)) == 1
    assert upkeep.name_clients(now=at(120)) == 0
    assert Client.objects.get().name == "Carla"


def test_a_status_that_comes_before_our_commit_is_kept_and_applied() -> None:
    scene = Scene("telegram")
    scene.write()
    message = scene.answer(now=10)
    take(scene.connection, StatusChanged("p1", DeliveryStatus.READ, at(11)), now=11)
    assert EarlyMark.objects.count() == 1
    item = message.outbox_items.get()
    item.connection = scene.connection
    item.dialog = Dialog.objects.select_related("client").get(pk=scene.dialog.pk)
    outcomes.write(item, base.Sent(("p1", "p2")), now=at(12))
    message.refresh_from_db()
    assert (message.delivery, message.external_id) == ("read", "p1")
    take(scene.connection, StatusChanged("p2", DeliveryStatus.DELIVERED, at(13)), now=13)
    message.refresh_from_db()
    assert message.delivery == "read"
    assert list(MessageMark.objects.values_list("status", flat=True)) == ["read", "delivered"]


def test_an_edit_before_its_message_is_applied_when_it_comes() -> None:
    scene = Scene("telegram")
    sender = Sender(scene.client.external_id)
    take(scene.connection, base.MessageEdited(sender, "m1", at(1), "better"), now=1)
    received = base.MessageReceived(sender, "m1", at(0), base.MessageKind.TEXT, "good")
    take(scene.connection, received, now=2)
    message = Message.objects.get(external_id="m1")
    assert (message.text, message.earlier_texts[0]["text"]) == ("better", "good")


def test_what_was_written_outside_stops_the_clock_but_leaves_the_queue() -> None:
    scene = Scene("telegram")
    scene.write()
    outside = base.WrittenOutside(Sender(scene.client.external_id), "o1", at(10), text="From my phone")
    take(scene.connection, outside, now=10)
    dialog = scene.dialog
    assert (dialog.state, dialog.clock_started_at) == ("new", None)
    assert dialog.messages.get(author="outside").text == "From my phone"
    take(scene.connection, outside, now=11)
    assert dialog.messages.filter(author="outside").count() == 1


def test_the_echo_of_our_own_message_makes_no_second_one() -> None:
    scene = Scene("telegram")
    scene.write()
    ours = scene.answer(now=5)
    Message.objects.filter(pk=ours.pk).update(delivery="unknown")
    echo = base.WrittenOutside(Sender(scene.client.external_id), "e1", at(6), text="x", uuid=str(ours.uuid))
    take(scene.connection, echo, now=6)
    ours.refresh_from_db()
    assert (ours.delivery, ours.external_id) == ("sent", "e1")
    assert not Message.objects.filter(author="outside").exists()


def test_two_clients_that_are_one_person_are_joined() -> None:
    line = make_line(make_operator("Anna"), greeting_enabled=False)
    anna = line.queue_entries.get().employee
    assert anna is not None
    connection = make_connection(line, "whatsapp", credentials={"phone_number_id": "1"})
    by_phone = clients.find_or_create(connection, Sender("48123", phone="48123"), now=at(0))
    by_id = clients.find_or_create(connection, Sender("PL.9", name="Carl"), now=at(0))
    held = write(by_phone, "first", now=at(1)).dialog
    answer(held, anna, now=at(2))
    other = write(by_id, "second", now=at(3)).dialog
    kept = clients.find_or_create(connection, Sender("PL.9", aliases=("48123",)), now=at(10))
    other.refresh_from_db()
    held.refresh_from_db()
    assert Client.objects.count() == 1
    assert kept.pk == Client.objects.get().pk
    assert other.state == "closed"
    assert (held.state, held.clock_started_at) == ("waiting", at(10))
    assert held.messages.filter(text="second").exists()
    assert clients.find(connection, Sender("48123")) == kept


def test_the_files_of_what_waited_come_along_when_two_clients_are_joined() -> None:
    anna = make_operator("Anna")
    connection = make_connection(make_line(anna, greeting_enabled=False), "whatsapp", credentials={"a": "b"})
    by_phone = clients.find_or_create(connection, Sender("48123", phone="48123"), now=at(0))
    by_id = clients.find_or_create(connection, Sender("PL.9", name="Carl"), now=at(0))
    held = write(by_phone, "first", now=at(1)).dialog
    answer(held, anna, now=at(2))
    here = base.Media(base.MediaKind.IMAGE, "", name="here.png", mime="image/png", content=b"PNG")
    there = base.Media(base.MediaKind.FILE, "media-1", name="there.pdf")
    waiting = write(by_id, "", now=at(3), kind=base.MessageKind.MEDIA, media=(here, there))
    clients.find_or_create(connection, Sender("PL.9", aliases=("48123",)), now=at(10))
    stored, pending = held.messages.get(extra__continued_from=waiting.dialog_id).attachments.all()
    assert (stored.name, stored.state, stored.file.read()) == ("here.png", "stored", b"PNG")
    assert (pending.name, pending.state, pending.reference) == ("there.pdf", "pending", "media-1")
    first = waiting.attachments.get(name="here.png")
    assert first.file.name != stored.file.name  # erasing one message leaves the other its file


def test_a_changed_number_finds_nobody_any_more() -> None:
    connection = make_connection(make_line(make_operator()), "whatsapp", credentials={"phone_number_id": "1"})
    client = clients.find_or_create(connection, Sender("PL.9", aliases=("48111",)), now=at(0))
    take(
        connection,
        base.IdentityChanged("48111", Sender("PL.9", phone="48222", aliases=("48222",)), at(5)),
        now=5,
    )
    assert clients.find(connection, Sender("48222")) == client
    assert clients.find(connection, Sender("48111")) is None
    assert set(ClientAlias.objects.values_list("external_id", flat=True)) == {"48222"}
