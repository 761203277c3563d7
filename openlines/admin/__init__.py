"""The administrator's pages."""

from openlines.admin import automatic_actions, connection, deadlines, inbound, line, other, outbox, queue

__all__ = ["automatic_actions", "connection", "deadlines", "inbound", "line", "other", "outbox", "queue"]
