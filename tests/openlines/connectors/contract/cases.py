"""What the contract's tests have to know of each kind: how its provider signs, writes, takes and fails.

A new channel adds one function here and its line in ``CASES``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from openlines.connectors.base import Outcome, Sent, TryLater, Unknown

SHARED = Path(__file__).resolve().parents[4].parent / "shared" / "payloads"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOOK = "https://desk.example/hooks/kind/1/"
UUID = "0b5c0f5e-3f6e-4d0c-9a52-2f7a9a6d9b11"

Headers = dict[str, str]
Sign = Callable[[bytes, Mapping[str, str], str, datetime], Headers]
"""(body, credentials, our address, now) → the headers the provider sends, lower case."""


@dataclass(frozen=True)
class Case:
    """``texts``: (id, text) pairs as one delivery; with more than one only where ``batches``.

    ``trouble``: the fake is told once to misbehave, by name: too_many, bad_gateway, garbage, slow, dies.
    """

    kind: str
    credentials: Mapping[str, str]
    others: Mapping[str, str]
    """Credentials of another connection, for which the true signature must not hold."""
    texts: Callable[[Sequence[tuple[str, str]]], bytes]
    unknown: bytes
    """A client's message of a kind that nobody knows yet."""
    recipient: str = ""
    sign: Sign | None = None
    """None: nobody delivers, the channel is polled."""
    fake: Callable[[], AbstractContextManager[Any]] | None = None
    arrived: Callable[[Any], list[str]] = lambda fake: []
    operation: str = ""
    """The fake's name for the call that sends."""
    behaviours: Any = None
    """The module or object with the fake's troubles."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Credentials that the provider refuses."""
    account: Callable[[Any], Mapping[str, str]] = lambda fake: {}
    """Credentials that depend on the fake (an address)."""
    by_base_url: bool = True
    changing: tuple[str, str] = ("", "")
    """The fake's names for the calls that edit and delete, where they are others than ``operation``."""
    courtesies: str = ""
    """The fake's name for the call that shows typing, where it is another than ``operation``."""
    sent_id: str = "x"
    """What an id of a message of ours looks like."""
    after: Mapping[str, type[Outcome]] = field(default_factory=dict)
    """Outcomes that differ from the usual (the channel knows repeated calls)."""
    content_type: str = "application/json"
    batches: bool = False
    samples: tuple[bytes, ...] = ()
    payloads: Callable[[], dict[str, bytes]] = dict
    credentials_for: Callable[[bytes], Mapping[str, str]] = lambda body: {}
    """A payload names an account: the credentials of the connection that is it."""
    reads_anything: bool = False
    """No body is so broken that nothing can be shown of it."""

    def outcome(self, trouble: str) -> type[Outcome]:
        usual: dict[str, type[Outcome]] = {
            "too_many": TryLater,
            "bad_gateway": TryLater,
            "garbage": Unknown,
            "slow": Unknown,
            "dies": Unknown,
        }
        return self.after.get(trouble, usual[trouble])


def _wire(body: object) -> bytes:
    return json.dumps(body).encode()


def _files(folder: str, pattern: str = "*.json") -> Callable[[], dict[str, bytes]]:
    def read() -> dict[str, bytes]:
        return {
            path.name: path.read_bytes()
            for path in sorted((SHARED / folder).glob(pattern))
            if not path.name.startswith("signature")
        }

    return read


