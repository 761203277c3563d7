"""`make bench` in miniature: every figure comes about, over the real processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection

from tests.conftest import database_url
from tests.load.bench import (
    assignments,
    bare,
    deadline,
    dialog_list,
    footprint,
    ingest,
    processes,
    scene,
    screen,
)
from tests.load.bench.figures import Figure, row, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_numbers_afterwards(transactional_db: None) -> Iterator[None]:
    """The scene lets numbers start high; emptying the tables does not set them back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequencename, coalesce(last_value, 1) FROM pg_sequences WHERE schemaname = 'public'"
        )
        before = cursor.fetchall()
    yield
    with connection.cursor() as cursor:
        for name, value in before:
            cursor.execute("SELECT setval(%s, %s)", [name, value])


def test_every_figure_comes_about(
    process_environment: Callable[..., dict[str, str]], small_numbers_afterwards: None, tmp_path: Path
) -> None:
    port = processes.free_port()
    environment = process_environment({"CHAT_MESSAGES_A_MINUTE": "0"})
    built = scene.build(dsn=database_url(), address=f"http://127.0.0.1:{port}")
    scene.closed_dialogs(built.existing, built.operators, number=120)
    with ExitStack() as stack:
        stack.callback(built.close)
        work = stack.enter_context(processes.work(environment=environment, dsn=built.dsn, folder=tmp_path))
        web = stack.enter_context(
            processes.web(environment=environment, port=port, folder=tmp_path, workers=1)
        )
        sender = stack.enter_context(bare.Bare(built.dsn))
        families = processes.Families({"web": web.pid, "work": work.pid})
        scripts = ingest.scripts(built)
        size = ingest.Size(rounds=1, clients=2, most=6)
        figures = [
            *footprint.memory(families),
            *footprint.widget(built),
            *ingest.statements(scripts),
            *ingest.measure(built, scripts, sender=sender, families=families, size=size),
            *screen.measure(built, scripts.existing, size=screen.Size(rounds=1, messages=3)),
            *dialog_list.measure(built, size=dialog_list.Size(closed=120, far_page=2, rounds=1, requests=1)),
            *assignments.measure(built, size=assignments.Size(operators=4, lines=2, dialogs=2, slots=2)),
            *deadline.measure(built, size=deadline.Size(open=20, due=5, over=0.5)),
        ]
    found = {figure.name: figure for figure in figures}
    assert list(found) == [
        *("memory.idle", "widget.gzip", "statements.existing", "statements.new"),
        *("ingest.existing.c1", "ingest.existing.c2", "ingest.new.c1", "ingest.new.c2"),
        *("screen.p50", "screen.p99", "list.first", "list.page2"),
        *("assignments.rate", "slot.p50", "slot.p99", "deadline.p99"),
    ]
    assert all(figure.value > 0 for figure in figures)
    assert found["memory.idle"].value > 20
    assert found["statements.new"].value > found["statements.existing"].value >= 2
    assert all(found[name].reference for name in found if name.startswith(("ingest", "screen", "list")))


def test_the_file_has_what_was_asked_for(tmp_path: Path) -> None:
    figures = [
        Figure("ingest.new.c16", 300.0, "messages/s", 1200.0, "a note"),
        Figure("deadline.p99", 0.004, "s"),
    ]
    write(tmp_path / "bench.json", figures)
    assert json.loads((tmp_path / "bench.json").read_text()) == [
        {"name": "ingest.new.c16", "value": 300.0, "unit": "messages/s", "reference": 1200.0, "ratio": 0.25},
        {"name": "deadline.p99", "value": 0.004, "unit": "s", "reference": None, "ratio": None},
    ]
    assert "BEHIND" in row(figures[0])
    assert "peer" not in row(figures[1])
