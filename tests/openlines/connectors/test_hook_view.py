"""What a provider is answered, and what is kept."""

import json
from typing import Any

import pytest
from django.test import Client as Http
from django.urls import reverse

from openlines.connectors import views
from openlines.models import Connection, InboundEvent, Message
from openlines.services import inbound
from tests.openlines.factories import make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db
SECRET = "a-secret"
UPDATE = {
    "update_id": 1,
    "message": {
        "message_id": 5,
        "from": {"id": 456, "is_bot": False, "first_name": "Mario"},
        "chat": {"id": 456, "type": "private", "first_name": "Mario"},
        "date": 1684984664,
        "text": "Ciao",
    },
}


@pytest.fixture
def bot() -> Connection:
    line = make_line(make_operator())
    return make_connection(line, kind="telegram", credentials={"token": "1:x", "secret_token": SECRET})


def deliver(
    bot: Connection, content: object = UPDATE, *, secret: str = SECRET, kind: str = "telegram"
) -> Any:
    return Http(enforce_csrf_checks=True).post(
        reverse("openlines:hook", args=[kind, bot.public_id]),
        data=content if isinstance(content, bytes) else json.dumps(content).encode(),
        content_type="application/json",
        headers={"X-Telegram-Bot-Api-Secret-Token": secret},
    )


def test_a_message_goes_in_once(bot: Connection) -> None:
    assert deliver(bot).status_code == 200
    assert deliver(bot).status_code == 200
    assert Message.objects.get(author="client").text == "Ciao"
    assert InboundEvent.objects.count() == 1


def test_a_wrong_signature_is_refused_and_not_kept(bot: Connection) -> None:
    for secret in ("", "another"):
        answer = deliver(bot, secret=secret)
        assert answer.status_code == 403
        assert "does not prove" in answer.json()["message"]
    assert not InboundEvent.objects.exists()


def test_unknown_addresses(bot: Connection) -> None:
    assert deliver(bot, kind="livechat").status_code == 404
    assert deliver(bot, kind="nothing").status_code == 404
    Connection.objects.all().delete()
    assert deliver(bot).status_code == 404


def test_switched_off_it_answers_yes_and_keeps_nothing(bot: Connection) -> None:
    Connection.objects.update(is_active=False)
    assert deliver(bot).status_code == 200
    assert deliver(bot, secret="wrong").status_code == 403
    assert not InboundEvent.objects.exists()
    assert not Message.objects.exists()


def test_what_cannot_be_read_is_kept_and_answered_yes(bot: Connection) -> None:
    assert deliver(bot, b"{\xff").status_code == 200
    assert InboundEvent.objects.get().state == InboundEvent.State.PARKED


def test_a_flood_of_bytes_is_not_read(bot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "BODY_LIMIT", 3_000_000)
    assert deliver(bot, b"x" * 2_900_000).status_code == 200  # more than Django's own limit
    answer = deliver(bot, b"x" * 3_000_001)
    assert answer.status_code == 413
    assert InboundEvent.objects.count() == 1


def test_what_we_could_not_store_is_delivered_again(bot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(inbound, "receive", broken)
    with pytest.raises(OSError, match="full"):
        deliver(bot)


def test_only_post(bot: Connection) -> None:
    assert Http().get(reverse("openlines:hook", args=["telegram", bot.public_id])).status_code == 405
