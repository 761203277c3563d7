"""The main job through Telegram: its webhook's body in, a reply out, and what came of it on the desk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contactcenter.staff.models import Employee
from openlines.connectors.telegram.webhook import SECRET_HEADER
from openlines.models import Connection
from tests.browser.conftest import Desks
from tests.browser.house import House
from tests.contactcenter.serving import ROOT
from tests.factories import make_employee
from tests.openlines.factories import make_connection, make_line

PAYLOAD = ROOT.parent / "shared" / "payloads" / "telegram" / "nutgram_text.json"
TOKEN, SECRET = "42:e2e", "known-to-telegram-and-us"


@pytest.fixture
def operator(house: House) -> Employee:
    return make_employee(role="operator", first_name="Anna", last_name="Nowak")


@pytest.fixture
def bot(house: House, operator: Employee) -> Connection:
    if TOKEN not in house.telegram.bots:
        house.telegram.add_bot(TOKEN)
    return make_connection(
        make_line(operator, greeting_enabled=False),
        kind="telegram",
        base_url=house.telegram.url,
        credentials={"token": TOKEN, "secret_token": SECRET},
    )


def deliver(house: House, bot: Connection, body: bytes) -> httpx.Response:
    return httpx.post(
        house.address + reverse("openlines:hook", args=["telegram", bot.public_id]),
        content=body,
        headers={"Content-Type": "application/json", SECRET_HEADER: SECRET},
        timeout=30,
    )


def sent_to(house: House, chat: int) -> list[Any]:
    calls = house.telegram.called("sendMessage")
    return [call.params["text"] for call in calls if str(call.params["chat_id"]) == str(chat)]


def payload(path: Path = PAYLOAD) -> bytes:
    if not path.exists():
        pytest.skip(f"the recorded payloads are not there: {path}")
    return path.read_bytes()


def test_from_the_webhook_to_the_delivery_mark(
    house: House, bot: Connection, operator: Employee, desk: Desks
) -> None:
    body = payload()
    told = json.loads(body)["message"]
    words, chat = told["text"], told["chat"]["id"]
    anna = desk(operator)
    assert deliver(house, bot, body).status_code == 200
    assert deliver(house, bot, body).status_code == 200  # Telegram repeats what it thinks was lost
    expect(anna.offer(words)).to_have_count(1)
    expect(anna.offer("Mario Bros").locator(".channel")).to_be_visible()
    anna.accept(words)
    anna.text.fill("Ciao! 👋 Five of them <are> left & yours.")
    anna.text.press("Control+Enter")
    expect(anna.bubble("Five of them").locator(".delivery")).to_have_attribute("title", "Sent")
    assert sent_to(house, chat) == ["Anna Nowak:\nCiao! 👋 Five of them <are> left & yours."]
    expect(anna.bubble(words)).to_have_count(1)


def test_what_telegram_refuses_is_said_at_the_message(
    house: House, bot: Connection, operator: Employee, desk: Desks
) -> None:
    """The client has blocked the bot meanwhile."""
    customer = house.telegram.customer(77, "Luigi Bros", token=TOKEN)
    update = {
        "update_id": 7,
        "message": {
            "message_id": 70,
            "from": customer.as_user(),
            "chat": customer.as_chat(),
            "date": 1631818904,
            "text": "Anybody there?",
        },
    }
    anna = desk(operator)
    assert deliver(house, bot, json.dumps(update).encode()).status_code == 200
    anna.accept("Anybody there?")
    customer.has_blocked = True
    anna.text.fill("Here I am.")
    anna.text.press("Control+Enter")
    answer = anna.bubble("Here I am.")
    expect(answer.locator(".delivery")).to_have_attribute("title", "Not delivered")
    expect(answer).to_contain_text("Not delivered: The client has blocked the bot.")
    expect(anna.gate).to_contain_text("has blocked messages from us")
