"""How long one may write after the client's last message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from openlines.policies.window import Rules, Stage, Window, look

WROTE = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
WHATSAPP = Rules(free=DAY, templates=True)
MESSENGER = Rules(free=DAY, late=WEEK)
AN_INSTANT = timedelta(microseconds=1)

rules = st.builds(
    Rules,
    free=st.sampled_from([None, timedelta(hours=1), DAY]),
    late=st.sampled_from([None, timedelta(days=2), WEEK]),
    templates=st.booleans(),
)
after = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=9))


def stage(channel: Rules, passed: timedelta) -> Stage:
    return look(channel, wrote_at=WROTE, now=WROTE + passed).stage


def test_the_edges() -> None:
    assert stage(WHATSAPP, DAY - AN_INSTANT) is Stage.OPEN
    assert stage(WHATSAPP, DAY) is Stage.OVER
    assert stage(MESSENGER, DAY) is Stage.LATE
    assert stage(MESSENGER, WEEK - AN_INSTANT) is Stage.LATE
    assert stage(MESSENGER, WEEK) is Stage.OVER


def test_who_never_wrote_cannot_be_written_to() -> None:
    assert look(WHATSAPP, wrote_at=None, now=WROTE) == Window(Stage.OVER, templates=True)


def test_a_channel_without_a_window_is_always_open() -> None:
    assert look(Rules(), wrote_at=None, now=WROTE) == Window(Stage.ALWAYS)


def test_the_end_is_near_four_hours_before() -> None:
    window = look(WHATSAPP, wrote_at=WROTE, now=WROTE)
    assert not window.is_near_its_end(now=WROTE + timedelta(hours=20))
    assert window.is_near_its_end(now=WROTE + timedelta(hours=20, seconds=1))


@given(rules, after, after)
def test_it_only_closes_until_he_writes_again(channel: Rules, passed: timedelta, more: timedelta) -> None:
    first = look(channel, wrote_at=WROTE, now=WROTE + passed)
    later = look(channel, wrote_at=WROTE, now=WROTE + passed + more)
    for by_person in (True, False):
        assert first.takes(by_person=by_person) or not later.takes(by_person=by_person)
    again = look(channel, wrote_at=WROTE + passed, now=WROTE + passed)
    assert again.takes(by_person=False)


@given(rules, after)
def test_a_person_may_whatever_a_machine_may(channel: Rules, passed: timedelta) -> None:
    window = look(channel, wrote_at=WROTE, now=WROTE + passed)
    assert window.takes(by_person=True) or not window.takes(by_person=False)
    assert window.templates is channel.templates


@given(rules, after)
def test_until_is_when_the_stage_changes(channel: Rules, passed: timedelta) -> None:
    window = look(channel, wrote_at=WROTE, now=WROTE + passed)
    if window.until is None:
        assert look(channel, wrote_at=WROTE, now=WROTE + passed + WEEK).stage is window.stage
    else:
        assert window.until > WROTE + passed
        assert look(channel, wrote_at=WROTE, now=window.until - AN_INSTANT) == window
        assert look(channel, wrote_at=WROTE, now=window.until).stage is not window.stage
