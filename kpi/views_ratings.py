"""The report "Ratings" (R7): results per operator, line, channel and period, each number with its dialogs behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contactcenter.staff import exports
from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require_right
from kpi import dialog_list, filters, ratings
from kpi.filters import ListQuery
from kpi.presenters import Choice, period_labels
from openlines.models import Connection, OpenLine
from openlines.permissions import visible_dialogs


@dataclass(frozen=True)
class Cell:
    """``value``: as it is shown; ``address``: the dialogs behind it, empty for none."""

    value: str
    address: str = ""


@dataclass(frozen=True)
class Row:
    name: str
    figures: ratings.Figures
    cells: tuple[Cell, ...]


@require_GET
@require_right(Right.REPORTS)
def report(request: HttpRequest) -> HttpResponse:
    """``?by=`` operator, line or channel; ``?format=csv`` the same as a file."""
    reader, now = cast(Employee, request.user), timezone.now()
    query = filters.read(dict(request.GET.lists()), sortable=dialog_list.SORTABLE)
    group = request.GET.get("by", "")
    group = group if group in ratings.GROUPS else "operator"
    dialogs = dialog_list.filtered(reader, query, now=now)
    dialogs = dialogs.filter(pk__in=visible_dialogs(reader, right=Right.REPORTS).values("pk"))
    if request.GET.get("format") == "csv":
        taken = dialogs.filter(pk__in=visible_dialogs(reader, right=Right.EXPORT).values("pk"))
        return _csv(reader, _rows(ratings.by(group, taken), group, query))
    rows = _rows(ratings.by(group, dialogs), group, query)
    total = ratings.total(dialogs)
    context: dict[str, Any] = {
        "query": query,
        "rows": rows,
        "total": Row(_("All together"), total, _cells(total, query)),
        "columns": _columns(),
        "group": group,
        "groups": [Choice(key, label, key == group) for key, label in _groups().items()],
        "periods": [Choice(p.value, label, p is query.period) for p, label in period_labels().items()],
        "lines": [
            Choice(str(pk), name, pk == query.line) for pk, name in OpenLine.objects.values_list("pk", "name")
        ],
        "csv": query.address(by=group, format="csv") if exports.may_export(reader) else "",
    }
    return render(request, "kpi/ratings.html", context)


def _groups() -> dict[str, str]:
    return {"operator": _("Operators"), "line": _("Lines"), "channel": _("Channels")}


def _columns() -> tuple[str, ...]:
    return (
        _("Dialogs"),
        _("Rated by clients"),
        _("Good"),
        _("Bad"),
        _("Good, %"),
        _("Rated by supervisors"),
        _("Stars on average"),
        _("Solved"),
        _("Not solved"),
        _("Solved, %"),
    )


def _rows(found: list[ratings.Figures], group: str, query: ListQuery) -> list[Row]:
    names = _names(group, [one.key for one in found])
    rows = []
    for one in found:
        behind = query
        if group == "operator" and one.key is not None:
            behind = replace(query, operator=int(one.key))
        elif group == "line" and one.key is not None:
            behind = replace(query, line=int(one.key))
        elif group == "channel":
            behind = replace(query, channel=str(one.key))
        rows.append(Row(names.get(one.key, _("nobody")), one, _cells(one, behind)))
    return rows


def _names(group: str, keys: list[Any]) -> dict[Any, str]:
    if group == "operator":
        return {p.pk: p.display_name for p in Employee.objects.filter(pk__in=[key for key in keys if key])}
    if group == "line":
        return dict(OpenLine.objects.filter(pk__in=keys).values_list("pk", "name"))
    return {str(value): str(label) for value, label in Connection.Kind.choices}


def _cells(one: ratings.Figures, behind: ListQuery) -> tuple[Cell, ...]:
    to = reverse("kpi:dialogs")

    def link(number: int, **changes: object) -> Cell:
        return Cell(str(number), f"{to}{behind.address(**changes)}" if number else "")

    return (
        link(one.dialogs),
        link(one.rated, rating="any"),
        link(one.good, rating="good"),
        link(one.bad, rating="bad"),
        Cell(_percent(one.good_share)),
        link(one.starred, stars="any"),
        Cell("" if one.stars is None else f"{one.stars:.1f}"),
        link(one.solved, outcome="solved"),
        link(one.not_solved, outcome="not_solved"),
        Cell(_percent(one.solved_share)),
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _csv(reader: Employee, rows: list[Row]) -> HttpResponse:
    table = [[row.name, *(cell.value for cell in row.cells)] for row in rows]
    return exports.table(reader, table, name="ratings", header=["", *_columns()])
