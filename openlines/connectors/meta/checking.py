"""A check as an administrator reads it: one thing after the other, up to the first that is wrong."""

from __future__ import annotations

from collections.abc import Callable

from openlines.connectors.base import Account, Finding, Health


def in_turn(account: Account, *questions: tuple[str, Callable[[Account], Health]]) -> Health:
    """``questions``: what is looked at, in words, and how. The last answer, with a finding for each that was asked."""
    found: list[Finding] = []
    name = ""
    told = Health(True, "")
    for what, ask in questions:
        told = ask(account)
        name = name or told.account_name
        found.append(Finding(what, told.ok, told.detail or told.account_name))
        if not told.ok:
            break
    return Health(told.ok, told.detail, name, tuple(found))
