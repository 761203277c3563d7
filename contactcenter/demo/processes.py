"""The demo's processes: the web server, the background work, the fake Telegram, and customers where wanted.

Each has a session of its own, so that Ctrl+C in the terminal reaches the supervisor alone, which then stops them in
order. One that dies ends the demo: the web server and the background work mend their own workers, so when one of them
is gone altogether something is really wrong, and a restart would only hide it.
"""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from contactcenter.demo import cast
from contactcenter.demo.running import MARK
from contactcenter.serve import command as web_command

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 90.0
"""Seconds for everything to answer; it takes about five on two idle cores."""
TAIL: Final = 15
"""Lines of a dead process's log that are shown."""


class Died(Exception):
    """A process ended by itself; the message shows its last words."""


@dataclass
class Child:
    name: str
    log: Path
    process: subprocess.Popen[bytes]

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join(f"  {line}" for line in lines) or "  (nothing)"


class Children:
    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = dict(environment)
        self._children: list[Child] = []

    def start(self, name: str, *command: str) -> Child:
        """Its output goes to ``<name>.log``; the one before stays as ``<name>.log.1``."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with suppress(FileNotFoundError):
            log.replace(log.with_name(f"{log.name}.1"))
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name, log, process)
        self._children.append(child)
        return child

    def finish(self, child: Child) -> None:
        """Wait for one that comes to an end by itself. Raises ``Died`` when it was no good end."""
        code = child.process.wait()
        self._children.remove(child)
        if code:
            raise Died(
                f"{child.name} failed (exit code {code}). Its last lines, from {child.log}:\n{child.last_words()}"
            )

    def check(self) -> None:
        """Raises ``Died`` when one of them is gone."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                how = f"exit code {code}" if code >= 0 else f"signal {-code}"
                raise Died(
                    f"{child.name} has died ({how}). Its last lines, from {child.log}:\n{child.last_words()}"
                )

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Raises ``Died`` when one of them dies, TimeoutError after ``PATIENCE`` seconds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            self.check()
            if time.monotonic() > end:
                raise TimeoutError(
                    f"Waited {PATIENCE:.0f} s in vain until {what}. The logs are in {self._logs}."
                )
            time.sleep(0.05)


def environment(*, run: str, public_url: str) -> dict[str, str]:
    """What the processes run with: the demo's settings, never in debug mode, marked as ours."""
    ours = {
        MARK: run,
        "DJANGO_SETTINGS_MODULE": "contactcenter.demo.settings",
        "PUBLIC_URL": public_url,
        "DEBUG": "False",
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **ours}


def collect_static() -> list[str]:
    return [sys.executable, "manage.py", "collectstatic", "--no-input", "--clear", "--verbosity", "0"]


def web(*, host: str, port: int) -> list[str]:
    return web_command("--host", host, "--port", str(port), "--log-level", "warning")


def work() -> list[str]:
    return [sys.executable, "manage.py", "work"]


def telegram(*, port: int) -> list[str]:
    bots = [part for line in cast.LINES for part in ("--bot", f"{line.token}={line.bot_name}")]
    return [sys.executable, "-m", "openlines.connectors.telegram.fake", "--port", str(port), *bots]


def traffic(*, base: str, telegram_url: str) -> list[str]:
    return [sys.executable, "-m", "contactcenter.demo.traffic", "--base", base, "--telegram", telegram_url]


def answers(url: str) -> bool:
    """Whether there is a page (or a redirect to the log-in)."""
    try:
        return httpx.get(url, timeout=10).status_code < 400
    except httpx.TransportError:
        return False


def is_free(port: int) -> bool:
    """Nobody listens there on this machine, by either protocol: "localhost" may mean both."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind((host, port))
        except OSError as error:
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:  # no IPv6 here is no obstacle
                return False
    return True


def free_port(wanted: int) -> int:
    """``wanted`` or the next one above that is free. Raises OSError when a hundred are not."""
    for port in range(wanted, min(wanted + 100, 65536)):
        if is_free(port):
            return port
    raise OSError(f"No free port from {wanted} on.")
