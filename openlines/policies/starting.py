"""Who may be written to first (§11 "Starting"), and why not. Pure.

Anybody by e-mail and SMS; WhatsApp by template; the messengers only clients who wrote before, within the window; the
live chat's known visitors, who see it when they return.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from openlines.policies.window import Window


class Obstacle(StrEnum):
    LINE_OFF = "line_off"
    CONNECTION_OFF = "connection_off"
    PAUSED = "paused"
    BLOCKED = "blocked"
    NEVER_WROTE = "never_wrote"
    WINDOW_OVER = "window_over"


@dataclass(frozen=True)
class Chance:
    """``reaches_anybody``: the channel takes messages to who never wrote; ``wrote``: this client did, at some time."""

    line_on: bool
    connection_on: bool
    paused: bool
    reachable: bool
    reaches_anybody: bool
    wrote: bool
    window: Window


def obstacle(chance: Chance) -> Obstacle | None:
    """The first reason why a dialog cannot be started; None: it can, maybe by template alone."""
    if not chance.line_on:
        return Obstacle.LINE_OFF
    if not chance.connection_on:
        return Obstacle.CONNECTION_OFF
    if chance.paused:
        return Obstacle.PAUSED
    if not chance.reachable:
        return Obstacle.BLOCKED
    if not chance.wrote and not chance.reaches_anybody:
        return Obstacle.NEVER_WROTE
    if not chance.window.takes(by_person=True) and not chance.window.templates:
        return Obstacle.WINDOW_OVER
    return None


def needs_template(window: Window) -> bool:
    return window.templates and not window.takes(by_person=True)
