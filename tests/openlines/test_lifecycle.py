"""§11's two tables, transcribed a second time by hand, and the clock of K2."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openlines import lifecycle
from openlines.lifecycle import Event as E
from openlines.policies import deadlines
from openlines.policies.facts import DeadlineKind, DialogFacts, LineSettings, TextTrigger
from openlines.policies.facts import State as S
from tests.openlines.factories import at

ANNA, BERT = 1, 2
SILENT = LineSettings(
    line_id=1, version=1, finish_text=False, rating=False, bot_hand_over_after=timedelta(minutes=10)
)
TALKS = replace(SILENT, finish_text=True, auto_close_text=True)

NEW = DialogFacts(
    S.NEW,
    queued_at=at(0),
    offer_until=at(60),
    first_client_message_at=at(0),
    clock_started_at=at(0),
    unanswered_since=at(0),
    last_activity_at=at(0),
)
WAITING = DialogFacts(
    S.WAITING,
    ANNA,
    clock_started_at=at(0),
    unanswered_since=at(0),
    accepted_at=at(5),
    last_activity_at=at(5),
)
ANSWERED = DialogFacts(
    S.ANSWERED,
    ANNA,
    first_reply_at=at(9),
    accepted_at=at(5),
    last_activity_at=at(9),
    reaction_count=1,
)
EXAMPLES = {
    S.WITH_BOT: DialogFacts(
        S.WITH_BOT, bot_joined_at=at(0), first_client_message_at=at(0), last_activity_at=at(0)
    ),
    S.NEW: NEW,
    S.RETURNED: replace(NEW, state=S.RETURNED),
    S.ACCEPTED: replace(WAITING, state=S.ACCEPTED),
    S.WAITING: WAITING,
    S.ANSWERED: ANSWERED,
    S.WRAP_UP: replace(ANSWERED, state=S.WRAP_UP, finished_at=at(20), wrap_up_from=at(20)),
    S.CLOSED: DialogFacts(S.CLOSED, ANNA, closed_at=at(30)),
    S.SPAM: DialogFacts(S.SPAM, closed_at=at(30)),
}

EXPECTED: dict[tuple[S, E], S] = {
    # with bot
    (S.WITH_BOT, E.CLIENT_WRITES): S.WITH_BOT,
    (S.WITH_BOT, E.BOT_ANSWERS): S.WITH_BOT,
    (S.WITH_BOT, E.HAND_OVER): S.NEW,
    (S.WITH_BOT, E.BOT_FINISHES): S.WRAP_UP,
    (S.WITH_BOT, E.AUTO_CLOSE): S.CLOSED,
    (S.WITH_BOT, E.WRITTEN_OUTSIDE): S.ANSWERED,
    # with bot, new, returned
    **{
        (s, e): S.ACCEPTED
        for s in (S.WITH_BOT, S.NEW, S.RETURNED)
        for e in (E.ACCEPT, E.TAKE_OVER, E.TRANSFER)
    },
    **{(s, E.REPLY): S.ANSWERED for s in (S.WITH_BOT, S.NEW, S.RETURNED)},
    **{(s, E.FINISH): S.CLOSED for s in (S.WITH_BOT, S.NEW, S.RETURNED)},
    # new, returned
    **{(s, E.CLIENT_WRITES): s for s in (S.NEW, S.RETURNED, S.WAITING)},
    **{(s, e): S.RETURNED for s in (S.NEW, S.RETURNED) for e in (E.OFFER_LAPSES, E.SKIP, E.TRANSFER_TO_LINE)},
    **{(s, E.WRITTEN_OUTSIDE): s for s in (S.NEW, S.RETURNED, S.WRAP_UP)},
    **{(s, E.AUTO_CLOSE): S.CLOSED for s in (S.NEW, S.RETURNED)},
    # accepted, waiting, answered
    (S.ACCEPTED, E.CLIENT_WRITES): S.WAITING,
    (S.ANSWERED, E.CLIENT_WRITES): S.WAITING,
    (S.ANSWERED, E.REPLY_FAILS): S.WAITING,
    **{(s, e): S.ANSWERED for s in (S.ACCEPTED, S.WAITING, S.ANSWERED) for e in (E.REPLY, E.WRITTEN_OUTSIDE)},
    **{(s, e): s for s in (S.ACCEPTED, S.WAITING, S.ANSWERED) for e in (E.TRANSFER, E.TAKE_OVER)},
    **{
        (s, e): S.RETURNED
        for s in (S.ACCEPTED, S.WAITING, S.ANSWERED)
        for e in (E.BACK_TO_QUEUE, E.TRANSFER_TO_LINE, E.OPERATOR_LOST)
    },
    **{
        (s, e): S.CLOSED
        for s in (S.ACCEPTED, S.WAITING, S.ANSWERED)
        for e in (E.FINISH, E.AUTO_CLOSE, E.RATED_AND_CLOSED)
    },
    # wrap-up
    (S.WRAP_UP, E.CLIENT_WRITES): S.WAITING,
    (S.WRAP_UP, E.REPLY): S.ANSWERED,
    (S.WRAP_UP, E.TIME_OVER): S.CLOSED,
    (S.WRAP_UP, E.FINISH): S.CLOSED,
    (S.WRAP_UP, E.RATED_AND_CLOSED): S.CLOSED,
    # any open
    **{(s, E.SPAM): S.SPAM for s in S if s not in (S.CLOSED, S.SPAM)},
}


def happen(
    dialog: DialogFacts, event: E, *, settings: LineSettings = SILENT, now: float = 100, by: int = BERT
) -> DialogFacts:
    return lifecycle.step(
        dialog, event, settings=settings, now=at(now), operator_id=by, first_message_at=at(0)
    ).after


@pytest.mark.parametrize("event", list(E))
@pytest.mark.parametrize("state", list(S))
def test_the_transition_table(state: S, event: E) -> None:
    expected = EXPECTED.get((state, event))
    if expected is None:
        with pytest.raises(lifecycle.Refused):
            happen(EXAMPLES[state], event)
    else:
        assert happen(EXAMPLES[state], event).state is expected


DEADLINES = {
    S.WITH_BOT: {"hand_over", "auto_close"},
    S.NEW: {"offer", "unanswered", "kpi"},
    S.RETURNED: {"offer", "unanswered", "kpi"},
    S.ACCEPTED: {"unanswered", "kpi"},
    S.WAITING: {"unanswered", "kpi"},
    S.ANSWERED: {"auto_close"},
    S.WRAP_UP: {"close"},
    S.CLOSED: set(),
    S.SPAM: set(),
}


@pytest.mark.parametrize("state", list(S))
def test_the_deadline_table(state: S) -> None:
    settings = replace(SILENT, first_reaction_target=timedelta(minutes=2))
    assert set(deadlines.due(EXAMPLES[state], settings)) == DEADLINES[state]


def test_accepted_closes_by_itself_only_while_no_client_message_waits() -> None:
    started = lifecycle.begin_by_operator(operator_id=ANNA, now=at(0))
    assert deadlines.due(started, SILENT) == {DeadlineKind.AUTO_CLOSE: at(4 * 3600)}
    assert DeadlineKind.AUTO_CLOSE not in deadlines.due(happen(started, E.CLIENT_WRITES), SILENT)


def test_unanswered_counts_from_the_first_message_through_transfer_and_return() -> None:
    dialog = EXAMPLES[S.NEW]
    for event in (E.ACCEPT, E.TRANSFER, E.BACK_TO_QUEUE, E.ACCEPT):
        dialog = happen(dialog, event)
        assert deadlines.due(dialog, SILENT)[DeadlineKind.UNANSWERED] == at(300)
    assert DeadlineKind.UNANSWERED not in deadlines.due(happen(dialog, E.REPLY), SILENT)


def test_a_further_client_message_changes_no_clock_and_no_offer() -> None:
    for state in lifecycle.QUIET_ON_CLIENT_MESSAGE:
        before = EXAMPLES[state]
        after = happen(before, E.CLIENT_WRITES)
        assert (
            replace(
                after,
                last_activity_at=before.last_activity_at,
                first_client_message_at=before.first_client_message_at,
            )
            == before
        )
        assert deadlines.due(after, SILENT) == deadlines.due(before, SILENT)


def test_the_clock_stops_at_the_reply_and_counts_once() -> None:
    answered = happen(EXAMPLES[S.WAITING], E.REPLY, now=40)
    assert (answered.first_reaction, answered.reaction_total, answered.reaction_max) == (
        timedelta(seconds=40),
    ) * 3
    again = happen(happen(answered, E.CLIENT_WRITES, now=50), E.REPLY, now=60)
    assert again.first_reaction == timedelta(seconds=40)
    assert again.reaction_total == timedelta(seconds=50)
    assert again.reaction_max == timedelta(seconds=40)
    assert again.reaction_count == 2
    assert happen(again, E.REPLY, now=90) == replace(again, last_activity_at=at(90), last_reply_at=at(90))


def test_finish_ends_a_clock_as_no_answer() -> None:
    step = lifecycle.step(EXAMPLES[S.WAITING], E.FINISH, settings=SILENT, now=at(70), operator_id=ANNA)
    assert step.reaction == lifecycle.Reaction(at(0), at(70), answered=False)
    assert step.after.first_reaction is None
    assert step.after.reaction_total == step.after.reaction_max == timedelta(seconds=70)


def test_spam_counts_nothing() -> None:
    spam = happen(EXAMPLES[S.WAITING], E.SPAM)
    assert spam.clock_started_at is None
    assert spam.reaction_count == 0


def test_the_clock_starts_at_the_bots_hand_over() -> None:
    assert happen(EXAMPLES[S.WITH_BOT], E.CLIENT_WRITES).clock_started_at is None
    handed = happen(EXAMPLES[S.WITH_BOT], E.HAND_OVER, now=30)
    assert handed.clock_started_at == handed.unanswered_since == at(30)


@pytest.mark.parametrize(
    ("event", "settings", "state", "texts"),
    [
        (E.FINISH, TALKS, S.WRAP_UP, (TextTrigger.FINISHED,)),
        (E.FINISH, SILENT, S.CLOSED, ()),
        (E.FINISH, replace(SILENT, rating=True), S.WRAP_UP, (TextTrigger.RATING_REQUEST,)),
        (
            E.FINISH,
            replace(TALKS, rating=True),
            S.WRAP_UP,
            (TextTrigger.FINISHED, TextTrigger.RATING_REQUEST),
        ),
        (
            E.AUTO_CLOSE,
            replace(SILENT, rating=True, wrap_up=timedelta()),
            S.CLOSED,
            (TextTrigger.RATING_REQUEST,),
        ),
        (E.FINISH, replace(TALKS, wrap_up=timedelta()), S.CLOSED, (TextTrigger.FINISHED,)),
        (E.AUTO_CLOSE, TALKS, S.WRAP_UP, (TextTrigger.AUTO_CLOSED,)),
        (E.AUTO_CLOSE, SILENT, S.CLOSED, ()),
    ],
)
def test_how_a_dialog_ends(
    event: E, settings: LineSettings, state: S, texts: tuple[TextTrigger, ...]
) -> None:
    step = lifecycle.step(EXAMPLES[S.ANSWERED], event, settings=settings, now=at(50), operator_id=ANNA)
    assert (step.after.state, step.texts) == (state, texts)
    assert step.after.finished_at == at(50)


def test_where_nothing_can_be_sent_it_closes_without_wrap_up() -> None:
    step = lifecycle.step(
        EXAMPLES[S.ANSWERED], E.FINISH, settings=TALKS, now=at(50), operator_id=ANNA, reachable=False
    )
    assert (step.after.state, step.texts) == (S.CLOSED, ())


def test_a_message_in_wrap_up_comes_back_to_the_same_operator_or_to_the_queue() -> None:
    back = happen(EXAMPLES[S.WRAP_UP], E.CLIENT_WRITES)
    assert (back.operator_id, back.wrap_up_from, back.finished_at) == (ANNA, None, None)
    away = lifecycle.step(
        EXAMPLES[S.WRAP_UP], E.CLIENT_WRITES, settings=SILENT, now=at(40), operator_away=True
    ).after
    assert (away.state, away.operator_id, away.distribute_since) == (S.RETURNED, None, at(40))


def test_finishing_from_the_queue_makes_him_the_operator() -> None:
    assert happen(EXAMPLES[S.NEW], E.FINISH).operator_id == BERT


@given(st.lists(st.sampled_from(sorted(set(E) - {E.REPLY_FAILS})), max_size=25))
def test_whatever_happens_the_facts_stay_sound(events: list[E]) -> None:
    dialog = happen(lifecycle.begin(now=at(0)), E.CLIENT_WRITES, now=0)
    for number, event in enumerate(events, start=1):
        if not lifecycle.allowed(dialog.state, event):
            continue
        dialog = happen(dialog, event, now=number)
        assert set(deadlines.due(dialog, SILENT)) <= deadlines.RUNS[dialog.state]
        assert (dialog.closed_at is not None) == (dialog.state in (S.CLOSED, S.SPAM))
        assert (dialog.wrap_up_from is not None) == (dialog.state is S.WRAP_UP)
        assert (dialog.queued_at is not None) == (dialog.state in (S.NEW, S.RETURNED))
        if dialog.state in (S.ACCEPTED, S.WAITING, S.ANSWERED):
            assert dialog.operator_id is not None
        if dialog.state in (S.ANSWERED, S.WRAP_UP, S.CLOSED, S.SPAM):
            assert dialog.clock_started_at is None
        if dialog.state is S.WAITING:
            assert dialog.clock_started_at is not None


def test_written_outside_while_a_bot_talks_ends_the_bot_without_an_operator() -> None:
    """B7: and the client's next message brings the dialog to the queue."""
    with_bot = EXAMPLES[S.WITH_BOT]
    outside = lifecycle.step(with_bot, E.WRITTEN_OUTSIDE, settings=SILENT, now=at(30)).after
    assert (outside.state, outside.operator_id, outside.first_reply_at) == (S.ANSWERED, None, at(30))
    assert set(deadlines.due(outside, SILENT)) == {DeadlineKind.AUTO_CLOSE}
    again = lifecycle.step(outside, E.CLIENT_WRITES, settings=SILENT, now=at(60)).after
    assert (again.state, again.queued_at, again.clock_started_at) == (S.RETURNED, at(60), at(60))
    replied = lifecycle.step(outside, E.REPLY, settings=SILENT, now=at(60), operator_id=BERT).after
    assert (replied.state, replied.operator_id) == (S.ANSWERED, BERT)


