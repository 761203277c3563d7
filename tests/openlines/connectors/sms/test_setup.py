from __future__ import annotations

from dataclasses import replace

import pytest

from openlines.connectors.base import Account, Answering, Connector, Reconciling
from openlines.connectors.loopback import bad_gateway, garbage
from openlines.connectors.sms.fake import NUMBER, FakeTwilio, Number, refuse
from tests.openlines.connectors.sms.building import HOOK, NOBODY, connector, message, request

OVERRIDDEN = f"{HOOK}#rc=3&rp=all"


def with_(account: Account, **credentials: str) -> Account:
    return replace(account, credentials={**account.credentials, **credentials})


def test_it_is_a_connector() -> None:
    complete: Connector = connector
    assert complete.kind == "sms"
    assert isinstance(connector, Answering)
    assert isinstance(connector, Reconciling)
    kind, body = connector.answer(request(message()), NOBODY)
    assert kind.startswith("text/xml")
    assert body.endswith("<Response/>")


def test_a_number_is_told_our_address_twice(twilio: FakeTwilio, account: Account) -> None:
    found = connector.set_up(account)
    assert found.ok, found.detail
    assert found.account_name == "Demo account"
    assert twilio.numbers[NUMBER].values == {
        "SmsUrl": OVERRIDDEN,
        "SmsMethod": "POST",
        "SmsFallbackUrl": OVERRIDDEN,
        "SmsFallbackMethod": "POST",
        "SmsApplicationSid": "",
    }
    assert connector.check(account).ok
    assert connector.tear_down(account).ok
    assert twilio.numbers[NUMBER].values["SmsUrl"] == ""
    assert "not deliver here yet" in connector.check(account).detail


def test_a_messaging_service_and_a_short_code_are(twilio: FakeTwilio, account: Account) -> None:
    service = "MG" + "1" * 32
    twilio.services[service] = Number(service)
    by_service = with_(account, sender=service)
    assert connector.set_up(by_service).ok
    assert twilio.services[service].values["InboundRequestUrl"] == OVERRIDDEN
    assert twilio.services[service].values["UseInboundWebhookOnNumber"] == "false"
    assert connector.check(by_service).ok
    twilio.short_codes["12345"] = Number("SC1")
    by_code = with_(account, sender="12345")
    assert connector.set_up(by_code).ok
    assert twilio.short_codes["12345"].values["SmsUrl"] == OVERRIDDEN
    assert connector.check(by_code).ok


def test_whatsapp_needs_a_hand(twilio: FakeTwilio, account: Account) -> None:
    by_whatsapp = with_(account, sender=f"whatsapp:{NUMBER}")
    for health in (connector.set_up(by_whatsapp), connector.check(by_whatsapp)):
        assert health.ok
        assert HOOK in health.detail
    assert connector.tear_down(by_whatsapp).ok
    assert twilio.numbers[NUMBER].values == {}


def test_another_s_address_stays(twilio: FakeTwilio, account: Account) -> None:
    twilio.numbers[NUMBER].values["SmsUrl"] = "https://elsewhere.example/"
    assert "another address" in connector.check(account).detail
    assert connector.tear_down(account).ok
    assert twilio.numbers[NUMBER].values["SmsUrl"] == "https://elsewhere.example/"


def test_set_up_says_what_is_wrong(twilio: FakeTwilio, account: Account) -> None:
    for wrong, said in (
        (with_(account, account_sid=""), "Account SID"),
        (with_(account, auth_token="wrong"), "credentials"),
        (with_(account, account_sid="AC../.."), "credentials"),
        (with_(account, sender=""), "number"),
        (with_(account, sender="Shop"), "name"),
        (with_(account, sender="+48111222333"), "+48111222333"),
        (with_(account, sender="MG" + "9" * 32), "Messaging Service"),
        (replace(account, webhook_url=""), "installation"),
        (replace(account, base_url="http://127.0.0.1:9"), "reached"),
    ):
        found = connector.set_up(wrong)
        assert not found.ok
        assert said in found.detail
    assert twilio.numbers[NUMBER].values == {}


def test_check_tells_of_troubles(twilio: FakeTwilio, account: Account) -> None:
    connector.set_up(account)
    for behaviour, said in (
        (bad_gateway(), "502"),
        (garbage(), "Twilio’s API"),
        (refuse(20003, status=401), "credentials"),
        (refuse(20005, status=403), "suspended"),
        (refuse(29999, "never heard of"), "never heard of"),
    ):
        twilio.plan("account", behaviour)
        broken = connector.check(account)
        assert not broken.ok
        assert said in broken.detail
        assert account.credentials["auth_token"] not in repr(broken)
    twilio.status = "suspended"
    assert "suspended" in connector.check(account).detail


@pytest.mark.parametrize("name", ["auth_token", "api_secret"])
def test_secrets_are_secret(name: str) -> None:
    assert next(field for field in connector.credential_fields if field.name == name).secret
    assert NOBODY.credentials
