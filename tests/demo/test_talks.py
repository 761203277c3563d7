from __future__ import annotations

import pytest

from contactcenter.demo import cast, talks
from contactcenter.demo.talks import CLIENT, NOTE, OPERATOR, Said, Talk


@pytest.mark.parametrize("talk", talks.all_talks())
def test_every_talk_begins_with_the_customer_and_has_an_answer(talk: Talk) -> None:
    assert talk.line in {line.key for line in cast.LINES}
    assert talk.language in {"en", "pl"}
    assert talk.said[0].by == CLIENT
    assert any(said.by == OPERATOR for said in talk.said)
    for said in talk.said:
        assert "{" not in said.text.format(order=1)


def test_a_customer_says_in_bursts_what_stands_between_two_answers() -> None:
    said = (Said(CLIENT, "a"), Said(CLIENT, "b"), Said(OPERATOR, "!"), Said(NOTE, "?"), Said(CLIENT, "c"))
    assert Talk("shop", "en", said).questions == (("a", "b"), ("c",))


def test_user_names_are_told_from_names() -> None:
    found = {one.name: one.username for one in talks.customers("pl")}
    assert found["Agnieszka Wójcik"] == "aga_wojcik"
    assert found["Bartosz Kamiński"] == ""
    assert len(found) == len(talks.customers("pl"))
