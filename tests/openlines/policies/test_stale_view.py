"""Whether somebody wrote since the person who answers last looked."""

from __future__ import annotations

import pytest

from openlines.policies.stale_view import Known, Side, Written, is_current, unseen
from tests.openlines.factories import NOW

ANNA, TOMASZ = 1, 2


def written(seq: int, side: Side, operator_id: int | None = None) -> Written:
    return Written(seq=seq, at=NOW, side=side, text="words", operator_id=operator_id)


@pytest.mark.parametrize(
    ("known", "seqs"),
    [
        (Known(begun=2), [3, 4]),
        (Known(begun=2, looked=3), [4]),
        (Known(begun=2, looked=4), [4]),
        (Known(begun=3, looked=2), [4]),
        (Known(begun=4), []),
        (Known(looked=3), [4]),
    ],
)
def test_a_colleague_always_asks_and_the_client_where_not_read(known: Known, seqs: list[int]) -> None:
    """Message 3 is the client's, message 4 the colleague's; 5 is one's own."""
    came = [
        written(3, Side.CLIENT),
        written(4, Side.COLLEAGUE, TOMASZ),
        written(5, Side.COLLEAGUE, ANNA),
    ]
    assert [one.seq for one in unseen(known, came, by=ANNA)] == seqs


def test_what_was_written_outside_is_a_colleagues() -> None:
    assert unseen(Known(begun=1, looked=9), [written(2, Side.COLLEAGUE)], by=ANNA)


@pytest.mark.parametrize(
    ("known", "current"),
    [
        (Known(begun=7, looked=3), True),
        (Known(begun=6, looked=7), False),
        (Known(rev=20), True),
        (Known(rev=19), False),
        (Known(), True),
        (Known(begun=7, rev=3), True),
    ],
)
def test_the_locked_row_tells_where_nothing_came(known: Known, current: bool) -> None:
    assert is_current(known, rev=20, last_seq=7) is current
