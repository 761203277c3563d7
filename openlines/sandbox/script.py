"""A script: what was done in the sandbox, in order. The page holds it; each answer plays it again from the start."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from openlines.policies.facts import Outcome
from openlines.policies.routing import Obstacle
from openlines.sandbox.world import Impossible, World

LONGEST = 200
"""Deeds of one script."""
LONGEST_TEXT = 2000
LONGEST_WAIT = timedelta(days=60)

Deed = dict[str, Any]


class Unreadable(Exception):
    """The page sent no script of ours."""


@dataclass(frozen=True)
class Played:
    """``refusal``: why the last deed could not be done; it is left out of ``deeds``."""

    world: World
    deeds: tuple[Deed, ...]
    refusal: str = ""


def read(text: str) -> list[Deed]:
    """Raises ``Unreadable``."""
    try:
        deeds = json.loads(text or "[]")
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(deeds, list) or len(deeds) > LONGEST or not all(isinstance(one, dict) for one in deeds):
        raise Unreadable
    return deeds


def play(world: World, deeds: Sequence[Deed]) -> Played:
    """All of them on a fresh ``world``. A deed that cannot be done changes nothing and is dropped."""
    done: list[Deed] = []
    refusal = ""
    for deed in deeds:
        try:
            do(world, deed)
        except Impossible as impossible:
            refusal = impossible.code
        else:
            done.append(deed)
            refusal = ""
    return Played(world, tuple(done), refusal)


def do(world: World, deed: Deed) -> None:
    """Raises ``Impossible``, ``Unreadable``."""
    who = deed.get("who")
    person = who if isinstance(who, int) and who in world.people else 0
    text = str(deed.get("text") or "")[:LONGEST_TEXT]
    what = deed.get("do")
    if what in ("accept", "reply", "type", "skip", "finish", "back", "away", "here") and not person:
        raise Unreadable
    match what:
        case "write":
            world.write(text or "…")
        case "press":
            world.press(text)
        case "rate":
            world.rate(value=int(deed.get("value") == 1))
        case "consent":
            world.answer_consent(given=deed.get("value") == 1)
        case "wait":
            seconds = deed.get("seconds")
            if not isinstance(seconds, int) or not 0 < seconds <= LONGEST_WAIT.total_seconds():
                raise Unreadable
            world.wait(timedelta(seconds=seconds))
        case "until":
            _wait_until(world, deed.get("at"))
        case "accept":
            world.accept(person)
        case "reply":
            world.reply(person, text or "…")
        case "type":
            world.type(person)
        case "skip":
            world.skip(person)
        case "finish":
            value = deed.get("value")
            world.finish(person, outcome=Outcome(value) if value in list(Outcome) else None)
        case "back":
            world.back_to_queue(person)
        case "away":
            world.set_available(person, Obstacle.ON_BREAK)
        case "here":
            world.set_available(person, None)
        case _:
            raise Unreadable


def _wait_until(world: World, at: object) -> None:
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError:
        raise Unreadable from None
    if moment.tzinfo is None or moment - world.now > LONGEST_WAIT:
        raise Unreadable
    if moment <= world.now:
        raise Impossible("past")
    world.wait_until(moment)
