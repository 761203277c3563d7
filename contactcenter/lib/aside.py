"""Small work beside a request that nothing depends on: a few threads, little room, and what finds none is dropped.

Not a task queue: nothing is stored, repeated or waited for, not even at the end of the process.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

Work = Callable[[], object]


class Aside:
    """``room``: how much may wait. The work must not touch the database: its threads keep no connection in order."""

    def __init__(self, name: str, *, threads: int, room: int) -> None:
        self._name, self._threads, self._room = name, threads, room
        self._lock = threading.Lock()
        self._waiting: queue.Queue[Work] = queue.Queue(room)
        self._pid = 0

    def offer(self, work: Work) -> bool:
        """False where there is no room. Never waits and never raises for what the work does."""
        self._start()
        try:
            self._waiting.put_nowait(work)
        except queue.Full:
            return False
        return True

    def settle(self, timeout: float) -> bool:
        """Waits till nothing waits or runs (for tests)."""
        waiting = self._waiting
        with waiting.all_tasks_done:
            return waiting.all_tasks_done.wait_for(lambda: not waiting.unfinished_tasks, timeout)

    def _start(self) -> None:
        """With the first work of each process: threads are not inherited over a fork."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid, self._waiting = os.getpid(), queue.Queue(self._room)
            for number in range(self._threads):
                name = f"{self._name} {number}"
                threading.Thread(target=self._run, args=(self._waiting,), daemon=True, name=name).start()

    def _run(self, waiting: queue.Queue[Work]) -> None:
        while True:
            work = waiting.get()
            try:
                work()
            except Exception:
                logger.exception("%s failed", self._name)
            finally:
                waiting.task_done()
