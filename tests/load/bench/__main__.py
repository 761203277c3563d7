"""`python -m tests.load.bench [--quick] [--only WORD]`: see the package."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from contactcenter.embedded.server import EmbeddedServer
from tests.load.bench import processes
from tests.load.bench.figures import HEAD, Figure, row, write
from tests.load.bench.processes import ROOT, free_port

if TYPE_CHECKING:
    from tests.load.bench.scene import Scene

DATABASE = "bench"
IDLE = 3.0
"""Seconds of rest before memory is looked at."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the product beside its own SQL.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: rough figures in half the time")
    parser.add_argument("--only", default="", metavar="WORD", help="figures whose name begins so")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    var = Path(os.environ.get("CONTACTCENTER_VAR") or ROOT / "var").absolute()
    var.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        with ExitStack() as stack:
            _alone(stack, var)
            figures = list(_run(stack, var, quick=options.quick, only=options.only))
    except KeyboardInterrupt:
        sys.exit("\nStopped; nothing is left running.")
    except processes.NotStarted as error:
        sys.exit(str(error))
    write(var / "bench.json", figures)
    print(f"{time.monotonic() - began:.0f} s; written to {var / 'bench.json'}")


def _run(stack: ExitStack, var: Path, *, quick: bool, only: str) -> Iterator[Figure]:
    import django

    others = os.getloadavg()[0]
    folder = var / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    server = EmbeddedServer(var / "bench-postgres")
    stack.callback(server.stop)
    server.join()
    with server.connect() as postgres:
        postgres.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        postgres.execute(f"CREATE DATABASE {DATABASE}")
    port = free_port()
    environment = _environment(server.url(DATABASE), folder=folder, port=port)
    os.environ.update(environment)
    files = subprocess.Popen([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], cwd=ROOT)
    stack.callback(files.kill)
    django.setup()

    from django.core.management import call_command

    from tests.load.bench import assignments, bare, deadline, dialog_list, footprint, ingest, scene, screen

    call_command("migrate", verbosity=0)
    built = scene.build(dsn=server.url(DATABASE), address=f"http://127.0.0.1:{port}")
    if files.wait(120):
        raise processes.NotStarted("collectstatic failed")
    built.close()
    server.stop()  # memory is looked at as after a night
    server.join()
    stack.callback(built.close)
    web = stack.enter_context(processes.web(environment=os.environ, port=port, folder=folder))
    work = stack.enter_context(processes.work(environment=os.environ, dsn=built.dsn, folder=folder))
    families = processes.Families({"web": web.pid, "work": work.pid, "postgresql": _postmaster(server)})
    sender = stack.enter_context(bare.Bare(built.dsn))

    def wanted(*names: str) -> bool:
        return any(name.startswith(only) or only.startswith(name) for name in names)

    print(f"{os.cpu_count()} cores; others' load {others:.1f}\n{HEAD}", flush=True)
    found = ingest.scripts(built)
    parts: list[Iterator[Figure]] = []
    if wanted("widget", "memory"):
        parts += [footprint.widget(built), _after(IDLE, footprint.memory(families))]
    lists = dialog_list.Size()
    parts.append(_history(built, lists.closed))
    if wanted("statements"):
        parts.append(ingest.statements(found))
    if wanted("ingest"):
        rounds = ingest.Size(rounds=3 if quick else 7)
        parts.append(ingest.measure(built, found, sender=sender, families=families, size=rounds))
    if wanted("screen"):
        parts.append(screen.measure(built, found.existing, size=screen.Size(rounds=3 if quick else 8)))
    if wanted("list"):
        parts.append(dialog_list.measure(built, size=lists))
    if wanted("deadline"):
        parts.append(deadline.measure(built, size=deadline.Size()))
    if wanted("assignments", "slot"):
        parts.append(assignments.measure(built, size=assignments.Size(dialogs=10 if quick else 30)))
    for part in parts:
        for figure in part:
            print(row(figure), flush=True)
            yield figure
    yield Figure("machine.load", others, "before it all", os.cpu_count())


def _environment(dsn: str, *, folder: Path, port: int) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "contactcenter.settings",
        "DATABASE_URL": dsn,
        "CONTACTCENTER_VAR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "SECRET_KEY": "bench-only",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CHAT_MESSAGES_A_MINUTE": "0",
        "LOG_LEVEL": "WARNING",
        "REDIS_URL": "",
        "DEBUG": "",
    }


def _history(built: Scene, number: int) -> Iterator[Figure]:
    """No figure: from here on there are the dialogs of three months."""
    from tests.load.bench import scene

    scene.closed_dialogs(built.existing, built.operators, number=number)
    scene.settle()
    yield from ()


def _after(seconds: float, figures: Iterator[Figure]) -> Iterator[Figure]:
    time.sleep(seconds)
    yield from figures


def _postmaster(server: EmbeddedServer) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def _alone(stack: ExitStack, var: Path) -> None:
    """Two at once would measure each other."""
    lock = stack.enter_context((var / "bench.lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("`make bench` runs already.")


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
