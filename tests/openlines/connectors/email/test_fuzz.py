"""Whatever arrives, parsing ends in one event or in Unreadable, and every event can be stored."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openlines.connectors.base import MessageReceived, Unreadable
from openlines.connectors.email import markup
from tests.openlines.connectors.email.building import ACCOUNT, PAYLOADS, connector, mail, multipart, request
from tests.openlines.connectors.email.test_parse import report

_KIND, _BODY = multipart(
    "mixed",
    "Content-Type: text/html; charset=koi8-r\r\n\r\n<p>x</p><div class=gmail_quote>y</div>",
    "Content-Type: image/png; name*0*=utf-8''%C5; name*1=b\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAA=",
)
_SEEDS = [
    mail("Hello\r\n\r\nOn Monday at 10:15 x <a@b.test> wrote:\r\n> old"),
    mail(_BODY, Content_Type=_KIND),
    report("failed", "5.1.1"),
    *(path.read_bytes()[:8000] for path in sorted(PAYLOADS.glob("*.eml"))),
]
_wild = st.binary(max_size=12) | st.sampled_from(
    [
        b"\0",
        b"=?utf-8?B?",
        b"?=",
        b"\r\n",
        b"\n\n",
        b"--",
        b"boundary=",
        b'"',
        b"<",
        b">",
        b"\xff\xfe",
        b"=\r\n",
        b"charset=utf-7",
    ]
)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    raw = draw(st.sampled_from(_SEEDS))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(_wild) + raw[at + draw(st.integers(0, 30)) :]
    return raw


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_mutated() | st.binary(max_size=80))
def test_nothing_breaks_it(raw: bytes) -> None:
    came = request(raw)
    assert connector.key(came) == connector.key(came)
    try:
        (item,) = connector.parse(came, ACCOUNT)
    except Unreadable:
        return
    shown = repr(item)
    assert "\\x00" not in shown.replace("b'", "") or isinstance(item, MessageReceived)
    if isinstance(item, MessageReceived):
        stored = json.dumps(
            [item.text, dict(item.data), item.sender.name, item.external_id], ensure_ascii=False
        )
        assert "\0" not in stored and "\\u0000" not in stored
        stored.encode()
        assert 0 < len(item.external_id) <= 200
        assert 0 < len(item.sender.external_id) <= 200
        assert len(item.sender.name) <= 200
        assert all(len(one) <= 200 for one in item.refers_to)
        for media in item.media:
            assert media.content is not None
            assert "/" not in media.name and "\0" not in media.name
        markup.clean_html(item.data.get("html", ""), {})
