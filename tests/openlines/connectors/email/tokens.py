"""A mail provider's server for tokens, on loopback."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.mail_servers import TOKEN


class Tokens:
    """A provider's address for tokens."""

    def __init__(self) -> None:
        self.forms: list[dict[str, list[str]]] = []
        self.answer: tuple[int, dict[str, Any]] = (
            200,
            {"access_token": TOKEN, "expires_in": 3600, "refresh_token": "new"},
        )
        tokens = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                tokens.forms.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                status, body = tokens.answer
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def do_GET(self) -> None:
                """Dovecot's question whose token it is."""
                known = self.path.endswith(f"token={TOKEN}")
                raw = json.dumps({"email": "support"} if known else {"error": "invalid_token"}).encode()
                self.send_response(200 if known else 400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"

    def credentials(self, **more: str) -> dict[str, str]:
        return {
            "login": "oauth",
            "client_id": "id",
            "client_secret": "secret",
            "refresh_token": "old",
            "token_url": self.url,
            **more,
        }
