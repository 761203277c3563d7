"""What the fake shall do instead of behaving well, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from openlines.connectors.meta.fake.world import Refusal


@dataclass(frozen=True)
class Behaviour:
    """``does_it``: the call takes effect before the trouble. ``seconds``: of silence before the answer.

    Without a ``status`` the answer is the true one; ``hangs_up`` gives none at all.
    """

    status: int = 0
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    does_it: bool = False
    seconds: float = 0
    hangs_up: bool = False


def refuse(
    code: int,
    said: str = "Something is not right",
    *,
    status: int = 400,
    subcode: int = 0,
    details: str = "",
    is_transient: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    refusal = Refusal(code, said, status=status, subcode=subcode, details=details, is_transient=is_transient)
    return Behaviour(status, json.dumps(refusal.body()).encode(), headers=headers or {})


def too_many(retry_after: int, *, code: int = 4) -> Behaviour:
    return refuse(
        code, "Application request limit reached", status=429, headers={"Retry-After": str(retry_after)}
    )


def server_error() -> Behaviour:
    return refuse(1, "An unknown error occurred", status=500)


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
