"""An offer is held while its holder writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from openlines.policies.dealing import Standing
from openlines.policies.facts import DialogFacts, Distribution, LineSettings, State
from openlines.policies.offers import held_by_typing
from tests.openlines.factories import at

SETTINGS = LineSettings(line_id=1, version=1, idle_time=timedelta(seconds=60))
OFFERED = DialogFacts(state=State.NEW, queued_at=at(0), offer_until=at(60))
ANNA = Standing(1)


def typed(*seconds: int, settings: LineSettings = SETTINGS, standing: Standing = ANNA) -> datetime | None:
    """Until when it is offered after typing at these times."""
    facts = OFFERED
    for second in seconds:
        facts = held_by_typing(facts, settings, standing=standing, now=at(second)) or facts
    return facts.offer_until


@pytest.mark.parametrize(
    ("seconds", "until"),
    [
        ([0], 60),  # nothing to gain yet
        ([5], 60),  # so little that it is not worth a write
        ([30], 90),
        ([55], 115),
        ([59, 63], 119),
        ([59, 110], 120),  # one idle time more at most
        ([59, 110, 119], 120),
        ([61], 60),  # lapsed: the distribution decides
    ],
)
def test_it_lapses_an_idle_time_after_the_last_key(seconds: list[int], until: int) -> None:
    assert typed(*seconds) == at(until)


def test_an_idle_time_of_hours_is_held_for_minutes_only() -> None:
    slow = replace(SETTINGS, idle_time=timedelta(hours=2))
    facts = replace(OFFERED, offer_until=at(7200))
    held = held_by_typing(facts, slow, standing=ANNA, now=at(7190))
    assert held is not None
    assert held.offer_until == at(7190 + 120)


@pytest.mark.parametrize(
    ("settings", "standing", "facts"),
    [
        (replace(SETTINGS, distribution=Distribution.TO_ALL), ANNA, OFFERED),
        (SETTINGS, Standing(1, lapsed=True), OFFERED),
        (SETTINGS, ANNA, replace(OFFERED, offer_until=None)),
        (SETTINGS, ANNA, DialogFacts(state=State.WAITING, operator_id=1)),
    ],
)
def test_where_there_is_nothing_to_hold(
    settings: LineSettings, standing: Standing, facts: DialogFacts
) -> None:
    assert held_by_typing(facts, settings, standing=standing, now=at(55)) is None


def test_the_responsible_who_is_asked_alone_is_held_in_offers_to_all_too() -> None:
    to_all = replace(SETTINGS, distribution=Distribution.TO_ALL)
    assert typed(55, settings=to_all, standing=Standing(1, is_first=True)) == at(115)
