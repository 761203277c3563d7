"""A Twilio on loopback: the REST API with its checks, signed deliveries with their retries, and phones.

``with FakeTwilio() as twilio: …`` for tests and the demo. Standard library only: its signature is a second one,
written from Twilio's description.
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from openlines.connectors.loopback import Behaviour, Call, LoopbackServer, Reply, post

ACCOUNT = "AC" + "0" * 32
TOKEN = "f" * 32
NUMBER = "+15005550006"

Json = dict[str, Any]


class _Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def refuse(code: int, message: str = "refused", *, status: int = 400) -> Behaviour:
    return Behaviour(_error(status, code, message))


@dataclass
class Number:
    sid: str
    values: dict[str, str] = field(default_factory=dict)
    """As they were posted: ``SmsUrl``, ``SmsFallbackUrl`` …"""


class FakeTwilio(LoopbackServer):
    def __init__(
        self,
        *,
        account: str = ACCOUNT,
        token: str = TOKEN,
        number: str = NUMBER,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(host=host, port=port)
        self.account = account
        self.status = "active"
        self.token = token
        self.logins = {account: token}
        self.numbers = {number: Number("PN" + secrets.token_hex(16))}
        self.short_codes: dict[str, Number] = {}
        self.services: dict[str, Number] = {}
        self.messages: list[Json] = []
        """Both ways, as the REST API shows them, oldest first."""
        self.callbacks: dict[str, str] = {}
        self.opted_out: set[str] = set()
        self.files: dict[str, tuple[bytes, str]] = {}
        self.store = ""
        """Where files lie: ``fetch`` is sent on to there; empty: handed out at once."""
        self.page_size = 50
        self.answered: list[tuple[int, str, bytes]] = []

    # --- the REST API ---

    def route(self, call: Call) -> tuple[str, Callable[[], Reply]]:
        if call.path.startswith("/store/"):
            return "store", lambda: self._stored(call)
        below = f"/2010-04-01/Accounts/{self.account}"
        resources: list[tuple[str, str, str, Callable[[Call], Reply]]] = [
            ("POST", f"{below}/Messages.json", "send", self._send),
            ("GET", f"{below}/Messages.json", "list", self._list),
            ("GET", f"{below}.json", "account", self._account),
            ("GET", f"{below}/IncomingPhoneNumbers.json", "numbers", self._list_numbers),
            ("GET", f"{below}/SMS/ShortCodes.json", "short codes", self._list_short_codes),
        ]
        for method, path, name, do in resources:
            if (call.method, call.path) == (method, path):
                return name, lambda do=do: self._run(do, call)
        if call.path.startswith(f"{below}/Messages/") and "/Media" in call.path:
            return "media", lambda: self._run(self._media, call)
        place = self._place(call.path)
        if place is not None:
            return "place", lambda: self._run(lambda call: self._configure(place, call), call)
        return "unknown", lambda: self._run(_not_found, call)

    def _run(self, do: Callable[[Call], Reply], call: Call) -> Reply:
        try:
            self._check_login(call)
            return do(call)
        except _Refused as refused:
            return _error(refused.status, refused.code, str(refused))

    def _check_login(self, call: Call) -> None:
        scheme, _, packed = call.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(packed).decode().partition(":")
        except ValueError:
            user = password = ""
        if scheme != "Basic" or self.logins.get(user) != password:
            raise _Refused(401, 20003, "Authenticate")

    def _account(self, call: Call) -> Reply:
        return _json({"sid": self.account, "friendly_name": "Demo account", "status": self.status})

    def _place(self, path: str) -> Number | None:
        sid = path.rpartition("/")[2].removesuffix(".json")
        everything = [*self.numbers.values(), *self.short_codes.values(), *self.services.values()]
        return next((place for place in everything if place.sid == sid), None)

    def _configure(self, place: Number, call: Call) -> Reply:
        form = _form(call)
        for name, value in form.items():
            if name.endswith("Url") and value and not urlsplit(value).hostname:
                raise _Refused(400, 21402, f"{name} is not valid")
        if form.get("SmsFallbackUrl") and not form.get("SmsUrl", place.values.get("SmsUrl")):
            raise _Refused(400, 21406, "Cannot set SmsFallbackUrl without setting SmsUrl")
        place.values.update(form)
        return _json(_as_number("", place))

    def _list_numbers(self, call: Call) -> Reply:
        wanted = dict(parse_qsl(call.query)).get("PhoneNumber", "")
        found = [_as_number(number, place) for number, place in self.numbers.items() if wanted in number]
        return _json({"incoming_phone_numbers": found})

    def _list_short_codes(self, call: Call) -> Reply:
        wanted = dict(parse_qsl(call.query)).get("ShortCode", "")
        found = [_as_number(code, place) for code, place in self.short_codes.items() if wanted in code]
        return _json({"short_codes": found})

    def _send(self, call: Call) -> Reply:
        if not call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise _Refused(400, 20001, "a form is wanted")
        form = _form(call)
        media = parse_qs(call.body.decode()).get("MediaUrl", [])
        to, body, sender = form.get("To", ""), form.get("Body", ""), form.get("From", "")
        service = form.get("MessagingServiceSid", "")
        if not to:
            raise _Refused(400, 21604, "A 'To' phone number is required")
        if not body and not media:
            raise _Refused(400, 21602, "Message body is required")
        if not sender and not service:
            raise _Refused(400, 21603, "A 'From' phone number is required")
        if len(body.encode("utf-16-le")) // 2 > 1600:
            raise _Refused(400, 21617, "The message body exceeds the 1600 character limit")
        if len(media) > 10:
            raise _Refused(400, 21623, "Number of media files exceeds allowed limit")
        if any(not urlsplit(url).hostname for url in media):
            raise _Refused(400, 21620, "Invalid media URL")
        bare, bare_sender = to.removeprefix("whatsapp:"), sender.removeprefix("whatsapp:")
        if bare != to and not service and bare_sender == sender:
            raise _Refused(400, 63007, "Twilio could not find a Channel with the specified From address")
        if not (bare.startswith("+") and bare[1:].isdecimal() and 5 <= len(bare) <= 16) and bare == to:
            raise _Refused(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if sender and bare_sender not in self.numbers and bare_sender not in self.short_codes:
            raise _Refused(
                400, 21606, "The From phone number is not a valid, SMS-capable inbound phone number"
            )
        if service and service not in self.services:
            raise _Refused(404, 21701, "The Messaging Service does not exist")
        if to in self.opted_out:
            raise _Refused(400, 21610, "Attempt to send to unsubscribed recipient")
        callback = form.get("StatusCallback", "")
        if callback and not urlsplit(callback).hostname:
            raise _Refused(400, 21609, "Invalid 'StatusCallback' URL")
        message = self._add(
            "MM" if media else "SM", sender, to, body, "outbound-api", "queued", service, len(media)
        )
        message["media_urls"] = media
        self.callbacks[message["sid"]] = callback
        return _json(message, 201)

    def _add(
        self,
        prefix: str,
        sender: str,
        to: str,
        body: str,
        direction: str,
        status: str,
        service: str,
        media: int,
    ) -> Json:
        sid = prefix + secrets.token_hex(16)
        message: Json = {
            "sid": sid,
            "account_sid": self.account,
            "from": sender or None,
            "to": to,
            "body": body,
            "status": status,
            "direction": direction,
            "num_segments": str(1 + len(body) // 160),
            "num_media": str(media),
            "messaging_service_sid": service or None,
            "error_code": None,
            "error_message": None,
            "date_created": formatdate(usegmt=True),
            "date_sent": formatdate(usegmt=True) if direction == "inbound" else None,
            "date_updated": formatdate(usegmt=True),
            "uri": f"/2010-04-01/Accounts/{self.account}/Messages/{sid}.json",
        }
        with self.lock:
            self.messages.append(message)
        return message

    def _list(self, call: Call) -> Reply:
        wanted = dict(parse_qsl(call.query))
        found = list(reversed(self.messages))
        if "To" in wanted:
            found = [message for message in found if message["to"] == wanted["To"]]
        if since := wanted.get("DateSent>"):
            seconds = calendar.timegm(time.strptime(since, "%Y-%m-%dT%H:%M:%SZ"))
            found = [
                message
                for message in found
                if message["date_sent"] and parsedate_to_datetime(message["date_sent"]).timestamp() >= seconds
            ]
        size, page = min(int(wanted.get("PageSize", "50")), self.page_size), int(wanted.get("Page", "0"))
        shown = found[page * size : (page + 1) * size]
        onward = None
        if len(found) > (page + 1) * size:
            onward = f"{call.path}?{urlencode({**wanted, 'Page': page + 1, 'PageSize': size})}"
        return _json({"messages": shown, "page": page, "page_size": size, "next_page_uri": onward})

    def _media(self, call: Call) -> Reply:
        sid, _, rest = call.path.partition("/Messages/")[2].partition("/Media")
        if rest == ".json":
            listed = [
                {"sid": name, "content_type": mime, "uri": f"{call.path.removesuffix('.json')}/{name}.json"}
                for name, (_content, mime) in self.files.items()
                if name.startswith(f"ME{sid}")
            ]
            return _json({"media_list": listed})
        name = rest.removeprefix("/")
        if name not in self.files:
            raise _Refused(404, 20404, "The requested resource was not found")
        content, mime = self.files[name]
        if self.store:
            return Reply(307, headers={"Location": f"{self.store}/store/{name}"})
        return Reply(200, content, mime)

    def _stored(self, call: Call) -> Reply:
        """Another host in truth: it must not see the credentials."""
        name = call.path.removeprefix("/store/")
        if "authorization" in call.headers:
            return Reply(400, b"<Error>Only one auth mechanism allowed</Error>", "application/xml")
        content, mime = self.files.get(name, (b"", ""))
        return Reply(200, content, mime) if mime else Reply(404)

    # --- phones ---

    def write(
        self,
        sender: str,
        text: str,
        *,
        to: str = NUMBER,
        files: Mapping[str, bytes] | None = None,
        lost: bool = False,
        **more: str,
    ) -> str:
        """A phone writes (``files``: MIME type → content); the message's sid. ``lost``: the delivery never leaves."""
        files = files or {}
        service = next(iter(self.services), "") if to not in self.numbers else ""
        message = self._add(
            "MM" if files else "SM", sender, to, text, "inbound", "received", service, len(files)
        )
        sid: str = message["sid"]
        word = text.strip().lower()
        if word == "stop":
            self.opted_out.add(sender)
        elif word == "start":
            self.opted_out.discard(sender)
        fields = {
            "ToCountry": "US",
            "SmsMessageSid": sid,
            "NumMedia": str(len(files)),
            "SmsSid": sid,
            "SmsStatus": "received",
            "FromCity": "",
            "Body": text,
            "To": to,
            "NumSegments": message["num_segments"],
            "MessageSid": sid,
            "AccountSid": self.account,
            "From": sender,
            "ApiVersion": "2010-04-01",
            **({"MessagingServiceSid": service} if service else {}),
            **more,
        }
        for index, (mime, content) in enumerate(files.items()):
            name = f"ME{sid}{index}"
            self.files[name] = (content, mime)
            fields[f"MediaUrl{index}"] = (
                f"{self.url}/2010-04-01/Accounts/{self.account}/Messages/{sid}/Media/{name}"
            )
            fields[f"MediaContentType{index}"] = mime
        place = self.numbers.get(to) or next(iter(self.services.values()), Number(""))
        url = place.values.get("SmsUrl") or place.values.get("InboundRequestUrl") or ""
        fallback = place.values.get("SmsFallbackUrl") or place.values.get("FallbackUrl") or ""
        if url and not lost:
            self.call(url, fields, fallback=fallback)
        return sid

    def report(self, sid: str, status: str, *, code: int | None = None, **more: str) -> None:
        """What becomes of a message of ours, to its status callback."""
        message = next(message for message in self.messages if message["sid"] == sid)
        message["status"], message["error_code"] = status, code
        fields = {
            "SmsSid": sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": message["to"],
            "MessageSid": sid,
            "AccountSid": self.account,
            "From": message["from"] or NUMBER,
            "ApiVersion": "2010-04-01",
            **({"ErrorCode": str(code)} if code else {}),
            **more,
        }
        if self.callbacks.get(sid):
            self.call(self.callbacks[sid], fields)

    def call(self, url: str, fields: Mapping[str, str], *, fallback: str = "") -> None:
        """Posts a form, signed. The address's fragment says how often; then once to the fallback."""
        if not self._tried(url, fields) and fallback:
            self._tried(fallback, {**fields, "ErrorCode": "11200", "ErrorUrl": url.partition("#")[0]})

    def _tried(self, url: str, fields: Mapping[str, str]) -> bool:
        target, _, overrides = url.partition("#")
        how = dict(parse_qsl(overrides))
        pairs = list(fields.items())
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": sign(self.token, target, pairs),
            "User-Agent": "TwilioProxy/1.1",
        }
        for _ in range(int(how.get("rc", "1")) + 1):
            self.answered.append(post(target, urlencode(pairs).encode(), headers))
            status = self.answered[-1][0]
            if 200 <= status < 300:
                return True
            if status and how.get("rp") != "all":
                return False
        return False


def sign(token: str, url: str, pairs: list[tuple[str, str]]) -> str:
    told = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), told.encode(), hashlib.sha1).digest()).decode()


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True))


def _as_number(number: str, place: Number) -> Json:
    return {
        "sid": place.sid,
        "phone_number": number,
        "sms_url": place.values.get("SmsUrl", ""),
        "inbound_request_url": place.values.get("InboundRequestUrl", ""),
    }


def _not_found(call: Call) -> Reply:
    raise _Refused(404, 20404, f"The requested resource {call.path} was not found")


def _json(body: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode())


def _error(status: int, code: int, message: str) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return _json({"code": code, "message": message, "more_info": more, "status": status}, status)
