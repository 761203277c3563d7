"""The few ASGI types and answers shared by the bridge and the live stream."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]


async def answer(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Send a whole response at once."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def answer_error(send: Send, status: int, error: str, message: str, *headers: Header) -> None:
    """Send ``{"error": code, "message": sentence}``."""
    body = json.dumps({"error": error, "message": message}).encode()
    fixed: list[Header] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await answer(send, status, [*fixed, *headers], body)


async def until_disconnect(receive: Receive) -> None:
    """Return when the client has gone; the request's body must have been read before."""
    while (await receive())["type"] != "http.disconnect":
        pass
