"""A test message from the set-up page: over the provider's wire, in no dialog, with the outcome in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from openlines.connectors import base, registry
from openlines.connectors.telegram.fake import FakeTelegram, refuse, server_error, too_many
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.connectors.whatsapp.fake import FakeWhatsApp
from openlines.models import Connection, Dialog, Message, OutboxItem
from openlines.services import connection_test, inbound_items
from openlines.services.only_one import Work
from tests.openlines.connectors.contract.cases import CASES
from tests.openlines.factories import at, make_client, make_connection, make_line, make_operator, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram(any_chat=True) as fake:
        yield fake


@pytest.fixture
def bot(telegram: FakeTelegram) -> Connection:
    return make_connection(
        make_line(make_operator(), name="Shop", greeting_enabled=False),
        "telegram",
        credentials={"token": TOKEN, "secret_token": "s"},
        base_url=telegram.url,
    )


def to_carl(bot: Connection, seconds: float = 60) -> connection_test.Tested:
    client = make_client(bot, "4711", name="Carl")
    return connection_test.send(bot, to=str(client.pk), now=at(seconds))


def test_it_goes_to_one_of_the_clients_who_wrote_and_into_no_dialog(
    bot: Connection, telegram: FakeTelegram
) -> None:
    carl = make_client(bot, "4711", name="Carl")
    assert connection_test.recent_clients(bot) == []
    assert "Nobody has written" in to_carl(bot).words
    write(carl, now=at(0))
    write(make_client(bot, "4712", name="Dora"), now=at(10))
    write(carl, now=at(20))
    assert [client.name for client in connection_test.recent_clients(bot)] == ["Carl", "Dora"]
    told = to_carl(bot)
    assert told.ok
    assert "taken the test message" in told.words
    (sent,) = telegram.answers(4711)
    assert "test message from “Shop”" in sent["text"]
    assert not Message.objects.exclude(author="client").exists()
    assert not OutboxItem.objects.exists()
    assert Connection.objects.get().checked_at == at(60)


def test_a_client_of_another_connection_is_not_written_to(bot: Connection, telegram: FakeTelegram) -> None:
    other = make_connection(make_line(make_operator()), "telegram")
    stranger = make_client(other, "99")
    write(stranger)
    assert not connection_test.send(bot, to=str(stranger.pk), now=at(0)).ok
    assert not telegram.called("sendMessage")


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (too_many(7), "Try again in 7 s."),
        (server_error(), "Try again in a moment."),
        (refuse(403, "Forbidden: bot was blocked by the user"), "Not sent: The client has blocked the bot."),
    ],
)
def test_what_the_provider_says_is_told_in_words(
    bot: Connection, telegram: FakeTelegram, trouble: Any, words: str
) -> None:
    write(make_client(bot, "4711"))
    telegram.plan("sendMessage", trouble)
    told = to_carl(bot)
    assert not told.ok
    assert words in told.words


def test_refused_credentials_pause_the_connection(bot: Connection, telegram: FakeTelegram) -> None:
    write(make_client(bot, "4711"))
    bot.credentials = {"token": "1:wrong"}
    bot.save()
    assert "nothing else will be until that is mended" in to_carl(bot).words
    bot.refresh_from_db()
    assert bot.paused_reason


def test_nobody_waits_longer_than_ten_seconds(bot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    write(make_client(bot, "4711"))
    over = threading.Event()
    monkeypatch.setattr(connection_test, "PATIENCE", 0.05)
    monkeypatch.setattr(type(registry.get("telegram")), "send", lambda *_args: over.wait(20))
    told = to_carl(bot)
    again = to_carl(bot)
    over.set()
    assert "It may have arrived or not" in told.words
    assert "Another test message is on its way" in again.words


def test_one_at_a_time(bot: Connection, telegram: FakeTelegram, bare_connection: Any) -> None:
    write(make_client(bot, "4711"))
    bare_connection.execute("SELECT pg_advisory_lock(%s, %s)", (int(Work.TEST), bot.pk))
    assert "Another test message is on its way" in to_carl(bot).words
    bare_connection.execute("SELECT pg_advisory_unlock(%s, %s)", (int(Work.TEST), bot.pk))
    assert to_carl(bot).ok
    assert len(telegram.called("sendMessage")) == 1


def test_a_mistake_of_ours_is_no_stack_trace(bot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> base.Outcome:
        raise KeyError("secret detail")

    write(make_client(bot, "4711"))
    monkeypatch.setattr(type(registry.get("telegram")), "send", broken)
    words = to_carl(bot).words
    assert "the log of the server says what" in words
    assert "secret detail" not in words


def test_off_or_asked_to_wait(bot: Connection, telegram: FakeTelegram) -> None:
    write(make_client(bot, "4711"))
    bot.held_until = at(100)
    assert "for 40 s" in to_carl(bot).words
    bot.is_active = False
    assert "Switch it on first" in to_carl(bot).words
    assert not telegram.called("sendMessage")


def test_whatsapp_outside_the_window_says_so() -> None:
    case = CASES["whatsapp"]()
    with FakeWhatsApp() as fake:
        fake.customer("48601234567", "Carl")
        number = make_connection(
            make_line(make_operator()), "whatsapp", credentials=dict(case.credentials), base_url=fake.url
        )
        refused = connection_test.send(number, to="+48 601 234 567", now=at(0))
        assert "within 24 hours" in refused.words
        assert not fake.customers["48601234567"].messages
        write(make_client(number, "48601234567"), now=at(0))
        Message.objects.update(created_at=at(0))
        assert connection_test.send(number, to="+48 601 234 567", now=at(60)).ok
        assert len(fake.customers["48601234567"].messages) == 1
        assert not connection_test.send(number, to="+48601234567", now=at(0) + timedelta(hours=25)).ok


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("email", "carl", "not an e-mail address"),
        ("sms", "12", "not a phone number"),
        ("whatsapp", "", "phone"),
    ],
)
def test_a_wrong_address_is_refused_with_words(kind: str, typed: str, words: str) -> None:
    connection = make_connection(make_line(make_operator()), kind, credentials={"token": "x"})
    told = connection_test.send(connection, to=typed, now=at(0))
    assert not told.ok
    assert words in told.words


@pytest.mark.parametrize(
    ("kind", "typed", "recipient"),
    [("email", " Carl@shop.example ", "Carl@shop.example"), ("sms", "+48 601 234 567", "+48601234567")],
)
def test_an_address_is_handed_on_as_the_channel_writes_it(
    kind: str, typed: str, recipient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[base.OutgoingMessage] = []

    def take(_self: object, message: base.OutgoingMessage, _account: object) -> base.Outcome:
        got.append(message)
        return base.Sent(("id1",))

    monkeypatch.setattr(type(registry.get(kind)), "send", take)
    connection = make_connection(make_line(make_operator()), kind, credentials={"token": "x"})
    assert connection_test.send(connection, to=typed, now=at(0)).ok
    assert got[0].recipient == recipient


@pytest.mark.parametrize("by", ["uuid", "id"])
def test_its_echo_makes_no_message_written_outside(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    uuids: list[str] = []

    def take(_self: object, message: base.OutgoingMessage, _account: object) -> base.Outcome:
        uuids.append(message.uuid)
        return base.Sent(("m_test",))

    monkeypatch.setattr(type(registry.get("messenger")), "send", take)
    page = make_connection(make_line(make_operator()), "messenger", credentials={"page_id": "1"})
    client = make_client(page, "7001")
    Message.objects.filter(pk=write(client).pk).update(created_at=at(0))
    assert connection_test.send(page, to=str(client.pk), now=at(60)).ok
    echo = base.WrittenOutside(
        base.Sender("7001"),
        "m_test" if by == "id" else "other",
        at(61),
        text="x",
        uuid=uuids[0] if by == "uuid" else "",
    )
    with transaction.atomic():
        inbound_items.take(echo, page, inbound_id=None, now=at(61))
    assert not Message.objects.filter(author="outside").exists()
    assert Dialog.objects.get().state == "new"
