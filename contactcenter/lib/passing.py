"""Which troubles of the database pass by themselves, so that doing the same once more is right."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

_CLASSES = ("08", "40", "53", "55", "57")
"""Of SQLSTATE: connection, rollback (deadlock), resources, a lock not to be had, the server's own doing."""
_BY_CONTENT = ("57014",)
"""A statement that took too long: it would again."""


def is_passing(error: BaseException) -> bool:
    """False for what the content itself caused, also where Django calls that operational (a text too long to index)."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or (state[:2] in _CLASSES and state not in _BY_CONTENT)
