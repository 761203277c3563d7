"""Whatever arrives, parsing ends in events or in Unreadable, and every event can be stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openlines.connectors import registry
from openlines.connectors.base import MessageReceived, Unreadable, WrittenOutside
from tests.openlines.connectors.messenger.building import (
    MS,
    PAYLOADS,
    delivery,
    echo,
    event,
    nobody,
    raw,
    said,
)

_PICTURE = {"type": "image", "payload": {"url": "https://x.fbcdn.net/a.jpg", "sticker_id": 1}}
_PLACE = {"type": "location", "title": "T", "payload": {"coordinates": {"lat": 1, "long": 2}}}
_LINK = {"type": "fallback", "title": "T", "url": "https://example.com"}
_PRODUCT = {"type": "template", "payload": {"product": {"elements": [{"title": "L", "subtitle": "S"}]}}}
_BUILT: list[Any] = [
    delivery(
        said(text="x", reply_to={"story": {"url": "https://x", "id": 1}}, referral={"ref": "r", "ad_id": 2}),
        said(text="y", quick_reply={"payload": "p"}, reply_to={"mid": "m_0"}),
        echo(text="z", metadata="m", attachments=[_PICTURE]),
    ),
    delivery(said(attachments=[_PICTURE, _PLACE]), said(attachments=[_LINK]), said(attachments=[_PRODUCT])),
    delivery(said(is_deleted=True), said(is_unsupported=True), place="standby"),
    delivery(event(message_edit={"mid": "m", "text": "t", "num_edit": 1}), event(read={"watermark": MS})),
    delivery(event(delivery={"mids": ["m"], "watermark": MS}), event(reaction={"mid": "m", "emoji": "x"})),
    delivery(
        event(postback={"title": "t", "payload": "p", "referral": {"ref": "r"}}), event(read={"mid": "m"})
    ),
    delivery({"field": "messages", "value": said(text="x")}, place="changes"),
    delivery(event(**{"policy-enforcement": {"action": "block", "reason": "r"}})),
]
_REAL = [
    json.loads(path.read_bytes())
    for kind in ("messenger", "instagram")
    for path in sorted((PAYLOADS / kind).glob("*.json"))
]

_wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text()
    | st.sampled_from(["0", "page", "\0", "\ud800", "image", "http://[", "9" * 30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _paths(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [at]
    if isinstance(value, dict):
        found += [path for key, inner in value.items() for path in _paths(inner, (*at, key))]
    elif isinstance(value, list):
        found += [path for index, inner in enumerate(value) for path in _paths(inner, (*at, index))]
    return found


def _put(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(value, dict):
        return {key: _put(inner, tuple(rest), new) if key == first else inner for key, inner in value.items()}
    return [_put(inner, tuple(rest), new) if index == first else inner for index, inner in enumerate(value)]


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from(_BUILT + _REAL))
    for _ in range(draw(st.integers(1, 3))):
        body = _put(body, draw(st.sampled_from(_paths(body))), draw(_wild))
    content = json.dumps(body).encode()
    cut = draw(st.integers(0, 20))
    return content[: len(content) - cut] if draw(st.booleans()) and cut else content


@pytest.mark.parametrize("kind", ["messenger", "instagram"])
@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(body=_mutated() | st.binary(max_size=60) | _wild.map(lambda value: json.dumps(value).encode()))
def test_nothing_breaks_it(kind: str, body: bytes) -> None:
    connector: Any = registry.get(kind)
    came = raw(body)
    assert connector.key(came) == connector.key(came)
    assert len(connector.key(came)) <= 80
    assert all(isinstance(name, str) for name in connector.account_keys(came))
    try:
        found = connector.parse(came, nobody(kind, ""))
    except Unreadable:
        return
    assert found
    for item in found:
        _storable(item)


def _storable(item: object) -> None:
    shown = repr(item)
    assert "\\x00" not in shown
    assert "\\ud800" not in shown
    if isinstance(item, MessageReceived | WrittenOutside):
        party = item.sender if isinstance(item, MessageReceived) else item.client
        assert party.external_id
        assert len(party.external_id) <= 200
        assert 0 < len(item.external_id) <= 200
        assert item.at.tzinfo is not None
        assert all(media.reference and len(media.name) <= 200 for media in item.media)
        json.dumps(item.data, allow_nan=False).encode()
