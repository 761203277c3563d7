"""Bodies that nobody here wrote: each element gives exactly one event of the right kind."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from contactcenter.lib import http
from openlines.connectors.base import (
    Account,
    AccountNotice,
    IdentityChanged,
    InboundItem,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NotSupported,
    ReactionChanged,
    StatusChanged,
    TryLater,
    WrittenOutside,
)
from openlines.connectors.meta import graph
from openlines.connectors.whatsapp import errors, templates
from openlines.connectors.whatsapp.send import _accepted
from tests.openlines.connectors.whatsapp.building import HERE, PAYLOADS, connector, needs_payloads, request

pytestmark = needs_payloads

NAMES = [path.stem for path in sorted(PAYLOADS.glob("*.json"))]
EXPECTED: dict[str, type[InboundItem]] = {
    "bindambc_reactMessage": ReactionChanged,
    "bindambc_textMessageStatusDelivered": StatusChanged,
    "pywa_deleted_message_revoke": MessageDeleted,
    "pywa_edited_message_image": MessageEdited,
    "pywa_message_reaction": ReactionChanged,
    "pywa_message_unreaction_empty": ReactionChanged,
    "pywa_outgoing_message_text": WrittenOutside,
    "pywa_system_phone_number_change": IdentityChanged,
    "restfb_incoming-message-emoji": ReactionChanged,
    "restfb_incoming-message-status-bsuid": StatusChanged,
    "restfb_incoming-message-status-errors": StatusChanged,
    "restfb_incoming-message-system": IdentityChanged,
}
NOT_FOR_US = {
    "pywa_call_connect_user_initiated",
    "pywa_call_status_call_status",
    "pywa_outgoing_message_delete",
    "pywa_system_identity_change",
    "pywa_user_marketing_preferences_signup",
    "restfb_group-participants-update",
}


def test_the_folder_is_not_empty() -> None:
    assert len(NAMES) >= 50


@pytest.mark.parametrize("name", NAMES)
def test_each_element_gives_one_event(name: str) -> None:
    raw = (PAYLOADS / f"{name}.json").read_bytes()
    (change,) = json.loads(raw)["entry"][0]["changes"]
    found = connector.parse(request(raw), _its_account(raw))
    lists = ("messages", "statuses", "message_echoes", "groups", "calls", "user_preferences")
    assert len(found) == sum(len(change["value"].get(name, [])) for name in lists) or len(found) == 1
    assert {type(item) for item in found} == {_expected(name, change)}
    assert connector.key(request(raw)) == connector.key(request(raw))
    assert len(connector.key(request(raw))) <= 200


def test_answers_are_read() -> None:
    limited = graph.read(http.Answer(400, {}, (PAYLOADS / "responses" / "metadocs_130429.json").read_bytes()))
    outcome = errors.outcome(limited)
    assert isinstance(outcome, TryLater)
    assert outcome.whole_connection
    for name in ("restfb_message-response", "restfb_message-response-bsuid", "bindambc_message"):
        raw = (PAYLOADS / "responses" / f"{name}.json").read_bytes()
        assert _accepted(graph.read(http.Answer(200, {}, raw))).external_ids[0].startswith("wamid.")


def test_templates_are_read() -> None:
    found = []
    for path in sorted((PAYLOADS / "responses").glob("bindambc_retTemplate*.json")):
        found += [templates.told(one) for one in json.loads(path.read_bytes())["data"]]
    usable = {(info.name, info.language): info for info in found if info}
    info = usable["schedule_confirmation5", "pt_BR"]
    assert info.parameter_count == 3
    assert "{{3}}h" in info.body
    assert ("welcome_template3", "en_US") not in usable  # rejected


def _its_account(raw: bytes) -> Account:
    """The account that the body is for."""
    (key,) = connector.account_keys(request(raw)) or ("",)
    waba = json.loads(raw)["entry"][0]["id"]
    return replace(HERE, credentials={**HERE.credentials, "phone_number_id": key, "waba_id": waba})


def _expected(name: str, change: dict[str, object]) -> type[InboundItem]:
    if name in NOT_FOR_US:
        return NotSupported
    return EXPECTED.get(name, MessageReceived if change["field"] == "messages" else AccountNotice)
