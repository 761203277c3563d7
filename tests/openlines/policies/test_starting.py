"""Who may be written to first, channel by channel (§11 "Starting")."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openlines.policies.starting import Chance, Obstacle, needs_template, obstacle
from openlines.policies.window import Rules, Window, look

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
WHATSAPP, MESSENGER, NONE = Rules(DAY, templates=True), Rules(DAY, late=7 * DAY), Rules()


def chance(rules: Rules, *, days: float | None, anybody: bool = False) -> Chance:
    """``days`` since he wrote; None: never."""
    wrote_at = NOW - days * DAY if days is not None else None
    return Chance(
        line_on=True,
        connection_on=True,
        paused=False,
        reachable=True,
        reaches_anybody=anybody,
        wrote=wrote_at is not None,
        window=look(rules, wrote_at=wrote_at, now=NOW),
    )


@pytest.mark.parametrize(
    ("name", "given_", "expected"),
    [
        ("e-mail, a stranger", chance(NONE, days=None, anybody=True), None),
        ("WhatsApp, a stranger", chance(WHATSAPP, days=None, anybody=True), None),
        ("WhatsApp, long ago", chance(WHATSAPP, days=90, anybody=True), None),
        ("Telegram, wrote once", chance(NONE, days=90), None),
        ("Telegram, a stranger", chance(NONE, days=None), Obstacle.NEVER_WROTE),
        ("Messenger, today", chance(MESSENGER, days=0.5), None),
        ("Messenger, this week", chance(MESSENGER, days=6), None),
        ("Messenger, before", chance(MESSENGER, days=7), Obstacle.WINDOW_OVER),
    ],
)
def test_channel_by_channel(name: str, given_: Chance, expected: Obstacle | None) -> None:
    assert obstacle(given_) is expected, name


def test_a_template_is_needed_outside_the_window_alone() -> None:
    assert needs_template(chance(WHATSAPP, days=None).window)
    assert needs_template(chance(WHATSAPP, days=1).window)
    assert not needs_template(chance(WHATSAPP, days=0.9).window)
    assert not needs_template(chance(MESSENGER, days=9).window)


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_what_is_off_is_never_written_through(
    line: bool, connection: bool, paused: bool, reachable: bool, anybody: bool, wrote: bool
) -> None:
    window: Window = look(NONE, wrote_at=None, now=NOW)
    one = Chance(line, connection, paused, reachable, anybody, wrote, window)
    if obstacle(one) is None:
        assert line and connection and not paused and reachable and (anybody or wrote)
    assert obstacle(replace(one, reachable=False)) is not None
