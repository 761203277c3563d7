"""Why a command was not carried out. The message is for the person who gave it; nothing has been written."""

from __future__ import annotations


class CommandRefused(Exception):
    """``code`` for programs (``taken``, ``lapsed``, ``closed``, ``not_allowed``, ``alone`` …); ``holder``: who has it now."""

    def __init__(self, code: str, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.holder = holder
