"""What is lost or doubled when processes are killed, and when do replies flow again?

``python -m tests.load.kills`` (``--rounds 3`` each kind of kill three times, ``--seconds 10`` of traffic after each)
runs the real web server, ``manage.py work`` and PostgreSQL in a folder of their own, with visitors, webhooks and
operators' replies (``kill_traffic.py``), kills one process after the other, and prints how long it took until a reply
that was written after the kill had reached the provider. At the end it compares what was answered 2xx with what there
is: exits with 1 where anything is lost, doubled or out of order.

Whoever dies as a whole is started again after a second, as a supervisor would.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from tests.load.bench.processes import ROOT, free_port, wait_until

if TYPE_CHECKING:
    from tests.load.kill_traffic import Traffic

RESTART_AFTER = 1.0
"""Seconds a supervisor takes to see that a process has ended."""
LONGEST = 120.0
"""Seconds after which replies no longer count as standing still for a while, but for good."""


@dataclass
class Kept:
    """A process that is started again whenever it ends."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    _ends: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._run()
        threading.Thread(target=self._watch, daemon=True).start()

    def _run(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _watch(self) -> None:
        while not self._ends.wait(0.1):
            assert self.process is not None
            if self.process.poll() is not None:
                time.sleep(RESTART_AFTER)
                if not self._ends.is_set():
                    self._run()

    def tree(self) -> list[psutil.Process]:
        """Itself and all below it, oldest first."""
        assert self.process is not None
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.process.pid)
            below = own.children(recursive=True)
            return [own, *sorted(below, key=lambda one: (one.create_time(), one.pid))]
        return []

    def stop(self) -> None:
        self._ends.set()
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Town:
    """Everything that runs. ``postgres``: the postmaster's process, for kills of its children."""

    web: Kept
    work: Kept
    postgres: Callable[[], psutil.Process]
    provider_port: int = 0

    def kinds(self) -> dict[str, Callable[[], list[psutil.Process]]]:
        """What is killed, by name; the processes at this moment."""
        return {
            "web worker": lambda: _one(self._web_workers()),
            "task worker, busy": lambda: _one(self._task_workers(busy=True) or self._task_workers()),
            "task worker, idle": lambda: _one(self._task_workers(busy=False) or self._task_workers()),
            "all task workers": self._task_workers,
            "sentinel": lambda: self.work.tree()[1:2],
            "monitor": lambda: self._auxiliary()[:1],
            "pusher": lambda: self._auxiliary()[1:],
            "work (parent)": lambda: self.work.tree()[:1],
            "web (parent)": lambda: self.web.tree(),
            "PostgreSQL backend": lambda: _one(self._backends()),
        }

    def _web_workers(self) -> list[psutil.Process]:
        return self.web.tree()[1:]

    def _pool(self) -> list[psutil.Process]:
        return self.work.tree()[2:]

    def _task_workers(self, *, busy: bool | None = None) -> list[psutil.Process]:
        """Monitor and pusher listen to nobody: they follow the first three. ``busy``: has called the provider lately."""
        found = [one for one in self._pool() if one not in self._auxiliary()]
        return found if busy is None else [one for one in found if self._calls(one) is busy]

    def _auxiliary(self) -> list[psutil.Process]:
        """Forked right after the first three workers; whoever is younger took the place of a dead one."""
        return self._pool()[3:5]

    def _calls(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            found = process.net_connections(kind="tcp")
            return any(one.raddr and one.raddr.port == self.provider_port for one in found)
        return False

    def _backends(self) -> list[psutil.Process]:
        """Of clients: PostgreSQL ends all of them and recovers, as after a crash of any."""
        with suppress(psutil.NoSuchProcess):
            return [
                one for one in self.postgres().children() if "idle" in _title(one) or "SELECT" in _title(one)
            ]
        return []


def _title(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _one(found: list[psutil.Process]) -> list[psutil.Process]:
    return [random.choice(found)] if found else []


@dataclass(frozen=True)
class Kill:
    """``replies``: seconds until a reply written after it was at the provider; ``web``: until a visitor was answered."""

    kind: str
    replies: float
    web: float


def play(
    town: Town,
    traffic: Traffic,
    *,
    kinds: list[str],
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
) -> list[Kill]:
    done = []
    ways = town.kinds()
    for _round in range(rounds):
        for kind in kinds:
            victims = ways[kind]()
            at = time.monotonic()
            for victim in victims:
                with suppress(psutil.NoSuchProcess):
                    victim.kill()
            kill = Kill(kind, traffic.replies_again(at, LONGEST), traffic.visitors_again(at, LONGEST))
            done.append(kill)
            tell(f"{kind:<22}{kill.replies:>8.1f} s until replies{kill.web:>8.1f} s until the web answered")
            time.sleep(seconds)
    return done


def table(kills: list[Kill]) -> list[str]:
    lines = [
        "| killed | runs | replies again: median | worst | web again: median | worst |",
        "| --- " * 6 + "|",
    ]
    for kind in dict.fromkeys(kill.kind for kill in kills):
        of = [kill for kill in kills if kill.kind == kind]
        replies, web = [kill.replies for kill in of], [kill.web for kill in of]
        cells = [statistics.median(replies), max(replies), statistics.median(web), max(web)]
        lines.append(f"| {kind} | {len(of)} | " + " | ".join(f"{cell:.1f} s" for cell in cells) + " |")
    return lines


def environment(folder: Path, database_url: str, port: int, more: dict[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "CONTACTCENTER_VAR": str(folder),
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "contactcenter.settings",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
        "CHAT_MESSAGES_A_MINUTE": "100000",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        **more,
    }


def town_of(
    folder: Path,
    *,
    logs: Path,
    database_url: str,
    port: int,
    postmaster: Callable[[], int],
    more: dict[str, str],
) -> Town:
    own = environment(folder, database_url, port, more)
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    web = Kept([sys.executable, "-m", "contactcenter.serve", *options], own, logs / "web.log")
    work = Kept([sys.executable, "manage.py", "work"], own, logs / "work.log")
    return Town(web, work, lambda: psutil.Process(postmaster()))


def main() -> None:
    parser = argparse.ArgumentParser(description="What do kills lose, and for how long do they stop replies?")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5, help="of traffic after each kill")
    parser.add_argument("--kinds", nargs="*", help="of kills; default: all")
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing is left running
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    os.environ |= {"CONTACTCENTER_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "contactcenter.settings"}
    os.environ |= {"LOG_LEVEL": "ERROR", "CHAT_MESSAGES_A_MINUTE": "100000"}
    os.environ.pop("DATABASE_URL", None)
    import django

    django.setup()
    from django.core.management import call_command

    from contactcenter.embedded.server import DATABASE, main_server
    from tests.load.kill_traffic import Traffic, check

    server = main_server(folder)
    server.join(database=DATABASE)
    port = free_port()

    def postmaster() -> int:
        return int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])

    town = town_of(
        folder, logs=folder, database_url=server.url(DATABASE), port=port, postmaster=postmaster, more={}
    )
    wrong: list[str] = []
    try:
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        town.web.start()
        town.work.start()
        with Traffic(f"http://127.0.0.1:{port}") as traffic:
            town.provider_port = traffic.port
            wait_until(lambda: traffic.arrived, "the first reply has arrived", seconds=120)
            kinds = options.kinds or list(town.kinds())
            kills = play(
                town, traffic, kinds=kinds, rounds=options.rounds, seconds=options.seconds, tell=tell
            )
            traffic.end()
            wrong = check(traffic, tell=tell)
        for line in table(kills):
            tell(line)
    finally:
        town.web.stop()
        town.work.stop()
        server.stop()
    tell(f"logs: {folder}") if options.keep or wrong else _remove(folder)
    for line in wrong:
        tell(f"WRONG: {line}")
    sys.exit(bool(wrong))


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def tell(line: str, **_more: Any) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
