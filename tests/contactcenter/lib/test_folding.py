"""What is searched has one spelling, the same in Python and in the database."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from contactcenter.lib.folding import fold, phone_spellings, words

LETTERS = st.characters(max_codepoint=0x3000, exclude_characters="\x00", exclude_categories=["Cs", "Cn"])


def in_database(*texts: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT folded(text) FROM unnest(%s::text[]) WITH ORDINALITY AS t(text, n) ORDER BY n",
            [list(texts)],
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Grzegżółka ZIELIŃSKI", "grzegzolka zielinski"),
        ("Łódź, Đorđe, Ærøskøbing, Großmann, ẞ", "lodz, dorde, aeroskobing, grossmann, ss"),
        ("İstanbul ılık", "istanbul ilik"),
        ("Ёлка Йод", "елка иод"),
        ("Άννα Σοφός", "αννα σοφοσ"),
        ("O’Brien – “Ann”", 'o\'brien - "ann"'),
        ("ﬁancé Ｗｉｄｅ", "fiance wide"),
        ("٠١٢ ۳۴", "012 34"),
        ("sof\u00adt\u200bly\u202e", "softly"),
        ("Zoe\u0301", "zoe"),
        ("plain ASCII 100%", "plain ascii 100%"),
    ],
)
@pytest.mark.django_db
def test_a_text_loses_case_marks_and_fine_typography(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert in_database(text) == [folded]


@pytest.mark.django_db
def test_the_database_folds_every_character_as_python_does() -> None:
    def known(code: int) -> bool:
        """Assigned since Unicode 13 at the latest, so that either side knows it."""
        return unicodedata.ucd_3_2_0.category(chr(code)) not in ("Cn", "Cs")

    characters = [chr(code) for code in range(1, sys.maxunicode) if known(code)]
    assert len(characters) > 90_000
    differing = [
        (one, here, there)
        for one, here, there in zip(characters, map(fold, characters), in_database(*characters), strict=True)
        if here != there
    ]
    assert not differing


@pytest.mark.django_db
@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.text(
            st.characters(max_codepoint=0x3000, exclude_characters="\x00", exclude_categories=["Cs", "Cn"])
        ),
        max_size=20,
    )
)
def test_the_database_folds_texts_as_python_does(texts: list[str]) -> None:
    assert in_database(*texts) == [fold(text) for text in texts]


@given(st.text())
def test_a_folded_text_is_folded(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_words_come_without_the_signs_around_them() -> None:
    assert words("  <Carl@Client.test>, „Jan” @żaneta (x) ") == ["carl@client.test", "jan", "zaneta", "x"]


@pytest.mark.parametrize(
    "typed",
    [
        "+48601234567",
        "+48 601 234 567",
        "0048 601-234-567",
        "601 234 567",
        "601.234.567",
        "0601 234 567",
        "+48 (0)601/234 567",
        "(+48) 601 234 567",
        "tel:+48601234567",
        "＋４８ ６０１ ２３４ ５６７",
        "234 567",
    ],
)
def test_a_phone_number_is_found_in_any_spelling(typed: str) -> None:
    assert any(spelling in "48601234567" for spelling in phone_spellings(typed))


def test_a_number_with_its_country_finds_one_that_was_typed_without() -> None:
    assert any(spelling in "0601234567" for spelling in phone_spellings("+48 601 234 567"))


@pytest.mark.parametrize("typed", ["", "12", "Carl", "carl@client.test", "No. 7", "+", "00", "1a2b3c4"])
def test_other_texts_are_no_phone_numbers(typed: str) -> None:
    assert phone_spellings(typed) == []
