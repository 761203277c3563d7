"""A time limit for work on what strangers wrote, in processes that do one thing at a time (tasks, commands)."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class TookTooLong(BaseException):
    """Not an ``Exception``: a parser that swallows those would go on for ever."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises ``TookTooLong`` within, at any point of it: only for work that leaves nothing half done.

    In the main thread alone (signals come to no other); elsewhere there is no limit. A timer that runs already, the task
    queue's own, goes on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise TookTooLong

    started = time.monotonic()
    before = signal.signal(signal.SIGALRM, end)
    left, _interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 0.01))
