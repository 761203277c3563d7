"""What the outbox writes down of each attempt, for the message's journey: when it was begun, how long the call took,
what the provider answered, the ids it gave.

An entry of ``OutboxItem.log`` is ``{"at", "outcome", "detail"}``, and where there was a call ``"ms"``, ``"http"`` (the
statuses of its requests, in order) and ``"ids"``. ``outcome`` is the name of one of ``base.Outcome``, ``BEGUN``,
``INTERRUPTED``, ``AGAIN`` (a person had it sent once more; ``by``, and ``was``: the outcome that it had come to), or
``WITHDRAWN`` (its author took it out of the queue).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.db.models import F, JSONField, Value
from django.db.models.expressions import CombinedExpression

from contactcenter.lib import http
from openlines.connectors.base import Outcome

BEGUN = "Begun"
"""The call is made. Its outcome takes this entry's place; it stays where the drain died in the call."""
INTERRUPTED = "Interrupted"
"""The drain died before the call: it is queued again."""
AGAIN = "Again"
WITHDRAWN = "Withdrawn"
MOST_ENTRIES = 50

Log = list[dict[str, Any]]


@dataclass(frozen=True)
class Call:
    """One call of a connector. ``http``: empty where it was none (a mail), or where nobody answered.

    ``together``: the message that this one went along with (§6).
    """

    took: timedelta
    http: tuple[int, ...] = ()
    together: int | None = None


@dataclass
class Watch:
    """Over one call of a connector."""

    http: list[int]
    started: float
    took: timedelta = timedelta()

    def call(self, *, together: int | None = None) -> Call:
        return Call(took=self.took, http=tuple(self.http), together=together)


@contextmanager
def watched() -> Iterator[Watch]:
    with http.statuses() as statuses:
        watch = Watch(http=statuses, started=time.monotonic())
        yield watch
        watch.took = timedelta(seconds=time.monotonic() - watch.started)


def begun(*, now: datetime) -> CombinedExpression:
    """For the column itself: the statement that commits it to the call says so."""
    return CombinedExpression(F("log"), "||", Value(begun_entry(now=now), output_field=JSONField()))


def begun_entry(*, now: datetime) -> Log:
    return [{"at": now.isoformat(), "outcome": BEGUN}]


def interrupted(log: Sequence[dict[str, Any]], *, now: datetime) -> Log:
    return _capped([*log, {"at": now.isoformat(), "outcome": INTERRUPTED}])


def deaths(log: Sequence[dict[str, Any]]) -> int:
    """How often in a row a drain has died before the call."""
    return len(list(takewhile(lambda entry: entry.get("outcome") == INTERRUPTED, reversed(log))))


def ended(log: Sequence[dict[str, Any]], outcome: Outcome, *, now: datetime, call: Call | None = None) -> Log:
    """``call`` None: it was decided here, or the drain died, and the provider's answer is not known."""
    entry: dict[str, Any] = {
        "at": now.isoformat(),
        "outcome": type(outcome).__name__,
        "detail": getattr(outcome, "reason", ""),
    }
    if outcome.external_ids:
        entry["ids"] = list(outcome.external_ids)
    if call is None:
        return _capped([*log, entry])
    entry["ms"] = round(call.took.total_seconds() * 1000)
    if call.http:
        entry["http"] = list(call.http)
    if call.together is not None:
        entry["together"] = call.together
    kept = list(log)
    if kept and kept[-1].get("outcome") == BEGUN:
        entry["at"] = kept.pop()["at"]
    return _capped([*kept, entry])


def again(log: Sequence[dict[str, Any]], *, now: datetime, by_id: int | None, was: str = "") -> Log:
    return _capped([*log, {"at": now.isoformat(), "outcome": AGAIN, "by": by_id, "was": was}])


def withdrawn(log: Sequence[dict[str, Any]], *, now: datetime) -> Log:
    return _capped([*log, {"at": now.isoformat(), "outcome": WITHDRAWN}])


def _capped(log: Log) -> Log:
    return log[-MOST_ENTRIES:]
