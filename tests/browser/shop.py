"""Somebody's web shop on another origin, with the loader script in its page as its owner would put it there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Teapots</title><link rel="icon" href="data:,"></head>
<body><main><h1>Teapots</h1><p>Blue ones are 30 % off.</p></main>
<script async src="{loader}"></script></body>
</html>"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        loader = parse_qs(urlsplit(self.path).query).get("loader", [""])[0]
        body = _PAGE.format(loader=loader).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def shop() -> Iterator[str]:
    """Its address: another origin than the house's, but the same site. Playwright switches the parts of browser storage
    off that an embedded page of another *site* would get, and Chromium then refuses it any.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
