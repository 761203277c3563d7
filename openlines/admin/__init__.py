"""The administrator's pages."""

from openlines.admin import (
    automatic_actions,
    canned_replies,
    canned_reply,
    connection,
    consent,
    deadlines,
    inbound,
    line,
    other,
    outbox,
    quality,
    queue,
    working_time,
)

__all__ = [
    "automatic_actions",
    "canned_replies",
    "canned_reply",
    "connection",
    "consent",
    "deadlines",
    "inbound",
    "line",
    "other",
    "outbox",
    "quality",
    "queue",
    "working_time",
]
