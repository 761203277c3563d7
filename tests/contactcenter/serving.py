"""Start a real granian on a free port; listen to its event streams."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.db import connection

from contactcenter.serve import command

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 10.0
"""Seconds any single thing may take on a busy machine."""


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.02)
    return result


@dataclass
class Server:
    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.address + path, timeout=PATIENCE, **options)

    def stop(self) -> float:
        """Ask it to stop; return the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE)
        return time.monotonic() - started


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def serve(
    folder: Path,
    *,
    settings: str = "tests.contactcenter.site_settings",
    workers: int = 1,
    port: int | None = None,
    options: Sequence[str] = (),
) -> Iterator[Server]:
    """Serve on the test database until the block ends."""
    port = port or free_port()
    ours = connection.settings_dict
    database = {key: ours[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    database |= {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    log = folder / "granian.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command("--port", str(port), "--workers", str(workers), "--workers-kill-timeout", "3", *options),
            cwd=ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": settings, "SITE_DATABASE": json.dumps(database)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that whatever is left over can be killed as a group
        )
    server = Server(address=f"http://127.0.0.1:{port}", process=process, log=log)
    try:
        wait_until(lambda: _answers(server), f"the server answers; it says: {log.read_text()[-2000:]}")
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(server: Server) -> bool:
    if server.process.poll() is not None:
        raise AssertionError(f"the server did not start: {server.log.read_text()[-2000:]}")
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(server.address + "/finished/", timeout=2).status_code < 500
    return False


@dataclass
class Event:
    name: str
    data: dict[str, Any]


class Listening:
    """An event stream, read in a thread. ``expect`` waits for an event and passes over others."""

    def __init__(self, server: Server, ticket: str, *, forwarded_for: str = "") -> None:
        self.events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._client = httpx.Client(timeout=httpx.Timeout(PATIENCE, read=60))
        request = self._client.build_request(
            "GET",
            f"{server.address}/live/",
            params={"ticket": ticket},
            headers={"X-Forwarded-For": forwarded_for} if forwarded_for else {},
        )
        self.response = self._client.send(request, stream=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Listening:
        self.expect("hello")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def expect(self, name: str) -> dict[str, Any]:
        seen: list[Event | None] = []
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self.events.get(timeout=left)
            except queue.Empty:
                break
            seen.append(event)
            if event is not None and event.name == name:
                return event.data
            if event is None:
                break
        raise AssertionError(f"no {name!r} came, but {seen}")

    def ended(self) -> bool:
        return not self._thread.is_alive()

    def close(self) -> None:
        """Leave as a browser does: close() alone would wait for the thread that reads."""
        with contextlib.suppress(OSError):
            self.response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self.response.close()
        self._client.close()

    def _read(self) -> None:
        name = ""
        with contextlib.suppress(httpx.HTTPError, httpx.StreamError, OSError):
            for line in self.response.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.events.put(Event(name, json.loads(line.removeprefix("data: "))))
        self.events.put(None)
