"""Tables to take away. Every export of the product is made here, and here alone its right is asked for (§12 "export")."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from django.utils.text import slugify

from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require, scope

BOM = "\N{BYTE ORDER MARK}"
"""Excel takes a file for UTF-8 by this."""


def may_export(employee: Employee) -> bool:
    """For pages: whether to show the button. How far it reaches is the rows' business (``visible_dialogs``)."""
    return scope(employee, Right.EXPORT) > 0


def table(
    employee: Employee, rows: Iterable[Sequence[object]], *, name: str, header: Sequence[str]
) -> HttpResponse:
    """``rows`` as a CSV for ``employee``. Raises PermissionDenied. What a spreadsheet would run is written as text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([[_harmless(value) for value in row] for row in rows])
    return file(employee, out.getvalue(), name=name)


def file(employee: Employee, content: str, *, name: str) -> HttpResponse:
    """A CSV that was written already, and is read in again (canned replies). Raises PermissionDenied."""
    require(employee, Right.EXPORT)
    headers = {"Content-Disposition": f'attachment; filename="{slugify(name) or "table"}.csv"'}
    return HttpResponse(BOM + content, content_type="text/csv; charset=utf-8", headers=headers)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
