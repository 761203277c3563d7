"""Which templates are offered, and how they read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openlines.connectors.base import Account, MediaUnavailable, TemplateInfo
from openlines.connectors.whatsapp.fake import FakeWhatsApp, bad_gateway, refuse, too_many
from tests.openlines.connectors.whatsapp.building import connector


def test_approved_ones_and_which_of_them_cannot_be_sent(whatsapp: FakeWhatsApp, account: Account) -> None:
    header = {"type": "HEADER", "format": "TEXT", "text": "Your order"}
    footer = {"type": "FOOTER", "text": "The shop"}
    buttons = {
        "type": "BUTTONS",
        "buttons": [{"type": "QUICK_REPLY", "text": "Ok"}, {"type": "URL", "url": "https://x"}],
    }
    whatsapp.add_template("b", "Hello {{1}}, {{2}} and {{1}}", parts=[footer, buttons])
    whatsapp.add_template("a", "Plain", language="pl", parts=[header])
    whatsapp.add_template("named", "Dear {{last_name}}, about {{order}}")
    whatsapp.add_template("waiting", "x", status="PENDING")
    cannot = (
        ("picture", {"type": "HEADER", "format": "IMAGE"}),
        ("header", {"type": "HEADER", "format": "TEXT", "text": "Dear {{1}}"}),
        ("link", {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]}),
        ("code", {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}]}),
        ("carousel", {"type": "CAROUSEL", "cards": []}),
    )
    for name, part in cannot:
        whatsapp.add_template(name, "x", parts=[part])
    whatsapp.templates.append({**whatsapp.templates[0], "name": "otp", "category": "AUTHENTICATION"})
    found = connector.templates(account)
    assert [one for one in found if not one.unusable] == [
        TemplateInfo("a", "pl", "Your order\n\nPlain"),
        TemplateInfo(
            "b", "en_US", "Hello {{1}}, {{2}} and {{1}}\n\nThe shop", 2, hints=("", ""), buttons=("Ok",)
        ),
        TemplateInfo("named", "en_US", "Dear {{1}}, about {{2}}", 2, hints=("last_name", "order")),
    ]
    reasons = {one.name: str(one.unusable) for one in found if one.unusable}
    assert set(reasons) == {name for name, _part in cannot} | {"otp"}
    assert "picture" in reasons["picture"]
    assert "one-time code" in reasons["otp"]


def test_examples_are_told(whatsapp: FakeWhatsApp, account: Account) -> None:
    whatsapp.add_template("numbers", "{{2}} {{1}}")
    whatsapp.templates[-1]["components"][0]["example"] = {"body_text": [["Anna", "17"]]}
    whatsapp.add_template("named", "Dear {{last_name}}")
    named = [{"param_name": "last_name", "example": "Bell"}]
    whatsapp.templates[-1]["components"][0]["example"] = {"body_text_named_params": named}
    whatsapp.add_template("short", "{{1}} {{2}}")
    whatsapp.templates[-1]["components"][0]["example"] = {"body_text": [["Anna"], 3]}
    whatsapp.add_template("spoilt", "{{1}}")
    whatsapp.templates[-1]["components"][0]["example"] = {"body_text": {"a": 1}, "body_text_named_params": 7}
    examples = {one.name: one.examples for one in connector.templates(account)}
    assert examples == {"numbers": ("Anna", "17"), "named": ("Bell",), "short": ("Anna", ""), "spoilt": ()}


def test_all_pages_are_read(whatsapp: FakeWhatsApp, account: Account) -> None:
    for number in range(230):
        whatsapp.add_template(f"t{number:03}", "x")
    assert len(connector.templates(account)) == 230


def test_without_the_account_id_it_is_asked_for(account: Account) -> None:
    bare = replace(account, credentials={**account.credentials, "waba_id": ""})
    with pytest.raises(MediaUnavailable, match="account ID"):
        connector.templates(bare)


def test_trouble_is_told(whatsapp: FakeWhatsApp, account: Account) -> None:
    whatsapp.plan("message_templates", too_many(3), bad_gateway(), refuse(190, "bad token", status=401))
    for temporary in (True, True, False):
        with pytest.raises(MediaUnavailable) as caught:
            connector.templates(account)
        assert caught.value.temporary is temporary
        assert str(caught.value)
