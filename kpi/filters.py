"""What the dialog list shows: filters and order, as they stand in the address.

Nothing in an address is an error: what is not understood is left out and named in ``ListQuery.ignored``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from django.utils.timezone import get_current_timezone

from contactcenter.lib.parameters import storable, whole_number
from openlines.models import Connection
from openlines.policies.facts import State


class Period(StrEnum):
    TODAY = "today"
    WEEK = "7d"
    MONTH = "30d"
    ALL = "all"


DAYS = {Period.TODAY: 0, Period.WEEK: 6, Period.MONTH: 29}
DEFAULT_SORT = "-created"
EARLIEST, LATEST = date(1970, 1, 1), date(9000, 1, 1)
"""Days that have a day before and after them in any zone."""
LAST_PAGE = 1_000_000
CHANNELS = tuple(Connection.Kind.values)
OUTCOMES = ("solved", "not_solved", "none")
RATINGS = ("good", "bad", "any", "none")
STARS = ("1", "2", "3", "4", "5", "any")
HOURS = ("in", "out")


@dataclass(frozen=True)
class ListQuery:
    """``sort``: a column's key, with ``-`` for descending. ``since``/``until``: days in the reader's zone, both inclusive."""

    states: tuple[State, ...] = ()
    operator: int | None = None
    line: int | None = None
    unanswered: bool = False
    marked: bool = False
    """Ever marked as unanswered (A4)."""
    channel: str = ""
    outcome: str = ""
    """``solved``, ``not_solved`` or ``none``: not said (R8)."""
    rating: str = ""
    """The client's: ``good``, ``bad``, ``any`` or ``none``."""
    stars: str = ""
    """The supervisor's: "1" … "5", or ``any``."""
    hours: str = ""
    """Begun ``in`` or ``out`` of working time."""
    period: Period = Period.MONTH
    since: date | None = None
    until: date | None = None
    search: str = ""
    sort: str = DEFAULT_SORT
    page: int = 1
    ignored: tuple[str, ...] = field(default=())

    def bounds(self, *, now: datetime) -> tuple[datetime | None, datetime | None]:
        """[from, to) of *created*, aware."""
        zone = get_current_timezone()
        if self.since or self.until:
            start = (
                datetime(self.since.year, self.since.month, self.since.day, tzinfo=zone)
                if self.since
                else None
            )
            end = None
            if self.until:
                following = self.until + timedelta(days=1)
                end = datetime(following.year, following.month, following.day, tzinfo=zone)
            return start, end
        if self.period is Period.ALL:
            return None, None
        first = now.astimezone(zone).date() - timedelta(days=DAYS[self.period])
        return datetime(first.year, first.month, first.day, tzinfo=zone), None

    def address(self, **changes: object) -> str:
        """The query string of this list with ``changes``; None takes a filter away. A change of filter goes to page 1."""
        values: dict[str, object] = {
            "state": [str(state) for state in self.states],
            "operator": self.operator,
            "line": self.line,
            "unanswered": "1" if self.unanswered else None,
            "marked": "1" if self.marked else None,
            "channel": self.channel,
            "outcome": self.outcome,
            "rating": self.rating,
            "stars": self.stars,
            "hours": self.hours,
            "period": None if self.period is Period.MONTH else self.period,
            "since": self.since,
            "until": self.until,
            "q": self.search or None,
            "sort": None if self.sort == DEFAULT_SORT else self.sort,
            "page": None,
        }
        values |= changes
        pairs = [
            (key, item)
            for key, value in values.items()
            for item in (value if isinstance(value, list) else [value])
            if item not in (None, "")
        ]
        return "?" + urlencode(pairs)


def read(params: Mapping[str, list[str]], *, sortable: set[str]) -> ListQuery:
    """``params``: name → values, as ``dict(request.GET.lists())``."""
    ignored: list[str] = []

    def one(name: str) -> str:
        return storable((params.get(name) or [""])[-1]).strip()

    def number(name: str) -> int | None:
        raw = one(name)
        found = whole_number(raw)
        if raw and found is None:
            ignored.append(name)
        return found

    def day(name: str) -> date | None:
        raw = one(name)
        try:
            found = date.fromisoformat(raw) if raw else None
        except ValueError:
            found = date.max
        if found is None or EARLIEST <= found <= LATEST:
            return found
        ignored.append(name)
        return None

    def among(name: str, known: Collection[str]) -> str:
        raw = one(name)
        if raw and raw not in known:
            ignored.append(name)
            return ""
        return raw

    states = []
    for raw in params.get("state", []):
        if raw in State._value2member_map_:
            states.append(State(raw))
        elif raw:
            ignored.append("state")
    period = one("period") or Period.MONTH
    if period not in Period._value2member_map_:
        ignored.append("period")
        period = Period.MONTH
    sort = one("sort") or DEFAULT_SORT
    if sort.removeprefix("-") not in sortable:
        ignored.append("sort")
        sort = DEFAULT_SORT
    return ListQuery(
        states=tuple(dict.fromkeys(states)),
        operator=number("operator"),
        line=number("line"),
        unanswered=one("unanswered") == "1",
        marked=one("marked") == "1",
        channel=among("channel", CHANNELS),
        outcome=among("outcome", OUTCOMES),
        rating=among("rating", RATINGS),
        stars=among("stars", STARS),
        hours=among("hours", HOURS),
        period=Period(period),
        since=day("since"),
        until=day("until"),
        search=one("q")[:100],
        sort=sort,
        page=min(max(number("page") or 1, 1), LAST_PAGE),
        ignored=tuple(dict.fromkeys(ignored)),
    )
