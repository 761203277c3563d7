"""The real `manage.py demo`, from an empty folder to nothing left."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from contactcenter.demo import cast, processes, running
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds on a very busy machine; a start takes about ten."""


@dataclass
class Demo:
    """A data folder of its own, and the demo in it. Sessions of their own: a signal to the group is Ctrl+C."""

    var: Path

    def environment(self) -> dict[str, str]:
        ours = {"CONTACTCENTER_VAR": str(self.var), "DJANGO_SETTINGS_MODULE": "contactcenter.settings"}
        theirs = {
            name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")
        }
        return {**theirs, **ours, "LANGUAGE_CODE": "en"}

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            line,
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def start(self) -> subprocess.Popen[str]:
        line = [sys.executable, "manage.py", "demo", "--days", "0", "--traffic"]
        ports = [
            "--port",
            str(processes.free_port(18_000)),
            "--telegram-port",
            str(processes.free_port(18_500)),
        ]
        output = (self.var / "console.txt").open("w")
        process = subprocess.Popen(
            [*line, *ports],
            cwd=ROOT,
            env=self.environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        output.close()

        def is_up() -> bool:
            assert process.poll() is None, self.console()
            return "Ctrl+C" in self.console()

        wait_until(is_up, seconds=PATIENCE)
        return process

    def console(self) -> str:
        return (self.var / "console.txt").read_text()

    def addresses(self) -> list[str]:
        return re.findall(r"https?://\S+", self.console())

    def run(self) -> str:
        record = running.read(self.var)
        assert record is not None
        return record.run

    def leftovers(self, run: str) -> list[psutil.Process]:
        """Of the run, and PostgreSQL's, which work in its data folder."""
        return [*running.processes_of(run), *_working_in(self.var / "postgres")]


def _working_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()) == folder.resolve():
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """Not below pytest's own folder, which another run closes to PostgreSQL's user."""
    var = Path(tempfile.mkdtemp(prefix="contactcenter-demo-"))
    found = Demo(var)
    yield found
    found.command("stop")
    shutil.rmtree(var, ignore_errors=True)


def test_it_comes_up_says_where_and_leaves_nothing(demo: Demo) -> None:
    process = demo.start()
    run = demo.run()
    assert len(demo.leftovers(run)) > 8
    addresses = demo.addresses()
    assert len(addresses) >= 6
    for address in addresses:
        assert httpx.get(address, follow_redirects=True).status_code == 200, address
    base = addresses[0].removesuffix("/demo/shop/")
    for person in cast.PEOPLE:
        assert f"  {person.username} " in demo.console()
        assert log_in(base, person.username) == 302, person.username

    again = demo.command("demo")
    assert again.returncode == 0
    assert "running here already" in again.stdout
    assert addresses[0] in again.stdout

    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert demo.console().rstrip().endswith("nothing is left running.")
    assert demo.leftovers(run) == []
    assert processes.is_free(int(base.rpartition(":")[2]))


def test_stop_tidies_up_after_a_killed_supervisor(demo: Demo) -> None:
    """And the second start finds the data of the first."""
    started = time.monotonic()
    process = demo.start()
    assert "demo's data" not in demo.console()
    run = demo.run()
    process.kill()
    process.wait()
    assert demo.leftovers(run)

    stopped = demo.command("stop")
    assert stopped.returncode == 0, stopped.stderr
    assert "of a killed demo stopped" in stopped.stdout
    assert demo.leftovers(run) == []
    assert time.monotonic() - started < PATIENCE


def log_in(base: str, username: str) -> int:
    with httpx.Client(base_url=base) as browser:
        page = browser.get("/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "username": username, "password": cast.PASSWORD}
        return browser.post("/login/", data=form, headers={"Referer": base}).status_code
