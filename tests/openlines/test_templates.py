"""The templates of a connection: asked, kept for a while, told about, and filled in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import translation

from openlines.connectors import registry
from openlines.connectors.base import Template
from openlines.connectors.whatsapp.fake import FakeWhatsApp, refuse
from openlines.models import Connection
from openlines.services import connections, templates
from openlines.services.errors import CommandRefused
from tests.openlines.connectors.whatsapp.building import CREDENTIALS
from tests.openlines.factories import NOW, make_connection, make_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    cache.clear()
    with FakeWhatsApp() as fake:
        fake.add_template("order_news", "Hello {{1}}, your order {{2}} is on its way.")
        fake.add_template("picture", "Look", parts=[{"type": "HEADER", "format": "IMAGE"}])
        yield fake


@pytest.fixture
def connection(whatsapp: FakeWhatsApp) -> Connection:
    return make_connection(make_line(), kind="whatsapp", base_url=whatsapp.url, credentials=CREDENTIALS)


def asked(whatsapp: FakeWhatsApp) -> int:
    return len(whatsapp.calls_of("message_templates", method="GET"))


def names(listing: templates.Listing) -> list[str]:
    return [one.name for one in listing.usable]


def test_the_provider_is_asked_once_in_some_minutes(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    assert names(templates.listing(connection, now=NOW)) == ["order_news"]
    templates.listing(connection, now=NOW + templates.FRESH_FOR - timedelta(seconds=1))
    assert asked(whatsapp) == 1
    whatsapp.add_template("later", "Hi")
    assert names(templates.listing(connection, now=NOW, afresh=True)) == ["later", "order_news"]
    templates.listing(connection, now=NOW + templates.FRESH_FOR)
    assert asked(whatsapp) == 3


def test_what_cannot_be_sent_is_listed_with_its_reason_in_the_readers_language(
    whatsapp: FakeWhatsApp, connection: Connection
) -> None:
    templates.listing(connection, now=NOW)
    with translation.override("en"):
        (picture,) = templates.listing(connection, now=NOW).unusable
        assert picture.name == "picture"
        assert "picture" in str(picture.unusable)
    assert not isinstance(picture.unusable, str)  # kept lazily, not in the language of who asked first


def test_other_credentials_are_another_list(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    templates.listing(connection, now=NOW)
    connections.save(connection, {"credentials": {**CREDENTIALS, "waba_id": "77"}})
    assert templates.listing(connection, now=NOW).templates == ()


def test_a_refusal_is_told_and_what_was_read_before_stays(
    whatsapp: FakeWhatsApp, connection: Connection
) -> None:
    whatsapp.plan("message_templates", refuse(190, "Session has expired", status=401))
    first = templates.listing(connection, now=NOW)
    assert first.templates == ()
    assert "token" in first.problem
    assert names(templates.listing(connection, now=NOW)) == ["order_news"]  # a refusal is not kept
    whatsapp.plan("message_templates", refuse(190, "Session has expired", status=401))
    again = templates.listing(connection, now=NOW + timedelta(hours=1))
    assert names(again) == ["order_news"]
    assert again.read_at == NOW
    assert again.problem


def test_nobody_waits_for_ever(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def templates(self, account: Any) -> list[Any]:
            time.sleep(1)
            return []

    monkeypatch.setattr(templates, "PATIENCE", 0.05)
    monkeypatch.setattr(registry, "get", lambda kind: Slow())
    assert "has not answered" in templates.listing(connection, now=NOW).problem


def test_filled_in_it_reads_as_it_is_sent(whatsapp: FakeWhatsApp, connection: Connection) -> None:
    filled = templates.fill(
        connection, name="order_news", language="en_US", values=[" Anna  Bell", "17"], now=NOW
    )
    assert filled.text == "Hello Anna Bell, your order 17 is on its way."
    assert filled.template == Template("order_news", "en_US", ("Anna Bell", "17"))


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("order_news", ["Anna"], "every place"),
        ("order_news", ["Anna", "  "], "Fill in “2”"),
        ("order_news", ["An\nna", "17"], "no line break"),
        ("order_news", ["Anna", "1    7"], "four spaces"),
        ("order_news", ["Anna", "x" * 1025], "too long"),
        ("picture", [], "cannot be sent"),
        ("gone", [], "cannot be sent"),
    ],
)
def test_what_the_provider_would_refuse_is_refused_here(
    connection: Connection, name: str, values: list[str], words: str
) -> None:
    with pytest.raises(CommandRefused, match=words):
        templates.fill(connection, name=name, language="en_US", values=values, now=NOW)
