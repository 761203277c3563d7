"""Work for right after a commit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec

from django.apps import apps
from django.db import connection, models, transaction
from django.utils.module_loading import import_string
from django_q.tasks import async_task

from contactcenter.lib.passing import is_passing

logger = logging.getLogger(__name__)
P = ParamSpec("P")

WAITS = (0.0, 1.0, 5.0)
"""Seconds before each try of the task that does the work again."""


def after_commit(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call ``work`` once the transaction has committed (at once where there is none).

    Its failure is nobody else's: what was committed stands. It is done again at once where the database merely
    hiccupped, else by a task within a second, which the admin shows with its result: so it must bear being done twice.

    Django's own ``robust`` hooks fail while they log the failure of a ``functools.partial``, and so does the request.
    """

    def run() -> None:
        try:
            _twice(work, *args, **kwargs)
        except Exception:
            logger.exception("%s failed after the commit; a task does it again", _name(work))
            _leave_to_task(work, args, kwargs)

    transaction.on_commit(run)


def redo(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """The task. Raises what the work raises at last: the admin lists it as failed."""
    work = import_string(name)
    found = [_loaded(one) for one in args]
    named = {key: _loaded(one) for key, one in kwargs.items()}
    for number, wait in enumerate(WAITS, start=1):
        time.sleep(wait)
        try:
            work(*found, **named)
        except Exception as error:
            if number == len(WAITS) or not is_passing(error):
                raise
            connection.close_if_unusable_or_obsolete()
        else:
            break
    return f"{name} has been done after all"


def _twice(work: Callable[..., object], *args: Any, **kwargs: Any) -> None:
    try:
        work(*args, **kwargs)
    except Exception as error:
        if connection.in_atomic_block or not is_passing(error):
            raise
        logger.warning("%s is done once more after the commit", _name(work), exc_info=True)
        connection.close_if_unusable_or_obsolete()
        work(*args, **kwargs)


def _leave_to_task(work: Callable[..., object], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Where not even this succeeds the deadlines and nets of the work itself are left, as after a crash."""
    try:
        async_task(
            "contactcenter.lib.commits.redo",
            _name(work),
            [_stored(one) for one in args],
            {key: _stored(one) for key, one in kwargs.items()},
            task_name=f"after a commit: {_name(work)}"[:100],
        )
    except Exception:
        logger.exception("%s could not be left to a task", _name(work))


@dataclass(frozen=True)
class _Row:
    """In the place of a model's instance, whose fields (secrets among them) do not belong into the task queue."""

    label: str
    pk: Any


def _stored(value: Any) -> Any:
    return _Row(value._meta.label, value.pk) if isinstance(value, models.Model) else value


def _loaded(value: Any) -> Any:
    if not isinstance(value, _Row):
        return value
    return apps.get_model(value.label)._base_manager.get(pk=value.pk)


def _name(work: Callable[..., object]) -> str:
    return f"{getattr(work, '__module__', '?')}.{getattr(work, '__qualname__', work)}"