def telegram() -> Case:
    from openlines.connectors.telegram import fake
    from openlines.connectors.telegram.fake.server import TOKEN

    chat = {"id": 456, "type": "private", "first_name": "Mario"}

    def update(number: int, **content: Any) -> dict[str, Any]:
        told = {"message_id": number, "from": {**chat, "is_bot": False}, "chat": chat, "date": 1790000000}
        return {"update_id": number, "message": {**told, **content}}

    def running() -> fake.FakeTelegram:
        found = fake.FakeTelegram(second=0.01)
        found.customer(456)
        return found

    return Case(
        kind="telegram",
        credentials={"token": TOKEN, "secret_token": "a-secret_42"},
        others={"secret_token": "another_42"},
        texts=lambda said: _wire(update(int(said[0][0]), text=said[0][1])),
        unknown=_wire(update(9, hologram={"size": 3})),
        recipient="456",
        sign=lambda body, own, url, now: {"x-telegram-bot-api-secret-token": own["secret_token"]},
        fake=running,
        arrived=lambda server: [message["text"] for message in server.answers(456)],
        operation="sendMessage",
        changing=("editMessageText", "deleteMessage"),
        courtesies="sendChatAction",
        sent_id="456:7",
        behaviours=fake,
        refused={"token": "1:wrong"},
        payloads=_files("telegram"),
    )


def _meta_sign(body: bytes, own: Mapping[str, str], url: str, now: datetime) -> Headers:
    said = hmac.new(own["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={said}"}


def _entry_id(name: str) -> Callable[[bytes], Mapping[str, str]]:
    def read(body: bytes) -> Mapping[str, str]:
        try:
            return {name: str(json.loads(body)["entry"][0]["id"])}
        except (ValueError, LookupError, TypeError):
            return {}

    return read


def _messaging(kind: str, account: str) -> tuple[Callable[..., bytes], bytes]:
    subject = "page" if kind == "messenger" else "instagram"

    def element(**message: Any) -> dict[str, Any]:
        who = {"sender": {"id": "7001"}, "recipient": {"id": account}, "timestamp": 1795348770250}
        return {**who, "message": message}

    def delivery(*elements: object) -> bytes:
        return _wire({"object": subject, "entry": [{"id": account, "time": 1, "messaging": list(elements)}]})

    def texts(said: Sequence[tuple[str, str]]) -> bytes:
        return delivery(*(element(mid=f"m_{number}", text=text) for number, text in said))

    return texts, delivery(element(mid="m_new", attachments=[{"type": "hologram", "payload": {}}]))


def messenger() -> Case:
    from openlines.connectors.messenger.fake import PAGE, FakeMessenger
    from openlines.connectors.meta import fake
    from openlines.connectors.meta.fake import APP_ID, APP_SECRET, TOKEN

    def running() -> FakeMessenger:
        found = FakeMessenger()
        found.customer("7001")
        return found

    texts, unknown = _messaging("messenger", PAGE)
    return Case(
        kind="messenger",
        credentials={
            "page_id": PAGE,
            "access_token": TOKEN,
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "verify_token": "v",
        },
        others={"app_secret": "another"},
        texts=texts,
        unknown=unknown,
        recipient="7001",
        sign=_meta_sign,
        fake=running,
        arrived=lambda server: [message["text"] for message in server.customers["7001"].messages],
        operation="messages",
        behaviours=fake,
        refused={"access_token": "wrong"},
        batches=True,
        payloads=_files("messenger"),
        credentials_for=_entry_id("page_id"),
    )


def instagram() -> Case:
    from openlines.connectors.instagram.fake import ACCOUNT, FakeInstagram
    from openlines.connectors.meta import fake
    from openlines.connectors.meta.fake import TOKEN

    secret = "instagram's own"

    def running() -> FakeInstagram:
        found = FakeInstagram(app_secret=secret)
        found.customer("7001")
        return found

    texts, unknown = _messaging("instagram", ACCOUNT)
    return Case(
        kind="instagram",
        credentials={
            "login": "instagram",
            "ig_id": ACCOUNT,
            "access_token": TOKEN,
            "instagram_app_secret": secret,
            "verify_token": "v",
        },
        others={"instagram_app_secret": "another"},
        texts=texts,
        unknown=unknown,
        recipient="7001",
        sign=lambda body, own, url, now: _meta_sign(
            body, {"app_secret": own["instagram_app_secret"]}, url, now
        ),
        fake=running,
        arrived=lambda server: [message["text"] for message in server.customers["7001"].messages],
        operation="messages",
        behaviours=fake,
        refused={"access_token": "wrong"},
        batches=True,
        payloads=_files("instagram"),
        credentials_for=_entry_id("ig_id"),
    )


def whatsapp() -> Case:
    from openlines.connectors.meta import fake
    from openlines.connectors.meta.fake import APP_ID, APP_SECRET, TOKEN
    from openlines.connectors.whatsapp.fake import BUSINESS, NUMBER, FakeWhatsApp

    phone = "16505551234"

    def delivery(*messages: object) -> bytes:
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "1", "phone_number_id": NUMBER},
            "contacts": [{"profile": {"name": "Anna"}, "wa_id": phone}],
            "messages": list(messages),
        }
        entry = {"id": BUSINESS, "changes": [{"field": "messages", "value": value}]}
        return _wire({"object": "whatsapp_business_account", "entry": [entry]})

    def message(number: str, kind: str, content: object) -> dict[str, Any]:
        return {
            "from": phone,
            "id": f"wamid.{number}",
            "timestamp": "1790000000",
            "type": kind,
            kind: content,
        }

    def running() -> FakeWhatsApp:
        found = FakeWhatsApp()
        found.customer(phone)
        found.customers[phone].wrote_at = 2**40
        return found

    def account_of(body: bytes) -> Mapping[str, str]:
        try:
            entry = json.loads(body)["entry"][0]
            own = {"waba_id": str(entry["id"])}
            metadata = entry["changes"][0]["value"]["metadata"]
            return own | {"phone_number_id": str(metadata["phone_number_id"])}
        except (ValueError, LookupError, TypeError):
            return {}

    return Case(
        kind="whatsapp",
        credentials={
            "phone_number_id": NUMBER,
            "waba_id": BUSINESS,
            "token": TOKEN,
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "verify_token": "v",
        },
        others={"app_secret": "another"},
        texts=lambda said: delivery(*(message(number, "text", {"body": text}) for number, text in said)),
        unknown=delivery(message("new", "hologram", {"size": 3})),
        recipient=phone,
        sign=_meta_sign,
        fake=running,
        arrived=lambda server: [sent["text"]["body"] for sent in server.customers[phone].messages],
        operation="messages",
        behaviours=fake,
        refused={"token": "wrong"},
        batches=True,
        payloads=_files("whatsapp"),
        credentials_for=account_of,
    )


