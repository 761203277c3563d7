from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing

from openlines.live import topics

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ticket() -> str:
    return topics.issue_ticket(holder=topics.employee(12), topics=["l3", "e12", "l3"], now=NOW)


def test_a_ticket_says_who_may_hear_what_and_until_when() -> None:
    read = topics.read_ticket(ticket(), now=NOW + timedelta(minutes=9, seconds=59))
    assert (read.holder, read.topics) == ("e12", frozenset({"e12", "l3"}))
    assert (read.issued, read.expires) == (NOW, NOW + timedelta(minutes=10))


def test_a_ticket_is_over_after_ten_minutes() -> None:
    with pytest.raises(topics.BadTicket, match="over"):
        topics.read_ticket(ticket(), now=NOW + timedelta(minutes=10))


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "nonsense",
        "a:b:c",
        ticket()[:-1],
        "x" + ticket(),
        signing.dumps({"h": "e1", "t": [], "i": 1}),
        "\x00ż",
    ],
    ids=["empty", "nonsense", "colons", "cut", "longer", "signed for something else", "not ascii"],
)
def test_what_we_did_not_sign_is_no_ticket(forged: str) -> None:
    with pytest.raises(topics.BadTicket, match="not valid"):
        topics.read_ticket(forged, now=NOW)


def test_a_ticket_for_a_hundred_lines_fits_an_address() -> None:
    many = topics.issue_ticket(holder="e12", topics=[topics.line(pk) for pk in range(1000, 1100)], now=NOW)
    assert len(many) < 1000
