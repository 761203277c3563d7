"""Processes that live and die together: no orphan goes on working when its parent was killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)
_parent = 0


def bind_children() -> None:
    """From here on every process forked from this one, and from those, dies with its parent (on Linux;
    elsewhere they stay until they are stopped).

    The death of the *thread* that forked counts as the parent's: fork from the main thread.
    """
    os.register_at_fork(before=_remember_parent, after_in_child=_die_with_parent)


def lead_group() -> None:
    """This process and those that it forks are a group, which ``kill_group`` ends as one."""
    os.setpgid(0, 0)


def kill_group(leader: int) -> None:
    """Kill a process that leads a group, and all in it, whatever state they are in."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _remember_parent() -> None:
    global _parent
    _parent = os.getpid()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != _parent:  # it died before we asked to be told
            os._exit(1)
