"""K2 and K4: the four reaction times."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from kpi.metrics import ReactionTimes, reaction_times
from openlines.policies.facts import DialogFacts, State
from tests.openlines.factories import at

ANSWERED = DialogFacts(
    State.ANSWERED,
    1,
    first_reaction=timedelta(seconds=30),
    reaction_total=timedelta(seconds=90),
    reaction_max=timedelta(seconds=60),
    reaction_count=2,
)


def test_ended_clocks() -> None:
    assert reaction_times(ANSWERED, now=at(0)) == ReactionTimes(
        first=timedelta(seconds=30),
        total=timedelta(seconds=90),
        average=timedelta(seconds=45),
        maximum=timedelta(seconds=60),
    )


def test_a_running_clock_counts_up_to_now() -> None:
    waiting = replace(ANSWERED, state=State.WAITING, clock_started_at=at(0))
    assert reaction_times(waiting, now=at(90)) == ReactionTimes(
        first=timedelta(seconds=30),
        total=timedelta(seconds=180),
        average=timedelta(seconds=60),
        maximum=timedelta(seconds=90),
        running=True,
    )


def test_the_first_clock_while_it_runs_is_the_first_reaction_so_far() -> None:
    new = DialogFacts(State.NEW, clock_started_at=at(0))
    assert reaction_times(new, now=at(10)).first == timedelta(seconds=10)


def test_no_answer_leaves_the_first_empty() -> None:
    closed = replace(ANSWERED, state=State.CLOSED, first_reaction=None)
    assert reaction_times(closed, now=at(0)).first is None


def test_spam_and_silence_have_none() -> None:
    assert reaction_times(replace(ANSWERED, state=State.SPAM), now=at(0)) == ReactionTimes()
    assert reaction_times(DialogFacts(State.ACCEPTED, 1), now=at(0)) == ReactionTimes()
