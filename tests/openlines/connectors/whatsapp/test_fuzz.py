"""Whatever arrives, parsing ends in events or in Unreadable, and every event can be stored."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openlines.connectors.base import AccountNotice, MessageReceived, Unreadable
from tests.openlines.connectors.whatsapp.building import (
    CONTACT,
    HERE,
    PAYLOADS,
    connector,
    delivery,
    message,
    request,
    value,
)

_BUILT: list[dict[str, Any]] = [
    delivery(
        value(
            contacts=[CONTACT],
            messages=[
                message(context={"id": "wamid.Q", "forwarded": True}, referral={"source_id": "1"}),
                message("image", {"id": "1", "mime_type": "image/png", "caption": "x"}),
                message(
                    "contacts",
                    [{"name": {"formatted_name": "A"}, "phones": [{"phone": "1"}], "vcard": "FN:B"}],
                ),
                message("location", {"latitude": 1, "longitude": 2, "name": "x"}),
                message("interactive", {"type": "button_reply", "button_reply": {"id": "1", "title": "x"}}),
                message("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": '{"a": 1}'}}),
                message(
                    "order", {"product_items": [{"product_retailer_id": "x", "quantity": 1, "item_price": 2}]}
                ),
                message(
                    "edit", {"original_message_id": "1", "message": {"type": "text", "text": {"body": "x"}}}
                ),
                message("reaction", {"message_id": "1", "emoji": "x"}),
                message(
                    "system", {"type": "user_changed_number", "wa_id": "48500", "previous_user_id": "PL.1"}
                ),
            ],
            statuses=[
                {"id": "wamid.O", "status": "failed", "errors": [{"code": 1, "error_data": {"details": "x"}}]}
            ],
            errors=[{"code": 4, "title": "x"}],
        )
    ),
    delivery(value(message_echoes=[message(to="1", to_user_id="US.1")]), field="smb_message_echoes"),
    delivery(
        value(user_id_update=[{"user_id": {"previous": "US.1", "current": "US.2"}}]), field="user_id_update"
    ),
    delivery(
        {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "X"}]},
        field="account_update",
    ),
]
_REAL = [json.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("*.json"))]

_wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text()
    | st.sampled_from(["\0", "\ud800", "system", "text", "1e999", "FN:", "US.1", "9" * 300]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _paths(found: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    paths = [at]
    if isinstance(found, dict):
        paths += [path for key, inner in found.items() for path in _paths(inner, (*at, key))]
    elif isinstance(found, list):
        paths += [path for index, inner in enumerate(found) for path in _paths(inner, (*at, index))]
    return paths


def _put(found: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(found, dict):
        return {key: _put(inner, tuple(rest), new) if key == first else inner for key, inner in found.items()}
    return [_put(inner, tuple(rest), new) if index == first else inner for index, inner in enumerate(found)]


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from(_BUILT + _REAL))
    for _ in range(draw(st.integers(1, 3))):
        body = _put(body, draw(st.sampled_from(_paths(body))), draw(_wild))
    raw = json.dumps(body).encode()
    cut = draw(st.integers(0, 20))
    return raw[: len(raw) - cut] if draw(st.booleans()) and cut else raw


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_mutated() | st.binary(max_size=60) | _wild.map(lambda found: json.dumps(found).encode()))
def test_nothing_breaks_it(body: bytes) -> None:
    came = request(body)
    assert connector.key(came) == connector.key(came)
    assert len(connector.key(came)) <= 200
    assert all(isinstance(name, str) for name in connector.account_keys(came))
    try:
        found = connector.parse(came, HERE)
    except Unreadable:
        return
    assert found
    for item in found:
        _storable(item)


def _storable(item: object) -> None:
    shown = repr(item)
    assert "\\x00" not in shown
    assert "\\ud800" not in shown
    if isinstance(item, AccountNotice):
        assert item.text
        assert item.at.tzinfo is not None
    if isinstance(item, MessageReceived):
        assert item.at.tzinfo is not None
        assert 0 < len(item.external_id) <= 200
        assert len(item.reply_to) <= 200
        assert 0 < len(item.sender.external_id) <= 200
        assert all(0 < len(name) <= 200 for name in item.sender.aliases)
        assert len(item.sender.name) <= 200
        assert len(item.sender.phone) <= 50
        json.dumps(item.data, allow_nan=False).encode()
