"""Whatever arrives, parsing ends in events or in Unreadable, and every event can be stored."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from openlines.connectors.base import MessageReceived, Unreadable
from tests.openlines.connectors.sms.building import NOBODY, PAYLOADS, connector, message, request

_BUILT = [
    message("Hello", NumMedia="1", MediaUrl0="https://api.twilio.com/x", MediaContentType0="image/png"),
    message("Stop", OptOutType="STOP"),
    message("", Latitude="1", Longitude="2", ProfileName="A", ExternalUserId="B"),
    message("Yes", ButtonPayload="x", ButtonText="y"),
    {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "30003"},
]
_REAL = [
    json.loads(path.read_text())["params"]
    for path in sorted(PAYLOADS.glob("*.json"))
    if not path.stem.startswith("signature")
]
_wild = st.text(max_size=30) | st.sampled_from(
    ["\0", "-1", "9" * 400, "1e999", "nan", "²", "A" * 64, "dGhl" * 20, "whatsapp:", ":", "+"]
)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    form = dict(draw(st.sampled_from(_BUILT + _REAL)))
    for _ in range(draw(st.integers(1, 3))):
        form[draw(st.sampled_from(sorted(form)) | _wild)] = draw(_wild)
    raw = urlencode(form, errors="replace").encode()
    cut = draw(st.integers(0, 30))
    return raw[: len(raw) - cut] if cut and draw(st.booleans()) else raw


@settings(max_examples=300, deadline=None)
@given(_mutated() | st.binary(max_size=80), st.sampled_from(["application/json", "", "text/plain"]))
def test_nothing_breaks_it(body: bytes, content_type: str) -> None:
    came = request(body, content_type=content_type)
    assert connector.key(came) == connector.key(came)
    assert len(connector.key(came)) <= 120
    try:
        found = connector.parse(came, NOBODY)
    except Unreadable:
        return
    assert 1 <= len(found) <= 2
    assert "\\x00" not in repr(found)
    for item in found:
        if isinstance(item, MessageReceived):
            assert 0 < len(item.sender.external_id) <= 200
            assert len(item.sender.name) <= 200
            assert all(len(alias) <= 200 for alias in item.sender.aliases)
            json.dumps(item.data, allow_nan=False).encode()
