"""The fairness report as its page shows it: columns in words, numbers with the address of their dialogs."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from kpi.fairness import Counts, Report, What
from kpi.filters import ListQuery, Period
from kpi.presenters import Choice, in_words, period_labels
from openlines.policies.facts import State


@dataclass(frozen=True)
class Column:
    what: What
    label: str | Promise
    meaning: str | Promise


@dataclass(frozen=True)
class Cell:
    """``address`` empty: there is nothing behind it."""

    text: str
    address: str


@dataclass(frozen=True)
class Line:
    """A row of the table; ``name`` empty: the sum."""

    name: str
    is_member: bool
    cells: tuple[Cell, ...]


COLUMNS = (
    Column(What.OFFERED, gettext_lazy("Offered"), gettext_lazy("Every offer of the queue, accepted or not.")),
    Column(
        What.BY_TURN,
        gettext_lazy("By turn"),
        gettext_lazy(
            "Of these the ones that the queue made in turn; not those to a client's responsible person."
        ),
    ),
    Column(
        What.ACCEPTED,
        pgettext_lazy("offers", "Accepted"),
        gettext_lazy("Offers that were accepted, or answered at once."),
    ),
    Column(What.SKIPPED, gettext_lazy("Skipped"), gettext_lazy("Offers handed on with “Skip”.")),
    Column(
        What.LAPSED,
        gettext_lazy("Lapsed"),
        gettext_lazy("Offers that went on to somebody else when their time was over."),
    ),
    Column(
        What.TAKEN,
        gettext_lazy("Taken by others"),
        gettext_lazy("Offers during which somebody else accepted the dialog, or was given it."),
    ),
    Column(
        What.WITHDRAWN,
        gettext_lazy("Withdrawn"),
        gettext_lazy(
            "Offers taken back: because of absence, a change of the queue, or because the dialog ended."
        ),
    ),
    Column(What.STANDING, gettext_lazy("Offered now"), gettext_lazy("Offers that still stand.")),
    Column(
        What.TRANSFERRED_IN,
        gettext_lazy("Transferred in"),
        gettext_lazy("Dialogs that a colleague handed to this person."),
    ),
    Column(
        What.TRANSFERRED_OUT,
        gettext_lazy("Transferred out"),
        gettext_lazy("Dialogs that left this person for a colleague, or that they sent to another line."),
    ),
    Column(
        What.GIVEN_BACK,
        gettext_lazy("Given back"),
        gettext_lazy("Dialogs that this person returned to the queue."),
    ),
    Column(
        What.LONGEST_WAIT,
        gettext_lazy("Longest wait"),
        gettext_lazy(
            "Of the dialogs this person accepted from an offer, the longest time one had waited for anybody: from the "
            "client's first message, or from its return to the queue, until it was accepted."
        ),
    ),
    Column(
        What.OPEN_NOW,
        gettext_lazy("Open now"),
        gettext_lazy("Dialogs of this line that this person holds at this moment, whenever they began."),
    ),
)
"""``meaning``: as the page explains it."""

_HELD = [str(state) for state in (State.ACCEPTED, State.WAITING, State.ANSWERED, State.WRAP_UP)]


def columns(report: Report) -> list[Column]:
    """Turns matter only where dialogs are shared out evenly."""
    return [column for column in COLUMNS if column.what is not What.BY_TURN or report.is_even_mode]


def table(report: Report, query: ListQuery) -> list[Line]:
    """A line for each person, in the order of the queue, then those who are not in it any more, then the sum."""
    shown = columns(report)
    lines = [
        Line(
            name=row.employee.display_name,
            is_member=row.is_member,
            cells=_cells(row.counts, shown, report, query, operator=row.employee.pk),
        )
        for row in report.rows
    ]
    if len(lines) > 1:
        lines.append(Line("", True, _cells(report.total, shown, report, query, operator=None)))
    return lines


def _cells(
    counts: Counts, shown: list[Column], report: Report, query: ListQuery, *, operator: int | None
) -> tuple[Cell, ...]:
    return tuple(_cell(counts, column.what, report, query, operator=operator) for column in shown)


def _cell(counts: Counts, what: What, report: Report, query: ListQuery, *, operator: int | None) -> Cell:
    if what is What.LONGEST_WAIT:
        value, text = counts.longest_wait, in_words(counts.longest_wait) or "–"
    else:
        value = getattr(counts, what)
        text = str(value)
    if value is None or value == 0:
        return Cell(text, "")
    if what is What.OPEN_NOW:
        here = ListQuery(line=report.line.pk, operator=operator, period=Period.ALL)
        return Cell(text, reverse("kpi:dialogs") + here.address(state=_HELD))
    return Cell(
        text,
        reverse("kpi:fairness_dialogs")
        + query.address(line=report.line.pk, operator=operator, what=str(what)),
    )


def evenness_in_words(report: Report) -> str:
    """One sentence that says what the index means, with the numbers in it."""
    found = report.evenness
    if found is None:
        if not report.is_even_mode:
            return _("The index of evenness is for lines that hand out evenly; this one does not.")
        return _("There is nothing to compare yet: fewer than two people of the queue got dialogs by turn.")
    return _(
        "Of %(total)d dialogs offered by turn, %(moves)d would have had to go to somebody else for everybody to get "
        "equally many; each got from %(lowest)d to %(highest)d."
    ) % {"total": found.total, "moves": found.moves, "lowest": found.lowest, "highest": found.highest}


def periods(query: ListQuery) -> list[Choice]:
    """The empty one: own dates."""
    own = query.since is not None or query.until is not None
    shown = [Period.TODAY, Period.WEEK, Period.MONTH, *([Period.ALL] if query.period is Period.ALL else [])]
    labels = period_labels()
    found = [Choice(one.value, labels[one], not own and one is query.period) for one in shown]
    return [*found, Choice("", _("Own dates"), own)]


def outcomes() -> dict[str, str]:
    """What became of an offer, or what happened, in words."""
    return {
        "accepted": _("accepted"),
        "skipped": _("skipped"),
        "lapsed": _("lapsed"),
        "taken": _("taken by somebody else"),
        "withdrawn": _("withdrawn"),
        "": _("offered now"),
        "transfer": _("transferred by %(name)s"),
        "transfer_to_line": _("sent to another line by %(name)s"),
        "back_to_queue": _("given back by %(name)s"),
    }
