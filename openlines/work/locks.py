"""Locks that go with their holder: the kernel takes a dead process's file locks away, while a semaphore of
``multiprocessing`` stays taken for ever and hangs everybody else.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from multiprocessing import Value
from types import TracebackType
from typing import Any


class MortalLock:
    """Between processes forked from the one that made it; may be taken again by who holds it. One thread a process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the lock
        self._pid = os.getpid()
        self._depth = 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        if self._pid != os.getpid():  # a fork holds nothing
            self._pid, self._depth = os.getpid(), 0
        if not self._depth and not self._take(block, timeout):
            return False
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if not self._depth:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _take(self, block: bool, timeout: float | None) -> bool:
        if block and timeout is None:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            return True
        end = time.monotonic() + (timeout or 0.0 if block else 0.0)
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() >= end:
                    return False
                time.sleep(0.01)
            else:
                return True

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.release()


def mortal_value(kind: str, value: float) -> Any:
    """As ``multiprocessing.Value``."""
    lock: Any = MortalLock()
    return Value(kind, value, lock=lock)


def give_mortal_locks(queue: Any) -> None:
    """To one of django-q2's queues, before any process is forked that uses it."""
    queue._rlock, queue._wlock = MortalLock(), MortalLock()
    queue.size.count = mortal_value("i", 0)
