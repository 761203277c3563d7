"""How much a stranger may ask and send: by count and by bytes, alike in all web processes.

What was used stands in a table. The hot path does not pay for that: a process lets a tenth pass before it asks, then
takes from the table a tenth at a time. So no more than the limit passes, and a tenth for each further process.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from contactcenter.lib import addresses

WINDOW: Final = 60.0
"""Seconds."""
LIGHT: Final = 8
"""So many times more often than messages: reading, typing, marks."""
PER_ADDRESS: Final = 10
"""So many visitors at full speed may share an address (an office, a phone network)."""
HOUR: Final = 3600.0
MEGABYTE: Final = 1024 * 1024
BYTES_OF_A_MESSAGE: Final = 40 * MEGABYTE
BYTES_OF_A_VISITOR: Final = 100 * MEGABYTE
BYTES_OF_AN_ADDRESS: Final = 400 * MEGABYTE
BYTES_OF_A_CHAT: Final = 4096 * MEGABYTE
"""An hour."""
DIALOGS_OF_AN_ADDRESS: Final = 60
"""In ten minutes: many offices have one address, and no office opens six dialogs a minute for long."""
DIALOGS_WINDOW: Final = 600.0
_MOST: Final = 50_000

_TAKE: Final = """
INSERT INTO openlines_usage AS known (key, until, used)
VALUES (%(key)s, now() + %(window)s * interval '1 second', greatest(0, %(amount)s))
ON CONFLICT (key) DO UPDATE SET
    used = greatest(0, CASE WHEN known.until <= now() THEN 0 ELSE known.used END + %(amount)s),
    until = CASE WHEN known.until <= now() THEN excluded.until ELSE known.until END
RETURNING used, extract(epoch FROM until - now())::float8
"""
_LOOK: Final = """
SELECT used, extract(epoch FROM until - now())::float8 FROM openlines_usage WHERE key = %s AND until > now()
"""


@dataclass
class _Share:
    """What this process may let pass until its window ends."""

    until: float
    granted: int
    told: int = 0
    """Of ``granted``, what the table knows of."""
    spent: int = 0
    is_over: bool = False


class Limiter:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shares: dict[str, _Share] = {}

    def wait(self, key: str, *, allowed: int, clock: float, amount: int = 1, window: float = WINDOW) -> float:
        """Use ``amount`` more; seconds to wait where that is more than ``allowed`` in this window, else 0."""
        part = max(allowed // 10, 1)
        with self._lock:
            share = self._share(key, part, clock=clock, window=window)
            if share.spent + amount <= share.granted:
                share.spent += amount
                return 0.0
            if share.is_over:
                return share.until - clock
            wanted = max(part, share.spent + amount - share.granted)
            untold = share.granted - share.told
        used, left = _take(key, untold + wanted, window)
        with self._lock:
            share.granted += max(0, wanted - max(0, used - allowed))
            share.told = share.granted
            share.until = clock + left
            if share.spent + amount <= share.granted:
                share.spent += amount
                return 0.0
            share.is_over = amount == 1
            refused = max(0, min(wanted, used - allowed))
        if amount > 1 and refused:  # what is not sent is not used
            _take(key, -refused, window)
        return max(left, 1.0)

    def is_over(self, key: str, *, clock: float) -> float:
        """Seconds to wait where this process has found everything used; no statement."""
        with self._lock:
            share = self._shares.get(key)
            return share.until - clock if share and share.is_over and share.until > clock else 0.0

    def clear(self) -> None:
        with self._lock:
            self._shares.clear()

    def _share(self, key: str, part: int, *, clock: float, window: float) -> _Share:
        share = self._shares.get(key)
        if share is None or share.until <= clock:
            if len(self._shares) >= _MOST:
                self._shares = {name: one for name, one in self._shares.items() if one.until > clock}
            if len(self._shares) >= _MOST:  # a flood of addresses: whoever is forgotten asks the table
                self._shares.clear()
            share = self._shares[key] = _Share(until=clock + window, granted=part)
        return share


limiter: Final = Limiter()


def seconds_to_wait(request: HttpRequest, *, visitor: str, is_message: bool) -> int:
    """0: go on. ``settings.CHAT_MESSAGES_A_MINUTE`` 0 switches it off (load tests)."""
    messages = int(getattr(settings, "CHAT_MESSAGES_A_MINUTE", 30))
    if not messages:
        return 0
    clock = time.monotonic()
    kind, allowed = ("m", messages) if is_message else ("l", messages * LIGHT)
    waits = [limiter.wait(f"{kind} {_home(request)}", allowed=allowed * PER_ADDRESS, clock=clock)]
    if visitor:
        waits.append(limiter.wait(f"{kind} {visitor}", allowed=allowed, clock=clock))
    return _whole(max(waits))


def seconds_to_wait_for_bytes(request: HttpRequest, *, visitor: str, chat_id: int, size: int) -> int:
    """Uses ``size`` bytes of the visitor's, the address's and the chat's; 0: go on."""
    if not _is_on():
        return 0
    clock = time.monotonic()
    return _whole(
        max(
            limiter.wait(key, allowed=allowed, clock=clock, amount=size, window=HOUR)
            for key, allowed in _bytes_of(_home(request), visitor, chat_id).items()
        )
    )


def bytes_left(request: HttpRequest, *, visitor: str, chat_id: int) -> tuple[int, int]:
    """(how many may still be sent, seconds to wait for more), by the table, before anything is stored."""
    if not _is_on():
        return BYTES_OF_A_MESSAGE, 0
    found = [(BYTES_OF_A_MESSAGE, 0)]
    with connection.cursor() as cursor:
        for key, allowed in _bytes_of(_home(request), visitor, chat_id).items():
            cursor.execute(_LOOK, [key])
            row = cursor.fetchone()
            if row is not None:
                found.append((max(0, allowed - row[0]), _whole(row[1])))
    return min(found)


def seconds_to_wait_for_a_dialog(request: HttpRequest) -> int:
    return _whole(limiter.is_over(f"d {_home(request)}", clock=time.monotonic())) if _is_on() else 0


def count_a_dialog(request: HttpRequest) -> None:
    if _is_on():
        limiter.wait(
            f"d {_home(request)}",
            allowed=DIALOGS_OF_AN_ADDRESS,
            clock=time.monotonic(),
            window=DIALOGS_WINDOW,
        )


def _is_on() -> bool:
    return bool(getattr(settings, "CHAT_MESSAGES_A_MINUTE", 30))


def _bytes_of(home: str, visitor: str, chat_id: int) -> dict[str, int]:
    return {
        f"b {visitor}": BYTES_OF_A_VISITOR,
        f"b {home}": BYTES_OF_AN_ADDRESS,
        f"b chat {chat_id}": BYTES_OF_A_CHAT,
    }


def _home(request: HttpRequest) -> str:
    return addresses.household(addresses.of_request(request))


def _whole(seconds: float) -> int:
    return int(seconds) + 1 if seconds else 0


def _take(key: str, amount: int, window: float) -> tuple[int, float]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"key": key[:120], "window": window, "amount": amount})
        used, left = cursor.fetchone()
    return used, left
