"""What decisions need to know of the client and of his channel, besides the dialog. Pure, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from openlines.policies.facts import ConsentState


@dataclass(frozen=True)
class Channel:
    """``is_chat``: our own live chat, where consent and rating have controls of their own."""

    is_chat: bool = False
    buttons: bool = False
    window: timedelta | None = None
    """How long after the client's last message we may write."""
    automatic_an_hour: int | None = None
    """The most automatic texts one client gets within an hour; None: no limit."""


@dataclass(frozen=True)
class ClientFacts:
    """``first_contact``: no earlier dialog on this connection, spam aside (A1).

    ``is_machine``: his last message was written by a machine. ``last_wrote_at``: his last message on this connection.
    ``automatic_texts``: how many he had within the last hour, where the channel limits them.
    """

    reachable: bool = True
    first_contact: bool = False
    is_machine: bool = False
    last_wrote_at: datetime | None = None
    automatic_texts: int = 0
    consent: ConsentState = ConsentState.NEVER_ASKED
    consent_version: int | None = None
