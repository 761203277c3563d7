"""The administrator's pages. The order of the block pages here is the order of a line's tabs (ux: Administrator)."""

from openlines.admin import line, queue, automatic_actions, other  # noqa: I001 - the order of the tabs
from openlines.admin import connection, inbound, outbox, deadlines

__all__ = ["automatic_actions", "connection", "deadlines", "inbound", "line", "other", "outbox", "queue"]
