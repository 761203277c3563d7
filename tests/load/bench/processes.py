"""The product's processes, started as in production and stopped whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0
"""Seconds a start may take on a busy machine."""


class NotStarted(Exception):
    """The message has the end of the process's log."""


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise NotStarted(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(
    command: list[str], *, environment: Mapping[str, str], log: Path, grace: float = 15
) -> Iterator[psutil.Process]:
    """A process in a session of its own: Ctrl+C does not reach it, and what it leaves is killed with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield psutil.Process(process.pid)
    except NotStarted as error:
        raise NotStarted(f"{error}\n{log.read_text()[-3000:]}") from None
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def web(
    *, environment: Mapping[str, str], port: int, folder: Path, workers: int = 2
) -> Iterator[psutil.Process]:
    """The web server, answering."""
    command = [sys.executable, "-m", "contactcenter.serve"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    with running(command, environment=environment, log=folder / "web.log") as process:
        wait_until(lambda: not process.is_running() or _accepts(port), "the web server answers")
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            raise NotStarted((folder / "web.log").read_text()[-3000:])
        yield process


@contextmanager
def work(*, environment: Mapping[str, str], dsn: str, folder: Path) -> Iterator[psutil.Process]:
    """``manage.py work``, its ticker leading."""
    command = [sys.executable, "manage.py", "work"]
    with running(command, environment=environment, log=folder / "work.log") as process:
        with psycopg.connect(dsn, autocommit=True) as connection:
            wait_until(lambda: _leads(connection), "the ticker leads")
        yield process


@dataclass(frozen=True)
class Families:
    """The product's processes by what they are: each name stands for a process and all below it."""

    pids: Mapping[str, int]

    def memory(self) -> dict[str, float]:
        """MiB; pages that several share count once (PSS)."""
        return {name: sum(_pss(one.pid) for one in self._members(name)) / 1024 for name in self.pids}

    def processor(self) -> dict[str, float]:
        """Seconds of processor time until now, of those who have ended too. Differences count."""
        return {name: sum(_seconds(one) for one in self._members(name)) for name in self.pids}

    def _members(self, name: str) -> list[psutil.Process]:
        process = psutil.Process(self.pids[name])
        return [process, *process.children(recursive=True)]


def _seconds(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def _pss(pid: int) -> int:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _leads(connection: psycopg.Connection) -> bool:
    found = connection.execute(
        "SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND application_name LIKE 'openlines ticker%'"
        " AND datname = current_database()"
    )
    return found.fetchone() is not None
