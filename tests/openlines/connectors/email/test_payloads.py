"""Mails that nobody here wrote: each gives one event, and what another parser made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openlines.connectors.base import AccountNotice, MessageReceived, StatusChanged, Unreadable
from openlines.connectors.email import headers as h
from openlines.connectors.email import mime
from tests.openlines.connectors.email.building import ACCOUNT, PAYLOADS, connector, needs_payloads, request

pytestmark = needs_payloads

NO_MAIL = {"cpython_msg_19", "enmime_erroneous"}
NO_MESSAGE = {
    "flanker_yahoo": AccountNotice,
    "imaptools_multipart_report_multiple_status": StatusChanged,
    "mikel_multipart_report_report_530": StatusChanged,
}
BETTER = {"stalwart_legacy_052", "stalwart_malformed_002", "stalwart_malformed_017"}
"""Letters of a wrong charset are read here; what says multipart and has no parts is shown as text."""


@pytest.mark.parametrize("name", [path.stem for path in sorted(PAYLOADS.glob("*.eml"))])
def test_each_mail_gives_one_event(name: str) -> None:
    came = request((PAYLOADS / f"{name}.eml").read_bytes())
    assert connector.key(came) == connector.key(came)
    if name in NO_MAIL:
        with pytest.raises(Unreadable):
            connector.parse(came, ACCOUNT)
        return
    (item,) = connector.parse(came, ACCOUNT)
    assert type(item) is NO_MESSAGE.get(name, MessageReceived)
    if isinstance(item, MessageReceived):
        assert item.sender.external_id
        assert item.text or item.media or item.data.get("subject") or name in EMPTY


EMPTY = {"mikel_error_missing_body", "cpython_msg_08"}


@pytest.mark.parametrize("name", [path.stem for path in sorted((PAYLOADS / "expected_parse").glob("*.json"))])
def test_another_parser_agrees(name: str) -> None:
    expected = json.loads((PAYLOADS / "expected_parse" / f"{name}.json").read_bytes())
    root = mime.parse((PAYLOADS / f"{name}.eml").read_bytes())
    body = mime.body(root)
    headers = {
        one["name"]: one["value"] for one in expected["parts"][0]["headers"] if isinstance(one["name"], str)
    }
    if name in BETTER:
        return
    assert (headers.get("subject") or {}).get("Text", "") == root.headers.text("subject")
    assert [_text(expected, index) for index in expected["text_body"]] == [_own(part) for part in body.text]
    assert [_text(expected, index) for index in expected["html_body"]] == [_own(part) for part in body.html]
    media = {id(part) for part in (*body.text, *body.html, *body.files) if not part.type.startswith("text/")}
    assert len(expected["attachments"]) == len(media | {id(part) for part in body.files})
    senders = ((headers.get("from") or {}).get("Address") or {}).get("List", [])
    told = [one["address"].lower() for one in senders if "@" in one["address"]]
    assert told == [address for _name, address in h.addresses(root.headers.all("from"))]


def _text(expected: dict[str, Any], index: int) -> str:
    found = expected["parts"][index]["body"]
    return str(found.get("Text", found.get("Html", ""))).replace("\r\n", "\n")


def _own(part: mime.Part) -> str:
    return part.text if part.type.startswith("text/") else ""
