"""From an ASGI request to what WSGI calls one: the body on file, the environ."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from contactcenter.lib.asgi import Header, Receive, Scope


class ClientGoneError(Exception):
    """The client closed the connection before its request, or our response, was complete."""


class BodyTooLargeError(Exception):
    """The client sent more than we are willing to keep."""


async def read_body(receive: Receive, *, in_memory: int, limit: int) -> tuple[IO[bytes], int]:
    """Read the whole body before a thread is taken, so that a slow upload blocks nobody.

    Above ``in_memory`` bytes it goes to disk. Returns the file, at its start, and its size.
    """
    body = SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - closed after the response
    size = 0
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise BodyTooLargeError
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
