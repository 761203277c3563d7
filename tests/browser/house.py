"""The whole house as processes: granian and `manage.py work` on the tests' database, with real commits.

It is started once; each test makes its own line and its own people in it, so that tests do not meet.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from contactcenter.serve import command
from openlines.connectors.telegram.fake import FakeTelegram
from tests.contactcenter.serving import ROOT, free_port
from tests.openlines.work.scene import leaders
from tests.waiting import wait_until

STARTS_WITHIN = 60.0
"""Seconds, on a machine that has other things to do."""


@dataclass
class House:
    """``address`` stays the same over restarts of the web server."""

    environment: dict[str, str] = field(repr=False)
    folder: Path
    telegram: FakeTelegram
    port: int = field(default_factory=free_port)
    _web: subprocess.Popen[bytes] | None = None
    _work: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._work = self._run("work", [sys.executable, "manage.py", "work"])
        self.start_web()
        wait_until(leaders, seconds=STARTS_WITHIN)  # the ticker: deadlines fire from here

    def start_web(self) -> None:
        self._web = self._run("web", command("--port", str(self.port), "--workers", "1"))
        wait_until(self._answers, seconds=STARTS_WITHIN)

    def stop_web(self) -> float:
        """SIGTERM, as a deployment sends it; the seconds until it has gone."""
        assert self._web is not None
        started = time.monotonic()
        self._web.send_signal(signal.SIGTERM)
        self._web.wait(timeout=STARTS_WITHIN)
        return time.monotonic() - started

    @contextlib.contextmanager
    def hangs(self) -> Iterator[None]:
        """The web server takes connections and answers nothing, as one without memory or disk does."""
        assert self._web is not None
        os.killpg(self._web.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._web.pid, signal.SIGCONT)

    def stop(self) -> None:
        for process in (self._web, self._work):
            if process is not None:
                _end(process)

    def log(self, name: str = "web") -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-5000:] if path.exists() else ""

    def _run(self, name: str, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as output:
            return subprocess.Popen(
                words,
                cwd=ROOT,
                env=self.environment | {"PUBLIC_URL": self.address},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that whatever is left over can be killed as a group
            )

    def _answers(self) -> bool:
        assert self._web is not None
        assert self._web.poll() is None, f"the server did not start: {self.log()}"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.address}/login/", timeout=10).status_code == 200
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def house(environment: dict[str, str], folder: Path) -> Iterator[House]:
    with FakeTelegram(any_token=True, any_chat=True, second=0.01) as telegram:
        opened = House(environment, folder, telegram)
        try:
            opened.start()
            yield opened
        finally:
            opened.stop()
