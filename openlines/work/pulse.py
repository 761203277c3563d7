"""A few numbers that all processes of one ``manage.py work`` share. Without a lock, on purpose: a process
killed with -9 while it holds one would hang all the others, which is the accident that this is here to
notice.

The page is made before the first fork and inherited. Each number has one writer; readers need no more than a
recent value.
"""

from __future__ import annotations

import time
from multiprocessing.sharedctypes import RawValue


class Pulse:
    def __init__(self) -> None:
        self._stopping = RawValue("b", 0)
        self._beat = RawValue("d", time.monotonic())
        self._heard = RawValue("L", 0)

    @property
    def stopping(self) -> bool:
        """``work`` was told to stop: a task that runs for long ends now."""
        return bool(self._stopping.value)

    def stop(self) -> None:
        self._stopping.value = 1

    def beat(self) -> None:
        """The guard of the pool is alive."""
        self._beat.value = time.monotonic()

    @property
    def seconds_since_beat(self) -> float:
        return time.monotonic() - float(self._beat.value)

    @property
    def heard(self) -> int:
        """The number of the last canary that came out at the far end."""
        return int(self._heard.value)

    def hear(self, number: int) -> None:
        self._heard.value = number


_pulse: Pulse | None = None


def start() -> Pulse:
    """The pulse of this process and of those forked from it later."""
    global _pulse
    _pulse = Pulse()
    return _pulse


def stopping() -> bool:
    """For tasks that run for long. False where ``work`` does not run, as under a plain ``qcluster``."""
    return _pulse is not None and _pulse.stopping


def hear(number: int) -> None:
    if _pulse is not None:
        _pulse.hear(number)
