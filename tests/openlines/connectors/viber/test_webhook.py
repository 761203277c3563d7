from __future__ import annotations

import json
from dataclasses import replace

import pytest

from openlines.connectors.base import Account, Answering, BadSignature, Connector, RawRequest
from openlines.connectors.loopback import bad_gateway, garbage
from openlines.connectors.viber.fake import FakeViber, refuse, sign
from tests.openlines.connectors.viber.building import (
    CLIENT,
    NOBODY,
    PAYLOADS,
    callback,
    connector,
    needs_payloads,
    request,
)

HEADER = "x-viber-content-signature"
# An example that Viber published with its answer.
TOKEN = "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3"
BODY = b'{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}'
SIGNATURE = "d21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef"
PUBLISHED = replace(NOBODY, credentials={"token": TOKEN})


def test_it_is_a_connector() -> None:
    complete: Connector = connector
    assert isinstance(connector, Answering)
    assert complete.kind == "viber"
    assert connector.answer(request(callback("conversation_started")), NOBODY)[1] == ""


def test_who_opens_the_chat_is_welcomed_once_and_nobody_else() -> None:
    bot = replace(NOBODY, credentials={"token": TOKEN, "welcome": " Dzień dobry 👋 ", "name": "Shop"})
    opened = callback("conversation_started", user=CLIENT, subscribed=False)
    kind, said = connector.answer(request(opened), bot)
    assert kind == "application/json"
    assert json.loads(said) == {
        "sender": {"name": "Shop"},
        "min_api_version": 1,
        "type": "text",
        "text": "Dzień dobry 👋",
    }
    for other in ({**opened, "subscribed": True}, callback("message"), callback("webhook"), b"{", [1]):
        assert connector.answer(request(other), bot) == ("application/json", "")
    bot = replace(bot, credentials={"welcome": "x" * 8000, "name": "n" * 40})
    told = json.loads(connector.answer(request(opened), bot)[1])
    assert (len(told["text"]), len(told["sender"]["name"])) == (7000, 28)


def test_the_published_signature_passes() -> None:
    connector.verify(RawRequest({HEADER: SIGNATURE}, BODY), PUBLISHED)
    connector.verify(RawRequest({HEADER: SIGNATURE.upper()}, BODY), PUBLISHED)


@needs_payloads
def test_the_vector_of_the_payloads_passes() -> None:
    told = json.loads((PAYLOADS / "signature_vector_official.json").read_text())
    account = replace(NOBODY, credentials={"token": told["auth_token"]})
    connector.verify(RawRequest({HEADER: told["x_viber_content_signature"]}, told["body"].encode()), account)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, BODY),
        ({HEADER: ""}, BODY),
        ({HEADER: SIGNATURE[:-1]}, BODY),
        ({HEADER: SIGNATURE}, BODY + b" "),
        ({HEADER: "ż\ud800"}, BODY),
        ({HEADER: sign("", BODY)}, BODY),
    ],
)
def test_any_other_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadSignature):
        connector.verify(RawRequest(headers, body), PUBLISHED)


@pytest.mark.parametrize("token", ["", " ", "ż"])
def test_without_a_token_nothing_passes(token: str) -> None:
    with pytest.raises(BadSignature):
        connector.verify(
            RawRequest({HEADER: sign(token.strip(), BODY)}, BODY),
            replace(NOBODY, credentials={"token": token}),
        )


def test_set_up_says_what_is_wrong(viber: FakeViber, account: Account) -> None:
    nobody_listens = "http://127.0.0.1:9/x"
    for wrong, said in (
        (replace(account, credentials={}), "Edit Info"),
        (replace(account, credentials={"token": "none", "name": ""}), "token"),
        (replace(account, webhook_url=""), "installation"),
        (replace(account, webhook_url=nobody_listens), "certificate"),
        (replace(account, base_url="http://127.0.0.1:9"), "reached"),
    ):
        found = connector.set_up(wrong)
        assert not found.ok
        assert said in found.detail
    assert viber.webhook == ""


def test_check_tells_of_the_token_and_of_a_wrong_address(viber: FakeViber, account: Account) -> None:
    account = replace(account, webhook_url="https://shop.example/hook/")
    assert "Set the connection up" in connector.check(account).detail
    viber.webhook = "https://elsewhere.example/"
    assert "another address" in connector.check(account).detail
    viber.webhook = account.webhook_url
    found = connector.check(account)
    assert found.ok
    assert found.account_name == viber.name
    for behaviour, said in (
        (bad_gateway(), "502"),
        (garbage(), "bot API"),
        (refuse(2, "invalidAuthToken"), "token"),
        (refuse(9, "publicAccountSuspended"), "suspended"),
        (refuse(77, "never heard of"), "never heard of"),
    ):
        viber.plan("get_account_info", behaviour)
        broken = connector.check(account)
        assert not broken.ok
        assert said in broken.detail
    assert connector.tear_down(account).ok
    assert viber.webhook == ""


def test_nothing_shows_the_token(viber: FakeViber, account: Account) -> None:
    for behaviour in (bad_gateway(), refuse(2, "invalidAuthToken"), garbage()):
        viber.plan("get_account_info", behaviour)
        assert account.credentials["token"] not in repr(connector.check(account))
