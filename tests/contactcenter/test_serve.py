"""The web server's processes: loaded once, two that share it, and one that dies costs nobody an answer."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
from pytest_django.plugin import DjangoDbBlocker

from tests.contactcenter.serving import serve, wait_until


def workers(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children()


def test_a_killed_worker_costs_no_answer_and_is_soon_replaced(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> None:
    with django_db_blocker.unblock(), serve(tmp_path, workers=2) as server:
        wait_until(lambda: len(workers(server.process.pid)) == 2, "there are two workers")
        killed = workers(server.process.pid)[0]
        killed.send_signal(signal.SIGKILL)
        started = time.monotonic()
        wait_until(
            lambda: (
                {worker.pid for worker in workers(server.process.pid)} - {killed.pid}
                and len(workers(server.process.pid)) == 2
                and not killed.is_running()
            ),
            "the killed one is replaced",
        )
        assert time.monotonic() - started < 5
        for _ in range(20):
            assert server.get("/finished/").status_code == 200


def test_the_workers_are_forked_from_a_process_that_has_loaded_everything(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> None:
    with django_db_blocker.unblock(), serve(tmp_path, workers=2) as server:
        for worker in workers(server.process.pid):
            assert worker.cmdline() == psutil.Process(server.process.pid).cmdline()
            shared = worker.memory_full_info()
            assert shared.uss < shared.rss * 0.6  # most of it is the parent's too
