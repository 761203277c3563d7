"""Locks between processes that go with their holders."""

from __future__ import annotations

import os
import signal

from openlines.work.locks import MortalLock, mortal_value


def test_the_dead_hold_nothing() -> None:
    lock = MortalLock()
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        lock.acquire()
        os.write(writer, b"x")
        signal.pause()
        os._exit(0)
    os.read(reader, 1)
    assert not lock.acquire(False)
    assert not lock.acquire(True, 0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert lock.acquire(True, 1.0)
    lock.release()


def test_its_holder_may_take_it_again() -> None:
    value = mortal_value("f", -1)
    with value.get_lock():
        value.value = 3
        assert value.value == 3
    pid = os.fork()
    if not pid:
        os._exit(0 if value.get_lock().acquire(False) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
