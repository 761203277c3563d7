"""Which templates are offered, and how they read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openlines.connectors.base import Account, MediaUnavailable, TemplateInfo
from openlines.connectors.whatsapp.fake import FakeWhatsApp, bad_gateway, refuse, too_many
from tests.openlines.connectors.whatsapp.building import connector


def test_approved_ones_that_need_words_alone(whatsapp: FakeWhatsApp, account: Account) -> None:
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
    for name, part in (
        ("picture", {"type": "HEADER", "format": "IMAGE"}),
        ("header", {"type": "HEADER", "format": "TEXT", "text": "Dear {{1}}"}),
        ("link", {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]}),
        ("code", {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}]}),
        ("carousel", {"type": "CAROUSEL", "cards": []}),
    ):
        whatsapp.add_template(name, "x", parts=[part])
    assert connector.templates(account) == [
        TemplateInfo("a", "pl", "Plain\n\nYour order"),
        TemplateInfo("b", "en_US", "Hello {{1}}, {{2}} and {{1}}\n\nThe shop", 2),
        TemplateInfo("named", "en_US", "Dear {{1}}, about {{2}}", 2),
    ]


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
