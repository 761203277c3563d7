"""Templates of a channel (WhatsApp): how one reads when it is filled in, and which values the provider takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

LONGEST_VALUE: Final = 1024
_PLACE: Final = re.compile(r"\{\{(\d{1,3})\}\}")
_GAP: Final = re.compile(r" {4}")
_BREAKS: Final = re.compile(r"[\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029]")


class Fault(StrEnum):
    """Why Meta refuses a value."""

    EMPTY = "empty"
    BREAK = "break"
    """A line break or a tab."""
    GAP = "gap"
    """Four spaces in a row or more."""
    LONG = "long"


def fault(value: str) -> Fault | None:
    if not value.strip():
        return Fault.EMPTY
    if _BREAKS.search(value):
        return Fault.BREAK
    if _GAP.search(value):
        return Fault.GAP
    return Fault.LONG if len(value) > LONGEST_VALUE else None


def filled(body: str, values: Sequence[str]) -> str:
    """``body`` with ``{{1}}``, ``{{2}}`` … replaced; a place without a value stays, and values are never read again."""

    def value(place: re.Match[str]) -> str:
        index = int(place[1]) - 1
        return values[index] if 0 <= index < len(values) else place[0]

    return _PLACE.sub(value, body)


def proposed(hints: Sequence[str], count: int, *, client_name: str) -> tuple[str, ...]:
    """What the fields begin with: the client's name where a place is called so; where no place has a name, in the first,
    for that is where one greets. ``client_name`` as one value takes it; may be empty.
    """
    name = " ".join(client_name.split())[:LONGEST_VALUE]
    called = [index for index, hint in enumerate(hints) if _is_name(hint)]
    at = called[0] if called else (0 if not any(hints) else -1)
    return tuple(name if index == at else "" for index in range(count))


def _is_name(hint: str) -> bool:
    words = set(re.split(r"[\W_]+", hint.casefold()))
    return "name" in words and not words & {"company", "shop", "store", "product", "business", "brand"}
