"""Filling in a template: how it reads, and what the provider takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openlines.connectors.base import Template
from openlines.connectors.meta.fake.world import Refusal
from openlines.connectors.whatsapp.fake import checks
from openlines.connectors.whatsapp.templates import as_body
from openlines.policies.templates import Fault, fault, filled, proposed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Anna", None),
        ("three   spaces", None),
        ("  ", Fault.EMPTY),
        ("two\nlines", Fault.BREAK),
        ("a\ttab", Fault.BREAK),
        ("four    spaces", Fault.GAP),
        ("x" * 1024, None),
        ("x" * 1025, Fault.LONG),
    ],
)
def test_what_meta_refuses(value: str, expected: Fault | None) -> None:
    assert fault(value) is expected


def test_values_stand_in_their_places_and_are_not_read_again() -> None:
    assert filled("Hi {{1}}, {{2}} and {{1}}: {{3}}", ["{{2}}", "x"]) == "Hi {{2}}, x and {{2}}: {{3}}"
    assert filled("{{0}} {{1}}", ["a"]) == "{{0}} a"


@given(st.text(max_size=60))
def test_what_passes_is_taken_by_the_provider_as_it_is_shown(value: str) -> None:
    value = value.strip()
    if fault(value) is not None:
        return
    sent = as_body(Template("t", "en", (value,)))
    (given_,) = sent["components"][0]["parameters"]
    assert given_["text"].split() == value.split()
    template = {"name": "t", "language": "en", "status": "APPROVED"}
    known = [{**template, "components": [{"type": "BODY", "text": "{{1}}"}]}]
    try:
        checks.message({"messaging_product": "whatsapp", "type": "template", "template": sent}, {}, known)
    except Refusal as refusal:
        raise AssertionError(f"{value!r} is refused") from refusal


def test_the_clients_name_is_proposed_where_one_greets() -> None:
    assert proposed(("", ""), 2, client_name=" Anna\nBell ") == ("Anna Bell", "")
    assert proposed(("order_no", "customer_name"), 2, client_name="Anna") == ("", "Anna")
    assert proposed(("order_no",), 1, client_name="Anna") == ("",)
    assert proposed(("company_name",), 1, client_name="Anna") == ("",)
    assert proposed((), 0, client_name="Anna") == ()
