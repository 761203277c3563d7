"""Proof that a delivery is Meta's, and telling Meta where to deliver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from openlines.connectors import registry
from openlines.connectors.base import (
    Account,
    BadSignature,
    Connector,
    Courteous,
    Handshaking,
    Shared,
    Templated,
)
from openlines.connectors.meta import signature
from openlines.connectors.meta.fake.world import Subscription
from openlines.connectors.whatsapp.fake import APP_SECRET, FakeWhatsApp, bad_gateway, refuse
from tests.openlines.connectors.whatsapp.building import HERE, connector, delivery, message, request, value

SUBJECT = "whatsapp_business_account"


@pytest.fixture
def ours(account: Account) -> Iterator[Account]:
    """The account with an address that answers Meta's question as our view does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query))
            try:
                status, said = 200, connector.handshake(asked, HERE)
            except BadSignature:
                status, said = 403, ""
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield replace(account, webhook_url=f"http://127.0.0.1:{server.server_address[1]}/hooks/whatsapp/a/")
    server.shutdown()
    server.server_close()


def test_it_keeps_the_contract() -> None:
    found: Connector = registry.get("whatsapp")
    for protocol in (Handshaking, Shared, Courteous, Templated):
        assert isinstance(found, protocol)
    assert found.features.window is not None
    assert {field.name for field in found.credential_fields} == set(HERE.credentials)
    assert all(str(step) for step in found.guide)


def test_a_signature_over_the_very_bytes() -> None:
    body = b'{"entry":[],"x":"\\u00e4\\/"}'
    good = signature.sign(body, APP_SECRET)
    connector.verify(request(body, **{signature.HEADER: good}), HERE)
    for shown, bytes_ in (
        (good, body + b" "),
        (good.upper(), body),
        (signature.sign(body, "another"), body),
        (good.removeprefix("sha256="), body),
        ("sha256=", body),
        ("", body),
        ("żółw", body),
    ):
        with pytest.raises(BadSignature):
            connector.verify(request(bytes_, **{signature.HEADER: shown}), HERE)
    with pytest.raises(BadSignature):
        connector.verify(request(body), HERE)


def test_without_a_secret_nobody_is_believed() -> None:
    bare = replace(HERE, credentials={**HERE.credentials, "app_secret": " "})
    with pytest.raises(BadSignature):
        connector.verify(request(b"{}", **{signature.HEADER: signature.sign(b"{}", "")}), bare)


def test_set_up_tells_the_number_and_the_app_our_address(whatsapp: FakeWhatsApp, ours: Account) -> None:
    done = connector.set_up(ours)
    assert (done.ok, done.account_name) == (True, "Fake shop (+15550783881)"), done.detail
    assert whatsapp.address == ours.webhook_url
    assert whatsapp.is_subscribed
    app = whatsapp.subscriptions[SUBJECT]
    assert app.callback_url == ours.webhook_url
    assert {"messages", "message_template_status_update"} <= set(app.fields)
    assert connector.check(ours).ok

    assert connector.tear_down(ours).ok
    assert (whatsapp.address, whatsapp.subscriptions) == ("", {})
    assert not connector.check(ours).ok


def test_an_app_that_serves_somebody_else_keeps_its_address(whatsapp: FakeWhatsApp, ours: Account) -> None:
    theirs = Subscription("https://elsewhere.example/", "t", ["messages"])
    whatsapp.subscriptions[SUBJECT] = theirs
    assert connector.set_up(ours).ok
    assert whatsapp.subscriptions[SUBJECT] is theirs
    assert connector.check(ours).ok
    connector.tear_down(ours)
    assert whatsapp.subscriptions[SUBJECT] is theirs
    assert "another address" in connector.check(ours).detail


def test_another_connection_here_passes_on(whatsapp: FakeWhatsApp, ours: Account) -> None:
    whatsapp.is_subscribed = True
    whatsapp.subscriptions[SUBJECT] = Subscription(ours.webhook_url.replace("/a/", "/b/"), "t", ["messages"])
    assert connector.check(ours).ok


def test_without_the_app_id_a_person_is_told_what_is_left(whatsapp: FakeWhatsApp, ours: Account) -> None:
    bare = replace(ours, credentials={**ours.credentials, "app_id": ""})
    done = connector.set_up(bare)
    assert done.ok
    assert "WhatsApp → Configuration" in done.detail
    assert whatsapp.subscriptions == {}
    assert whatsapp.address == ours.webhook_url


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"token": ""}, "Enter the access token"),
        ({"waba_id": ""}, "account ID"),
        ({"app_secret": ""}, "Enter the app secret"),
        ({"token": "EAAG-other"}, "refuses the access token"),
        ({"app_secret": "other"}, "app secret is not the one"),
        ({"phone_number_id": "1"}, "does not know this phone number ID"),
        ({"app_id": "77"}, "do not belong together"),
        ({"waba_id": "1"}, "does not know this phone number ID or account ID"),
        ({"verify_token": "other"}, "Meta cannot reach"),
    ],
)
def test_what_is_wrong_is_told(ours: Account, change: dict[str, str], words: str) -> None:
    done = connector.set_up(replace(ours, credentials={**ours.credentials, **change}))
    assert not done.ok
    assert words in done.detail


def test_an_address_that_is_not_public(account: Account) -> None:
    inside = replace(account, webhook_url="http://helpdesk.intranet/hooks/whatsapp/a/")
    assert "begin with https" in connector.set_up(inside).detail
    assert "address of this installation" in connector.set_up(account).detail


@pytest.mark.parametrize("method", ["set_up", "tear_down", "check"])
def test_a_meta_that_is_ill(whatsapp: FakeWhatsApp, ours: Account, method: str) -> None:
    whatsapp.plan("106540352242922", bad_gateway(), refuse(1, "Unknown", status=500))
    for _ in range(2):
        done = getattr(connector, method)(ours)
        assert not done.ok
        assert "fault of its own" in done.detail
    done = getattr(connector, method)(replace(ours, base_url="http://127.0.0.1:1"))
    assert "cannot be reached" in done.detail


def test_a_number_that_meta_has_blocked(whatsapp: FakeWhatsApp, ours: Account) -> None:
    connector.set_up(ours)
    error = {
        "error_code": 141000,
        "error_description": "Not registered.",
        "possible_solution": "Register it.",
    }
    whatsapp.health = {"can_send_message": "BLOCKED", "entities": [{}, {"errors": [error]}]}
    found = connector.check(ours)
    assert not found.ok
    assert "Not registered. Register it." in found.detail


def test_an_app_that_was_taken_off_the_account(whatsapp: FakeWhatsApp, ours: Account) -> None:
    connector.set_up(ours)
    whatsapp.is_subscribed = False
    assert "not subscribed" in connector.check(ours).detail


def test_deliveries_of_the_fake_are_signed(whatsapp: FakeWhatsApp, ours: Account) -> None:
    assert whatsapp.deliver(ours.webhook_url, delivery(value(messages=[message()]))) == 501  # GET only
