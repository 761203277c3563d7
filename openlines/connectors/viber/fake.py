"""A Viber on loopback: the bot API with its checks, signed callbacks, and subscribers who write.

``with FakeViber() as viber: …`` for tests and the demo. Standard library only.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from openlines.connectors.loopback import Behaviour, Call, LoopbackServer, Reply, post

TOKEN = "4453b6ac12345678-a0d8bb6c1dd3b8a6-9e1b7bb1f2a7e6aa"  # noqa: S105 - of nobody

Json = dict[str, Any]

_TYPES = {"text", "picture", "video", "file", "contact", "location", "url", "sticker"}
_EVENTS = {"delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started", "message"}
_BIRTH = 5_000_000_000_000_000_000 + time.time_ns() // 1_000_000
"""Numbers are larger than a float holds, and go on from the clock."""


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def refuse(status: int, message: str = "refused") -> Behaviour:
    """As Viber refuses: HTTP 200 and a status."""
    said = {"status": status, "status_message": message, "chat_hostname": "SN-CHAT-00_"}
    return Behaviour(Reply(body=json.dumps(said).encode()))


class FakeViber(LoopbackServer):
    def __init__(self, *, token: str = TOKEN, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.token = token
        self.name = "Demo bot"
        self.webhook = ""
        self.events: set[str] = set()
        self.subscribers: dict[str, Json] = {}
        self.messages: list[Json] = []
        """What the bot sent and Viber took, each with its ``message_token``."""
        self.files: dict[str, bytes] = {}
        self.answered: list[tuple[int, str, bytes]] = []
        """What the webhook answered to each callback: status (0: nobody), content type, body."""
        self._tokens = itertools.count(_BIRTH)

    # --- the bot API ---

    def route(self, call: Call) -> tuple[str, Callable[[], Reply]]:
        method = call.path.removeprefix("/pa/")
        if call.path.startswith("/media/"):
            return "media", lambda: self._media(call.path.removeprefix("/media/"))
        methods: dict[str, Callable[[Json], Json]] = {
            "send_message": self._send_message,
            "set_webhook": self._set_webhook,
            "get_account_info": self._account_info,
        }
        if call.method != "POST" or not call.path.startswith("/pa/") or method not in methods:
            return "unknown", lambda: Reply(404, b"not found", "text/plain")
        return method, lambda: self._run(methods[method], call)

    def _run(self, method: Callable[[Json], Json], call: Call) -> Reply:
        try:
            if call.headers.get("x-viber-auth-token") != self.token:
                raise _Refused(2, "invalidAuthToken")
            if len(call.body) > 30 * 1024:
                raise _Refused(3, "message is larger than 30 kB")
            try:
                params = json.loads(call.body)
            except ValueError as error:
                raise _Refused(3, "not JSON") from error
            if not isinstance(params, dict):
                raise _Refused(3, "not an object")
            said = {"status": 0, "status_message": "ok", **method(params)}
        except _Refused as refused:
            said = {"status": refused.status, "status_message": str(refused)}
        return Reply(body=json.dumps(said).encode())

    def _account_info(self, params: Json) -> Json:
        return {
            "id": "pa:1",
            "name": self.name,
            "uri": "demobot",
            "webhook": self.webhook,
            "event_types": sorted(self.events),
            "subscribers_count": len(self.subscribers),
        }

    def _set_webhook(self, params: Json) -> Json:
        url = params.get("url")
        if not isinstance(url, str):
            raise _Refused(4, "url is missing")
        wanted = set(params.get("event_types") or _EVENTS)
        if wanted - _EVENTS:
            raise _Refused(3, f"unknown event types {sorted(wanted - _EVENTS)}")
        if url:
            if not urlsplit(url).hostname:
                raise _Refused(1, "invalidUrl")
            # As Viber does: it tries the address before it answers.
            status, kind, body = self._post(url, {"event": "webhook"})
            if status != 200:
                raise _Refused(1, f"Result:Error(Status {status})")
            self.answered.append((status, kind, body))
        self.webhook, self.events = url, wanted
        return {"event_types": sorted(wanted)}

    def _send_message(self, params: Json) -> Json:
        _check(params)
        if not self.webhook and self.events:
            raise _Refused(10, "webhookNotSet")
        receiver = self.subscribers.get(params["receiver"])
        if receiver is None:
            raise _Refused(5, "receiverNotRegistered")
        if not receiver["subscribed"]:
            raise _Refused(6, "receiverNotSubscribed")
        with self.lock:
            receiver["tracking_data"] = params.get("tracking_data", "")
            token = next(self._tokens)
            self.messages.append({**params, "message_token": token})
        return {"message_token": token, "chat_hostname": "SN-CHAT-00_", "billing_status": 1}

    def _media(self, name: str) -> Reply:
        content = self.files.get(name)
        return (
            Reply(404, b"", "text/plain")
            if content is None
            else Reply(200, content, "application/octet-stream")
        )

    # --- subscribers ---

    def subscriber(self, whose: str = "01234567890A=", name: str = "John McClane") -> Json:
        person = {
            "id": whose,
            "name": name,
            "avatar": f"{self.url}/media/avatar.jpg",
            "country": "PL",
            "language": "pl",
            "api_version": 10,
            "subscribed": True,
            "tracking_data": "",
        }
        return self.subscribers.setdefault(whose, person)

    def write(self, whose: str, text: str) -> int:
        return self.say(whose, type="text", text=text)

    def press(self, whose: str, number: int) -> int:
        """The subscriber presses a button of the last message that has some."""
        last = next(
            sent for sent in reversed(self.messages) if sent["receiver"] == whose and "keyboard" in sent
        )
        return self.write(whose, last["keyboard"]["Buttons"][number]["ActionBody"])

    def send_file(self, whose: str, content: bytes, *, name: str, kind: str = "file") -> int:
        self.files[name] = content
        told: Json = {"type": kind, "media": f"{self.url}/media/{name}"}
        if kind == "file":
            told |= {"file_name": name, "file_size": len(content)}
        return self.say(whose, **told)

    def say(self, whose: str, **message: Any) -> int:
        """Whatever the subscriber writes; the message's token. Writing subscribes."""
        person = self.subscriber(whose)
        person["subscribed"] = True
        track = {"tracking_data": person["tracking_data"]} if person["tracking_data"] else {}
        return self.deliver(
            {"event": "message", "sender": _public(person), "message": {**message, **track}, "silent": False}
        )

    def open_chat(self, whose: str) -> int:
        person = self.subscriber(whose)
        body = {"event": "conversation_started", "type": "open", "user": _public(person), "subscribed": False}
        return self.deliver(body)

    def unsubscribe(self, whose: str) -> int:
        self.subscriber(whose)["subscribed"] = False
        return self.deliver({"event": "unsubscribed", "user_id": whose})

    def subscribe(self, whose: str) -> int:
        person = self.subscriber(whose)
        person["subscribed"] = True
        return self.deliver({"event": "subscribed", "user": _public(person)})

    def mark(
        self, token: int, event: str = "delivered", *, whose: str, devices: int = 1, **more: str
    ) -> None:
        """A receipt: one from each device."""
        for _ in range(devices):
            self.deliver({"event": event, "user_id": whose, **more}, token=token)

    def deliver(self, body: Mapping[str, Any], *, token: int = 0, times: int = 3) -> int:
        """A callback, tried again while it is not answered with 200; its token."""
        token = token or next(self._tokens)
        if not self.webhook or (body["event"] not in self.events | {"message"}):
            return token
        for _ in range(times):
            self.answered.append(self._post(self.webhook, {**body, "message_token": token}))
            if self.answered[-1][0] == 200:
                break
        return token

    def _post(self, url: str, body: Mapping[str, Any]) -> tuple[int, str, bytes]:
        told = {"timestamp": time.time_ns() // 1_000_000, "message_token": next(self._tokens), **body}
        raw = json.dumps(told).encode()
        return post(
            url, raw, {"Content-Type": "application/json", "X-Viber-Content-Signature": sign(self.token, raw)}
        )


def sign(token: str, raw: bytes) -> str:
    return hmac.new(token.encode(), raw, hashlib.sha256).hexdigest()


def _public(person: Json) -> Json:
    return {name: value for name, value in person.items() if name not in {"subscribed", "tracking_data"}}


def _check(params: Json) -> None:
    """What Viber checks before it takes a message."""
    for name in ("receiver", "type", "sender"):
        if not params.get(name):
            raise _Refused(4, f"{name} is missing")
    sender = params["sender"].get("name") if isinstance(params["sender"], dict) else None
    if not isinstance(sender, str) or not 0 < len(sender) <= 28:
        raise _Refused(3, "sender.name must have 1 to 28 characters")
    kind = params["type"]
    if kind not in _TYPES:
        raise _Refused(3, f"unknown type {kind}")
    if len(params.get("tracking_data", "")) > 4000:
        raise _Refused(3, "tracking_data is longer than 4000")
    text = params.get("text", "")
    if kind == "text" and not 0 < len(text) <= 7000:
        raise _Refused(3, "text must have 1 to 7000 characters")
    if kind == "picture" and ("text" not in params or len(text) > 512):
        raise _Refused(3, "a picture needs a text of up to 512 characters")
    if kind in {"picture", "video", "file"} and not urlsplit(str(params.get("media", ""))).hostname:
        raise _Refused(4, "media is missing")
    if kind in {"video", "file"} and not isinstance(params.get("size"), int):
        raise _Refused(4, "size is missing")
    if kind == "video" and params["size"] > 26 * 1024 * 1024:
        raise _Refused(3, "the video is too large")
    if kind == "file" and not (
        0 < len(params.get("file_name", "")) <= 256 and 0 < params["size"] <= 50 * 1024 * 1024
    ):
        raise _Refused(3, "file_name or size is wrong")
    if "keyboard" in params:
        buttons = params["keyboard"].get("Buttons", [])
        if params["keyboard"].get("Type") != "keyboard" or not 0 < len(buttons) <= 24:
            raise _Refused(3, "keyboard is not valid")
        if any(not button.get("ActionBody") or not button.get("Text") for button in buttons):
            raise _Refused(3, "a button needs ActionBody and Text")
