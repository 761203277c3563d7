"""Two log-ins, two secrets, two ids of one account: the set-up tells them apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client as Http
from django.urls import reverse

from openlines.connectors import registry
from openlines.connectors.base import (
    Account,
    BadSignature,
    CredentialsRefused,
    MediaUnavailable,
    RawRequest,
    Renewing,
)
from openlines.connectors.instagram.fake import ACCOUNT, SCOPED_ID, FakeInstagram
from openlines.connectors.meta.fake import APP_SECRET, TOKEN, server_error
from openlines.connectors.meta.fake.server import wire
from openlines.connectors.meta.signature import sign
from openlines.models import InboundEvent, Message
from tests.openlines.connectors.instagram.conftest import INSTAGRAM_SECRET
from tests.openlines.connectors.messenger.building import CLIENT, PAYLOADS, needs_payloads
from tests.openlines.factories import make_connection, make_line, make_operator

connector: Any = registry.get("instagram")


def changed(account: Account, **credentials: str) -> Account:
    return replace(account, credentials={**account.credentials, **credentials})


def test_either_secret_proves_a_delivery(account: Account) -> None:
    for names in (
        {"instagram_app_secret": "a"},
        {"app_secret": "a"},
        {"app_secret": "b", "instagram_app_secret": "a"},
    ):
        known = changed(account, **({"app_secret": "", "instagram_app_secret": ""} | names))
        connector.verify(RawRequest(headers={"x-hub-signature-256": sign(b"{}", "a")}, body=b"{}"), known)
        for wrong in ("c", ""):
            with pytest.raises(BadSignature):
                request = RawRequest(headers={"x-hub-signature-256": sign(b"{}", wrong)}, body=b"{}")
                connector.verify(request, known)


def test_the_set_up_lets_the_app_hear_of_messages(meta: FakeInstagram, account: Account, login: str) -> None:
    assert not connector.check(account).ok
    done = connector.set_up(account)
    assert (done.ok, done.account_name) == (True, "@demo.shop")
    assert "verify token" in done.detail
    heard = meta.subscribed_fields or []
    assert "messages" in heard
    assert ("messaging_seen" in heard) is (login == "instagram")
    assert connector.check(account).ok
    assert connector.tear_down(account).ok
    assert (meta.subscribed_fields is None) is (login == "instagram")


def test_what_the_page_lets_messenger_hear_is_left_alone(
    meta: FakeInstagram, account: Account, login: str
) -> None:
    meta.subscribed_fields = ["messages", "message_echoes"]
    connector.set_up(account)
    assert ("message_echoes" in meta.subscribed_fields) is (login == "facebook")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"access_token": ""}, "Enter the access token"),
        ({"access_token": "revoked"}, "refuses the access token"),
        ({"ig_id": ""}, ACCOUNT),
        ({"ig_id": SCOPED_ID}, ACCOUNT),
        ({"app_secret": "", "instagram_app_secret": ""}, "secret"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    meta: FakeInstagram, account: Account, wrong: dict[str, str], said: str
) -> None:
    for found in (connector.set_up(changed(account, **wrong)), connector.check(changed(account, **wrong))):
        assert not found.ok
        assert said in found.detail


def test_a_page_without_an_account_says_so(meta: FakeInstagram, account: Account, login: str) -> None:
    meta.is_linked = False
    found = connector.set_up(account)
    assert found.ok is (login == "instagram")
    assert found.ok or "linked" in found.detail


def test_the_token_of_instagrams_log_in_is_renewed(meta: FakeInstagram, account: Account, login: str) -> None:
    assert isinstance(registry.get("instagram"), Renewing)
    fresh = connector.renew(account)
    if login == "facebook":
        assert fresh is None
        return
    assert fresh == {"access_token": f"{TOKEN}-1"}
    assert connector.check(changed(account, **fresh)).detail
    with pytest.raises(CredentialsRefused):
        connector.renew(changed(account, access_token="revoked"))
    meta.plan("refresh_access_token", server_error())
    with pytest.raises(MediaUnavailable) as error:
        connector.renew(account)
    assert error.value.temporary


# --- through the product's own address ---


def deliver(body: bytes, *, secret: str, ig_id: str = ACCOUNT) -> int:
    credentials = {
        "ig_id": ig_id,
        "access_token": TOKEN,
        "app_secret": APP_SECRET,
        "instagram_app_secret": INSTAGRAM_SECRET,
    }
    connection = make_connection(
        make_line(make_operator()), kind="instagram", account_key=ig_id, credentials=credentials
    )
    return (
        Http(enforce_csrf_checks=True)
        .post(
            reverse("openlines:hook", args=["instagram", connection.public_id]),
            data=body,
            content_type="application/json",
            headers={"X-Hub-Signature-256": sign(body, secret)},
        )
        .status_code
    )


@pytest.mark.django_db
def test_a_delivery_goes_in_with_either_signature(meta: FakeInstagram, login: str) -> None:
    body = wire(meta.envelope(meta.message(CLIENT, "Ile kosztuje? 😀")))
    assert deliver(body, secret=INSTAGRAM_SECRET if login == "instagram" else APP_SECRET) == 200
    assert Message.objects.get(author="client").text == "Ile kosztuje? 😀"
    assert deliver(body, secret="another") == 403


@needs_payloads
@pytest.mark.django_db
@pytest.mark.parametrize("login", ["instagram"], indirect=True)
def test_every_real_body_goes_in(login: str) -> None:
    paths = sorted((PAYLOADS / "instagram").glob("*.json"))
    for number, path in enumerate(paths, start=1):
        assert deliver(path.read_bytes(), secret=APP_SECRET, ig_id="") == 200
        event = InboundEvent.objects.latest("pk")
        assert event.state in {"processed", "not_supported"}, (path.stem, event.reason)
        assert InboundEvent.objects.count() == number
