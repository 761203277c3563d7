"""The clients: each holds one connection and sends its next request when it has the answer to the last.

Written on asyncio's protocols because it shares the processor with what it measures: some 50 microseconds a request,
a tenth of what a general HTTP client takes.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Run:
    seconds: float
    latencies: list[float]
    """Seconds, one a request."""
    own_seconds: float
    """Processor time that the clients themselves took."""
    bodies: list[bytes] = field(repr=False)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


class UnexpectedAnswer(Exception):
    """The server said something else than 200; the message has the answer's beginning."""


def get(host: str, path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def post(host: str, path: str, body: bytes, *headers: str) -> bytes:
    size = f"Content-Length: {len(body)}"
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        size,
        *headers,
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


def run(address: str, lanes: Sequence[Sequence[bytes]], *, seconds: float = 120) -> Run:
    """Send each lane's requests over a connection of its own, all lanes at once.

    Raises ``UnexpectedAnswer``, or ``TimeoutError`` after ``seconds``.
    """
    return asyncio.run(_run(address, lanes, seconds=seconds))


async def _run(address: str, lanes: Sequence[Sequence[bytes]], *, seconds: float) -> Run:
    parts = urlsplit(address)
    loop = asyncio.get_running_loop()
    clients = [Client(lane) for lane in lanes]
    for client in clients:
        await loop.create_connection(client.itself, parts.hostname or "", parts.port or 80)
    gc.collect()
    gc.disable()
    began, processor = time.perf_counter(), time.process_time()
    try:
        for client in clients:
            client.next()
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(client.done for client in clients))
        took = time.perf_counter() - began
    finally:
        gc.enable()
        for client in clients:
            client.close()
    return Run(
        seconds=took,
        latencies=[one for client in clients for one in client.latencies],
        own_seconds=time.process_time() - processor,
        bodies=[one for client in clients for one in client.bodies],
    )


class Client(asyncio.Protocol):
    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = iter(requests)
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.bodies: list[bytes] = []

    def itself(self) -> Client:
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def next(self) -> None:
        request = next(self._requests, None)
        if request is None or self._transport is None:
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        head = head.lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else -1
        if length < 0:
            self._fail(f"no length: {self._received[:300]!r}")
        elif len(body) >= length:
            self.latencies.append(time.perf_counter() - self._sent_at)
            if head[9:12] != b"200":
                self._fail(f"{self._received[:1000]!r}")
                return
            self.bodies.append(body)
            self._received = b""
            self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was lost: {exc}")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _fail(self, words: str) -> None:
        if not self.done.done():
            self.done.set_exception(UnexpectedAnswer(words))
