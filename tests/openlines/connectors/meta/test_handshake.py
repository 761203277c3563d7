"""Meta's question whether an address is ours."""

from __future__ import annotations

import pytest

from openlines.connectors.base import BadSignature
from openlines.connectors.meta import handshake

GOOD = {"hub.mode": "subscribe", "hub.verify_token": "secret", "hub.challenge": "1158201444"}


def test_the_challenge_goes_back() -> None:
    assert handshake.answer(GOOD, verify_token=" secret ") == "1158201444"


@pytest.mark.parametrize(
    "change",
    [
        {"hub.verify_token": "another"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "sécret"},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": ""},
        {"hub.challenge": "<script>"},
        {"hub.challenge": "1" * 129},
        {"hub.challenge": "1\n"},
    ],
)
def test_everything_else_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        handshake.answer({**GOOD, **change}, verify_token="secret")


def test_without_a_token_of_ours_nobody_is_answered() -> None:
    with pytest.raises(BadSignature):
        handshake.answer({**GOOD, "hub.verify_token": ""}, verify_token="")
    with pytest.raises(BadSignature):
        handshake.answer({}, verify_token="secret")
