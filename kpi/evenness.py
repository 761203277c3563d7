"""How evenly something was shared among people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Evenness:
    """``moves``: how many of the ``total`` would have to go to somebody else for everybody to have equally many, as far
    as whole ones allow (a difference of one is even)."""

    total: int
    moves: int
    lowest: int
    highest: int

    @property
    def percent(self) -> int:
        """100: even; of n people, 100/n: one got all. Rounded down, so that 100 means all of it."""
        return 100 * (self.total - self.moves) // self.total


def evenness(shares: Sequence[int]) -> Evenness | None:
    """None where there is nothing to compare: fewer than two people, or nothing was shared."""
    total = sum(shares)
    if len(shares) < 2 or not total:
        return None
    each, rest = divmod(total, len(shares))
    ordered = sorted(shares, reverse=True)
    fair = [each + 1] * rest + [each] * (len(shares) - rest)
    moves = sum(max(has - due, 0) for has, due in zip(ordered, fair, strict=True))
    return Evenness(total=total, moves=moves, lowest=ordered[-1], highest=ordered[0])
