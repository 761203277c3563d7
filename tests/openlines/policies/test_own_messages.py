"""What may be done with a message of ours, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from openlines.policies import own_messages as policy
from openlines.policies.own_messages import Ask, OwnMessage, Way, Why
from tests.openlines.factories import NOW

MINE = OwnMessage(is_authors=True, channel_edits=True, channel_deletes=True)


@pytest.mark.parametrize(
    ("differs", "edit", "delete"),
    [
        ({}, Way.BY_CHANNEL, Way.BY_CHANNEL),
        ({"delivery": "read"}, Way.BY_CHANNEL, Way.BY_CHANNEL),
        ({"delivery": "queued", "is_named": False}, Way.IN_QUEUE, Way.IN_QUEUE),
        (
            {"delivery": "queued", "channel_edits": False, "channel_deletes": False},
            Way.IN_QUEUE,
            Way.IN_QUEUE,
        ),
        (
            {"goes_by_outbox": False, "channel_edits": False, "channel_deletes": False},
            Way.AT_ONCE,
            Way.AT_ONCE,
        ),
        ({"is_note": True, "delivery": "", "channel_edits": False}, Way.AT_ONCE, Way.AT_ONCE),
        ({"is_authors": False}, Why.NOT_YOURS, Why.NOT_YOURS),
        ({"is_authors": False, "is_note": True}, Why.NOT_YOURS, Why.NOT_YOURS),
        ({"is_deleted": True}, Why.DELETED, Why.DELETED),
        ({"is_erased": True}, Why.ERASED, Why.ERASED),
        ({"delivery": "failed"}, Why.NOT_DELIVERED, Why.NOT_DELIVERED),
        ({"delivery": "unknown"}, Why.UNCONFIRMED, Why.UNCONFIRMED),
        ({"is_named": False}, Why.UNCONFIRMED, Why.UNCONFIRMED),
        ({"is_leaving": True}, Why.LEAVING, Why.LEAVING),
        ({"deletion_waits": True}, Why.BEING_DELETED, Why.BEING_DELETED),
        ({"channel_edits": False}, Why.CHANNEL_NO_EDITS, Way.BY_CHANNEL),
        ({"channel_deletes": False}, Way.BY_CHANNEL, Why.CHANNEL_NO_DELETIONS),
        ({"has_text": False}, Why.NO_TEXT, Way.BY_CHANNEL),
        ({"is_template": True}, Why.TEMPLATE, Way.BY_CHANNEL),
    ],
)
def test_changing_and_deleting(differs: dict[str, object], edit: Way | Why, delete: Way | Why) -> None:
    message = replace(MINE, **differs)  # type: ignore[arg-type]
    assert (policy.edit(message), policy.delete(message)) == (edit, delete)


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        ({"delivery": "failed"}, None),
        ({"delivery": "unknown"}, None),
        ({"delivery": "failed", "is_authors": False}, None),
        ({"delivery": "sent"}, Why.NOT_FAILED),
        ({"delivery": "queued"}, Why.NOT_FAILED),
        ({"delivery": "failed", "goes_by_outbox": False}, Why.NOT_FAILED),
        ({"delivery": "failed", "is_deleted": True}, Why.DELETED),
        ({"delivery": "failed", "is_erased": True}, Why.ERASED),
    ],
)
def test_what_can_be_sent_again(differs: dict[str, object], why: Why | None) -> None:
    assert policy.send_again(replace(MINE, **differs)) is why  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("delivery", "is_open", "age", "asks"),
    [
        ("failed", True, timedelta(hours=24), ()),
        ("failed", True, timedelta(hours=24, seconds=1), (Ask.OLD,)),
        ("failed", False, timedelta(), (Ask.CLOSED,)),
        ("unknown", True, timedelta(), (Ask.TWICE,)),
        ("unknown", False, timedelta(days=3), (Ask.TWICE, Ask.CLOSED, Ask.OLD)),
    ],
)
def test_what_is_asked_first(delivery: str, is_open: bool, age: timedelta, asks: tuple[Ask, ...]) -> None:
    message = replace(MINE, delivery=delivery)
    assert policy.asks(message, is_open=is_open, written_at=NOW - age, now=NOW) == asks
