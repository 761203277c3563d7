"""Whatever arrives, parsing ends in events or in Unreadable, and every event can be stored."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openlines.connectors.base import MessageReceived, Unreadable
from tests.openlines.connectors.telegram.building import (
    CHAT,
    NOBODY,
    PAYLOADS,
    USER,
    connector,
    message,
    request,
)

_BUILT: list[dict[str, Any]] = [
    {"update_id": 1, "message": message(text="x", reply_to_message={"message_id": 1}, quote={"text": "q"})},
    {
        "update_id": 2,
        "message": message(photo=[{"file_id": "a", "width": 1, "height": 2}], media_group_id="5"),
    },
    {"update_id": 3, "message": message(contact={"phone_number": "+1", "first_name": "A", "user_id": 456})},
    {"update_id": 4, "message": message(venue={"location": {"latitude": 1, "longitude": 2}, "title": "T"})},
    {
        "update_id": 5,
        "message": message(rich_message={"blocks": [{"type": "paragraph", "text": ["a", {"text": "b"}]}]}),
    },
    {"update_id": 6, "edited_message": message(text="x", edit_date=1790000000)},
    {
        "update_id": 7,
        "message_reaction": {
            "chat": CHAT,
            "message_id": 1,
            "user": USER,
            "date": 1790000000,
            "new_reaction": [{"type": "emoji", "emoji": "👍"}],
        },
    },
    {
        "update_id": 8,
        "callback_query": {
            "id": "1",
            "from": USER,
            "message": message(reply_markup={"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}),
            "data": "b",
        },
    },
    {
        "update_id": 9,
        "my_chat_member": {
            "chat": CHAT,
            "from": USER,
            "date": 1790000000,
            "new_chat_member": {"status": "kicked"},
        },
    },
]
_REAL = [json.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("*.json"))]

_wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text()
    | st.sampled_from(["private", "\0", "\ud800", "kicked", "/start"]),
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
    update = draw(st.sampled_from(_BUILT + _REAL))
    for _ in range(draw(st.integers(1, 3))):
        update = _put(update, draw(st.sampled_from(_paths(update))), draw(_wild))
    raw = json.dumps(update).encode()
    cut = draw(st.integers(0, 20))
    return raw[: len(raw) - cut] if draw(st.booleans()) and cut else raw


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_mutated() | st.binary(max_size=60) | _wild.map(lambda value: json.dumps(value).encode()))
def test_nothing_breaks_it(body: bytes) -> None:
    came = request(body)
    assert connector.key(came) == connector.key(came)
    assert len(connector.key(came)) <= 80
    try:
        found = connector.parse(came, NOBODY)
    except Unreadable:
        return
    assert found
    for item in found:
        _storable(item)


def _storable(item: object) -> None:
    shown = repr(item)
    assert "\\x00" not in shown
    assert "\\ud800" not in shown
    if isinstance(item, MessageReceived):
        assert item.at.tzinfo is not None
        assert len(item.external_id) <= 200
        assert len(item.group_key) <= 100
        assert len(item.sender.name) <= 200
        assert len(item.sender.language) <= 10
        json.dumps(item.data, allow_nan=False).encode()
