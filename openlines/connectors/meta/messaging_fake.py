"""A Messenger or Instagram on loopback: what the real host checks, its customers, and what they do.

Subclasses say what differs. ``with FakeMessenger() as meta: …``; the address that deliveries go to is that of
the app's subscription, or ``webhook_url``.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.error import URLError
from urllib.request import urlopen

from openlines.connectors.meta.fake import Call, FakeGraph, Refusal, Upload
from openlines.connectors.meta.fake.server import unknown

Json = dict[str, Any]

DAY = 24 * 3600
IMAGE_LIMIT = 8 * 1024 * 1024
FILE_LIMIT = 25 * 1024 * 1024
_ATTACHMENTS = {"image", "video", "audio", "file"}
_ACTIONS = {"typing_on", "typing_off", "mark_seen"}
_numbers = itertools.count(int(time.time()))


@dataclass
class Customer:
    """``wrote_at``: when he last wrote, None: never. ``messages``: what he got, oldest first."""

    id: str
    name: str = "Anna Bell"
    username: str = ""
    wrote_at: float | None = None
    has_blocked: bool = False
    messages: list[Json] = field(default_factory=list)


class FakeMessaging(FakeGraph):
    subject: ClassVar[str]
    text_limit: ClassVar[int]
    measure: ClassVar[Callable[[str], int]]
    takes_uploads: ClassVar[bool]
    window_refusal: ClassVar[tuple[int, int]]
    """HTTP's status and the subcode of a message outside the window."""
    field_names: ClassVar[frozenset[str]]

    def __init__(self, account_id: str, *, name: str, **more: Any) -> None:
        super().__init__(**more)
        self.account_id, self.account_name = account_id, name
        self.customers: dict[str, Customer] = {}
        self.subscribed_fields: list[str] | None = None
        self.may_tag = True
        self.webhook_url = ""

    # --- customers ---

    def customer(self, number: str = "7001", name: str = "Anna Bell", *, username: str = "") -> Customer:
        """Known, and has just written."""
        return self.customers.setdefault(number, Customer(number, name, username, wrote_at=time.time()))

    def pass_time(self, number: str, seconds: float) -> None:
        customer = self.customers[number]
        customer.wrote_at = (customer.wrote_at or time.time()) - seconds

    def envelope(self, *events: Json, standby: bool = False, account: str = "") -> Json:
        entry: Json = {
            "id": account or self.account_id,
            "time": _now(),
            "standby" if standby else "messaging": list(events),
        }
        return {"object": self.subject, "entry": [entry]}

    def event(self, number: str, **content: Any) -> Json:
        """From the customer to the account."""
        return {
            "sender": {"id": number},
            "recipient": {"id": self.account_id},
            "timestamp": _now(),
            **content,
        }

    def message(self, number: str, text: str = "", **more: Any) -> Json:
        content: Json = {"mid": new_mid()} | ({"text": text} if text else {}) | more
        return self.event(number, message=content)

    def echo(self, message: Json, number: str, *, app_id: str = "") -> Json:
        """What the account has sent, told to its apps. ``message``: as kept in ``Customer.messages``."""
        told = {"mid": message["mid"], "is_echo": True} | ({"app_id": int(app_id)} if app_id else {})
        told |= {name: message[name] for name in ("text", "metadata", "attachments") if name in message}
        return {
            "sender": {"id": self.account_id},
            "recipient": {"id": number},
            "timestamp": _now(),
            "message": told,
        }

    def write(self, number: str, text: str = "", *, secret: str | None = None, **more: Any) -> int:
        """The customer writes; HTTP's status of the delivery."""
        self.customer(number).wrote_at = time.time()
        return self.tell(self.message(number, text, **more), secret=secret)

    def tell(self, *events: Json, standby: bool = False, secret: str | None = None) -> int:
        subscription = self.subscriptions.get(self.subject)
        url = subscription.callback_url if subscription else self.webhook_url
        return self.deliver(url, self.envelope(*events, standby=standby), secret=secret)

    # --- what it is asked ---

    def answer(self, call: Call) -> Any:
        self._prove(call)
        mine = {"me", self.account_id}
        match call.method, call.pieces:
            case "GET", [node] if node in mine:
                return self.about(call)
            case "POST", [node, "messages"] if node in mine:
                return self._messages(call)
            case _, [node, "subscribed_apps"] if node in mine:
                return self._subscribed_apps(call)
            case "GET", [number] if number in self.customers:
                return self._profile(self.customers[number], call)
        raise unknown(call)

    def about(self, call: Call) -> Json:
        return {"id": self.account_id, "name": self.account_name}

    def _prove(self, call: Call) -> None:
        shown = call.params.get("appsecret_proof")
        proof = hmac.new(self.app_secret.encode(), call.token.encode(), hashlib.sha256).hexdigest()
        if shown is not None and shown != proof:
            raise Refusal(100, "Invalid appsecret_proof provided in the API argument")

    def _profile(self, customer: Customer, call: Call) -> Json:
        if customer.wrote_at is None:
            raise Refusal(230, "User consent is required to access user profile")
        first, _, last = customer.name.partition(" ")
        known = {
            "name": customer.name,
            "first_name": first,
            "last_name": last,
            "username": customer.username,
        }
        asked = str(call.params.get("fields", "")).split(",")
        return {name: known[name] for name in asked if known.get(name)} | {"id": customer.id}

    def _subscribed_apps(self, call: Call) -> Json:
        if call.method == "DELETE":
            self.subscribed_fields = None
            return {"success": True}
        if call.method == "POST":
            names = [name for name in str(call.params.get("subscribed_fields", "")).split(",") if name]
            for index, name in enumerate(names):
                if name not in self.field_names:
                    raise Refusal(100, f"Param subscribed_fields[{index}] must be one of {{...}}")
            if not names:
                raise Refusal(100, "The parameter subscribed_fields is required.")
            self.subscribed_fields = names
            return {"success": True}
        if self.subscribed_fields is None:
            return {"data": []}
        return {"data": [{"id": self.app_id, "name": "App", "subscribed_fields": self.subscribed_fields}]}

    def _messages(self, call: Call) -> Json:
        params = {name: _unpacked(value) for name, value in call.params.items()}
        recipient = params.get("recipient")
        number = str(recipient.get("id", "")) if isinstance(recipient, dict) else ""
        customer = self.customers.get(number)
        if customer is None:
            raise Refusal(100, "No matching user found", subcode=2018001)
        if "sender_action" in params:
            if params["sender_action"] not in _ACTIONS or "message" in params:
                raise Refusal(100, "Param sender_action is not valid")
            return {"recipient_id": number}
        if customer.has_blocked:
            raise Refusal(551, "This person isn't available right now.", subcode=1545041)
        self._in_time(params, customer)
        message = params.get("message")
        if not isinstance(message, dict):
            raise Refusal(100, "Param message must be an object")
        kept = self._checked(message, call)
        if reply_to := params.get("reply_to"):
            if not isinstance(reply_to, dict) or reply_to.get("mid") == "gone" or not reply_to.get("mid"):
                raise Refusal(100, "Invalid reply_to message")
            kept["reply_to"] = reply_to["mid"]
        kept |= {"mid": new_mid(), "tag": params.get("tag", ""), "type": params["messaging_type"]}
        with self.lock:
            customer.messages.append(kept)
        return {"recipient_id": number, "message_id": kept["mid"]}

    def _in_time(self, params: Json, customer: Customer) -> None:
        passed = time.time() - customer.wrote_at if customer.wrote_at is not None else float("inf")
        kind, tag = params.get("messaging_type"), params.get("tag")
        if kind not in {"RESPONSE", "UPDATE", "MESSAGE_TAG"}:
            raise Refusal(100, "Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
        if kind == "MESSAGE_TAG" and tag != "HUMAN_AGENT":
            raise Refusal(100, "Tag is not valid")
        if kind == "MESSAGE_TAG" and not self.may_tag:
            raise Refusal(100, "The app is not approved to use the HUMAN_AGENT tag", subcode=2018277)
        if passed > (7 * DAY if kind == "MESSAGE_TAG" else DAY):
            status, subcode = self.window_refusal
            said = "This message is sent outside of allowed window."
            raise Refusal(10, said, status=status, subcode=subcode)

    def _checked(self, message: Json, call: Call) -> Json:
        text, attachment = message.get("text"), message.get("attachment")
        if (text is None) == (attachment is None):
            raise Refusal(100, "Message must have either text or attachment", subcode=2018034)
        kept: Json = {name: message[name] for name in ("metadata", "quick_replies") if name in message}
        self._check_quick_replies(message.get("quick_replies"))
        if attachment is not None:
            return kept | {"attachment": self._taken_over(attachment, call)}
        if not isinstance(text, str) or not text.strip():
            raise Refusal(100, "Message cannot be empty, must provide valid text", subcode=2018034)
        if type(self).measure(text) > self.text_limit:
            raise Refusal(
                100, f"Length of param message[text] must be less than or equal to {self.text_limit}"
            )
        return kept | {"text": text}

    def _check_quick_replies(self, replies: object) -> None:
        if replies is None:
            return
        if not isinstance(replies, list) or not 1 <= len(replies) <= 13:
            raise Refusal(100, "Param message[quick_replies] must have 1 to 13 items")
        for reply in replies:
            if reply.get("content_type") != "text" or not reply.get("title") or "payload" not in reply:
                raise Refusal(100, "A quick reply needs content_type, title and payload")
            if len(reply["title"]) > 20 or len(reply["payload"]) > 1000:
                raise Refusal(100, "A quick reply's title or payload is too long")

    def _taken_over(self, attachment: Json, call: Call) -> Upload:
        kind, payload = attachment.get("type"), attachment.get("payload")
        if kind not in _ATTACHMENTS or not isinstance(payload, dict):
            raise Refusal(100, "Param message[attachment][type] must be one of {image, video, audio, file}")
        upload = call.uploads.get("filedata")
        if upload is not None and not self.takes_uploads:
            raise Refusal(100, "Upload attachment failure.", subcode=2018047)
        if upload is None:
            upload = _fetched(str(payload.get("url", "")))
        main = upload.mime.partition("/")[0]
        if kind != "file" and main != kind:
            raise Refusal(100, f"Upload attachment failure: {upload.mime} as {kind}.", subcode=2018047)
        limit = IMAGE_LIMIT if kind == "image" and not call.uploads else FILE_LIMIT
        if len(upload.content) > limit:
            raise Refusal(100, "Attachment size exceeds allowable limit.", subcode=2018109)
        return Upload(f"{kind}:{upload.name}", upload.mime, upload.content)


def new_mid() -> str:
    return f"m_{next(_numbers)}-{hashlib.sha256(str(time.time_ns()).encode()).hexdigest()[:40]}"


def _now() -> int:
    return int(time.time() * 1000)


def _unpacked(value: object) -> Any:
    """In a form nested values are JSON text."""
    if isinstance(value, str) and value[:1] == "{":
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(100, "Invalid JSON") from None
    return value


def _fetched(url: str) -> Upload:
    """The file that Meta fetches itself."""
    if not url.startswith(("http://", "https://")):
        raise Refusal(100, "Param message[attachment][payload][url] must be a URL", subcode=2018294)
    try:
        with urlopen(url, timeout=10) as answer:  # noqa: S310 - the tests' own address
            name = url.partition("?")[0].rpartition("/")[2]
            return Upload(name, answer.headers.get_content_type(), answer.read(FILE_LIMIT + 1))
    except (URLError, OSError):
        raise Refusal(
            100, "Failed to fetch the file from the url. Please check if the url is valid.", subcode=2018008
        ) from None
