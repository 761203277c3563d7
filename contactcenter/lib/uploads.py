"""Who may send how much: asked before a body is stored, by the server, of whoever knows the addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Answered as ``{"error": code, "message": sentence}``."""

    status: int
    code: str
    message: str
    retry_after: int = 0
    """Seconds; 0: the same again would be refused too."""


@dataclass(frozen=True)
class Allowance:
    limit: int
    """Bytes of this body."""
    above: Refusal
    """What is answered where there are more."""


class NoPlace(Exception):
    """Too many uploads are under way; ``own``: from this very address."""

    def __init__(self, *, own: bool) -> None:
        super().__init__("too many uploads")
        self.own = own


class Places:
    """How many may be under way at once, in one process and of one address. Used in the event loop only."""

    def __init__(self, *, total: int, per_address: int) -> None:
        self._total, self._per_address = total, per_address
        self._taken: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._taken.total()

    @contextmanager
    def take(self, address: str) -> Iterator[None]:
        """Raises ``NoPlace``."""
        if self._taken[address] >= self._per_address:
            raise NoPlace(own=True)
        if self._taken.total() >= self._total:
            raise NoPlace(own=False)
        self._taken[address] += 1
        try:
            yield
        finally:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]
