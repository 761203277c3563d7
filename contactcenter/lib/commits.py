"""Work for right after a commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ParamSpec

from django.db import transaction

logger = logging.getLogger(__name__)
P = ParamSpec("P")


def after_commit(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call ``work`` once the transaction has committed (at once where there is none). Its failure is logged, and nobody
    else's: what was committed stands.

    Django's own ``robust`` hooks fail while they log the failure of a ``functools.partial``, and so does the request.
    """

    def run() -> None:
        try:
            work(*args, **kwargs)
        except Exception:
            logger.exception("%s failed after the commit", getattr(work, "__qualname__", work))

    transaction.on_commit(run)
