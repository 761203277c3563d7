"""From an ASGI request to what WSGI calls one: the body on file, the environ."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from urllib.parse import unquote_to_bytes

from contactcenter.lib.asgi import Header, Message, Receive, Scope
from contactcenter.lib.uploads import Allowance, Refusal


class ClientGoneError(Exception):
    """The client closed the connection before its request, or our response, was complete."""


class BodyRefusedError(Exception):
    """The client sends more than it may."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class BodyTooSlowError(Exception):
    """The body did not arrive in the time it may take."""


@dataclass(frozen=True)
class Pace:
    """How fast a body must arrive. Who keeps to it gets everything through; who sends nothing holds no place."""

    idle: float = 15.0
    """Seconds without a byte."""
    grace: float = 20.0
    """Seconds for the beginning, before ``rate`` is asked for."""
    rate: float = 8 * 1024
    """Bytes a second in the mean: below that of the slowest mobile network."""
    whole: float = 30 * 60.0
    """Seconds for all of it."""

    def patience(self, *, passed: float, size: int) -> float:
        """Seconds to wait for the next piece; ``passed`` of them have gone, and ``size`` bytes have come."""
        return min(self.idle, min(self.grace + size / self.rate, self.whole) - passed)


ORDINARY_PACE: Final = Pace()


class Admission:
    """What a body may weigh; ``ask`` says it, once more than ``unasked`` bytes come or are announced."""

    def __init__(self, *, unasked: int, ask: Callable[[], Awaitable[Allowance]]) -> None:
        self._ask = ask
        self._unasked = unasked
        self._allowance: Allowance | None = None

    async def check(self, size: int) -> None:
        """Raises ``BodyRefusedError``."""
        if size <= self._unasked:
            return
        if self._allowance is None:
            self._allowance = await self._ask()
        if size > self._allowance.limit:
            raise BodyRefusedError(self._allowance.above)


async def read_body(
    receive: Receive, *, in_memory: int, admission: Admission, announced: int = 0, pace: Pace = ORDINARY_PACE
) -> tuple[IO[bytes], int]:
    """Read the whole body before a thread is taken, so that a slow upload blocks nobody.

    Above ``in_memory`` bytes it goes to disk. Returns the file, at its start, and its size.
    """
    await admission.check(announced)
    body = SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - closed after the response
    size = 0
    clock = asyncio.get_running_loop().time
    started = clock()
    try:
        while True:
            message = await _next(receive, pace.patience(passed=clock() - started, size=size))
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunk = message.get("body", b"")
            size += len(chunk)
            await admission.check(size)
            if size > in_memory:
                await asyncio.to_thread(body.write, chunk)
            elif chunk:
                body.write(chunk)
            if not message.get("more_body", False):
                break
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body, size


def announced_size(headers: Iterable[Header]) -> int | None:
    """Bytes; -1 for a body of unknown length, None for no body."""
    found: int | None = None
    for name, value in headers:
        if name == b"transfer-encoding":
            return -1
        if name == b"content-length" and value.isdigit():
            found = int(value) or None
    return found


async def _next(receive: Receive, patience: float) -> Message:
    try:
        async with asyncio.timeout(max(patience, 0)):
            return await receive()
    except TimeoutError:
        raise BodyTooSlowError from None


def build_environ(
    scope: Scope, body: IO[bytes], size: int, *, file_wrapper: Callable[..., object]
) -> dict[str, Any]:
    """``body`` is at its start and has ``size`` bytes."""
    server = scope.get("server") or ("localhost", None)
    client = scope.get("client")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _path(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or (443 if scope["scheme"] == "https" else 80)),
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": file_wrapper,
    }
    if client:
        environ["REMOTE_PORT"] = str(client[1])
    environ.update(_header_variables(scope["headers"]))
    # Of a chunked body nobody said the length, and without it Django reads nothing.
    if size or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(size)
    return environ


def _path(scope: Scope) -> str:
    """The path's bytes as the latin-1 text that WSGI wants; ``scope["path"]`` has lost what is no UTF-8."""
    raw = scope.get("raw_path")
    return (unquote_to_bytes(raw) if raw else scope["path"].encode()).decode("latin-1")


def _header_variables(headers: Iterable[Header]) -> dict[str, str]:
    """Join repeated headers, drop those with an underscore: ``X_Real_IP`` would pass for ``X-Real-IP``."""
    variables: dict[str, str] = {}
    for raw_name, raw_value in headers:
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        if name in variables:
            value = variables[name] + ("; " if name == "HTTP_COOKIE" else ",") + value
        variables[name] = value
    return variables
