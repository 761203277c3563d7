"""A person waits for a provider: he gets its answer, or after a while is told that there is none yet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connection as database
from django.utils import translation

T = TypeVar("T")


class NoAnswer(Exception):
    """None in time; the call itself then ends unheard."""


def patiently(call: Callable[[], T], *, seconds: float) -> T:
    """What ``call`` returns or raises. It runs in a thread of its own, in this one's language, with a database
    connection of its own. Raises ``NoAnswer``.
    """
    answers: list[T] = []
    errors: list[Exception] = []
    language = translation.get_language()

    def run() -> None:
        with translation.override(language):
            try:
                answers.append(call())
            except Exception as error:  # raised again in the thread that waits
                errors.append(error)
            finally:
                database.close()

    thread = threading.Thread(target=run, daemon=True, name="provider call")
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise NoAnswer
    return answers[0]
