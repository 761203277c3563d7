"""What we hang on a message and Viber gives back with the client's next one (``tracking_data``).

It holds our message's uuid and the buttons under it: a pressed button comes as plain text, so only this tells
the button's payload. The client sees the button's words in the chat, not the payload.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from openlines.connectors.base import Button, Unreadable
from openlines.connectors.fields import decode, mapping, text

LIMIT = 4000
"""Characters that Viber keeps."""

BUTTON_TEXT = 250

_UUID = re.compile(r"[0-9a-fA-F-]{32,36}")


@dataclass(frozen=True)
class Track:
    uuid: str = ""
    buttons: Mapping[str, str] = field(default_factory=dict)
    """What a press says → the button's payload."""


def spoken(buttons: Sequence[Button]) -> list[tuple[Button, str]]:
    """Each button with what the client says by pressing it: its words, or, where two say the same, the payload."""
    found: list[tuple[Button, str]] = []
    taken: set[str] = set()
    for button in buttons:
        words = button.text.strip()[:BUTTON_TEXT]
        said = words if words and words not in taken else button.payload
        taken.add(said)
        found.append((button, said))
    return found


def write(uuid: str, buttons: Sequence[Button]) -> str:
    payloads = {said: button.payload for button, said in spoken(buttons)}
    full = json.dumps({"uuid": uuid, "buttons": payloads} if payloads else {"uuid": uuid}, ensure_ascii=False)
    return full if len(full) <= LIMIT else json.dumps({"uuid": uuid})


def read(value: object) -> Track:
    """Anybody's data may stand there: what is not ours is an empty track."""
    said = text(value)
    if not said.startswith("{"):
        return Track()
    try:
        found = mapping(decode(said.encode()))
    except Unreadable:
        return Track()
    buttons = {
        text(name): text(payload)
        for name, payload in mapping(found.get("buttons")).items()
        if isinstance(payload, str)
    }
    uuid = text(found.get("uuid"), limit=64)
    return Track(uuid if _UUID.fullmatch(uuid) else "", buttons)
