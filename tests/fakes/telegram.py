"""The Telegram on loopback as a fixture, and a receiver for its webhook calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from openlines.connectors.telegram.fake import FakeTelegram


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """Retries of webhooks take a hundredth of their time."""
    with FakeTelegram(second=0.01) as fake:
        yield fake


@dataclass
class Receiver:
    """Keeps what is posted to it; answers with ``statuses`` in turn, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                kept.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status = kept.statuses.pop(0) if kept.statuses else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/telegram/x/"
    yield kept
    server.shutdown()
    server.server_close()
