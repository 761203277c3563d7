"""Which demo runs here: one at a time for each data folder, and nothing of it left behind by accident.

``demo.lock`` is held for as long as the supervisor lives: the system lets go of it however that ends. ``demo.json``
says where it answers. Every process it starts carries the run's name in its environment, and whatever forks from it
inherits that: by this alone a leftover is known, so a reused process id never costs a stranger his life.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

MARK: Final = "CONTACTCENTER_DEMO_RUN"
"""Name of the environment variable with the run's name."""

GRACE: Final = 15.0
"""Seconds that processes get to stop by themselves; ``manage.py work`` lets tasks finish for 8."""


@dataclass(frozen=True)
class Record:
    """What a running demo says of itself. ``started``: of the process ``pid``, seconds since the epoch."""

    run: str
    pid: int
    started: float
    addresses: tuple[tuple[str, str], ...] = ()
    """What it is → where it is; empty until everything answers."""


class AlreadyRunning(Exception):
    def __init__(self, record: Record | None) -> None:
        super().__init__("a demo runs here already")
        self.record = record


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Be the only demo of the data folder ``var``. Raises ``AlreadyRunning``."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(read(var)) from None
        yield


def read(var: Path) -> Record | None:
    try:
        content = json.loads((var / "demo.json").read_text())
        addresses = tuple((str(name), str(url)) for name, url in content["addresses"])
        return Record(str(content["run"]), int(content["pid"]), float(content["started"]), addresses)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(var: Path, record: Record) -> None:
    draft = var / "demo.json.new"
    draft.write_text(json.dumps(asdict(record)))
    draft.replace(var / "demo.json")


def forget(var: Path) -> None:
    (var / "demo.json").unlink(missing_ok=True)


def own_record(run: str) -> Record:
    return Record(run=run, pid=os.getpid(), started=psutil.Process().create_time())


def supervisor(record: Record) -> psutil.Process | None:
    """The process that wrote the record, if it lives: same id *and* same start."""
    with suppress(psutil.Error):
        process = psutil.Process(record.pid)
        if abs(process.create_time() - record.started) < 1 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def processes_of(run: str) -> list[psutil.Process]:
    """All living processes that carry the run's mark."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == run and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process], *, grace: float = GRACE) -> int:
    """Ask the oldest of each family to stop, kill what is still there after ``grace`` seconds; how many there were."""
    family = {process.pid: process for process in processes}
    for process in family.values():
        with suppress(psutil.Error):
            if process.ppid() not in family:
                process.send_signal(signal.SIGTERM)
    _gone, alive = psutil.wait_procs(list(family.values()), timeout=grace)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    return len(family)


def tidy_up(var: Path) -> int:
    """End what a killed demo left in ``var``; the number of processes. To be called by whoever is ``alone``."""
    record = read(var)
    if record is None:
        return 0
    ended = end(processes_of(record.run))
    forget(var)
    return ended


def stop(var: Path, *, patience: float = 45.0) -> tuple[bool, int]:
    """(whether a demo ran and has stopped, how many processes of a killed one were ended).

    Raises TimeoutError when it does not stop.
    """
    end_of_patience = time.monotonic() + patience
    was_running = False
    while time.monotonic() < end_of_patience:
        try:
            with alone(var):
                return was_running, tidy_up(var)
        except AlreadyRunning as running:
            process = supervisor(running.record) if running.record else None
            if process is not None and not was_running:
                was_running = True
                process.terminate()
            time.sleep(0.1)
    raise TimeoutError("the demo does not stop")
