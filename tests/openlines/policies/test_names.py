"""Names as strangers give them: what cannot be seen is none, and none turns what stands beside it."""

from __future__ import annotations

import unicodedata

import pytest

from openlines.policies.names import readable


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u3164",
        "\u2800 \u2800",
        "\u115f\u1160\uffa0",
        "\u200b\u200c\u200d\ufeff",
        "\u2063\u2063",
        "\u00ad",
        "\u202e",
        "\u2066\u2069",
        "\U000e0020",
        "\u0301\u0308",
        "\ufe0f",
        "\x00\x1b",
    ],
)
def test_what_cannot_be_seen_is_no_name(name: str) -> None:
    assert readable(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "Zażółć Gęślą",
        "李小龙",
        "محمد",
        "می\u200cخواهم",
        "👩\u200d👧",
        "Ōnishi",
        "e\u0301va",
        "O’Brien",
        "!!!",
        "🏴\U000e0067\U000e0062\U000e007f",
    ],
)
def test_what_can_be_seen_stays(name: str) -> None:
    assert readable(name) == name


@pytest.mark.parametrize(
    "control",
    ["\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u200e", "\u200f", "\u061c"],
)
def test_nothing_in_a_name_turns_what_stands_beside_it(control: str) -> None:
    cleaned = readable(f"Carl{control} Client")
    assert cleaned == "Carl Client"
    assert not any(unicodedata.category(one) == "Cf" for one in cleaned)


def test_fillers_between_words_are_blanks() -> None:
    assert readable(" Carl\u3164\u2800Client\n") == "Carl Client"
