"""A customer's system on loopback: takes signed webhooks, knows repeated ones, and sends signed events.

``with FakeCustomer(secret) as customer: …`` for tests and the demo. It checks what a careful receiver checks (the three
headers, the clock, the signature, the body's shape) by code of its own, not the connector's. Standard library only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from openlines.connectors.loopback import Behaviour, Call, LoopbackServer, Reply, post

Json = dict[str, Any]

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
_NEEDED = {
    "message.created": ("uuid", "part", "parts", "contact", "text"),
    "message.edited": ("uuid", "external_ids", "contact", "text"),
    "message.deleted": ("external_ids", "contact"),
    "message.read": ("contact", "external_id"),
    "typing.started": ("contact",),
    "ping": (),
}


def refuse(status: int, **said: Any) -> Behaviour:
    return Behaviour(Reply(status, json.dumps(said).encode()))


def mac(secret: str, identifier: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


class FakeCustomer(LoopbackServer):
    """``names_messages``: it answers with ids of its own, as a system with its own table of messages does."""

    def __init__(
        self, *, secret: str = SECRET, names_messages: bool = True, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        super().__init__(host=host, port=port)
        self.secret = secret
        self.names_messages = names_messages
        self.events: list[Json] = []
        """What was taken, each once, with its ``webhook-id`` as ``id``."""
        self.repeated: list[str] = []
        self.files: dict[str, bytes] = {}
        self._taken: dict[str, Json] = {}
        self._numbers = itertools.count(1)

    @property
    def messages(self) -> list[Json]:
        """The data of the messages taken."""
        return [event["data"] for event in self.events if event["type"] == "message.created"]

    def route(self, call: Call) -> tuple[str, Callable[[], Reply]]:
        if call.method == "GET" and call.path.startswith("/files/"):
            return "file", lambda: self._file(call.path.removeprefix("/files/"))
        return "webhook", lambda: self._take(call)

    def _file(self, name: str) -> Reply:
        found = self.files.get(name)
        return (
            Reply(404, b"", "text/plain") if found is None else Reply(200, found, "application/octet-stream")
        )

    def _take(self, call: Call) -> Reply:
        if call.method != "POST" or call.headers.get("content-type", "") != "application/json":
            return _said(400, message="a POST of application/json is wanted")
        identifier = call.headers.get("webhook-id", "")
        if not self._is_signed(call, identifier):
            return _said(401, message="the signature is wrong")
        try:
            event = json.loads(call.body)
            kind, data = event["type"], event["data"]
            missing = [name for name in _NEEDED[kind] if name not in data]
        except (ValueError, LookupError, TypeError) as error:
            return _said(400, message=f"not understood: {error!r}")
        if missing:
            return _said(400, message=f"missing: {', '.join(missing)}")
        with self.lock:
            if identifier in self._taken:
                self.repeated.append(identifier)
                return _said(200, **self._taken[identifier])
            self.events.append({**event, "id": identifier})
            named = self.names_messages and kind == "message.created"
            answer = {"external_id": f"c-{next(self._numbers)}"} if named else {}
            self._taken[identifier] = answer
            return _said(200, **answer)

    def _is_signed(self, call: Call, identifier: str) -> bool:
        timestamp = call.headers.get("webhook-timestamp", "")
        if not identifier or not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
            return False
        expected = f"v1,{mac(self.secret, identifier, timestamp, call.body)}"
        return any(
            hmac.compare_digest(expected, given)
            for given in call.headers.get("webhook-signature", "").split()
        )

    # --- its own events ---

    def event(self, url: str, kind: str, data: Mapping[str, Any], *, identifier: str = "") -> int:
        """Brings a signed event to ``url``; the status of the answer, 0 where there was none."""
        body = json.dumps({"type": kind, "data": data}).encode()
        return post(url, body, self.headers(body, identifier=identifier))[0]

    def headers(self, body: bytes, *, identifier: str = "", at: float | None = None) -> dict[str, str]:
        identifier = identifier or f"evt_{next(self._numbers)}_{time.time_ns()}"
        timestamp = str(int(time.time() if at is None else at))
        return {
            "content-type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{mac(self.secret, identifier, timestamp, body)}",
        }


def _said(status: int, **said: Any) -> Reply:
    return Reply(status, json.dumps(said).encode())
