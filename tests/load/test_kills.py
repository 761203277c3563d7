"""``kills.py`` in miniature: what was answered 2xx survives the death of a worker, and replies soon flow again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import environment_of_processes
from tests.load import kills
from tests.load.bench.processes import free_port, wait_until
from tests.load.kill_traffic import Traffic, check

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

RECOVERS_WITHIN = 30.0
"""Seconds, on a machine that has other things to do; 10 are meant."""


def test_a_killed_worker_loses_and_doubles_nothing(tmp_path: Path) -> None:
    port = free_port()
    own = {**environment_of_processes(), "CHAT_MESSAGES_A_MINUTE": "100000"}
    town = kills.town_of(
        Path(own["CONTACTCENTER_VAR"]),
        logs=tmp_path,
        database_url=own["DATABASE_URL"],
        port=port,
        postmaster=os.getpid,
        more=own,
    )
    told: list[str] = []
    try:
        town.web.start()
        town.work.start()
        with Traffic(f"http://127.0.0.1:{port}") as traffic:
            town.provider_port = traffic.port
            wait_until(lambda: traffic.arrived, "the first reply has arrived")
            [kill] = kills.play(
                town, traffic, kinds=["task worker, busy"], rounds=1, seconds=0, tell=told.append
            )
            traffic.end()
            wrong = check(traffic, tell=told.append)
    finally:
        town.web.stop()
        town.work.stop()
    assert wrong == []
    assert kill.replies < RECOVERS_WITHIN
    assert len(kills.table([kill])) == 3
