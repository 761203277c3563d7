"""One demo at a time; what a killed one left is found by its mark, and nobody else is touched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from contactcenter.demo import processes, running
from tests.waiting import wait_until

SLEEP = "import time; print('ready', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
FAMILY = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}], start_new_session=True); {SLEEP}"

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def begin(code: str, *, run: str = "") -> subprocess.Popen[bytes]:
        environment = {**os.environ, **({running.MARK: run} if run else {})}
        process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_only_one_demo_runs_in_a_folder(tmp_path: Path) -> None:
    with running.alone(tmp_path):
        running.write(tmp_path, replace(running.own_record("r"), addresses=(("Shop", "http://x/"),)))
        with pytest.raises(running.AlreadyRunning) as refused, running.alone(tmp_path):
            pass
        assert refused.value.record is not None
        assert refused.value.record.addresses == (("Shop", "http://x/"),)
    with running.alone(tmp_path):
        pass


def test_a_process_id_alone_is_no_proof() -> None:
    record = running.own_record("r")
    assert running.supervisor(record) == psutil.Process()
    assert running.supervisor(replace(record, started=record.started - 60)) is None


def test_what_a_killed_demo_left_is_ended_and_strangers_are_spared(tmp_path: Path, start: Start) -> None:
    parent, stubborn = start(FAMILY, run="ours"), start(STUBBORN, run="ours")
    stranger, other = start(SLEEP), start(SLEEP, run="another run")
    wait_until(lambda: len(running.processes_of("ours")) == 3)
    dead = replace(running.own_record("ours"), started=1.0)  # its supervisor is gone, the id is a stranger's
    running.write(tmp_path, dead)

    assert running.end(running.processes_of("ours"), grace=1) == 3
    assert running.processes_of("ours") == []
    assert running.stop(tmp_path) == (False, 0)
    assert not (tmp_path / "demo.json").exists()
    assert parent.wait(5) is not None
    assert stubborn.wait(5) is not None
    assert stranger.poll() is None
    assert other.poll() is None


def test_a_broken_record_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"run": ')
    assert running.read(tmp_path) is None
    assert running.stop(tmp_path) == (False, 0)


def test_a_port_that_somebody_uses_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not processes.is_free(port)
        assert processes.free_port(port) > port


def test_a_dead_process_is_reported_with_its_last_words(tmp_path: Path) -> None:
    children = processes.Children(tmp_path, os.environ)
    code = "import sys; print('all is well'); sys.exit('the disk is full')"
    child = children.start("web", sys.executable, "-c", code)
    child.process.wait()
    with pytest.raises(processes.Died) as died:
        children.check()
    assert "exit code 1" in str(died.value)
    assert "the disk is full" in str(died.value)
    assert str(tmp_path / "web.log") in str(died.value)
