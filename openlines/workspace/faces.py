"""How people and channels are shown in small: initials, a colour that stays theirs, labels."""

from __future__ import annotations

from typing import Final

from openlines.models import Connection, Dialog

TONES: Final = ("blue", "indigo", "violet", "teal", "green", "amber", "red")
"""Of ``static/ui/components.css``."""


def initials(name: str) -> str:
    """Two letters at most; emoji and marks are passed over, unless there is nothing else."""
    words = [word for word in ("".join(c for c in part if c.isalnum()) for part in name.split()) if word]
    if not words:
        return name.strip()[:1] or "?"
    return words[0][0] + (words[-1][0] if len(words) > 1 else "")


def tone(pk: int) -> str:
    return TONES[pk % len(TONES)]


def state_label(state: str) -> str:
    return str(Dialog.State(state).label)


def channel_label(kind: str) -> str:
    return str(Connection.Kind(kind).label) if kind in Connection.Kind.values else kind
