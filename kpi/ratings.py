"""R7, R8: ratings and outcomes of the dialogs of a period, per operator, line and channel."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Avg, Count, Q, QuerySet

from openlines.models import Dialog

GROUPS = {"operator": "operator_id", "line": "line_id", "channel": "connection__kind"}


@dataclass(frozen=True)
class Figures:
    """``key``: of the group, None: no operator. ``stars``: the supervisors' average."""

    key: int | str | None
    dialogs: int
    rated: int
    good: int
    bad: int
    starred: int
    stars: float | None
    solved: int
    not_solved: int

    @property
    def good_share(self) -> float | None:
        """Of those the client rated, in percent."""
        return 100 * self.good / self.rated if self.rated else None

    @property
    def solved_share(self) -> float | None:
        """Of those where the outcome was said, in percent (R8)."""
        said = self.solved + self.not_solved
        return 100 * self.solved / said if said else None


_COUNTS = {
    "dialogs": Count("pk"),
    "rated": Count("pk", filter=Q(client_rating__isnull=False)),
    "good": Count("pk", filter=Q(client_rating=1)),
    "bad": Count("pk", filter=Q(client_rating=0)),
    "starred": Count("pk", filter=Q(supervisor_rating__isnull=False)),
    "stars": Avg("supervisor_rating"),
    "solved": Count("pk", filter=Q(outcome="solved")),
    "not_solved": Count("pk", filter=Q(outcome="not_solved")),
}


def by(group: str, dialogs: QuerySet[Dialog]) -> list[Figures]:
    """One statement; most dialogs first. ``group``: a key of ``GROUPS``."""
    column = GROUPS[group]
    rows = dialogs.order_by().values(column).annotate(**_COUNTS).order_by("-dialogs", column)
    return [Figures(key=row.pop(column), **row) for row in rows]


def total(dialogs: QuerySet[Dialog]) -> Figures:
    return Figures(key=None, **dialogs.order_by().aggregate(**_COUNTS))
