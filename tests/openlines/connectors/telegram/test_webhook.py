from __future__ import annotations

import json
from dataclasses import replace

import pytest

from openlines.connectors.base import Account, Acknowledging, BadSignature, Connector, RawRequest
from openlines.connectors.telegram import webhook
from openlines.connectors.telegram.connector import TelegramConnector
from openlines.connectors.telegram.fake import FakeTelegram, bad_gateway, refuse
from tests.fakes.telegram import Receiver
from tests.openlines.connectors.telegram.building import NOBODY, request

connector = TelegramConnector()
HEADER = "x-telegram-bot-api-secret-token"


def test_it_is_a_connector() -> None:
    complete: Connector = connector
    assert isinstance(connector, Acknowledging)
    assert complete.kind == "telegram"
    assert {field.name for field in complete.credential_fields if field.secret} == {"token", "secret_token"}


def test_the_right_secret_passes() -> None:
    connector.verify(RawRequest({HEADER: "s"}, b"{}"), NOBODY)


@pytest.mark.parametrize("headers", [{}, {HEADER: ""}, {HEADER: "x"}, {HEADER: "s "}, {HEADER: "ż\ud800"}])
def test_any_other_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        connector.verify(RawRequest(headers, b"{}"), NOBODY)


def test_without_a_secret_of_ours_nothing_passes() -> None:
    for headers in ({}, {HEADER: ""}):
        with pytest.raises(BadSignature):
            connector.verify(RawRequest(headers, b"{}"), replace(NOBODY, credentials={"token": "1:x"}))


def test_a_new_secret_is_one_that_telegram_takes(telegram: FakeTelegram, account: Account) -> None:
    credentials = {**account.credentials, "secret_token": webhook.new_secret()}
    assert connector.set_up(replace(account, credentials=credentials)).ok
    assert webhook.new_secret() != webhook.new_secret()


def test_set_up_registers_and_tear_down_removes(telegram: FakeTelegram, account: Account) -> None:
    found = connector.set_up(account)
    assert found.ok
    assert found.account_name == f"@{telegram.bot().username}"
    registered = telegram.bot().webhook
    assert registered
    assert (registered.url, registered.secret_token) == (
        account.webhook_url,
        account.credentials["secret_token"],
    )
    assert "message_reaction" in registered.allowed_updates
    assert connector.check(account).ok
    assert connector.tear_down(account).ok
    assert telegram.bot().webhook is None
    assert not connector.check(account).ok


def test_set_up_says_what_is_wrong(telegram: FakeTelegram, account: Account) -> None:
    for wrong in (
        replace(account, credentials={"token": "9:none", "secret_token": "s"}),
        replace(account, credentials={**account.credentials, "secret_token": "not allowed!"}),
        replace(account, credentials={"secret_token": "s"}),
        replace(account, webhook_url=""),
        replace(account, webhook_url="http://example.com/"),
        replace(account, base_url="http://127.0.0.1:9"),
    ):
        found = connector.set_up(wrong)
        assert not found.ok
        assert found.detail
    assert telegram.bot().webhook is None


def test_check_tells_of_a_refused_token_and_of_a_wrong_address(
    telegram: FakeTelegram, account: Account
) -> None:
    connector.set_up(account)
    assert not connector.check(replace(account, webhook_url="https://elsewhere.example/")).ok
    telegram.plan("getMe", bad_gateway())
    assert "502" in connector.check(account).detail
    telegram.plan("getMe", refuse(404, "Not Found"))
    assert "BotFather" in connector.check(account).detail
    telegram.revoke()
    assert not connector.check(account).ok
    assert not connector.tear_down(account).ok


def test_check_shows_what_telegram_says_of_the_deliveries(
    telegram: FakeTelegram, account: Account, receiver: Receiver
) -> None:
    reached = replace(account, webhook_url=receiver.url)
    connector.set_up(reached)
    receiver.statuses = [500]
    telegram.write(456, "Hello")
    telegram.settle()
    past = connector.check(reached)
    assert past.ok
    assert "500" in past.detail
    receiver.statuses = [503] * 1000
    telegram.write(456, "Are you there?")
    while (webhook_now := telegram.bot().webhook) and "503" not in webhook_now.last_error_message:
        telegram.stopping.wait(0.01)
    now = connector.check(reached)
    assert not now.ok
    assert "503" in now.detail
    receiver.statuses = []
    telegram.settle()


def test_a_pressed_button_is_answered_and_nothing_else(telegram: FakeTelegram, account: Account) -> None:
    telegram.bot().pressed.append("77")
    connector.acknowledge(request({"update_id": 1, "callback_query": {"id": "77"}}), account)
    connector.acknowledge(request({"update_id": 1, "callback_query": {"id": "of last week"}}), account)
    connector.acknowledge(request({"update_id": 1, "message": {}}), account)
    connector.acknowledge(request(b"\xff"), account)
    assert telegram.bot().answered == ["77"]
    assert len(telegram.calls) == 2


def test_an_acknowledgement_that_fails_is_no_trouble(telegram: FakeTelegram, account: Account) -> None:
    pressed = request(json.dumps({"update_id": 1, "callback_query": {"id": "77"}}).encode())
    telegram.plan(
        "answerCallbackQuery", refuse(400, "Bad Request: query is too old and response timeout expired")
    )
    connector.acknowledge(pressed, account)
    connector.acknowledge(pressed, replace(account, base_url="http://127.0.0.1:9"))
