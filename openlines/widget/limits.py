"""How often a stranger may ask. Counted in this process: it stops a flood, it does not account."""

from __future__ import annotations

import threading
import time
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from contactcenter.lib import addresses

WINDOW: Final = 60.0
"""Seconds."""
LIGHT: Final = 8
"""So many times more often than messages: reading, typing, marks."""
PER_ADDRESS: Final = 10
"""So many visitors at full speed may share an address (an office, a phone network)."""
_MOST: Final = 50_000


class Limiter:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[float, int]] = {}

    def wait(self, key: str, *, allowed: int, clock: float) -> float:
        """Count one more; seconds to wait where that is more than ``allowed`` in this window, else 0."""
        with self._lock:
            until, count = self._counts.get(key, (0.0, 0))
            if until <= clock:
                if len(self._counts) >= _MOST:
                    self._counts = {k: v for k, v in self._counts.items() if v[0] > clock}
                until, count = clock + WINDOW, 0
            self._counts[key] = (until, count + 1)
            return until - clock if count >= allowed else 0.0

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()


limiter: Final = Limiter()


def seconds_to_wait(request: HttpRequest, *, visitor: str, is_message: bool) -> int:
    """0: go on. ``settings.CHAT_MESSAGES_A_MINUTE`` 0 switches it off (load tests)."""
    messages = int(getattr(settings, "CHAT_MESSAGES_A_MINUTE", 30))
    if not messages:
        return 0
    clock = time.monotonic()
    kind, allowed = ("m", messages) if is_message else ("l", messages * LIGHT)
    home = addresses.household(addresses.of_request(request))
    waits = [limiter.wait(f"{kind} {home}", allowed=allowed * PER_ADDRESS, clock=clock)]
    if visitor:
        waits.append(limiter.wait(f"{kind} {visitor}", allowed=allowed, clock=clock))
    longest = max(waits)
    return int(longest) + 1 if longest else 0
