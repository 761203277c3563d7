"""Who gets a dialog (Q1-Q3, Q7, Q8): the rules by example, and what must hold whatever happens."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from openlines.policies.facts import Distribution
from openlines.policies.routing import Decision, Member, Obstacle, QueuedDialog, Rule, plan
from tests.openlines.factories import NOW, at


def decide(mode: D, members: list[Member], *dialogs: QueuedDialog) -> list[Decision]:
    return plan(mode, members, dialogs, now=NOW)


def dialog(pk: int = 1, **fields: object) -> QueuedDialog:
    return QueuedDialog(dialog_id=pk, waiting_since=at(pk), **fields)  # type: ignore[arg-type]


D = Distribution
A, B, C = (Member(pk) for pk in (1, 2, 3))


def test_evenly_never_assigned_comes_first_then_the_oldest_assignment() -> None:
    members = [Member(1, last_assigned_at=at(-10)), Member(2, last_assigned_at=at(-20)), Member(3)]
    chosen = [d.chosen for d in decide(D.EVENLY, members, dialog(1), dialog(2), dialog(3), dialog(4))]
    assert chosen == [(3,), (2,), (1,), (3,)]


def test_evenly_ties_go_by_list_order() -> None:
    assert decide(D.EVENLY, [B, A], dialog())[0].chosen == (2,)


def test_strictly_takes_the_first_free_in_list_order() -> None:
    busy = Member(1, obstacle=Obstacle.OFFLINE)
    found = decide(D.STRICTLY, [busy, B, C], dialog(1), dialog(2))
    assert [d.chosen for d in found] == [(2,), (2,)]
    assert found[0].passed[0].obstacle is Obstacle.OFFLINE


def test_a_lapsed_offer_goes_to_the_next_who_was_not_tried() -> None:
    found = decide(D.STRICTLY, [A, B, C], dialog(holders=frozenset({2}), tried=frozenset({1}), overdue=True))
    assert found[0].chosen == (3,)
    assert not found[0].new_round


def test_when_everybody_was_tried_the_next_round_starts_at_once() -> None:
    found = decide(
        D.STRICTLY, [A, B, C], dialog(holders=frozenset({3}), tried=frozenset({1, 2}), overdue=True)
    )
    assert found[0].chosen == (1,)
    assert found[0].new_round


def test_alone_the_offer_stays_with_its_holder() -> None:
    found = decide(
        D.EVENLY, [A, Member(2, obstacle=Obstacle.ON_LEAVE)], dialog(holders=frozenset({1}), overdue=True)
    )
    assert found[0].stays
    assert found[0].rule is Rule.STAYS_ALONE


def test_an_offer_that_runs_is_left_alone() -> None:
    assert decide(D.EVENLY, [A, B], dialog(holders=frozenset({1}))) == []


def test_who_gave_it_back_is_left_out_unless_alone() -> None:
    assert decide(D.EVENLY, [A, B], dialog(tried=frozenset({1})))[0].chosen == (2,)
    assert decide(D.EVENLY, [A], dialog(tried=frozenset({1})))[0].chosen == (1,)


def test_nobody_free_it_waits_and_says_why() -> None:
    found = decide(D.EVENLY, [Member(1, room=0), Member(2, obstacle=Obstacle.ON_BREAK)], dialog())
    assert found[0].rule is Rule.NOBODY_FREE
    assert [(p.employee_id, p.obstacle) for p in found[0].passed] == [
        (1, Obstacle.FULL),
        (2, Obstacle.ON_BREAK),
    ]
    assert decide(D.EVENLY, [], dialog())[0].rule is Rule.EMPTY_QUEUE


def test_to_all_asks_everybody_free_and_again_when_somebody_comes_or_the_hour_is_over() -> None:
    assert decide(D.TO_ALL, [A, B, Member(3, obstacle=Obstacle.OFFLINE)], dialog())[0].chosen == (1, 2)
    asked = dialog(holders=frozenset({1}), tried=frozenset({2}))
    assert decide(D.TO_ALL, [A, B], asked) == []
    assert decide(D.TO_ALL, [A, B, C], asked)[0].chosen == (2, 3)
    over = dialog(holders=frozenset({1}), tried=frozenset({2}), overdue=True)
    assert decide(D.TO_ALL, [A, B], over)[0].chosen == (2,)


members_strategy = st.lists(
    st.builds(
        Member,
        employee_id=st.integers(1, 12),
        obstacle=st.sampled_from([None, None, None, Obstacle.OFFLINE, Obstacle.ON_LEAVE]),
        last_assigned_at=st.none() | st.integers(-500, -1).map(at),
        room=st.none() | st.integers(0, 3),
    ),
    max_size=8,
    unique_by=lambda m: m.employee_id,
)
some_people = st.frozensets(st.integers(1, 12), max_size=5)


@st.composite
def dialogs_strategy(draw: st.DrawFn) -> list[QueuedDialog]:
    return [
        QueuedDialog(
            dialog_id=pk,
            waiting_since=at(draw(st.integers(0, 50))),
            tried=draw(some_people),
            holders=draw(st.frozensets(st.integers(1, 12), max_size=1)),
            overdue=draw(st.booleans()),
        )
        for pk in range(draw(st.integers(0, 8)))
    ]


@given(st.sampled_from(D), members_strategy, dialogs_strategy())
def test_what_always_holds(mode: D, members: list[Member], dialogs: list[QueuedDialog]) -> None:
    found = plan(mode, members, dialogs, now=NOW)
    by_id = {m.employee_id: m for m in members}
    given_out = Counter(pk for d in found for pk in d.chosen)
    for pk, times in given_out.items():
        assert by_id[pk].obstacle is None, "nobody unavailable is ever chosen"
        room = by_id[pk].room
        if mode is not D.TO_ALL and room is not None:
            assert times <= room, "nobody is brought above the limit"
    waiting = {d.dialog_id: d for d in dialogs}
    for decision in found:
        told = {*decision.chosen, *(p.employee_id for p in decision.passed)}
        if mode is not D.TO_ALL:
            assert told == set(by_id), "every member is chosen or passed over with a reason"
            if decision.chosen and not decision.new_round:
                assert decision.chosen[0] not in waiting[decision.dialog_id].tried
    order = [(waiting[d.dialog_id].waiting_since, d.dialog_id) for d in found]
    assert order == sorted(order), "oldest first"
    if mode is not D.TO_ALL:
        free_left = {
            m.employee_id for m in members if m.free and (m.room is None or m.room > given_out[m.employee_id])
        }
        for decision in found:
            holders = waiting[decision.dialog_id].holders
            if not decision.chosen:
                assert not free_left - holders, "no dialog waits while somebody is free for it"


@given(st.integers(1, 6), st.integers(1, 40))
def test_first_offers_differ_by_at_most_one(people: int, count: int) -> None:
    members = [Member(pk) for pk in range(people)]
    found = plan(D.EVENLY, members, [QueuedDialog(pk, at(pk)) for pk in range(count)], now=NOW)
    shares = Counter(d.chosen[0] for d in found)
    assert max(shares.values()) - min(shares.get(pk, 0) for pk in range(people)) <= 1
