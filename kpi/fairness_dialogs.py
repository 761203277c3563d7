"""The dialogs behind one number of the fairness report, a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from contactcenter.staff.models import Employee, Right
from kpi.fairness import HANDED_ON, WAITED, What, bounds
from openlines.models import Dialog
from openlines.permissions import visible_dialogs

PAGE_SIZE: Final = 50

_OFFERS: Mapping[What, str] = {
    What.OFFERED: "true",
    What.BY_TURN: "NOT offer.is_first",
    What.ACCEPTED: "offer.outcome = 'accepted'",
    What.SKIPPED: "offer.outcome = 'skipped'",
    What.LAPSED: "offer.outcome = 'lapsed'",
    What.TAKEN: "offer.outcome = 'taken'",
    What.WITHDRAWN: "offer.outcome = 'withdrawn'",
    What.STANDING: "offer.ended_at IS NULL",
    What.LONGEST_WAIT: "offer.outcome = 'accepted'",
}
EVENTS: Mapping[What, tuple[str, str]] = {
    What.TRANSFERRED_IN: ("to_id", "kind = 'transfer'"),
    What.TRANSFERRED_OUT: (
        "CASE kind WHEN 'transfer' THEN from_id ELSE actor_id END",
        "kind IN ('transfer', 'transfer_to_line')",
    ),
    What.GIVEN_BACK: ("actor_id", "kind = 'back_to_queue'"),
}
"""What → (whose number it is, which events it counts)."""
LISTED: Final = frozenset(_OFFERS) | frozenset(EVENTS)

_OF_THESE = "({who} IS NOT NULL AND (%(people)s::bigint[] IS NULL OR {who} = ANY(%(people)s)))"


@dataclass(frozen=True)
class Entry:
    """``outcome``: of an offer; of an event its kind. ``actor``: who did it, where it is an event.

    ``client``: empty, and no way to the dialog, where the reader may not see it: it has gone on to others.
    """

    dialog_id: int
    employee: str
    at: datetime
    ended_at: datetime | None
    outcome: str
    waited: timedelta | None
    actor: str = ""
    client: str = ""
    may_open: bool = False


@dataclass(frozen=True)
class Page:
    entries: tuple[Entry, ...]
    number: int
    has_next: bool


def page(
    what: What,
    line_id: int,
    *,
    reader: Employee,
    since: datetime | None,
    until: datetime | None,
    people: Collection[int] | None,
    number: int = 1,
) -> Page:
    """Newest first, of the longest wait the longest. Three statements. ``people``: whose, None for everybody's."""
    values = bounds(line_id, since=since, until=until, people=people)
    values |= {"size": PAGE_SIZE + 1, "start": (number - 1) * PAGE_SIZE}
    with connection.cursor() as cursor:
        cursor.execute(_of_events(what) if what in EVENTS else _of_offers(what), values)
        rows = cursor.fetchall()
    has_next = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    names = _names({pk for row in rows for pk in (row[1], row[6]) if pk})
    clients = _clients({row[0] for row in rows}, reader=reader)
    return Page(
        entries=tuple(
            Entry(
                dialog_id=dialog_id,
                employee=names.get(employee_id, ""),
                at=at,
                ended_at=ended_at,
                outcome=outcome,
                waited=waited,
                actor=names.get(actor_id, ""),
                client=clients.get(dialog_id, ""),
                may_open=dialog_id in clients,
            )
            for dialog_id, employee_id, at, ended_at, outcome, waited, actor_id in rows
        ),
        number=number,
        has_next=has_next,
    )


def _of_offers(what: What) -> str:
    order = (
        "6 DESC NULLS LAST, offer.id" if what is What.LONGEST_WAIT else "offer.offered_at DESC, offer.id DESC"
    )
    return f"""
SELECT offer.dialog_id, offer.employee_id, offer.offered_at, offer.ended_at, offer.outcome,
    CASE WHEN offer.outcome = 'accepted' THEN {WAITED} END, NULL
FROM openlines_offer offer JOIN openlines_dialog dialog ON dialog.id = offer.dialog_id
WHERE offer.line_id = %(line)s AND offer.offered_at >= %(since)s AND offer.offered_at < %(until)s
AND {_OFFERS[what]} AND {_OF_THESE.format(who="offer.employee_id")}
ORDER BY {order} LIMIT %(size)s OFFSET %(start)s"""  # noqa: S608 - our own pieces


def _of_events(what: What) -> str:
    who, which = EVENTS[what]
    return f"""
WITH handed_on AS ({HANDED_ON})
SELECT dialog_id, {who}, at, NULL, kind, NULL, actor_id
FROM handed_on WHERE {which} AND {_OF_THESE.format(who=f"({who})")}
ORDER BY at DESC, dialog_id DESC LIMIT %(size)s OFFSET %(start)s"""  # noqa: S608 - our own pieces


def _names(pks: Collection[int]) -> dict[int, str]:
    return {pk: one.display_name for pk, one in Employee.objects.in_bulk(pks).items()} if pks else {}


def _clients(dialog_ids: Collection[int], *, reader: Employee) -> dict[int, str]:
    """Of the dialogs that he may see in the list (§12)."""
    if not dialog_ids:
        return {}
    seen = visible_dialogs(reader, right=Right.DIALOGS_SEE).filter(pk__in=dialog_ids).select_related("client")
    found: dict[int, str] = {}
    dialog: Dialog
    for dialog in seen:
        found[dialog.pk] = dialog.client.display_name
    return found
