"""Why a command was not carried out. The message is for the person who gave it; nothing has been written."""

from __future__ import annotations

from openlines.policies.stale_view import Written


class CommandRefused(Exception):
    """``code`` for programs (``taken``, ``lapsed``, ``closed``, ``not_allowed``, ``alone`` …); ``holder``: who has it now."""

    def __init__(self, code: str, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.holder = holder


class StaleView(CommandRefused):
    """``stale``: somebody wrote since the person last looked. It is carried out where the person knows the dialog up to
    ``seq``, or is sure. ``written``: what came.
    """

    def __init__(self, message: str, *, seq: int, written: tuple[Written, ...]) -> None:
        super().__init__("stale", message)
        self.seq = seq
        self.written = written
