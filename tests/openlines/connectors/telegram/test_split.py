from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openlines.connectors.telegram.split import split, units


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


_text = st.text(st.sampled_from("ab. \n\t😀👍🏽👨\u200d👩\u200d👧é e\u0301🇵🇱"), max_size=300)


@settings(deadline=None)
@given(_text, st.integers(2, 40))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert re.sub(r"\s", "", "".join(pieces)) == re.sub(r"\s", "", text)
    assert all(_length(piece) == units(piece) <= limit and piece.strip() for piece in pieces)


def test_a_short_text_is_one_piece() -> None:
    assert split("  Hello\n\nthere ", 4096) == ["Hello\n\nthere"]
    assert split(" \n ", 4096) == []


def test_emoji_count_double() -> None:
    assert [units(piece) for piece in split("😀" * 5000, 4096)] == [4096, 4096, 1808]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("one two\n\nthree four", ["one two", "three four"]),
        ("one two three\nfour", ["one two three", "four"]),
        ("It is so. And more", ["It is so.", "And more"]),
        ("alpha beta gamma", ["alpha beta", "gamma"]),
        ("Really now? It is", ["Really now?", "It is"]),
        ("ab cd ef! gh ij kl", ["ab cd ef!", "gh ij kl"]),
        (
            "これは長い文章です。次の文章がここにあります",
            ["これは長い文章です。", "次の文章がここにあります"],
        ),
    ],
)
def test_cuts_are_where_a_reader_would_make_them(text: str, pieces: list[str]) -> None:
    assert split(text, 14) == pieces


@pytest.mark.parametrize(
    "sign",
    [
        *(
            "👨\u200d👩\u200d👧",
            "👍🏽",
            "e\u0301",
            "🇵🇱",
            "❤\ufe0f\u200d🔥",
            "1\ufe0f\u20e3",
            "\u0915\u093f",
            "\u0e01\u0e38\u0e49",
            "\u1112\u1161\u11ab",
        ),
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "Z" + "\u0300\u0315\u0323\u034f" * 12,
    ],
)
def test_a_sign_of_several_parts_is_not_torn(sign: str) -> None:
    for limit in range(units(sign) + 1, units(sign) + 30):
        for piece in split(sign * 20, limit):
            assert piece == sign * piece.count(sign)
