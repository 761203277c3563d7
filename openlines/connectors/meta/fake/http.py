"""HTTP of the fakes: reads a call of the Graph API in all its forms and gives it to the fake."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from openlines.connectors.meta.fake.world import Call, Json, Refusal, Upload

if TYPE_CHECKING:
    from openlines.connectors.meta.fake.server import FakeGraph

_VERSION = re.compile(r"/v\d+\.\d+(/.*)")
_BODY_LIMIT = 128 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet an answer, sent at once: otherwise each call waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    @property
    def fake(self) -> FakeGraph:
        fake: FakeGraph = self.server.fake  # type: ignore[attr-defined]
        return fake

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/cdn/"):
            return self._file(path)
        return self._api("GET")

    def do_POST(self) -> None:
        self._api("POST")

    def do_DELETE(self) -> None:
        self._api("DELETE")

    def _api(self, method: str) -> None:
        parts = urlsplit(self.path)
        found = _VERSION.fullmatch(parts.path)
        try:
            body, uploads, is_json = self._body()
        except ValueError:
            return self._json(400, Refusal(100, "Invalid JSON").body())
        if found is None:
            return self._json(404, Refusal(2500, "Unknown path components").body())
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        call = Call(
            method,
            unquote(found[1]),
            query | body,
            uploads,
            token or query.get("access_token", ""),
            is_json=is_json,
        )
        self.fake.record(call)
        behaviour = self.fake.planned(call)
        status, answer = 200, b""
        if behaviour.does_it or not (behaviour.status or behaviour.hangs_up):
            status, answer = self._run(call)
        if behaviour.seconds:
            self.fake.stopping.wait(behaviour.seconds)
        if behaviour.hangs_up:
            self.close_connection = True
            return None
        if behaviour.status:
            status, answer = behaviour.status, behaviour.body
        return self._answer(status, answer, behaviour.content_type, behaviour.headers)

    def _run(self, call: Call) -> tuple[int, bytes]:
        try:
            result = self.fake.run(call)
        except Refusal as refusal:
            return refusal.status, json.dumps(refusal.body()).encode()
        return 200, json.dumps(result).encode()

    def _file(self, path: str) -> None:
        upload = self.fake.files.get(path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if self.fake.files_need_token and token not in self.fake.tokens:
            return self._answer(401, b"", "text/plain")
        if upload is None:
            return self._answer(404, b"", "text/plain")
        return self._answer(200, upload.content, upload.mime)

    def _body(self) -> tuple[Json, dict[str, Upload], bool]:
        """Fields and uploads, of JSON or of either kind of form. Raises ``ValueError``."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > _BODY_LIMIT:
            self.close_connection = True
            raise ValueError("too large")
        raw = self.rfile.read(length)
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raw = self._chunks()
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            found = json.loads(raw or b"{}")
            if not isinstance(found, dict):
                raise ValueError("not an object")
            return found, {}, True
        if kind.startswith("multipart/form-data"):
            fields, uploads = multipart(raw, kind)
            return dict(fields), uploads, False
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)), {}, False

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _json(self, status: int, body: object) -> None:
        self._answer(status, json.dumps(body).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a demo's console is for people."""

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
    for part in raw.split(b"--" + found[1].encode())[1:-1] if found else ():
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n")
        headers = head.decode("utf-8", "replace")
        name = re.search(r'[; ]name="([^"]*)"', headers)
        file_name = re.search(r'filename="([^"]*)"', headers)
        if name is None:
            continue
        if file_name is None:
            fields[name[1]] = content.decode("utf-8", "replace")
        else:
            mime = re.search(r"(?im)^content-type:\s*([^\r\n]+)", headers)
            uploads[name[1]] = Upload(file_name[1], mime[1].strip() if mime else "", content)
    return fields, uploads
