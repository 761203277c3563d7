"""What people type as an address becomes the very client that the channel's deliveries name."""

from __future__ import annotations

from typing import cast

import pytest

from openlines.connectors import registry
from openlines.connectors.base import Account, Addressable, Sender

CREDENTIALS = {
    "email": {"address": "shop@example.com", "other_addresses": "help@example.com"},
    "sms": {"sender": "+48600100200"},
    "whatsapp": {},
}


def typed(kind: str, address: str, **credentials: str) -> Sender:
    account = Account(connection_id=1, kind=kind, credentials=CREDENTIALS[kind] | credentials)
    return cast(Addressable, registry.get(kind)).sender_for(address, account)


def test_mail_addresses_are_kept_in_lower_case_with_their_name() -> None:
    assert typed("email", "  Anna.Bell@Example.ORG ") == Sender(
        "anna.bell@example.org", email="anna.bell@example.org"
    )
    named = typed("email", "Anna Bell <anna@example.org>")
    assert (named.external_id, named.name) == ("anna@example.org", "Anna Bell")


@pytest.mark.parametrize(
    "written", ["+48 600 100 200", "0048600100200", "+48-600-100-200", " +48 (600) 100200"]
)
def test_numbers_become_international(written: str) -> None:
    assert typed("sms", written) == Sender("+48600100200", phone="+48600100200")
    whatsapp = typed("whatsapp", written)
    assert (whatsapp.external_id, whatsapp.phone) == ("48600100200", "+48600100200")
    assert "+48600100200" in whatsapp.aliases


def test_whatsapp_by_twilio_has_its_channel_before_the_number() -> None:
    assert typed("sms", "+48600100200", sender="whatsapp:+48600100300").external_id == "whatsapp:+48600100200"


@pytest.mark.parametrize(
    ("kind", "written", "words"),
    [
        ("email", "anna", "no e-mail address"),
        ("email", "", "no e-mail address"),
        ("email", "a@b.example, c@d.example", "one address"),
        ("email", "Shop@example.com", "our own"),
        ("email", "help+17@example.com", "our own"),
        ("email", "anna@example.org\r\nBcc: all@example.org", "address"),
        ("sms", "600 100 200", "country code"),
        ("sms", "+48 600", "no phone number"),
        ("whatsapp", "+48 600 100 20x", "no phone number"),
        ("whatsapp", "+" + "1" * 300, "no phone number"),
        ("whatsapp", "Anna", "country code"),
    ],
)
def test_what_is_no_address_is_told(kind: str, written: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        typed(kind, written)
