"""What a call of somebody else's server can do, told to who has to write it down before it happens.

``http.call`` and whoever else puts a request on the wire says ``begin`` right before; who sends a message in several
calls says ``taken`` after each that was accepted and is followed by another. Nobody listening: nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Listener(Protocol):
    def begin(self) -> None:
        """From here on the other side may act. What this raises keeps the call from being made."""

    def taken(self, ids: Sequence[str]) -> None:
        """A part was accepted under these ids, and the next one has not been begun."""


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """The calls made within are told to ``listener``, whoever makes them."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def begin() -> None:
    if (listener := _listener.get()) is not None:
        listener.begin()


def taken(ids: Sequence[str]) -> None:
    if (listener := _listener.get()) is not None:
        listener.taken(ids)
