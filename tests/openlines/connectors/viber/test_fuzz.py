"""Whatever arrives, parsing ends in one event or in Unreadable, and every event can be stored."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openlines.connectors.base import MessageReceived, Unreadable
from tests.openlines.connectors.viber.building import (
    CLIENT,
    NOBODY,
    PAYLOADS,
    callback,
    connector,
    message,
    request,
)

_TRACK = json.dumps({"uuid": "a", "buttons": {"x": "y"}})
_BUILT: list[dict[str, Any]] = [
    message(type="text", text="x", tracking_data=_TRACK),
    message(type="file", media="https://a.viber.com/x", file_name="a.pdf", file_size=3),
    message(type="contact", contact={"name": "A", "phone_number": "1"}),
    message(type="location", location={"lat": 1, "lon": "2"}),
    message(type="sticker", sticker_id="7"),
    callback("failed", user_id="x", desc="y"),
    callback("unsubscribed", user_id="x"),
    callback("subscribed", user=CLIENT),
]
_REAL = [json.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("*.json"))]

_wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\0", "\ud800", "message", "file", "1" * 500, "nan", "inf"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _paths(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [at]
    if isinstance(value, dict):
        found += [path for key, inner in value.items() for path in _paths(inner, (*at, key))]
    return found


def _put(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    first, *rest = path
    return {key: _put(inner, tuple(rest), new) if key == first else inner for key, inner in value.items()}


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from(_BUILT + _REAL))
    for _ in range(draw(st.integers(1, 3))):
        body = _put(body, draw(st.sampled_from(_paths(body))), draw(_wild))
    raw = json.dumps(body).encode()
    cut = draw(st.integers(0, 20))
    return raw[: len(raw) - cut] if cut and draw(st.booleans()) else raw


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_mutated() | st.binary(max_size=60))
def test_nothing_breaks_it(body: bytes) -> None:
    came = request(body)
    assert connector.key(came) == connector.key(came)
    assert len(connector.key(came)) <= 120
    try:
        item, *echo = connector.parse(came, NOBODY)
    except Unreadable:
        return
    assert len(echo) <= 1
    assert "\\x00" not in repr(item)
    assert "\\ud800" not in repr(item)
    if isinstance(item, MessageReceived):
        assert item.at.tzinfo is not None
        assert len(item.external_id) <= 200
        assert 0 < len(item.sender.external_id) <= 200
        assert len(item.sender.name) <= 200
        assert len(item.sender.language) <= 10
        json.dumps(item.data, allow_nan=False).encode()
