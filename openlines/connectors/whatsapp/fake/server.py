"""The fake itself: a number with its account, and what tests and demos do as customers."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from openlines.connectors.meta.fake.server import FakeGraph, unknown
from openlines.connectors.meta.fake.world import Call, Json, Refusal, Upload
from openlines.connectors.whatsapp.fake import checks

NUMBER = "106540352242922"
BUSINESS = "102290129340398"
DAY = 24 * 3600


@dataclass
class Customer:
    """``phone`` may be hidden from us; ``user_id`` is the business-scoped id."""

    phone: str
    name: str
    user_id: str = ""
    username: str = ""
    hides_phone: bool = False
    wrote_at: float = 0
    messages: list[Json] = field(default_factory=list)
    """What our side sent, as the call had it, with ``id`` and ``status``."""

    def as_contact(self) -> Json:
        profile: Json = {"name": self.name}
        if self.username:
            profile["username"] = f"@{self.username}"
        return {"profile": profile, **self.ids("wa_id", "user_id")}

    def ids(self, phone: str, user_id: str) -> Json:
        found = {} if self.hides_phone else {phone: self.phone}
        return found | ({user_id: self.user_id} if self.user_id else {})


class FakeWhatsApp(FakeGraph):
    """One number. ``keeps_window``: refuses what is no template a day after the customer's last message."""

    files_need_token = True

    def __init__(
        self, *, number: str = NUMBER, business: str = BUSINESS, keeps_window: bool = True, **more: Any
    ) -> None:
        super().__init__(**more)
        self.number, self.business, self.keeps_window = number, business, keeps_window
        self.display_number = "15550783881"
        self.customers: dict[str, Customer] = {}
        self.media: dict[str, Upload] = {}
        self.templates: list[Json] = []
        self.address, self.address_token = "", ""
        self.is_subscribed = False
        self.health: Json = {"can_send_message": "AVAILABLE", "entities": []}
        self.read: list[Json] = []
        self._ids = itertools.count(int(time.time()))

    # --- what it is asked ---

    def answer(self, call: Call) -> Any:
        proof = hmac.new(self.app_secret.encode(), call.token.encode(), hashlib.sha256).hexdigest()
        if call.params.pop("appsecret_proof", proof) != proof:
            raise Refusal(100, "Invalid appsecret_proof provided in the API argument")
        match call.method, call.pieces:
            case "POST", [self.number, "messages"]:
                return self._read(call) if call.params.get("status") == "read" else self._send(call)
            case "POST", [self.number, "media"]:
                return self._upload(call)
            case "GET", [self.number]:
                return self._tell()
            case "POST", [self.number]:
                return self._configure(call)
            case "GET", [self.business, "message_templates"]:
                return self._list(call)
            case "POST", [self.business, "subscribed_apps"]:
                self.is_subscribed = True
                return {"success": True}
            case "GET", [self.business, "subscribed_apps"]:
                app = {"whatsapp_business_api_data": {"id": self.app_id, "name": "Fake"}}
                return {"data": [app] if self.is_subscribed else []}
            case "GET", [media] if media in self.media:
                return self._where(media, call)
        raise unknown(call)

    def _send(self, call: Call) -> Json:
        if not call.is_json:
            raise Refusal(100, "The parameter messaging_product is required.")
        to = checks.recipient(call.params)
        checks.message(call.params, self.media, self.templates)
        with self.lock:
            customer = self._customer(to)
            quoted = (call.params.get("context") or {}).get("message_id")
            if quoted is not None and not str(quoted).startswith("wamid."):
                raise Refusal(131009, "Parameter value is not valid", details="Invalid context.message_id")
            is_over = time.time() - customer.wrote_at > DAY
            if self.keeps_window and is_over and call.params.get("type") != "template":
                raise Refusal(131047, "Re-engagement message", details="More than 24 hours have passed")
            number = self._new_id()
            customer.messages.append({**call.params, "id": number, "status": "accepted"})
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, **customer.ids("wa_id", "user_id")}],
            "messages": [{"id": number}],
        }

    def _read(self, call: Call) -> Json:
        checks.require(call.params.get("message_id"), "The parameter message_id is required.", code=131008)
        self.read.append(call.params)
        return {"success": True}

    def _upload(self, call: Call) -> Json:
        file = checks.upload(call.params, call.uploads.get("file"))
        number = str(next(self._ids))
        self.media[number] = file
        return {"id": number}

    def _where(self, number: str, call: Call) -> Json:
        if call.params.get("phone_number_id", self.number) != self.number:
            raise Refusal(100, "Unsupported get request. Object does not exist", subcode=33)
        file = self.media[number]
        return {
            "messaging_product": "whatsapp",
            "id": number,
            "url": self.add_file(number, file.content, mime=file.mime),
            "mime_type": file.mime,
            "sha256": hashlib.sha256(file.content).hexdigest(),
            "file_size": len(file.content),
        }

    def _tell(self) -> Json:
        app = self.subscriptions.get("whatsapp_business_account")
        configured = {"application": app.callback_url} if app else {}
        return {
            "id": self.number,
            "display_phone_number": f"+{self.display_number}",
            "verified_name": "Fake shop",
            "status": "CONNECTED",
            "quality_rating": "GREEN",
            "health_status": self.health,
            "webhook_configuration": configured | ({"phone_number": self.address} if self.address else {}),
        }

    def _configure(self, call: Call) -> Json:
        wanted = call.params.get("webhook_configuration")
        if not isinstance(wanted, dict):
            raise Refusal(100, "Unexpected parameters")
        address = str(wanted.get("override_callback_uri", ""))
        if address:
            checks.require(
                self.is_subscribed, "Before override the current callback uri, your app must be subscribed"
            )
            checks.require(len(address) <= 200, "override_callback_uri is too long")
            self.require_reachable(address, str(wanted.get("verify_token", "")))
        self.address, self.address_token = address, str(wanted.get("verify_token", ""))
        return {"success": True}

    def _list(self, call: Call) -> Json:
        wanted = [
            one
            for one in self.templates
            if call.params.get("status") in {None, one["status"]}
            and call.params.get("name") in {None, one["name"]}
        ]
        start, size = int(call.params.get("after") or 0), int(call.params.get("limit") or 25)
        page: Json = {
            "data": wanted[start : start + size],
            "paging": {"cursors": {"after": str(start + size)}},
        }
        if start + size < len(wanted):
            page["paging"]["next"] = f"{self.url}/next"
        return page

    # --- customers ---

    def customer(self, phone: str, name: str = "Anna Bell", **more: Any) -> Customer:
        with self.lock:
            customer = self.customers[phone] = Customer(phone, name, wrote_at=time.time(), **more)
        return customer

    def _customer(self, known_as: str) -> Customer:
        """By phone or id; whoever is not known has never written."""
        for customer in self.customers.values():
            if known_as in {customer.phone, customer.user_id}:
                return customer
        return self.customers.setdefault(known_as, Customer(known_as, "Somebody"))

    def add_template(
        self,
        name: str,
        body: str,
        *,
        language: str = "en_US",
        status: str = "APPROVED",
        parts: list[Json] | None = None,
    ) -> None:
        components = [{"type": "BODY", "text": body}, *(parts or [])]
        self.templates.append(
            {
                "name": name,
                "language": language,
                "status": status,
                "category": "UTILITY",
                "components": components,
            }
        )

    def add_media(self, content: bytes, *, mime: str = "image/jpeg", name: str = "photo.jpg") -> str:
        number = str(next(self._ids))
        self.media[number] = Upload(name, mime, content)
        return number

    def message(self, phone: str, kind: str, content: Json, *, reply_to: str = "") -> Json:
        """A message of the customer's, as a delivery holds it."""
        customer = self._customer(phone)
        customer.wrote_at = time.time()
        message: Json = {
            **customer.ids("from", "from_user_id"),
            "id": self._new_id(),
            "timestamp": str(int(customer.wrote_at)),
            "type": kind,
            kind: content,
        }
        if reply_to:
            message["context"] = {"from": self.display_number, "id": reply_to}
        return message

    def write(self, phone: str, text: str, *, reply_to: str = "") -> str:
        """The customer writes; returns the message's id."""
        message = self.message(phone, "text", {"body": text}, reply_to=reply_to)
        self.bring(messages=[message], contacts=[self._customer(phone).as_contact()])
        return str(message["id"])

    def mark(self, phone: str, number: str, status: str, *, error: Json | None = None) -> None:
        """A message of ours is sent, delivered, read or failed."""
        customer = self._customer(phone)
        sent = next(one for one in customer.messages if one["id"] == number)
        told: Json = {
            "id": number,
            "status": status,
            "timestamp": str(int(time.time())),
            **customer.ids("recipient_id", "recipient_user_id"),
        }
        if "biz_opaque_callback_data" in sent:
            told["biz_opaque_callback_data"] = sent["biz_opaque_callback_data"]
        if error:
            told["errors"] = [error]
        self.bring(statuses=[told])

    def bring(self, *, name: str = "messages", **value: Any) -> int:
        """Delivers a change to the number's address, else to the app's; returns HTTP's status, 0 where there is none."""
        app = self.subscriptions.get("whatsapp_business_account")
        address = self.address or (app.callback_url if app else "")
        return self.deliver(address, self.delivery(name=name, **value)) if address else 0

    def delivery(self, *, name: str = "messages", **value: Any) -> Json:
        """The body of a delivery."""
        about = {"display_phone_number": self.display_number, "phone_number_id": self.number}
        change = {"field": name, "value": {"messaging_product": "whatsapp", "metadata": about, **value}}
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": self.business, "time": int(time.time()), "changes": [change]}],
        }

    def _new_id(self) -> str:
        return f"wamid.Fake{next(self._ids)}=="
