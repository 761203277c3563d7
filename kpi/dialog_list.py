"""The rows of the dialog list: one page of dialogs, filtered and sorted in the database (§11, K4).

The page's ids come first, from an index where the order has one; only they are joined with names. So a page deep in a
million rows costs as much as its offset in the index, not in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, DurationField, Expression, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contactcenter.staff.models import Employee, Right
from kpi.filters import ListQuery
from kpi.metrics import ReactionTimes, reaction_times
from openlines import search
from openlines.models import Dialog
from openlines.models.dialog import DialogQuerySet
from openlines.permissions import visible_dialogs

PAGE_SIZE = 50
COUNT_UP_TO = 10_000
"""Counting further costs more than the figure is worth: "more than 10,000"."""


@dataclass(frozen=True)
class Column:
    key: str
    label: str | Promise
    numeric: bool = False


COLUMNS = (
    Column("number", _("No.")),
    Column("client", _("Client")),
    Column("line", _("Line")),
    Column("state", _("State")),
    Column("operator", _("Operator")),
    Column("created", _("Created")),
    Column("waiting", _("Waiting now"), numeric=True),
    Column("first", _("First reaction"), numeric=True),
    Column("total", _("Total reaction"), numeric=True),
    Column("average", _("Average reaction"), numeric=True),
    Column("maximum", _("Longest reaction"), numeric=True),
    Column("messages", _("Messages"), numeric=True),
    Column("accepted", _("Accepted")),
    Column("first_reply", _("First reply")),
    Column("last_message", _("Last message")),
    Column("finished", _("Finished")),
    Column("closed", _("Closed")),
    Column("hours", _("In working time")),
    Column("outcome", _("Outcome")),
    Column("rating", _("Client's rating")),
    Column("stars", _("Supervisor's rating"), numeric=True),
)
_PLAIN = {
    "number": "pk",
    "client": "client__name",
    "line": "line__name",
    "state": "state",
    "operator": "operator__last_name",
    "created": "created_at",
    "accepted": "accepted_at",
    "first_reply": "first_reply_at",
    "last_message": "last_message_at",
    "finished": "finished_at",
    "closed": "closed_at",
    "messages": "message_count",
    "hours": "in_working_time",
    "outcome": "outcome",
    "rating": "client_rating",
    "stars": "supervisor_rating",
}
SORTABLE = {column.key for column in COLUMNS}


@dataclass(frozen=True)
class Row:
    dialog: Dialog
    times: ReactionTimes
    waiting: timedelta | None


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    query: ListQuery
    count: int
    """At most ``COUNT_UP_TO``."""

    @property
    def more_than_counted(self) -> bool:
        return self.count >= COUNT_UP_TO

    @property
    def has_next(self) -> bool:
        return (
            self.more_than_counted and len(self.rows) == PAGE_SIZE
        ) or self.query.page * PAGE_SIZE < self.count

    @property
    def first_number(self) -> int:
        return (self.query.page - 1) * PAGE_SIZE + 1 if self.rows else 0

    @property
    def last_number(self) -> int:
        return self.first_number + len(self.rows) - 1 if self.rows else 0


def page(reader: Employee, query: ListQuery, *, now: datetime) -> Page:
    found = filtered(reader, query, now=now)
    count = found.order_by().values("pk")[:COUNT_UP_TO].count()
    start = (query.page - 1) * PAGE_SIZE
    ids = list(
        found.order_by(*_order(query.sort, now=now)).values_list("pk", flat=True)[start : start + PAGE_SIZE]
    )
    dialogs = Dialog.objects.select_related("client", "line", "operator", "connection").in_bulk(ids)
    return Page(rows=[row(dialogs[pk], now=now) for pk in ids if pk in dialogs], query=query, count=count)


def row(dialog: Dialog, *, now: datetime) -> Row:
    facts = dialog.facts()
    waiting = now - facts.clock_started_at if facts.clock_started_at else None
    return Row(dialog=dialog, times=reaction_times(facts, now=now), waiting=waiting)


def filtered(reader: Employee, query: ListQuery, *, now: datetime) -> QuerySet[Dialog]:
    """§12 "see in the list" and the address's filters."""
    rows = visible_dialogs(reader, right=Right.DIALOGS_SEE)
    if query.states:
        rows = rows.filter(state__in=query.states)
    if query.operator is not None:
        rows = rows.filter(operator_id=query.operator)
    if query.line is not None:
        rows = rows.filter(line_id=query.line)
    if query.unanswered:
        rows = rows.filter(is_unanswered=True)
    rows = _by_quality(rows, query)
    since, until = query.bounds(now=now)
    if since:
        rows = rows.filter(created_at__gte=since)
    if until:
        rows = rows.filter(created_at__lt=until)
    if query.search:
        rows = rows.filter(search.read(query.search).in_dialog(last_words=False))
    return rows


def _by_quality(rows: DialogQuerySet, query: ListQuery) -> DialogQuerySet:
    """A4, R1, R6, R8, and where it began (W4)."""
    if query.marked:
        rows = rows.filter(marked_unanswered_at__isnull=False)
    if query.channel:
        rows = rows.filter(connection__kind=query.channel)
    if query.outcome:
        rows = rows.filter(outcome="" if query.outcome == "none" else query.outcome)
    if query.rating in ("good", "bad"):
        rows = rows.filter(client_rating=int(query.rating == "good"))
    elif query.rating:
        rows = rows.filter(client_rating__isnull=query.rating == "none")
    if query.stars == "any":
        rows = rows.filter(supervisor_rating__isnull=False)
    elif query.stars:
        rows = rows.filter(supervisor_rating=int(query.stars))
    if query.hours:
        rows = rows.filter(in_working_time=query.hours == "in")
    return rows


def _order(sort: str, *, now: datetime) -> list[Expression | str]:
    """Empty values last, whichever way; ties newest first."""
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    if key == "number":
        return ["-pk" if descending else "pk"]
    if key == "created":
        return ["-created_at", "-pk"] if descending else ["created_at", "pk"]
    expression = _reaction(key, now=now) if key not in _PLAIN else F(_PLAIN[key])
    ordered = expression.desc(nulls_last=True) if descending else expression.asc(nulls_last=True)
    return [ordered, "-pk"]


def _reaction(key: str, *, now: datetime) -> Expression:
    """``metrics.reaction_times`` once more, for the database to sort by; a test holds the two together."""
    runs = Case(
        When(clock_started_at__isnull=False, then=Value(now) - F("clock_started_at")),
        output_field=DurationField(),
    )
    nothing = Value(timedelta(), output_field=DurationField())
    if key == "waiting":
        return runs
    if key == "first":
        so_far = Case(When(reaction_count=0, then=runs), output_field=DurationField())
        value: Expression = Coalesce(F("first_reaction"), so_far)
    elif key == "maximum":
        value = Greatest(F("reaction_max"), runs)
    else:
        value = F("reaction_total") + Coalesce(runs, nothing)
    count = F("reaction_count") + Case(When(clock_started_at__isnull=False, then=1), default=0)
    if key == "average":
        value = value / count
    measured = Q(reaction_count__gt=0) | Q(clock_started_at__isnull=False)
    return Case(When(measured & ~Q(state=Dialog.State.SPAM), then=value), output_field=DurationField())
