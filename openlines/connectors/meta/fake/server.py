"""A Graph API on loopback: tokens, subscriptions with their handshake, files, signed deliveries, trouble on demand.

A channel's fake is a subclass with its own ``answer``.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterable
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from openlines.connectors.meta.fake.behaviour import Behaviour
from openlines.connectors.meta.fake.http import Handler
from openlines.connectors.meta.fake.world import Call, Json, Refusal, Subscription, Upload
from openlines.connectors.meta.signature import sign

TOKEN = "EAAG-fake-access-token"  # noqa: S105 - it opens nothing
APP_ID = "1234567890"
APP_SECRET = "fake-app-secret"  # noqa: S105 - it opens nothing

KEPT_CALLS = 5000
"""A demo may run for days."""


class FakeGraph:
    """``tokens`` are let in; ``planned`` trouble is by the last piece of a path (``messages``, ``media`` …)."""

    subjects: tuple[str, ...] = ("page", "instagram", "whatsapp_business_account")
    files_need_token = False

    def __init__(
        self,
        *,
        tokens: Iterable[str] = (TOKEN,),
        app_id: str = APP_ID,
        app_secret: str = APP_SECRET,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.tokens = set(tokens)
        self.app_id, self.app_secret = app_id, app_secret
        self.calls: list[Call] = []
        self.files: dict[str, Upload] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.stopping = threading.Event()
        self.lock = threading.RLock()
        self._planned: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self._server = _Server((host, port), Handler, fake=self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    # --- its life ---

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- what it is asked ---

    def plan(self, name: str, *behaviours: Behaviour) -> None:
        """The next calls whose path ends in ``name`` go like this, one each; then well again."""
        with self.lock:
            self._planned[name] += behaviours

    def planned(self, call: Call) -> Behaviour:
        with self.lock:
            waiting = self._planned[(call.pieces or [""])[-1]]
            return waiting.popleft() if waiting else Behaviour(does_it=True)

    def record(self, call: Call) -> None:
        with self.lock:
            self.calls.append(call)
            del self.calls[:-KEPT_CALLS]

    def calls_of(self, name: str, *, method: str = "POST") -> list[Call]:
        with self.lock:
            return [call for call in self.calls if call.method == method and call.pieces[-1:] == [name]]

    def run(self, call: Call) -> Any:
        """The answer's JSON. Raises ``Refusal``."""
        if call.pieces == [self.app_id, "subscriptions"]:
            if call.token != f"{self.app_id}|{self.app_secret}":
                raise Refusal(190, "Invalid OAuth access token signature.", status=400)
            return self._subscriptions(call)
        if call.token not in self.tokens:
            raise Refusal(190, "Invalid OAuth access token - Cannot parse access token", status=401)
        return self.answer(call)

    def answer(self, call: Call) -> Any:
        """The channel's own calls. Raises ``Refusal``."""
        raise unknown(call)

    # --- what it does by itself ---

    def add_file(self, name: str, content: bytes, *, mime: str = "application/octet-stream") -> str:
        """Puts a file on the fake's "CDN" and returns its address."""
        path = f"/cdn/{name}"
        with self.lock:
            self.files[path] = Upload(name, mime, content)
        return f"{self.url}{path}"

    def deliver(self, url: str, body: Json | bytes, *, secret: str | None = None) -> int:
        """Posts a delivery as Meta does, signed with ``secret`` (the app's); returns HTTP's status."""
        raw = body if isinstance(body, bytes) else wire(body)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": sign(raw, self.app_secret if secret is None else secret),
        }
        return _status(Request(url, raw, headers, method="POST"))[0]  # noqa: S310 - the tests' own address

    def shake_hands(self, url: str, verify_token: str) -> bool:
        """Asks ``url`` as Meta does before it subscribes it."""
        challenge = "1158201444"
        asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        mark = "&" if urlsplit(url).query else "?"
        status, said = _status(Request(f"{url}{mark}{urlencode(asked)}"))  # noqa: S310 - the tests' own address
        return status == 200 and said == challenge.encode()

    def require_reachable(self, url: str, verify_token: str) -> None:
        """Raises Meta's refusal where the handshake fails. Also wants https, but on loopback."""
        if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in {"127.0.0.1", "localhost"}:
            raise Refusal(2200, "Callback verification failed: the URL must be https", status=400)
        if not self.shake_hands(url, verify_token):
            raise Refusal(
                2200, "Callback verification failed with the following errors: HTTP Status Code = 403"
            )

    def _subscriptions(self, call: Call) -> Json:
        subject = str(call.params.get("object", ""))
        if call.method == "GET":
            return {
                "data": [
                    {
                        "object": name,
                        "callback_url": found.callback_url,
                        "active": True,
                        "fields": [{"name": wanted, "version": "v24.0"} for wanted in found.fields],
                    }
                    for name, found in self.subscriptions.items()
                ]
            }
        if call.method == "DELETE":
            self.subscriptions.pop(subject, None)
            return {"success": True}
        if subject not in self.subjects:
            raise Refusal(100, "Param object must be one of the known objects")
        address, token = str(call.params.get("callback_url", "")), str(call.params.get("verify_token", ""))
        names = [name for name in str(call.params.get("fields", "")).split(",") if name]
        if not address or not token or not names:
            raise Refusal(100, "The parameter callback_url, verify_token and fields are required")
        self.require_reachable(address, token)
        self.subscriptions[subject] = Subscription(address, token, names)
        return {"success": True}


def wire(body: Any) -> bytes:
    """JSON as Meta writes it: everything beyond ASCII and every slash escaped."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def unknown(call: Call) -> Refusal:
    return Refusal(
        100, f"Unsupported {call.method.lower()} request. Object does not exist: {call.path}", subcode=33
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[Handler], *, fake: FakeGraph) -> None:
        self.fake = fake
        super().__init__(address, handler)


def _status(request: Request) -> tuple[int, bytes]:
    """HTTP's status and the body; 0 where nobody answers."""
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - the tests' own address
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()
    except (URLError, OSError):
        return 0, b""
