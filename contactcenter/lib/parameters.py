"""Reading what a browser sends in an address or a form: anything may stand there, and nothing of it is our error."""

from __future__ import annotations

from typing import Final

_MOST_DIGITS: Final = 18
"""So many always fit PostgreSQL's bigint; Python itself refuses numbers of thousands of digits."""


def whole_number(value: str) -> int | None:
    """The number, where ``value`` is one in plain digits; None for anything else ("²" is a digit to Python, too)."""
    value = value.strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS else None


def storable(value: str) -> str:
    """The text without NUL characters, which PostgreSQL does not take."""
    return value.replace("\x00", "")
