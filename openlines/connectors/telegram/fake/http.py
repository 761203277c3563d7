"""HTTP of the fake: ``/bot<token>/<method>``, ``/file/bot<token>/<path>``; the customers' page at ``/``."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from openlines.connectors.telegram.fake import customers, methods
from openlines.connectors.telegram.fake.behaviour import Behaviour
from openlines.connectors.telegram.fake.world import Bot, Call, Json, Upload

if TYPE_CHECKING:
    from openlines.connectors.telegram.fake.server import FakeTelegram

_PAGE = Path(__file__).with_name("page.html")
_METHOD = re.compile(r"/bot([^/]+)/([A-Za-z]+)")
_FILE = re.compile(r"/file/bot([^/]+)/(.+)")
_BODY_LIMIT = 64 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet an answer, sent at once: otherwise each call waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    @property
    def fake(self) -> FakeTelegram:
        fake: FakeTelegram = self.server.fake  # type: ignore[attr-defined]
        return fake

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            return self._answer(200, _PAGE.read_bytes(), "text/html; charset=utf-8")
        if path == "/customers":
            return self._state()
        if found := re.fullmatch(r"/customers/file/(\d+)/([\w-]+)", path):
            return self._file_of_page(int(found[1]), found[2])
        if found := _FILE.fullmatch(path):
            return self._file(unquote(found[1]), unquote(found[2]))
        return self._api()

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/customers/"):
            params, uploads = self._body()
            try:
                result = customers.act(self.fake, path.removeprefix("/customers/"), params, uploads)
            except (LookupError, ValueError) as error:
                return self._json(400, {"ok": False, "description": repr(error)})
            return self._json(200, {"ok": True, "result": result})
        return self._api()

    def _api(self) -> None:
        params, uploads = self._body()
        found = _METHOD.fullmatch(urlsplit(self.path).path)
        if found is None:
            return self._json(404, _error(404, "Not Found"))
        method = found[2]
        self.fake.record(Call(method, params, uploads))
        bot = self.fake.known_bot(unquote(found[1]))
        if bot is None:
            return self._json(401, _error(401, "Unauthorized"))
        behaviour = self.fake.planned(method)
        status, body = 200, b""
        if behaviour.does_it:
            status, body = self._run(bot, method, params, uploads)
        return self._behave(behaviour, status, body)

    def _run(self, bot: Bot, method: str, params: Json, uploads: Mapping[str, Upload]) -> tuple[int, bytes]:
        try:
            result = self.fake.run(bot, method, params, uploads)
        except methods.Refusal as refusal:
            return refusal.status, json.dumps(_error(refusal.status, str(refusal))).encode()
        return 200, json.dumps({"ok": True, "result": result}).encode()

    def _behave(self, behaviour: Behaviour, status: int, body: bytes) -> None:
        if behaviour.seconds:
            self.fake.stopping.wait(behaviour.seconds)
        if behaviour.hangs_up:
            self.close_connection = True
            return
        if behaviour.status:
            status, body = behaviour.status, behaviour.body
        self._answer(status, body, behaviour.content_type)

    def _state(self) -> None:
        """The chats for the page; waits up to 20 s for a change since the given ``rev``."""
        asked = parse_qs(urlsplit(self.path).query).get("rev", ["-1"])[0]
        end = time.monotonic() + 20
        while str(self.fake.rev) == asked and time.monotonic() < end and not self.fake.stopping.wait(0.2):
            pass
        self._json(200, customers.state(self.fake))

    def _file(self, token: str, path: str) -> None:
        bot = self.fake.known_bot(token)
        if bot is None:
            return self._json(401, _error(401, "Unauthorized"))
        upload = next((upload for upload in bot.files.values() if upload.path == path), None)
        if upload is None:
            return self._json(404, _error(404, "Not Found"))
        return self._answer(200, upload.content, "application/octet-stream")

    def _file_of_page(self, number: int, file_id: str) -> None:
        bot = next((bot for bot in self.fake.bots.values() if bot.id == number), None)
        upload = bot.files.get(file_id) if bot else None
        if upload is None:
            return self._answer(404, b"", "text/plain")
        shown = upload.mime if upload.mime in {"image/jpeg", "image/png", "image/gif", "image/webp"} else ""
        return self._answer(200, upload.content, shown or "application/octet-stream")

    def _body(self) -> tuple[Json, dict[str, Upload]]:
        """The parameters and the uploads, of JSON, of either kind of form, or of the address."""
        query = dict(parse_qsl(urlsplit(self.path).query))
        length = int(self.headers.get("Content-Length") or 0)
        if length > _BODY_LIMIT:
            self.close_connection = True
            return {}, {}
        raw = self.rfile.read(length)
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raw = self._chunks()
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            found = json.loads(raw or b"{}")
            return query | (found if isinstance(found, dict) else {}), {}
        if kind.startswith("multipart/form-data"):
            fields, uploads = multipart(raw, kind)
            return query | _unpacked(fields), uploads
        return query | _unpacked(dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))), {}

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _json(self, status: int, body: object) -> None:
        self._answer(status, json.dumps(body).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: addresses hold tokens, and the demo's console is for people."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True


def multipart(raw: bytes, content_type: str) -> tuple[dict[str, str], dict[str, Upload]]:
    """A form's fields and files, byte for byte (the standard library's mail parser does not promise that)."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    fields: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    if found is None:
        return fields, uploads
    mark = b"--" + found[1].encode()
    for part in raw.split(mark)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n")
        headers = head.decode("utf-8", "replace")
        name = re.search(r'[; ]name="([^"]*)"', headers)
        if name is None:
            continue
        file_name = re.search(r'filename="([^"]*)"', headers)
        if file_name is None:
            fields[name[1]] = content.decode("utf-8", "replace")
        else:
            mime = re.search(r"(?im)^content-type:\s*([^\s;]+)", headers)
            uploads[name[1]] = Upload("", "", file_name[1], mime[1] if mime else "", content)
    # A file may stand under a name of its own and be pointed to: photo = "attach://name".
    for field_name, value in fields.items():
        if value.startswith("attach://") and value[9:] in uploads:
            uploads[field_name] = uploads[value[9:]]
    return fields, uploads


def _unpacked(fields: dict[str, str]) -> Json:
    """Forms carry nested values as JSON text."""
    nested = {"reply_parameters", "reply_markup", "allowed_updates", "media", "message_ids"}
    return {name: json.loads(value) if name in nested and value else value for name, value in fields.items()}


def _error(status: int, description: str) -> Json:
    return {"ok": False, "error_code": status, "description": description}
