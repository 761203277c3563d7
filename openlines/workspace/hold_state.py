"""Why messages of a dialog wait, where it is its connection that holds them: above the composer, and at each message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from openlines.models import Connection, Dialog, Message
from openlines.reasons import moment

WORTH_SAYING = timedelta(seconds=20)
"""What a provider asks us to wait for less long is over before it is read."""


@dataclass(frozen=True)
class HoldState:
    """``until``: when it ends by itself; the page looks again then."""

    words: str
    until: datetime | None = None


def of(dialog: Dialog, *, now: datetime) -> HoldState | None:
    """``dialog`` with its connection at hand. No statement."""
    connection = dialog.connection
    if not dialog.is_open:
        return None
    if not connection.is_active:
        words = _("Messages wait: the connection “%(name)s” is switched off. They leave when it is on again.")
        return HoldState(words % {"name": connection.name})
    if connection.paused_reason:
        return HoldState(_paused(connection, now=now))
    until = connection.held_until
    if until is not None and until - now > WORTH_SAYING:
        words = _("Messages wait until %(when)s: the channel asked us to slow down.")
        return HoldState(words % {"when": moment(until, near=now, seconds=True)}, until=until)
    return None


def _paused(connection: Connection, *, now: datetime) -> str:
    since = connection.paused_since
    if since is None:
        return _("Messages wait: the channel does not let us in; an administrator has been told.")
    words = _("Messages wait: the channel does not let us in since %(when)s; an administrator has been told.")
    return words % {"when": moment(since, near=now)}


def why_queued(message: Message, connection: Connection) -> str:
    """Beside a message that has not left yet; empty where it leaves in a moment. The reason is the administrator's."""
    if message.delivery != Message.Delivery.QUEUED:
        return ""
    if not connection.is_active:
        return _("Waits: the connection is switched off.")
    if connection.paused_reason:
        return _("Waits: the channel does not let us in.")
    if message.failure:
        return _("Not taken yet: %(reason)s It is tried again by itself.") % {"reason": message.failure}
    return ""
