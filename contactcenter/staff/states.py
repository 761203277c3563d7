"""What a person's state is called, and how it looks: for the own state at the top, and for the team's page."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contactcenter.staff.availability import Status, statuses
from contactcenter.staff.models import Absence, Break, Employee, WorkDay
from contactcenter.staff.work_days import is_forgotten

LEAVE, BREAK, WORKING, NOT_STARTED, AVAILABLE, OFFLINE = (
    "leave",
    "break",
    "working",
    "not_started",
    "available",
    "offline",
)

#: In the order of Q4: of several the first that keeps him from dialogs is the state.
WORDS: dict[str, str | Promise] = {
    LEAVE: _("On leave"),
    BREAK: _("On a break"),
    WORKING: _("At work"),
    NOT_STARTED: _("Work day not started"),
    AVAILABLE: _("Online"),
    OFFLINE: _("Offline"),
}
TONES = {
    LEAVE: "violet",
    BREAK: "amber",
    WORKING: "green",
    NOT_STARTED: "grey",
    AVAILABLE: "green",
    OFFLINE: "grey",
}


@dataclass(frozen=True)
class State:
    """`since`: when it began, where that is known; `absence`: the one that runs, with the days it lasts."""

    kind: str
    since: datetime | None
    status: Status
    absence: Absence | None = None
    is_forgotten: bool = False

    @property
    def words(self) -> str:
        return str(
            _("Work day still open") if self.is_forgotten and self.kind == WORKING else WORDS[self.kind]
        )

    @property
    def tone(self) -> str:
        return "red" if self.is_forgotten else TONES[self.kind]

    @property
    def takes_dialogs(self) -> bool:
        return self.kind in (WORKING, AVAILABLE)


def states(employees: Collection[Employee], *, now: datetime) -> dict[int, State]:
    """The state of each. Two statements."""
    known = statuses([employee.pk for employee in employees], now=now)
    running = {
        absence.employee_id: absence
        for absence in Absence.objects.filter(employee__in=known)
        .near(now)
        .select_related("employee")
        .order_by("-first_day")
        if absence.starts_at <= now < absence.ends_at
    }
    return {
        employee.pk: _state(employee, known[employee.pk], absence=running.get(employee.pk), now=now)
        for employee in employees
    }


def state(employee: Employee, *, now: datetime) -> State:
    return states([employee], now=now)[employee.pk]


def _state(employee: Employee, status: Status, *, absence: Absence | None, now: datetime) -> State:
    kind, since = _kind(status)
    day = status.day_since
    forgotten = day is not None and is_forgotten(day, zone_of=employee, now=now)
    return State(kind=kind, since=since, status=status, absence=absence, is_forgotten=forgotten)


def _kind(status: Status) -> tuple[str, datetime | None]:
    if status.leave_since is not None:
        return LEAVE, status.leave_since
    if status.break_since is not None:
        return BREAK, status.break_since
    if status.tracked:
        return (WORKING, status.day_since) if status.day_since is not None else (NOT_STARTED, None)
    return (AVAILABLE, None) if status.online else (OFFLINE, status.seen_at)


@dataclass(frozen=True)
class DayWorked:
    """A work day with its breaks; `worked` is empty while it is open: nobody's hours are invented."""

    day: WorkDay
    breaks: timedelta

    @property
    def worked(self) -> timedelta | None:
        return None if self.day.ended_at is None else self.day.ended_at - self.day.started_at - self.breaks

    @property
    def breaks_words(self) -> str:
        return _hours(self.breaks) if self.breaks else ""

    @property
    def worked_words(self) -> str:
        return "" if self.worked is None else _hours(self.worked)


def _hours(time: timedelta) -> str:
    """8:05: hours and minutes, for lists of what was worked."""
    minutes = round(time.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def latest_days(employee_id: int, *, limit: int = 14) -> list[DayWorked]:
    """His work days, the newest first. Two statements."""
    days = list(WorkDay.objects.filter(employee=employee_id)[:limit])
    if not days:
        return []
    pauses = list(Break.objects.filter(employee=employee_id, started_at__gte=days[-1].started_at))
    return [DayWorked(day=day, breaks=_breaks_of(day, pauses)) for day in days]


def _breaks_of(day: WorkDay, pauses: Iterable[Break]) -> timedelta:
    """The breaks that are over and were within the day."""
    return sum(
        (
            pause.ended_at - pause.started_at
            for pause in pauses
            if pause.ended_at is not None
            and day.started_at <= pause.started_at
            and (day.ended_at is None or pause.ended_at <= day.ended_at)
        ),
        timedelta(),
    )
