"""What the fake shall do instead of behaving well, once."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviour:
    """``does_it``: the call takes effect before the trouble. ``seconds``: of silence before the answer.

    Without a ``status`` the answer is the true one; ``hangs_up`` gives none at all.
    """

    status: int = 0
    body: bytes = b""
    content_type: str = "application/json"
    does_it: bool = False
    seconds: float = 0
    hangs_up: bool = False


def refuse(status: int, description: str, **parameters: int) -> Behaviour:
    said: dict[str, object] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        said["parameters"] = parameters
    return Behaviour(status=status, body=json.dumps(said).encode())


def too_many(retry_after: int) -> Behaviour:
    return refuse(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def moved(to: int) -> Behaviour:
    said = "Bad Request: group chat was upgraded to a supergroup chat"
    return refuse(400, said, migrate_to_chat_id=to)


def server_error() -> Behaviour:
    return refuse(500, "Internal Server Error")


def bad_gateway() -> Behaviour:
    return Behaviour(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")


def garbage() -> Behaviour:
    """A success that nobody can read: the message went out."""
    return Behaviour(200, b"<html>all is well</html>", "text/html", does_it=True)


def slow(seconds: float) -> Behaviour:
    return Behaviour(does_it=True, seconds=seconds)


def dies() -> Behaviour:
    """Takes the message and hangs up."""
    return Behaviour(does_it=True, hangs_up=True)
