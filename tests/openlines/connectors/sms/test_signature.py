"""Against Twilio's published example, its own library, and the fake's signature, which was written apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from openlines.connectors.base import BadSignature, RawRequest
from openlines.connectors.sms.fake import TOKEN, sign
from tests.openlines.connectors.sms.building import FORM, HOOK, NOBODY, PAYLOADS, connector, needs_payloads

HEADER = "x-twilio-signature"


def call(
    pairs: list[tuple[str, str]], signature: str, *, query: str = "", content_type: str = FORM
) -> RawRequest:
    headers = {"content-type": content_type, HEADER: signature}
    return RawRequest(headers, urlencode(pairs).encode(), query_string=query)


def test_the_published_example_passes() -> None:
    account = replace(
        NOBODY, credentials={"auth_token": "12345"}, webhook_url="https://mycompany.com/myapp.php"
    )
    pairs = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
        ("Caller", "+14158675309"),
    ]
    signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    connector.verify(call(pairs, signature, query="foo=1&bar=2"), account)
    for query in ("", "foo=1", "bar=2&foo=1", "foo=1&bar=2&"):
        with pytest.raises(BadSignature):
            connector.verify(call(pairs, signature, query=query), account)


@needs_payloads
def test_the_vector_of_the_payloads_passes() -> None:
    told = json.loads((PAYLOADS / "signature_vector_official.json").read_text())
    url, _, query = told["url"].partition("?")
    account = replace(NOBODY, credentials={"auth_token": told["auth_token"]}, webhook_url=url)
    connector.verify(call([*told["params"].items()], told["x_twilio_signature"], query=query), account)


_letters = st.characters(exclude_categories=["Cs", "Cc"])
_pairs = st.lists(
    st.tuples(st.text(_letters, min_size=1, max_size=6), st.text(_letters, max_size=8)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(_pairs, st.sampled_from(["", "uuid=1", "a=%20b&a=c"]))
def test_it_agrees_with_twilio_s_own_library(pairs: list[tuple[str, str]], query: str) -> None:
    class Many(dict[str, list[str]]):
        def getlist(self, name: str) -> list[str]:
            return self[name]

    many = Many()
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    url = f"{HOOK}?{query}" if query else HOOK
    signature = RequestValidator(TOKEN).compute_signature(url, many)
    assert signature == sign(TOKEN, url, pairs)
    connector.verify(call(pairs, signature, query=query), NOBODY)
    with pytest.raises(BadSignature):
        connector.verify(call([*pairs, ("Body", "forged!")], signature, query=query), NOBODY)


def test_repeated_and_empty_fields_are_in_the_signature() -> None:
    pairs = [("Body", ""), ("MediaUrl", "b"), ("MediaUrl", "a"), ("FromCity", "")]
    connector.verify(call(pairs, sign(TOKEN, HOOK, pairs)), NOBODY)
    with pytest.raises(BadSignature):
        connector.verify(call(pairs[1:], sign(TOKEN, HOOK, pairs)), NOBODY)


def test_the_public_address_counts_with_its_port_or_without() -> None:
    pairs = [("Body", "x")]
    for signed in ("https://desk.example:443/hooks/sms/1/", HOOK):
        connector.verify(call(pairs, sign(TOKEN, signed, pairs)), NOBODY)
    odd = replace(NOBODY, webhook_url="http://127.0.0.1:8123/hooks/sms/1/#rc=3")
    connector.verify(call(pairs, sign(TOKEN, "http://127.0.0.1:8123/hooks/sms/1/", pairs)), odd)
    with pytest.raises(BadSignature):
        connector.verify(call(pairs, sign(TOKEN, "http://proxy.internal/hooks/sms/1/", pairs)), NOBODY)


def test_json_is_signed_by_its_hash() -> None:
    body = b'{"MessageSid": "SM1"}'
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", HEADER: sign(TOKEN, f"{HOOK}?{query}", [])}
    told = {"bodySHA256": query.partition("=")[2]}
    connector.verify(RawRequest(headers, body, query=told, query_string=query), NOBODY)
    for forged in (
        RawRequest(headers, b'{"MessageSid": "SM2"}', query=told, query_string=query),
        RawRequest(headers, b"\xff", query=told, query_string=query),
        RawRequest({**headers, HEADER: sign(TOKEN, HOOK, [])}, body),
        # The same call with its body declared a form: what is read is what was signed.
        RawRequest({**headers, "content-type": FORM}, b"MessageSid=SM9", query=told, query_string=query),
    ):
        with pytest.raises(BadSignature):
            connector.verify(forged, NOBODY)


@pytest.mark.parametrize("signature", ["", "x", "ż", "ż\ud800", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
def test_any_other_signature_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        connector.verify(call([("Body", "x")], signature), NOBODY)


def test_without_a_token_or_an_address_of_ours_nothing_passes() -> None:
    pairs = [("Body", "x")]
    for account in (
        replace(NOBODY, credentials={}),
        replace(NOBODY, credentials={"auth_token": " "}),
        replace(NOBODY, webhook_url=""),
    ):
        for token in ("", TOKEN):
            with pytest.raises(BadSignature):
                connector.verify(call(pairs, sign(token, HOOK, pairs)), account)


@pytest.mark.parametrize("body", [b"", b"&" * 9, b"a=%ff%fe", b"\xff\xfe", b"a=1&" * 2000])
def test_strange_bodies_are_refused_quietly(body: bytes) -> None:
    with pytest.raises(BadSignature):
        connector.verify(RawRequest({"content-type": FORM, HEADER: "x" * 28}, body), NOBODY)
