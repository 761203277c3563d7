"""The shared client against a server that misbehaves."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from contactcenter.lib import http

LOOPBACK = ("127.0.0.1",)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path.split("?")[0]:
            case "/file":
                self._answer(200, b"x" * 1000)
            case "/untold":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"x" * 1000)
            case "/away":
                self._answer(302, b"", Location="http://localhost:1/file")
            case "/near":
                self._answer(302, b"", Location="/file")
            case "/round":
                self._answer(302, b"", Location="/round")
            case "/torn":
                self.send_response(200)
                self.send_header("Content-Length", "500")
                self.end_headers()
                self.wfile.write(b"x")
            case _:
                self._answer(404, b"no")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/silent":
            self.server.quiet.wait(20)  # type: ignore[attr-defined]
        elif self.path == "/hang-up":
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._answer(303, b"moved", Location="http://localhost:1/")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.quiet = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.quiet.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


@contextmanager
def _closed_port() -> Iterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_one_client_a_process() -> None:
    assert http.client() is http.client()
    assert http._clients.keys() >= {os.getpid()}


def test_nothing_was_sent_where_nobody_listens() -> None:
    with _closed_port() as nowhere, pytest.raises(http.NotSent):
        http.call("POST", nowhere, json={})


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/", "http://", "http://[", "/relative", "http://127.0.0.1:99999/"]
)
def test_nothing_was_sent_to_an_impossible_address(address: str) -> None:
    with pytest.raises(http.NotSent):
        http.call("POST", address, json={})


def test_what_was_written_may_have_been_taken(url: str) -> None:
    with pytest.raises(http.MaybeSent):
        http.call("POST", f"{url}/silent", json={}, read_seconds=0.2)
    with pytest.raises(http.MaybeSent):
        http.call("POST", f"{url}/hang-up", json={})


def test_a_call_follows_no_redirect(url: str) -> None:
    answer = http.call("POST", f"{url}/", json={})
    assert (answer.status, answer.body, answer.headers["location"]) == (303, b"moved", "http://localhost:1/")


def test_a_file_is_downloaded_up_to_the_limit(url: str) -> None:
    for path in ("file", "untold", "near"):
        assert len(http.download(f"{url}/{path}", max_bytes=1000, allowed_hosts=LOOPBACK)) == 1000
    for path in ("file", "untold", "near"):
        with pytest.raises(http.DownloadRefused, match="larger"):
            http.download(f"{url}/{path}", max_bytes=999, allowed_hosts=LOOPBACK)


def test_only_allowed_hosts_are_read(url: str) -> None:
    port = url.rpartition(":")[2]
    assert http.download(f"{url}/file", max_bytes=1000, allowed_hosts=[f"127.0.0.1:{port}"])
    for allowed in ((), ("example.com",), ("127.0.0.1:1",)):
        with pytest.raises(http.DownloadRefused, match="not allowed"):
            http.download(f"{url}/file", max_bytes=1000, allowed_hosts=allowed)
    for bad in ("file:///etc/passwd", "x"):
        with pytest.raises(http.DownloadRefused):
            http.download(bad, max_bytes=1000, allowed_hosts=LOOPBACK)


def test_no_redirect_leads_to_another_host_or_for_ever(url: str) -> None:
    with pytest.raises(http.DownloadRefused, match="another host"):
        http.download(f"{url}/away", max_bytes=1000, allowed_hosts=("127.0.0.1", "localhost"))
    with pytest.raises(http.DownloadRefused, match="redirects"):
        http.download(f"{url}/round", max_bytes=1000, allowed_hosts=LOOPBACK)


def test_a_failed_download_tells_the_status(url: str) -> None:
    with pytest.raises(http.DownloadFailed) as missing:
        http.download(f"{url}/none", max_bytes=1000, allowed_hosts=LOOPBACK)
    assert missing.value.status == 404
    with pytest.raises(http.DownloadFailed) as torn:
        http.download(f"{url}/torn", max_bytes=1000, allowed_hosts=LOOPBACK)
    assert torn.value.status == 0
