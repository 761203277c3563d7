"""``deadline.p99``: seconds late, with ten thousand open dialogs and the real `manage.py work`.

A trigger that runs at the end of the firing transaction notes the time. ``python -m tests.load.deadline_lateness``
looks closer: cold starts, hand-overs, killed workers.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from tests.load.bench import scene as scenes
from tests.load.bench.figures import Figure, quantile
from tests.load.bench.processes import wait_until
from tests.load.bench.scene import Scene

_NOTE = """
CREATE TABLE bench_firing (dialog_id bigint, due_at timestamptz, fired_at timestamptz);
CREATE FUNCTION bench_note_firing() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO bench_firing VALUES (OLD.dialog_id, OLD.due_at, clock_timestamp()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER bench_note_firing AFTER DELETE ON openlines_deadline DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (OLD.kind = 'unanswered') EXECUTE FUNCTION bench_note_firing();
"""
_FORGET = """
DROP TRIGGER IF EXISTS bench_note_firing ON openlines_deadline;
DROP FUNCTION IF EXISTS bench_note_firing();
DROP TABLE IF EXISTS bench_firing;
"""


@dataclass(frozen=True)
class Size:
    open: int = 10_000
    due: int = 300
    over: float = 10.0
    """Seconds within which the due ones are spread."""


def measure(scene: Scene, *, size: Size) -> Iterator[Figure]:
    """``manage.py work`` runs already."""
    chat = scenes.make_chat("Deadlines", scene.operators, unanswered_after=timedelta(minutes=5))
    scenes.answered_dialogs(chat, number=size.open)
    scenes.settle()
    with _noted(scene):
        scenes.waiting_dialogs(chat, number=size.due, over=size.over, lead=2.0)

        def fired() -> int:
            row = scene.sql.execute("SELECT count(*) FROM bench_firing").fetchone()
            return int(row[0]) if row else 0

        wait_until(lambda: fired() >= size.due, "all deadlines have fired", seconds=size.over + 60)
        rows = scene.sql.execute("SELECT dialog_id, due_at, fired_at FROM bench_firing").fetchall()
    if len({row[0] for row in rows}) != len(rows):
        raise AssertionError("a deadline fired twice")
    late = [(fired_at - due_at).total_seconds() for _, due_at, fired_at in rows]
    note = f"median {statistics.median(late) * 1000:.1f} ms of {len(late)}; {size.open:,} open"
    yield Figure("deadline.p99", quantile(late, 0.99), "s", note=note)


@contextmanager
def _noted(scene: Scene) -> Iterator[None]:
    scene.sql.execute(_FORGET + _NOTE)
    try:
        yield
    finally:
        scene.sql.execute(_FORGET)
