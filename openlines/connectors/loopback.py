"""What the fakes of providers on loopback share: a small server that records its calls and can be made to misbehave.

For tests and demos. Standard library only.
"""

from __future__ import annotations

import http.client
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_BODY_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True)
class Call:
    """A request as it came; ``operation`` is the name that ``LoopbackServer.route`` gave it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    operation: str = ""


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Behaviour:
    """What shall happen instead of the right thing, once.

    ``does_it``: the call takes effect before the trouble. ``seconds``: of silence before the answer. Without a
    ``reply`` the answer is the true one; ``hangs_up`` gives none at all.
    """

    reply: Reply | None = None
    does_it: bool = False
    seconds: float = 0
    hangs_up: bool = False


def well() -> Behaviour:
    return Behaviour(does_it=True)


def too_many(retry_after: int) -> Behaviour:
    return Behaviour(Reply(429, b"Too Many Requests", "text/plain", {"Retry-After": str(retry_after)}))


def bad_gateway() -> Behaviour:
    return Behaviour(Reply(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html"))


def garbage() -> Behaviour:
    """A success that nobody can read: the message went out."""
    return Behaviour(Reply(200, b"<html>all is well</html>", "text/html"), does_it=True)


def slow(seconds: float) -> Behaviour:
    return Behaviour(does_it=True, seconds=seconds)


def dies() -> Behaviour:
    """Takes the message and hangs up."""
    return Behaviour(does_it=True, hangs_up=True)


class LoopbackServer:
    """A provider's fake derives from it and says in ``route`` what a call is and does."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.calls: list[Call] = []
        self.stopping = threading.Event()
        self.lock = threading.RLock()
        self._planned: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self._server = _Server((host, port), _Handler, fake=self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def route(self, call: Call) -> tuple[str, Callable[[], Reply]]:
        """The operation's name, and what does it (called outside of the lock)."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def plan(self, operation: str, *behaviours: Behaviour) -> None:
        """The next calls of ``operation`` go like this, one each; then well again."""
        with self.lock:
            self._planned[operation].extend(behaviours)

    def called(self, operation: str) -> list[Call]:
        with self.lock:
            return [call for call in self.calls if call.operation == operation]

    def serve(self, call: Call) -> tuple[Reply, Behaviour]:
        """The true or planned answer, and how it is given."""
        operation, do = self.route(call)
        with self.lock:
            self.calls.append(Call(call.method, call.path, call.query, call.headers, call.body, operation))
            planned = self._planned[operation]
            behaviour = planned.popleft() if planned else well()
        reply = do() if behaviour.does_it else Reply()
        return behaviour.reply or reply, behaviour


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float = 15) -> tuple[int, str, bytes]:
    """A provider's call of a webhook: status (0: nobody answered), content type, body."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    except (OSError, http.client.HTTPException):
        return 0, "", b""
    finally:
        connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], *, fake: LoopbackServer
    ) -> None:
        self.fake = fake
        super().__init__(address, handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet an answer, sent at once: otherwise each call waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        fake: LoopbackServer = self.server.fake  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, parts.path, parts.query, headers, self._body())
        reply, behaviour = fake.serve(call)
        if behaviour.seconds:
            fake.stopping.wait(behaviour.seconds)
        if behaviour.hangs_up:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = _serve  # noqa: N815 - the standard library's names

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _BODY_LIMIT:
            self.close_connection = True
            return b""
        return self.rfile.read(length)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: calls hold tokens."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
