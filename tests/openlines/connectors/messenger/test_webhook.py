"""Signature, handshake, set-up and check against the fake and, over HTTP, through the product's own address."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client as Http
from django.urls import reverse

from openlines.connectors import registry
from openlines.connectors.base import (
    Account,
    BadSignature,
    Handshaking,
    Media,
    MediaKind,
    MediaUnavailable,
    RawRequest,
    Shared,
)
from openlines.connectors.messenger.fake import PAGE, FakeMessenger
from openlines.connectors.meta.fake import APP_SECRET, TOKEN, refuse
from openlines.connectors.meta.fake.server import wire
from openlines.connectors.meta.signature import sign
from openlines.models import Connection, InboundEvent, Message
from tests.openlines.connectors.messenger.building import CLIENT, PAYLOADS, delivery, needs_payloads, said
from tests.openlines.factories import make_connection, make_line, make_operator

connector: Any = registry.get("messenger")


def signed(body: bytes, secret: str = APP_SECRET) -> RawRequest:
    return RawRequest(headers={"x-hub-signature-256": sign(body, secret)}, body=body)


# --- proof ---


def test_the_signature_is_over_the_very_bytes(account: Account) -> None:
    body = wire(delivery(said(text="Zażółć a/b 😀")))
    assert b"\\/" in body
    connector.verify(signed(body), account)
    again = json.dumps(json.loads(body)).encode()
    with pytest.raises(BadSignature):
        connector.verify(replace(signed(body), body=again), account)


@pytest.mark.parametrize("header", ["", "sha256=", "sha256=00", "sha1=x", "ż"])
def test_what_is_not_signed_by_the_app_is_refused(account: Account, header: str) -> None:
    for headers in ({"x-hub-signature-256": header}, {}):
        with pytest.raises(BadSignature):
            connector.verify(RawRequest(headers=headers, body=b"{}"), account)
    with pytest.raises(BadSignature):
        connector.verify(signed(b"{}", "another"), account)
    with pytest.raises(BadSignature):
        connector.verify(signed(b"{}", ""), replace(account, credentials={}))


def test_the_handshake_gives_the_challenge_back(account: Account) -> None:
    assert isinstance(connector, Handshaking)
    query = {"hub.mode": "subscribe", "hub.verify_token": "a-verify-token", "hub.challenge": "1158201444"}
    assert connector.handshake(query, account) == "1158201444"
    for wrong in ({"hub.verify_token": "x"}, {"hub.mode": "x"}, {"hub.challenge": "<script>"}):
        with pytest.raises(BadSignature):
            connector.handshake(query | wrong, account)


# --- set-up ---


@pytest.fixture
def reachable(account: Account, meta: FakeMessenger, monkeypatch: pytest.MonkeyPatch) -> Account:
    """With an address at which our handshake answers, as if the installation stood there."""
    address = "https://desk.example/hooks/messenger/8f6c/"

    def shake_hands(url: str, verify_token: str) -> bool:
        asked = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": "1158201444"}
        return url == address and connector.handshake(asked, account) == "1158201444"

    monkeypatch.setattr(meta, "shake_hands", shake_hands)
    return replace(account, webhook_url=address)


def test_the_set_up_registers_the_address_and_the_page(meta: FakeMessenger, reachable: Account) -> None:
    before = connector.check(reachable)
    assert not before.ok
    done = connector.set_up(reachable)
    assert (done.ok, done.account_name) == (True, "Demo page")
    subscription = meta.subscriptions["page"]
    assert subscription.callback_url == reachable.webhook_url
    assert {"messages", "message_echoes", "message_edits", "standby"} <= set(subscription.fields)
    assert "messages" in (meta.subscribed_fields or [])
    assert connector.check(reachable).ok


def test_an_older_interface_is_asked_without_the_newer_names(meta: FakeMessenger, reachable: Account) -> None:
    meta.field_names = meta.field_names - {"message_edits"}  # type: ignore[misc]
    assert connector.set_up(reachable).ok
    assert "message_edits" not in (meta.subscribed_fields or [])


def test_taking_down_leaves_the_apps_address_to_its_other_pages(
    meta: FakeMessenger, reachable: Account
) -> None:
    connector.set_up(reachable)
    assert connector.tear_down(reachable).ok
    assert meta.subscribed_fields is None
    assert "page" in meta.subscriptions
    assert not connector.check(reachable).ok


def test_a_page_of_the_same_app_may_hold_the_address(meta: FakeMessenger, reachable: Account) -> None:
    connector.set_up(reachable)
    meta.subscriptions["page"].callback_url = "https://desk.example/hooks/messenger/another/"
    assert connector.check(reachable).ok
    meta.subscriptions["page"].callback_url = "https://elsewhere.example/hooks/messenger/another/"
    assert not connector.check(reachable).ok


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"access_token": ""}, "Enter the access token"),
        ({"access_token": "revoked"}, "refuses the access token"),
        ({"page_id": ""}, "page’s ID"),
        ({"page_id": "999"}, PAGE),
        ({"app_id": ""}, "app’s ID and secret"),
        ({"app_secret": "wrong"}, "secret is not that"),
        ({"verify_token": "wrong"}, "could not reach"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    meta: FakeMessenger, reachable: Account, wrong: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meta, "shake_hands", lambda url, token: token == "a-verify-token")
    found = connector.set_up(replace(reachable, credentials={**reachable.credentials, **wrong}))
    assert not found.ok
    assert said in found.detail


def test_a_wrong_secret_of_the_app_is_told(meta: FakeMessenger, reachable: Account) -> None:
    connector.set_up(reachable)
    meta.plan("subscriptions", refuse(190, "Invalid OAuth access token signature."))
    found = connector.check(reachable)
    assert not found.ok
    assert "do not belong together" in found.detail


def test_without_an_address_or_a_connection_it_says_so(account: Account) -> None:
    assert not connector.set_up(account).ok
    unheard = replace(account, base_url="http://127.0.0.1:9", webhook_url="https://desk.example/x/")
    for found in (connector.set_up(unheard), connector.check(unheard), connector.tear_down(unheard)):
        assert not found.ok
        assert "cannot be reached" in found.detail


# --- files ---


def test_files_come_from_metas_hosts_only(meta: FakeMessenger, account: Account) -> None:
    url = meta.add_file("plan.jpg", b"picture", mime="image/jpeg")
    assert connector.fetch(Media(MediaKind.IMAGE, url), account, max_bytes=100) == b"picture"
    for refused in ("https://www.example.com/a.jpg", "http://169.254.169.254/", "IMAGE_URL", ""):
        with pytest.raises(MediaUnavailable) as error:
            connector.fetch(Media(MediaKind.IMAGE, refused), account, max_bytes=100)
        assert not error.value.temporary
    with pytest.raises(MediaUnavailable):
        connector.fetch(Media(MediaKind.IMAGE, url), account, max_bytes=3)
    with pytest.raises(MediaUnavailable):
        connector.fetch(Media(MediaKind.IMAGE, f"{meta.url}/cdn/gone"), account, max_bytes=100)


# --- through the product's own address ---


@pytest.fixture
def connection() -> Connection:
    return make_connection(
        make_line(make_operator()),
        kind="messenger",
        account_key=PAGE,
        credentials={
            "page_id": PAGE,
            "access_token": TOKEN,
            "app_id": "1",
            "app_secret": APP_SECRET,
            "verify_token": "a-verify-token",
        },
    )


def deliver(connection: Connection, body: bytes, *, secret: str = APP_SECRET) -> int:
    return (
        Http(enforce_csrf_checks=True)
        .post(
            reverse("openlines:hook", args=[connection.kind, connection.public_id]),
            data=body,
            content_type="application/json",
            headers={"X-Hub-Signature-256": sign(body, secret)},
        )
        .status_code
    )


@pytest.mark.django_db
def test_a_delivery_goes_in_once(meta: FakeMessenger, connection: Connection) -> None:
    body = wire(meta.envelope(meta.message(CLIENT, "Zażółć 😀"), meta.message(CLIENT, "And more")))
    assert deliver(connection, body) == 200
    assert deliver(connection, body) == 200
    assert set(Message.objects.filter(author="client").values_list("text", flat=True)) == {
        "Zażółć 😀",
        "And more",
    }
    assert InboundEvent.objects.count() == 1
    assert deliver(connection, body, secret="another") == 403


@pytest.mark.django_db
def test_the_handshake_answers_at_our_address(connection: Connection) -> None:
    address = reverse("openlines:hook", args=["messenger", connection.public_id])
    query = {"hub.mode": "subscribe", "hub.verify_token": "a-verify-token", "hub.challenge": "1158201444"}
    answer = Http().get(address, query)
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert Http().get(address, {**query, "hub.verify_token": "x"}).status_code == 403


@pytest.mark.django_db
def test_one_delivery_serves_two_pages_of_an_app(meta: FakeMessenger, connection: Connection) -> None:
    assert isinstance(connector, Shared)
    second = make_connection(
        make_line(make_operator()),
        kind="messenger",
        account_key="555",
        credentials={**connection.credentials, "page_id": "555"},
    )
    body = meta.envelope(meta.message(CLIENT, "To the first"))
    body["entry"] += meta.envelope(meta.message(CLIENT, "To the second"), account="555")["entry"]
    assert deliver(connection, wire(body)) == 200
    for page, text in ((connection, "To the first"), (second, "To the second")):
        assert Message.objects.get(connection=page, author="client").text == text


@needs_payloads
@pytest.mark.django_db
def test_every_real_body_goes_in(connection: Connection) -> None:
    connection.credentials = {**connection.credentials, "page_id": ""}
    connection.account_key = ""
    connection.save()
    for path in sorted((PAYLOADS / "messenger").glob("*.json")):
        assert deliver(connection, path.read_bytes()) == 200
        event = InboundEvent.objects.latest("pk")
        assert event.state in {"processed", "not_supported"}, (path.stem, event.reason)


@pytest.mark.django_db
@pytest.mark.parametrize("make", [lambda url: b"garbage", lambda url: b'{"object":"page","entry":[7]}'])
def test_nothing_in_a_delivery_makes_a_500(connection: Connection, make: Callable[[str], bytes]) -> None:
    assert deliver(connection, make("")) == 200
    assert InboundEvent.objects.count() == 1


def test_the_fake_signs_and_asks_as_meta_does(meta: FakeMessenger) -> None:
    assert urlsplit(meta.url).hostname == "127.0.0.1"
    assert not meta.shake_hands(f"{meta.url}/nowhere", "x")
    assert meta.deliver("http://127.0.0.1:9/", b"{}") == 0
