"""Wait for a condition, never for seconds."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], *, seconds: float = 10, step: float = 0.02) -> None:
    """Return as soon as `condition()` is true; fail after `seconds`, far more than it takes."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(
                f"still not true after {seconds} s: {getattr(condition, '__name__', condition)}"
            )
        time.sleep(step)
