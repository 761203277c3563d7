"""L4–L6 at the provider: the webhook goes and comes with the connection, also where the provider is down just then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from openlines.connectors import registry
from openlines.connectors.base import Health
from openlines.connectors.telegram.fake import FakeTelegram, server_error
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Connection, Message, OpenLine
from openlines.services import connections, line_deletion, lines, outbound, provider_side, upkeep
from openlines.services.addresses import webhook_url
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)

DOWN = [server_error()] * 5


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram(any_chat=True, second=0.01) as fake:
        yield fake


@pytest.fixture
def bot(telegram: FakeTelegram) -> Connection:
    line = make_line(make_operator(), greeting_enabled=False, finish_text_enabled=False)
    made = make_connection(
        line,
        "telegram",
        name="Shop",
        credentials={"token": TOKEN, "secret_token": "s"},
        base_url=telegram.url,
    )
    assert connections.set_up(made, now=at(0)).ok
    return made


def address(telegram: FakeTelegram) -> str:
    webhook = telegram.bots[TOKEN].webhook
    return webhook.url if webhook else ""


def test_off_removes_the_webhook_and_on_registers_it_without_the_off_time(
    bot: Connection, telegram: FakeTelegram
) -> None:
    assert address(telegram) == webhook_url(bot)
    told = connections.switch(bot, on=False, now=at(10))
    assert told
    assert told.ok
    assert address(telegram) == ""
    told = connections.switch(bot, on=True, now=at(20))
    assert told
    assert told.ok
    assert address(telegram) == webhook_url(bot)
    assert telegram.called("deleteWebhook")[-1].params["drop_pending_updates"] in (True, "true", "True")


def test_removing_the_webhook_by_hand_loses_nothing_that_waits(
    bot: Connection, telegram: FakeTelegram
) -> None:
    assert connections.tear_down(bot, now=at(10)).ok
    assert connections.set_up(bot, now=at(20)).ok
    assert "drop_pending_updates" not in telegram.called("deleteWebhook")[-1].params
    assert connections.mend(now=at(30)) == 0


def test_a_provider_that_is_down_when_it_is_switched_off_is_asked_again(
    bot: Connection, telegram: FakeTelegram
) -> None:
    telegram.plan("deleteWebhook", *DOWN[:2])
    told = connections.switch(bot, on=False, now=at(10))
    assert told
    assert not told.ok
    bot.refresh_from_db()
    assert bot.last_error == told.detail
    assert provider_side.is_left(bot)
    assert address(telegram)
    assert connections.mend(now=at(900)) == 0  # still down
    assert connections.mend(now=at(1800)) == 1
    assert address(telegram) == ""
    assert connections.mend(now=at(2700)) == 0
    bot.refresh_from_db()
    assert (bot.last_error, provider_side.is_left(bot)) == ("", False)


@pytest.mark.parametrize("at_fault", ["deleteWebhook", "setWebhook"])
def test_a_provider_that_is_down_when_it_is_switched_on_is_asked_again(
    bot: Connection, telegram: FakeTelegram, at_fault: str
) -> None:
    connections.switch(bot, on=False, now=at(10))
    telegram.plan(at_fault, *DOWN[:1])
    told = connections.switch(bot, on=True, now=at(20))
    assert told
    assert not told.ok
    assert address(telegram) == ""
    telegram.plan(at_fault)
    assert connections.mend(now=at(900)) == 1
    assert address(telegram) == webhook_url(bot)
    assert connections.mend(now=at(1800)) == 0


def test_switched_on_again_the_wish_to_remove_it_is_forgotten(
    bot: Connection, telegram: FakeTelegram
) -> None:
    telegram.plan("deleteWebhook", *DOWN[:1])
    connections.switch(bot, on=False, now=at(10))
    connections.switch(bot, on=True, now=at(20))
    assert connections.mend(now=at(900)) == 0
    assert address(telegram) == webhook_url(bot)


def test_a_moved_connection_keeps_its_webhook(bot: Connection, telegram: FakeTelegram) -> None:
    before = len(telegram.called("setWebhook")), len(telegram.called("deleteWebhook"))
    connections.save(bot, {"line": make_line(make_operator())})
    assert address(telegram) == webhook_url(bot)
    assert (len(telegram.called("setWebhook")), len(telegram.called("deleteWebhook"))) == before


def test_a_line_that_is_off_keeps_the_webhook_and_sends_nothing(
    bot: Connection, telegram: FakeTelegram
) -> None:
    anna = bot.line.queue_entries.get().employee
    assert anna is not None
    message = answer(write(make_client(bot, "1")).dialog, anna, "Hello", now=at(1))
    lines.save_block(bot.line_id, {"is_active": False}, now=at(2))
    assert outbound.drain(bot.pk, now=at(3)) == 0
    assert address(telegram) == webhook_url(bot)
    assert not telegram.called("sendMessage")
    lines.save_block(bot.line_id, {"is_active": True}, now=at(4))
    assert outbound.drain(bot.pk, now=at(5)) == 1
    message.refresh_from_db()
    assert message.delivery == "sent"


def delete(line: OpenLine, bot: Connection) -> None:
    line_deletion.order(
        line, typed_name=line.name, fates={bot.pk: line_deletion.DELETE}, by=make_operator(), now=at(10)
    )


def test_deleting_a_line_removes_the_webhook(bot: Connection, telegram: FakeTelegram) -> None:
    delete(bot.line, bot)
    assert address(telegram) == ""
    assert line_deletion.go_on(bot.line_id, now=at(20))
    assert not Connection.objects.exists()


def test_deleting_a_line_asks_a_provider_that_was_down_once_more(
    bot: Connection, telegram: FakeTelegram
) -> None:
    telegram.plan("deleteWebhook", *DOWN[:1])
    delete(bot.line, bot)
    assert address(telegram)
    bot.refresh_from_db()
    assert provider_side.is_left(bot)
    assert line_deletion.go_on(bot.line_id, now=at(20))
    assert address(telegram) == ""


def test_what_was_missed_is_not_asked_for_before_it_was_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sms = make_connection(make_line(make_operator()), "sms", credentials={"account_sid": "AC1"})
    Connection.objects.update(created_at=at(-9000))
    asked: list[Any] = []
    connector = type(registry.get("sms"))
    for name in ("set_up", "tear_down"):
        monkeypatch.setattr(connector, name, lambda self, account: Health(True, ""))

    def missed(self: object, account: object, since: Any) -> list[Any]:
        asked.append(since)
        return []

    monkeypatch.setattr(connector, "missed", missed)
    upkeep.reconcile(now=at(0))
    connections.switch(sms, on=False, now=at(10))
    connections.switch(sms, on=True, now=at(20))
    upkeep.reconcile(now=at(3600))
    assert asked == [at(-9000), at(20)]
    assert not Message.objects.exists()
