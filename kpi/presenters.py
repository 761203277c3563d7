"""What the list's page shows around the rows: headers with their order, filters as chips, choices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee, Right
from kpi.dialog_list import COLUMNS
from kpi.filters import ListQuery, Period
from openlines.models import Connection, Dialog, OpenLine
from openlines.permissions import visible_dialogs
from openlines.policies.facts import State


@dataclass(frozen=True)
class Header:
    key: str
    label: str | Promise
    numeric: bool
    address: str
    order: str
    """``ascending``, ``descending`` or empty, for aria-sort."""


@dataclass(frozen=True)
class Chip:
    """A filter that is on; its address takes it away."""

    label: str
    address: str


@dataclass(frozen=True)
class Choice:
    value: str
    label: str | Promise
    chosen: bool


def headers(query: ListQuery) -> list[Header]:
    key, descending = query.sort.removeprefix("-"), query.sort.startswith("-")
    out = []
    for column in COLUMNS:
        if column.key == key:
            order, following = ("descending", column.key) if descending else ("ascending", f"-{column.key}")
        else:
            order, following = "", f"-{column.key}" if column.numeric else column.key
        out.append(Header(column.key, column.label, column.numeric, query.address(sort=following), order))
    return out


def chips(query: ListQuery, reader: Employee) -> list[Chip]:
    out = []
    for state in query.states:
        rest = [str(other) for other in query.states if other is not state]
        out.append(Chip(str(Dialog.State(state).label), query.address(state=rest)))
    if query.operator is not None:
        name = next((str(c.label) for c in operators(query, reader) if c.chosen), f"#{query.operator}")
        out.append(Chip(_("Operator: %(name)s") % {"name": name}, query.address(operator=None)))
    if query.line is not None:
        name = (
            OpenLine.objects.filter(pk=query.line).values_list("name", flat=True).first() or f"#{query.line}"
        )
        out.append(Chip(_("Line: %(name)s") % {"name": name}, query.address(line=None)))
    if query.unanswered:
        out.append(Chip(_("Unanswered"), query.address(unanswered=None)))
    if query.marked:
        out.append(Chip(_("Ever unanswered"), query.address(marked=None)))
    labels = quality_labels()
    for name in ("channel", "outcome", "rating", "stars", "hours"):
        value = getattr(query, name)
        if value:
            out.append(Chip(labels[name].get(value, value), query.address(**{name: None})))
    if query.search:
        out.append(Chip(_("Search: %(words)s") % {"words": query.search}, query.address(q=None)))
    if query.since or query.until:
        days = [
            formats.date_format(day, "SHORT_DATE_FORMAT") if day else "…"
            for day in (query.since, query.until)
        ]
        out.append(Chip(" – ".join(days), query.address(since=None, until=None)))
    elif query.period is not Period.MONTH:
        out.append(Chip(str(period_labels()[query.period]), query.address(period=None)))
    return out


def quality_labels() -> dict[str, dict[str, str]]:
    """Filter → value → words."""
    return {
        "channel": {str(value): str(label) for value, label in Connection.Kind.choices},
        "outcome": {"solved": _("Solved"), "not_solved": _("Not solved"), "none": _("Outcome not said")},
        "rating": {
            "good": _("Rated good"),
            "bad": _("Rated bad"),
            "any": _("Rated by the client"),
            "none": _("Not rated by the client"),
        },
        "stars": {
            **{str(n): _("Supervisor: %(stars)s of 5") % {"stars": n} for n in range(1, 6)},
            "any": _("Rated by a supervisor"),
        },
        "hours": {"in": _("In working time"), "out": _("Outside working time")},
    }


def period_labels() -> dict[Period, str]:
    return {
        Period.TODAY: _("Today"),
        Period.WEEK: _("Last 7 days"),
        Period.MONTH: _("Last 30 days"),
        Period.ALL: _("All time"),
    }


def choices(query: ListQuery, reader: Employee) -> dict[str, list[Any]]:
    return {
        "states": [Choice(s.value, Dialog.State(s).label, s in query.states) for s in State],
        "operators": operators(query, reader),
        "lines": [
            Choice(str(pk), name, pk == query.line) for pk, name in OpenLine.objects.values_list("pk", "name")
        ],
        "more": [
            (
                name,
                label,
                [Choice(value, words, value == getattr(query, name)) for value, words in found.items()],
            )
            for name, label, found in (
                ("channel", _("Any channel"), quality_labels()["channel"]),
                ("outcome", _("Any outcome"), quality_labels()["outcome"]),
                ("rating", _("Any rating"), quality_labels()["rating"]),
                ("stars", _("Any supervisor's rating"), quality_labels()["stars"]),
                ("hours", _("Any time of day"), quality_labels()["hours"]),
            )
        ],
        "periods": [Choice(p.value, label, p is query.period) for p, label in period_labels().items()],
    }


def operators(query: ListQuery, reader: Employee) -> list[Choice]:
    """Who holds one of the dialogs he may see, and the one in the filter."""
    held = visible_dialogs(reader, right=Right.DIALOGS_SEE).filter(operator__isnull=False)
    people = Employee.objects.filter(pk__in=held.order_by().values("operator").distinct())
    return [
        Choice(str(p.pk), p.display_name, p.pk == query.operator) for p in people.order_by("last_name", "pk")
    ]


def in_words(value: timedelta | None) -> str:
    """``0:08``, ``4:05``, ``2:10:00``: minutes and seconds, hours where there are any."""
    if value is None:
        return ""
    seconds = int(value.total_seconds())
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
