"""The canary: a task that does nothing, sent through the pool to see whether it comes out at the far end.

A worker that is killed with -9 (the system's out-of-memory killer does that) may leave half a task in the queue, or a
place in it taken, though its locks go with it (``locks.py``): then the others wait for ever, alive and idle, and nothing
else tells. Likewise the monitor and the results. The canary bypasses the broker, so that it tests this node's pool and
no other's.
"""

from __future__ import annotations

import logging
import time
from queue import Full
from typing import Any, Final, Protocol

from django.utils import timezone

from openlines.work import pulse

logger = logging.getLogger(__name__)

FUNC: Final = "openlines.work.canary.sing"
EVERY: Final = 5.0
"""Seconds between the answer of one canary and the next one."""
URGENT: Final = 4.0
"""Seconds of patience right after a process of the pool was killed: that is when it hangs, if it does."""


class TaskQueue(Protocol):
    def put_nowait(self, item: dict[str, Any], /) -> None: ...


def sing(number: int) -> int:
    return number


def listen(*, task: dict[str, Any], **_: object) -> None:
    """Receiver of django-q2's ``post_execute``, in the monitor: the result has passed the whole pool.

    An exception in here would kill the monitor.
    """
    if task.get("func") == FUNC and task.get("args"):
        pulse.hear(task["args"][0])


class Canary:
    """Sends one canary at a time, and says when one has been out for too long."""

    def __init__(self, heart: pulse.Pulse, *, patience: float, every: float = EVERY) -> None:
        self._heart = heart
        self.patience = patience
        self._every = min(every, patience)
        self._number = 0
        self._out = False
        self._waiting_since: float | None = None
        self._next = time.monotonic()
        self._urgent = False

    def hurry(self) -> None:
        """A process of the pool was killed: see at once whether it took a lock along."""
        self._urgent = True
        self._next = time.monotonic()
        if self._waiting_since is not None:  # one that may have died with it is given up for a new one
            self._waiting_since, self._out = time.monotonic(), False

    def lost(self, queue: TaskQueue, *, idle: bool) -> bool:
        """To be called every second or so. ``idle``: a worker has nothing to do; while none has, the canary
        may wait for its turn for as long as it takes.
        """
        now = time.monotonic()
        if self._waiting_since is None:
            if now >= self._next:
                self._waiting_since = now
                self._out = self._send(queue)
            return False
        if not self._out:
            self._out = self._send(queue)
        elif self._heart.heard == self._number:
            self._waiting_since = None
            self._next = now + self._every
            self._urgent = False
            return False
        if not idle:
            self._waiting_since = now
        patience = min(URGENT, self.patience) if self._urgent else self.patience
        return now - self._waiting_since > patience

    def _send(self, queue: TaskQueue) -> bool:
        """False where the queue is full: of work, or because nobody takes any."""
        number = self._number + 1
        task = {"id": f"canary-{number}", "name": "canary", "func": FUNC, "args": (number,), "kwargs": {}}
        try:
            queue.put_nowait(task | {"save": False, "started": timezone.now()})
        except Full:
            return False
        self._number = number
        return True


def is_about_canary(record: logging.LogRecord) -> bool:
    """django-q2 logs each task twice; the canary's lines would drown the others'."""
    return FUNC in record.getMessage()
