"""What is still to be done at a provider that did not play along when a connection was switched (L5), and since when it
has been on. Kept in ``Connection.options``: asked again by a schedule (``connections.mend``).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from openlines.models import Connection

WISH, ANEW, ON_SINCE = "webhook_wish", "webhook_anew", "on_since"
REGISTER, REMOVE = "register", "remove"


def began(connection: Connection, *, now: datetime) -> None:
    """It was switched on: what came before is not asked for."""
    _note(connection, **{ON_SINCE: now.isoformat()})


def on_since(connection: Connection) -> datetime:
    """Since when what comes in is ours: from its making, or from when it was last switched on."""
    noted = parse_datetime(str(connection.options.get(ON_SINCE, "")))
    return noted or connection.created_at


def asked(connection: Connection, *, register: bool, ok: bool, anew: bool = False) -> None:
    """The provider was asked to deliver here, or no more. ``anew``: what it holds from the off time is still there."""
    wish = None if ok else REGISTER if register else REMOVE
    if register != connection.is_active:  # the webhook alone was asked away, by hand
        wish = None
    _note(connection, **{WISH: wish, ANEW: anew or None})


def is_left(connection: Connection) -> bool:
    """It is off, and the provider still delivers here (as far as we know)."""
    return not connection.is_active and connection.options.get(WISH) == REMOVE


def is_anew(connection: Connection) -> bool:
    return bool(connection.options.get(ANEW))


def open_wishes() -> list[Connection]:
    rows = Connection.objects.filter(
        Q(is_active=True, paused_reason="", options__webhook_wish=REGISTER)
        | Q(is_active=False, options__webhook_wish=REMOVE)
    )
    return list(rows.select_related("line"))


def _note(connection: Connection, **values: str | bool | None) -> None:
    fresh = Connection.objects.values_list("options", flat=True).get(pk=connection.pk)
    noted = {**fresh, **values}
    options = {name: value for name, value in noted.items() if value is not None}
    connection.options = options
    if options != fresh:
        Connection.objects.filter(pk=connection.pk).update(options=options)
