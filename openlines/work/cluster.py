"""django-q2's cluster, with a pulse, a canary, locks that go with their holders, and an end that comes.

The processes: ``work`` itself → the sentinel (forks and guards the others; leads their process group) → the
workers, the pusher (broker to task queue) and the monitor (results to the database).
"""

from __future__ import annotations

import logging
import os
import signal
import time
import uuid
from contextlib import suppress
from types import FrameType
from typing import Any

from django_q.cluster import Sentinel, get_mp_context
from django_q.signals import post_execute
from django_q.worker import worker

from openlines.work import family
from openlines.work.canary import Canary, listen
from openlines.work.locks import give_mortal_locks, mortal_value
from openlines.work.pulse import Pulse

logger = logging.getLogger(__name__)

IDLE = -1
"""A worker's timer, in django-q2, while it waits for a task."""


class WatchedSentinel(Sentinel):
    """Ends itself and its group when the pool hangs; ``work`` then starts anew."""

    def __init__(self, *args: Any, pulse: Pulse, patience: float) -> None:
        family.lead_group()
        self._pulse = pulse
        self._canary = Canary(pulse, patience=patience)
        post_execute.connect(listen)
        super().__init__(*args)  # type: ignore[no-untyped-call]  # returns when the cluster has stopped

    def status(self) -> str:
        """Asked by the guard's loop once a cycle, and the one thing in it that can be overridden."""
        self._pulse.beat()
        if self.start_event.is_set() and not self.stop_event.is_set():
            # Past the timers' locks: a worker killed while it held one would hang us here too.
            idle = any(worker.timer.get_obj().value == IDLE for worker in self.pool)
            if self._canary.lost(self.task_queue, idle=idle):
                logger.critical("The pool hangs: idle workers run no tasks")
                family.kill_group(os.getpid())
        return super().status()

    def spawn_cluster(self) -> None:
        for queue in (self.task_queue, self.result_queue):
            give_mortal_locks(queue)
        super().spawn_cluster()  # type: ignore[no-untyped-call]

    def spawn_worker(self) -> None:
        timer = mortal_value("f", IDLE)
        self.spawn_process(worker, self.task_queue, self.result_queue, timer, self.timeout)

    def reincarnate(self, process: Any) -> None:
        if process.exitcode is not None and process.exitcode < 0:  # by a signal
            self._canary.hurry()
        super().reincarnate(process)  # type: ignore[no-untyped-call]


class WatchedCluster:
    """django-q2's ``Cluster`` for the main thread of ``work``: started once, watched, then stopped or killed.

    Unlike the original it does not stop within the signal's handler, and not only when everybody agrees to.
    """

    def __init__(self, *, pulse: Pulse, patience: float) -> None:
        context = get_mp_context()
        self.signals = 0
        self._pulse = pulse
        self._patience = patience
        self._running = context.Event()
        self._stop = context.Event()
        self._sentinel = context.Process(
            target=WatchedSentinel,
            name="sentinel",
            args=(self._stop, self._running, uuid.uuid4()),
            kwargs={"pulse": pulse, "patience": patience},
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)

    def start(self) -> None:
        """Fork the sentinel and wait until it guards. Raises RuntimeError when it dies before."""
        self._sentinel.start()
        with suppress(ProcessLookupError):
            os.setpgid(self._leader, self._leader)  # it does so too: whoever comes first
        while not self._running.is_set() and not self.signals:
            self.wait(0.02)
            if self._sentinel.exitcode is not None:
                raise RuntimeError(f"the task cluster did not start (exit code {self._sentinel.exitcode})")

    def wait(self, seconds: float) -> None:
        """Until the sentinel ends, ``seconds`` at most."""
        self._sentinel.join(seconds)

    @property
    def broken(self) -> str:
        """Why the cluster must be started anew; empty while all is well."""
        if not self._sentinel.is_alive():
            return "its sentinel has died"
        if self._pulse.seconds_since_beat > self._patience:
            return f"its sentinel has not stirred for {self._patience:.0f} s"
        return ""

    def stop(self, *, grace: float) -> bool:
        """Let the workers finish what they do, for ``grace`` seconds or until a second signal; then kill
        them.

        True when nothing had to be killed.
        """
        end = time.monotonic() + grace
        if self._sentinel.is_alive():
            self._stop.set()
        while self._sentinel.is_alive() and self.signals < 2 and time.monotonic() < end:
            self.wait(0.1)
        if self._sentinel.exitcode == 0:
            return True
        self.kill()
        return False

    def kill(self) -> None:
        family.kill_group(self._leader)
        self._sentinel.join()

    @property
    def _leader(self) -> int:
        pid = self._sentinel.pid
        if pid is None:
            raise RuntimeError("the task cluster was not started")
        return int(pid)

    def _asked_to_stop(self, signum: int, frame: FrameType | None) -> None:
        self.signals += 1
        self._pulse.stop()
