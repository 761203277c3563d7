"""What a process has in hand, written where it outlives the process: one that is killed cannot say what it died of.

A file a process, shared memory with a slot for each thing at hand, so that a note costs a few microseconds and no
statement. The file's lock goes with the process: what is found in a file without one was left by a dead process.
Only for what others bring again (webhooks); what a power cut takes along is no loss.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SLOTS = 64
SLOT = 128
"""Bytes of one note."""
_SUFFIX = ".in-hand"


class InHand:
    """``folder`` is shared by all processes of this machine that look after one another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pid = 0
        self._free: list[int] = []
        self._memory: mmap.mmap | None = None

    @contextmanager
    def noted(self, what: str) -> Iterator[None]:
        """Within, ``what`` is in this process's hand. Where no note can be made (no disk), none is made."""
        slot = self._take(what.encode()[:SLOT])
        try:
            yield
        finally:
            if slot is not None:
                self._put_down(slot)

    def left_behind(self) -> list[str]:
        """What dead processes had in hand; each is told once."""
        found: list[str] = []
        with suppress(OSError):
            for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
                found += _of_the_dead(path)
        return found

    @property
    def is_new(self) -> bool:
        """This process has noted nothing yet."""
        return self._pid != os.getpid()

    def _take(self, note: bytes) -> int | None:
        with self._lock:
            if self.is_new:
                self._pid = os.getpid()  # a fork shares nothing of this: it makes its own
                self._free, self._memory = [], None
                with suppress(OSError):
                    self._memory = self._opened()
                    self._free = list(range(SLOTS))
            if self._memory is None or not self._free:
                return None
            slot = self._free.pop()
            self._memory[slot * SLOT : (slot + 1) * SLOT] = note.ljust(SLOT, b"\0")
            return slot

    def _put_down(self, slot: int) -> None:
        with self._lock:
            if self._memory is not None:
                self._memory[slot * SLOT : (slot + 1) * SLOT] = bytes(SLOT)
                self._free.append(slot)

    def _opened(self) -> mmap.mmap:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = self._folder / f"{uuid.uuid4().hex}{_SUFFIX}"
        made = name.with_suffix(".new")
        self._file = made.open("w+b")  # kept open: the lock goes with it
        self._file.truncate(SLOTS * SLOT)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        made.rename(name)  # nobody sees it without its lock
        return mmap.mmap(self._file.fileno(), SLOTS * SLOT)


def _of_the_dead(path: Path) -> list[str]:
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError, an OSError: it lives
        if not path.exists():  # another one was quicker
            return []
        content = file.read(SLOTS * SLOT)
        path.unlink()
        notes = (content[at : at + SLOT].rstrip(b"\0") for at in range(0, len(content), SLOT))
        return [note.decode(errors="replace") for note in notes if note]
    return []
