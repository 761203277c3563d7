"""Standard Webhooks, with the reference library as the second opinion."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from openlines.connectors.api import signature
from openlines.connectors.api.fake import SECRET, FakeCustomer
from openlines.connectors.base import Account, BadSignature, RawRequest
from tests.openlines.connectors.api.building import ACCOUNT, connector, outgoing

OTHER = signature.new_secret()
BODY = '{"type": "message.created", "data": {"text": "Zażółć 👍"}}'.encode()


def signed(
    secret: str = SECRET, *, body: bytes = BODY, identifier: str = "evt_1", at: datetime | None = None
) -> RawRequest:
    """As the reference library signs."""
    now = datetime.now(UTC)
    at = at or now
    said = Webhook(secret).sign(identifier, at, body.decode())
    headers = {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": said,
    }
    return RawRequest(headers=headers, body=body, received_at=now)


def changed(request: RawRequest, **headers: str) -> RawRequest:
    return replace(
        request, headers={**request.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
    )


def test_what_the_reference_signs_is_taken() -> None:
    connector.verify(signed(), ACCOUNT)
    connector.verify(signed(SECRET.removeprefix("whsec_")), ACCOUNT)
    connector.verify(signed(at=datetime.now(UTC) - timedelta(minutes=4)), ACCOUNT)
    made = signature.new_secret()
    connector.verify(signed(made), replace(ACCOUNT, credentials={"secret": made}))


@pytest.mark.parametrize(
    "request_",
    [
        RawRequest(headers={}, body=BODY, received_at=datetime.now(UTC)),
        signed(OTHER),
        replace(signed(), body=BODY + b" "),
        replace(signed(), received_at=None),
        changed(signed(), webhook_id="evt_2"),
        changed(signed(), webhook_timestamp="0"),
        changed(signed(), webhook_timestamp="²"),
        changed(signed(), webhook_timestamp="9" * 400),
        changed(signed(), webhook_signature=""),
        changed(signed(), webhook_signature="v1,"),
        changed(signed(), webhook_signature="v1,żółw"),
        changed(signed(), webhook_signature="v2," + signed().headers["webhook-signature"][3:]),
        changed(signed(), webhook_signature="\udcff"),
        signed(at=datetime.now(UTC) - timedelta(minutes=6)),
        signed(at=datetime.now(UTC) + timedelta(minutes=6)),
    ],
)
def test_anything_else_is_refused(request_: RawRequest) -> None:
    with pytest.raises(BadSignature):
        connector.verify(request_, ACCOUNT)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64!", "żółw"])
def test_without_a_usable_secret_nothing_is_taken(secret: str) -> None:
    empty = replace(ACCOUNT, credentials={"secret": secret})
    with pytest.raises(BadSignature):
        connector.verify(signed(), empty)


def test_two_secrets_hold_while_one_is_changed(customer: FakeCustomer, account: Account) -> None:
    both = replace(account, credentials={**account.credentials, "secret": OTHER, "previous_secret": SECRET})
    connector.verify(signed(SECRET), both)
    connector.verify(signed(OTHER), both)
    several = changed(
        signed(OTHER), webhook_signature=f"v1,AAAA {signed(SECRET).headers['webhook-signature']}"
    )
    connector.verify(several, both)
    connector.send(outgoing(), both)
    customer.secret = OTHER
    connector.send(outgoing(), both)
    assert len(customer.messages) == 1
    assert len(customer.repeated) == 1
    first = customer.calls[0]
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(first.body, dict(first.headers))


def test_the_reference_takes_what_we_sign(customer: FakeCustomer, account: Account) -> None:
    connector.send(outgoing("Zażółć gęślą jaźń 👍"), account)
    (call,) = customer.calls
    said = Webhook(SECRET).verify(call.body, dict(call.headers))
    assert said == json.loads(call.body)
    assert said["data"]["text"] == "Zażółć gęślą jaźń 👍"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(call.body, dict(call.headers))


def test_secrets_are_long_and_never_the_same() -> None:
    assert len(signature.secret(signature.new_secret())) == 32
    assert signature.new_secret() != signature.new_secret()
    assert signature.new_key() != signature.new_key()
    letters = signature.new_secret().replace("+", "-").replace("/", "_").rstrip("=")
    assert len(signature.secret(letters)) == 32


def test_the_api_key() -> None:
    assert signature.holds_key("cck_x", ACCOUNT)
    for wrong in ("", "cck_y", "żółw", "\udcff"):
        assert not signature.holds_key(wrong, ACCOUNT)
    assert not signature.holds_key("", replace(ACCOUNT, credentials={}))
