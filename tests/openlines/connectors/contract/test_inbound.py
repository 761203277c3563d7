"""Deliveries: proved, keyed, read whole, whatever is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openlines.connectors import base, registry
from openlines.connectors.base import (
    Account,
    BadSignature,
    Connector,
    MessageKind,
    MessageReceived,
    RawRequest,
    Unreadable,
)
from tests.openlines.connectors.contract.cases import HOOK, NOW, Case
from tests.openlines.connectors.contract.mutations import examples, mutated

_EASY = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def account(case: Case, **more: str) -> Account:
    return Account(1, case.kind, {**case.credentials, **more}, webhook_url=HOOK)


def request(case: Case, body: bytes, own: Mapping[str, str] | None = None) -> RawRequest:
    """As the provider delivers it, signed where it signs."""
    signed = case.sign(body, {**case.credentials, **(own or {})}, HOOK, NOW) if case.sign else {}
    return RawRequest({"content-type": case.content_type, **signed}, body, received_at=NOW)


def bodies(case: Case) -> list[bytes]:
    return [case.texts([("1", "Hello")]), case.unknown, *case.samples, *case.payloads().values()]


# -- verify


def test_a_true_signature_is_taken(case: Case, connector: Connector) -> None:
    if case.sign is None:
        pytest.skip("nobody delivers: the channel is polled")
    for body in bodies(case)[:20]:
        connector.verify(request(case, body), account(case))


def test_a_missing_or_wrong_signature_is_refused(case: Case, connector: Connector) -> None:
    body = case.texts([("1", "Hello")])
    true = request(case, body)
    wrong = [replace(true, headers={"content-type": case.content_type})]
    for name, value in true.headers.items():
        if name != "content-type":
            rest = {key: said for key, said in true.headers.items() if key != name}
            wrong += [replace(true, headers=rest)]
            wrong += [
                replace(true, headers={**rest, name: said})
                for said in ("", "x", value[:-2] + "xx", value + "x", "żółw", "\udcff", "\0")
            ]
    if case.sign:
        wrong.append(request(case, body, case.others))
    for one in wrong:
        with pytest.raises(BadSignature):
            connector.verify(one, account(case))


def test_no_connection_takes_anothers_deliveries(case: Case, connector: Connector) -> None:
    true = request(case, case.texts([("1", "Hello")]))
    empty = dict.fromkeys(case.credentials, "")
    for own in (case.others, empty) if case.sign else (empty,):
        with pytest.raises(BadSignature):
            connector.verify(true, account(case, **own))
    with pytest.raises(BadSignature):
        connector.verify(true, Account(1, case.kind, {}))


def test_a_changed_body_is_refused(case: Case, connector: Connector) -> None:
    if case.sign is None or case.kind == "telegram":
        pytest.skip("no signature covers the body")
    body = case.texts([("1", "Hello")])
    with pytest.raises(BadSignature):
        connector.verify(replace(request(case, body), body=body.replace(b"Hello", b"Hallo")), account(case))


@settings(_EASY, max_examples=60)
@given(
    headers=st.dictionaries(st.text(max_size=10), st.text(max_size=30), max_size=3),
    body=st.binary(max_size=60),
)
def test_verify_raises_nothing_else(
    case: Case, connector: Connector, headers: dict[str, str], body: bytes
) -> None:
    names = [*request(case, b"x").headers]
    known = dict(zip(names, headers.values(), strict=False))
    with pytest.raises(BadSignature):
        connector.verify(RawRequest({**headers, **known}, body, received_at=NOW), account(case))


# -- key


def test_a_second_delivery_has_the_same_key_and_another_message_another(
    case: Case, connector: Connector
) -> None:
    one, two = (case.texts([(number, "Hello")]) for number in "12")
    assert connector.key(request(case, one)) == connector.key(request(case, one))
    assert connector.key(request(case, one)) != connector.key(request(case, two))
    for body in bodies(case):
        assert connector.key(request(case, body)) == connector.key(request(case, body))


# -- parse


def test_a_text(case: Case, connector: Connector) -> None:
    (item,) = connector.parse(request(case, case.texts([("1", "Zażółć 👍")])), account(case))
    assert isinstance(item, MessageReceived)
    assert (item.kind, item.text) == (MessageKind.TEXT, "Zażółć 👍")
    assert item.external_id
    assert item.sender.external_id


def test_a_batch_is_read_whole_in_order(case: Case, connector: Connector) -> None:
    if not case.batches:
        pytest.skip("one message a delivery")
    said = [(str(number), f"text {number}") for number in range(1, 8)]
    found = connector.parse(request(case, case.texts(said)), account(case))
    assert [item.text for item in found if isinstance(item, MessageReceived)] == [text for _, text in said]
    assert len(found) == len(said)


def test_what_nobody_knows_is_shown_as_such(case: Case, connector: Connector) -> None:
    (item,) = connector.parse(request(case, case.unknown), account(case))
    assert isinstance(item, MessageReceived)
    shown = item.kind is MessageKind.UNSUPPORTED or item.media or case.kind == "sms"
    assert shown, item


def test_parsing_is_pure(case: Case, connector: Connector) -> None:
    fresh = type(connector)()
    for body in bodies(case):
        came = request(case, body)
        own = account(case, **case.credentials_for(body))
        try:
            found = connector.parse(came, own)
        except Unreadable:
            continue
        assert found == connector.parse(came, own) == fresh.parse(came, own)
        assert came == request(case, body)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"null", b"[]", b"0", b'"x"', b"[" * 100_000])
def test_what_is_no_delivery_is_unreadable(case: Case, connector: Connector, body: bytes) -> None:
    try:
        found = connector.parse(request(case, body), account(case))
    except Unreadable as error:
        assert str(error)
        return
    assert not [item for item in found if isinstance(item, MessageReceived)] or case.reads_anything


@settings(_EASY, max_examples=examples(150))
@given(data=st.data())
def test_nothing_breaks_key_and_parse(case: Case, connector: Connector, data: st.DataObject) -> None:
    body = data.draw(mutated(_PREPARED.setdefault(case.kind, bodies(case))) | st.binary(max_size=60))
    came = RawRequest({"content-type": case.content_type}, body, received_at=NOW)
    key = connector.key(came)
    assert key == connector.key(came)
    assert 0 < len(key) <= 200
    _storable(key)
    try:
        found = connector.parse(came, account(case, **case.credentials_for(body)))
    except Unreadable as error:
        assert str(error)
        return
    for item in found:
        _storable(item)
    if isinstance(connector, base.Acknowledging):
        connector.awaits(came)
    if isinstance(connector, base.Shared):
        assert all(isinstance(one, str) for one in connector.account_keys(came))
    if isinstance(connector, base.Answering):
        connector.answer(came, account(case))


_PREPARED: dict[str, list[bytes]] = {}


def _storable(value: Any, *, name: str = "") -> None:
    """PostgreSQL takes it, and the columns have room."""
    if isinstance(value, str):
        value.encode()
        assert "\0" not in value, name
        limits = {"external_id": 200, "group_key": 100, "language": 10, "phone": 40, "email": 254}
        assert len(value) <= limits.get(name, 10**7), name
    elif isinstance(value, datetime):
        assert value.tzinfo is not None
        value.astimezone(UTC)
    elif is_dataclass(value):
        for field in fields(value):
            _storable(getattr(value, field.name), name=field.name)
    elif isinstance(value, dict):
        json.dumps(value, allow_nan=False, ensure_ascii=False, default=str).encode()
        assert "\\u0000" not in json.dumps(value, default=str)
    elif isinstance(value, tuple | list):
        for inner in value:
            _storable(inner, name=name)


def test_registry_gives_what_it_lists() -> None:
    for kind in registry.kinds():
        assert registry.get(kind) is registry.get(kind)
