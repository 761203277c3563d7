"""How the time of a piece of work grows with what it is given: four times as much may take four times as long.

Time of the processor, the least of several runs, so that a busy machine does not fail a test. What is short at four
times the size is right whatever the ratio is: below that a clock shows mostly itself.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from openlines.connectors.base import BadSignature, Unreadable

TIMES = 4
MOST = 10.0
"""Between four (linear) and sixteen (quadratic)."""
SHORT = 0.2
"""Seconds."""
RUNS = 5

Given = TypeVar("Given")


def assert_linear(work: Callable[[Given], object], make: Callable[[int], Given], *, size: int) -> None:
    """``make`` gives something of about ``size`` letters that ``work`` reads."""
    large = make(size * TIMES)
    if _spent(work, large) <= SHORT:
        return
    small = make(size)
    for runs in range(1, RUNS + 1):
        took = _least(work, large, runs)
        ratio = took / max(_least(work, small, runs + 1), 1e-6)
        if took <= SHORT or ratio <= MOST:
            return
    raise AssertionError(f"{TIMES} times as much takes {ratio:.1f} times as long: {took:.2f} s")


def _least(work: Callable[[Given], object], given: Given, runs: int) -> float:
    return min(_spent(work, given) for _run in range(runs))


def _spent(work: Callable[[Given], object], given: Given) -> float:
    """Without the collector, which looks through everything that is kept whenever much is made."""
    gc.disable()
    try:
        started = time.process_time()
        with suppress(Unreadable, BadSignature):
            work(given)
        return time.process_time() - started
    finally:
        gc.enable()
