"""Updates to the webhook as Telegram's own server brings them.

In turn within a queue (a chat's messages; button presses and reactions have queues of their own and
overtake), side by side between queues. Any 2xx is the end; otherwise again at once, then after 2, 4, 8 …
seconds up to 60.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections import defaultdict, deque
from urllib.parse import urlsplit

from openlines.connectors.telegram.fake.world import Bot, Json, Webhook


class Courier:
    """``second``: how long a second of waiting lasts (tests shorten it)."""

    def __init__(self, bot: Bot, *, second: float = 1.0) -> None:
        self._bot = bot
        self._second = second
        self._queues: defaultdict[tuple[str, int], deque[Json]] = defaultdict(deque)
        self._working: set[tuple[str, int]] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._slots = threading.Semaphore(40)

    @property
    def pending(self) -> int:
        with self._changed:
            return sum(map(len, self._queues.values()))

    def enqueue(self, update: Json, *, queue: tuple[str, int]) -> None:
        with self._changed:
            self._queues[queue].append(update)
        self.wake()

    def drop(self) -> None:
        """``drop_pending_updates``: what waits is forgotten."""
        with self._changed:
            for updates in self._queues.values():
                updates.clear()
            self._changed.notify_all()

    def wake(self) -> None:
        """Sets to work where there is something to bring and somebody to bring it to."""
        with self._changed:
            if self._bot.webhook is None or self._stopping.is_set():
                return
            for queue, updates in self._queues.items():
                if updates and queue not in self._working:
                    self._working.add(queue)
                    threading.Thread(target=self._work, args=(queue,), daemon=True).start()

    def settle(self, timeout: float) -> bool:
        """Waits till everything is delivered."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._working and not any(self._queues.values()), timeout
            )

    def stop(self) -> None:
        self._stopping.set()
        with self._changed:
            self._changed.wait_for(lambda: not self._working, 15)

    def _work(self, queue: tuple[str, int]) -> None:
        failures = 0
        while True:
            with self._changed:
                webhook = self._bot.webhook
                if not self._queues[queue] or webhook is None or self._stopping.is_set():
                    self._working.discard(queue)
                    self._changed.notify_all()
                    return
                update = self._queues[queue][0]
            kind = next(name for name in update if name != "update_id")
            wait = self._post(webhook, update) if webhook.wants(kind) else None
            if wait is None:
                failures = 0
                with self._changed:
                    self._queues[queue].popleft()
                continue
            pause = wait or (0 if failures == 0 else min(2**failures, 60))
            failures += 1
            self._stopping.wait(pause * self._second)

    def _post(self, webhook: Webhook, update: Json) -> float | None:
        """None when it was taken, else the seconds the receiver asks to wait (0: it said nothing)."""
        headers = {"Content-Type": "application/json", "User-Agent": "fake-telegram"}
        if webhook.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret_token
        parts = urlsplit(webhook.url)
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=30, context=context
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            with self._slots:
                connection.request("POST", target, json.dumps(update).encode(), headers)
                answer = connection.getresponse()
                answer.read()
        except (OSError, http.client.HTTPException) as error:
            return self._failed(webhook, f"Connection failed: {type(error).__name__}")
        finally:
            connection.close()
        if 200 <= answer.status < 300:
            return None
        retry_after = answer.headers.get("Retry-After", "")
        asked = float(retry_after) if retry_after.isdecimal() else 0
        return self._failed(
            webhook, f"Wrong response from the webhook: {answer.status} {answer.reason}", asked
        )

    def _failed(self, webhook: Webhook, said: str, asked: float = 0) -> float:
        webhook.last_error_date, webhook.last_error_message = int(time.time()), said
        return min(asked, 3600)
