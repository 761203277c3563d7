"""L1: who is called silent, at the very limits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openlines.policies.health import ConnectionFacts, Health, assess
from tests.openlines.factories import NOW

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("messages", "silence", "health"),
    [
        (80, 3 * HOUR + timedelta(seconds=1), Health.SILENT),
        (80, 3 * HOUR, Health.OK),
        (79, 30 * HOUR, Health.OK),
    ],
)
def test_silent_is_who_has_20_messages_a_week_and_none_for_three_times_the_longest_gap(
    messages: int, silence: timedelta, health: Health
) -> None:
    facts = ConnectionFacts(is_active=True, last_in=NOW - silence, messages=messages, longest_gap=HOUR)
    assert assess(facts, now=NOW) is health