@pytest.mark.parametrize(
    ("bot_on", "handed_over", "state"),
    [(True, False, S.WITH_BOT), (False, False, S.RETURNED), (True, True, S.RETURNED)],
)
def test_a_message_after_a_bots_finish_goes_to_the_bot_while_it_is_on(
    bot_on: bool, handed_over: bool, state: S
) -> None:
    before = EXAMPLES[S.WITH_BOT]
    finished = lifecycle.step(before, E.BOT_FINISHES, settings=TALKS, now=at(30))
    assert (finished.after.state, finished.texts) == (S.WRAP_UP, ())  # B3: no text, and A7 runs
    facts = replace(finished.after, unanswered_since=at(5)) if handed_over else finished.after
    again = lifecycle.step(facts, E.CLIENT_WRITES, settings=TALKS, now=at(60), bot_on=bot_on).after
    assert again.state is state
    assert again.bot_joined_at == (at(60) if state is S.WITH_BOT else at(0))


def test_a_bots_finish_closes_where_there_is_no_time_to_think_again() -> None:
    at_once = replace(TALKS, wrap_up=timedelta())
    assert (
        lifecycle.step(EXAMPLES[S.WITH_BOT], E.BOT_FINISHES, settings=at_once, now=at(9)).after.state
        is S.CLOSED
    )
