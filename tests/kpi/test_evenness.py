"""The index of evenness means what the page says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kpi.evenness import evenness


def test_a_difference_of_one_is_even() -> None:
    found = evenness([3, 4, 3, 4])
    assert found is not None
    assert (found.percent, found.moves, found.lowest, found.highest) == (100, 0, 3, 4)


def test_one_who_got_all() -> None:
    found = evenness([10, 0, 0, 0, 0])
    assert found is not None
    assert (found.percent, found.moves) == (20, 8)


def test_it_counts_what_would_have_to_move() -> None:
    found = evenness([8, 4, 6])
    assert found is not None
    assert (found.moves, found.percent) == (2, 88)


def test_nothing_to_compare() -> None:
    assert evenness([]) is None
    assert evenness([7]) is None
    assert evenness([0, 0]) is None


@given(st.lists(st.integers(0, 500), min_size=2, max_size=30).filter(any))
def test_properties(shares: list[int]) -> None:
    found = evenness(shares)
    assert found is not None
    assert 0 < found.percent <= 100
    assert (found.moves == 0) == (max(shares) - min(shares) <= 1)
    assert found == evenness(shares[::-1])