def viber() -> Case:
    from openlines.connectors import loopback
    from openlines.connectors.viber.fake import TOKEN, FakeViber

    person = {"id": "01234567890A=", "name": "John", "language": "en", "country": "PL", "api_version": 10}

    def callback(number: int, **message: Any) -> bytes:
        told = {"event": "message", "timestamp": 1795348700000, "message_token": 2**62 + number}
        return _wire({**told, "sender": person, "message": message, "silent": False})

    def running() -> FakeViber:
        found = FakeViber()
        found.subscriber(str(person["id"]))
        return found

    return Case(
        kind="viber",
        credentials={"token": TOKEN, "name": "Shop"},
        others={"token": "another"},
        texts=lambda said: callback(int(said[0][0]), type="text", text=said[0][1]),
        unknown=callback(9, type="hologram"),
        recipient=str(person["id"]),
        sign=lambda body, own, url, now: {
            "x-viber-content-signature": hmac.new(own["token"].encode(), body, hashlib.sha256).hexdigest()
        },
        fake=running,
        arrived=lambda server: [message["text"] for message in server.messages],
        operation="send_message",
        behaviours=loopback,
        refused={"token": "wrong"},
        payloads=_files("viber"),
    )


def sms() -> Case:
    from openlines.connectors import loopback
    from openlines.connectors.sms.fake import ACCOUNT, NUMBER, TOKEN, FakeTwilio

    phone = "+48600100200"

    def form(number: str, text: str, **more: str) -> bytes:
        told = {"MessageSid": f"SM{number}", "AccountSid": ACCOUNT, "From": phone, "To": NUMBER, "Body": text}
        return urlencode({**told, "SmsStatus": "received", "NumMedia": "0", **more}).encode()

    def signed(body: bytes, own: Mapping[str, str], url: str, now: datetime) -> Headers:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        told = url + "".join(name + value for name, value in sorted(set(pairs)))
        said = hmac.new(own["auth_token"].encode(), told.encode("utf-8", "replace"), hashlib.sha1).digest()
        return {"x-twilio-signature": base64.b64encode(said).decode()}

    def payloads() -> dict[str, bytes]:
        found = {}
        for name, raw in _files("twilio")().items():
            told = json.loads(raw)
            found[name] = told["body"].encode() if "body" in told else urlencode(told["params"]).encode()
        return found

    return Case(
        kind="sms",
        credentials={"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER},
        others={"auth_token": "another"},
        texts=lambda said: form(*said[0]),
        unknown=form("9", "", MessageType="hologram"),
        recipient=phone,
        sign=signed,
        fake=FakeTwilio,
        arrived=lambda server: [message["body"] for message in server.messages],
        operation="send",
        behaviours=loopback,
        refused={"auth_token": "wrong"},
        content_type="application/x-www-form-urlencoded; charset=UTF-8",
        payloads=payloads,
    )


def email() -> Case:
    def mail(said: Sequence[tuple[str, str]]) -> bytes:
        ((number, text),) = said
        return (
            f"From: Carl <carl@client.test>\r\nTo: support@example.test\r\nSubject: A question\r\n"
            f"Date: Sun, 22 Nov 2026 12:59:00 +0100\r\nMessage-ID: <{number}@client.test>\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        ).encode()

    return Case(
        kind="email",
        credentials={"address": "support@example.test", "smtp_host": "127.0.0.1", "imap_host": "127.0.0.1"},
        others={},
        texts=mail,
        unknown=b"From: carl@client.test\r\nMessage-ID: <9@client.test>\r\nContent-Type: x/hologram\r\n\r\n?",
        recipient="carl@client.test",
        content_type="message/rfc822",
        payloads=_files("email", "*.eml"),
        reads_anything=True,
    )


def api() -> Case:
    from openlines.connectors import loopback
    from openlines.connectors.api.fake import SECRET, FakeCustomer, mac

    def event(number: str, **data: Any) -> dict[str, Any]:
        who = {"contact": {"external_id": "user-42", "name": "Anna"}, "external_id": f"m-{number}"}
        return {"type": "message.created", "data": {**who, **data}}

    def texts(said: Sequence[tuple[str, str]]) -> bytes:
        events = [event(number, text=text) for number, text in said]
        return _wire(events[0] if len(events) == 1 else {"events": events})

    def signed(body: bytes, own: Mapping[str, str], url: str, now: datetime) -> Headers:
        identifier = f"evt_{hashlib.sha256(body).hexdigest()}"
        timestamp = str(int(now.timestamp()))
        said = mac(own["secret"], identifier, timestamp, body)
        return {
            "webhook-id": identifier,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{said}",
        }

    def samples() -> tuple[bytes, ...]:
        from tests.openlines.connectors.api.building import EVERY

        return tuple(_wire(found) for found in EVERY)

    return Case(
        kind="api",
        credentials={"secret": SECRET, "api_key": "cck_x"},
        others={"secret": "whsec_" + base64.b64encode(bytes(32)).decode()},
        texts=texts,
        unknown=_wire(event("9", hologram={"size": 3})),
        recipient="user-42",
        sign=signed,
        fake=FakeCustomer,
        arrived=lambda server: [message["text"] for message in server.messages],
        operation="webhook",
        behaviours=loopback,
        refused={"secret": "whsec_" + base64.b64encode(bytes(32)).decode()},
        account=lambda server: {"url": f"{server.url}/helpdesk"},
        by_base_url=False,
        after={"garbage": Sent, "slow": TryLater, "dies": TryLater},
        batches=True,
        samples=samples(),
    )


CASES: dict[str, Callable[[], Case]] = {
    "telegram": telegram,
    "whatsapp": whatsapp,
    "messenger": messenger,
    "instagram": instagram,
    "viber": viber,
    "email": email,
    "sms": sms,
    "api": api,
}
