"""Questions to the apps above that need an answer now. Filled by them in ``AppConfig.ready()``.

An answer is given within the asker's transaction, with SQL only. An exception never stops the asker: the default
holds, and the dialog's event says that the question failed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

logger = logging.getLogger(__name__)

Responsible = Callable[[int, datetime], int | None]
"""(client id, now) → the employee responsible for the open deal, else the open lead, else the contact (C5)."""

_responsible: list[Responsible] = []


class HookFailed(Exception):
    """The app above could not answer; the text says why."""


def answer_responsible(answer: Responsible) -> None:
    """Called by the app that knows who is responsible for a client."""
    _responsible.append(answer)


def forget_responsible(answer: Responsible) -> None:
    _responsible.remove(answer)


def asks_responsible() -> bool:
    return bool(_responsible)


def responsible_for(client_id: int, *, now: datetime) -> int | None:
    """The first answer; None where nobody is responsible. Raises ``HookFailed`` after rolling back what was begun."""
    for answer in _responsible:
        try:
            with transaction.atomic():
                employee_id = answer(client_id, now)
        except Exception as error:  # another app's: the default stands in, and the event says so
            logger.exception("Nobody could say who is responsible for client %s", client_id)
            raise HookFailed(f"{type(error).__name__}: {error}") from error
        if employee_id is not None:
            return employee_id
    return None
