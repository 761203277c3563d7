"""Work days and breaks (Q4, Q9): what people do with their own state.

Each verb may be repeated (two tabs, a second click): what is so already stays as it is. The employee's row is
locked first, so that of two at once the second sees what the first did; foreign keys to it do not wait.
"""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contactcenter.staff import signals
from contactcenter.staff.availability import statuses
from contactcenter.staff.models import Break, Employee, WorkDay
from contactcenter.staff.signals import Reason

#: A day that runs into the next date is a night shift up to here, and forgotten after it. (European law gives
#: people eleven hours of rest a day.)
LONGEST_DAY = timedelta(hours=13)


class StateRefused(Exception):
    """What makes no sense now. The message is for the person."""


def start_day(employee_id: int, *, now: datetime) -> WorkDay:
    """His work day runs, and he is back from a break.

    Raises StateRefused where work days are not tracked for him, where he is dismissed, and where a forgotten
    day is still open: that one wants its end told first.
    """
    with transaction.atomic():
        employee = _lock(employee_id)
        day = _open_day(employee)
        if day is None:
            if not statuses([employee_id], now=now)[employee_id].tracked:
                raise StateRefused(
                    _("Work days are not tracked for you: you are available while you have the desk open.")
                )
            day = WorkDay.objects.create(employee=employee, started_at=now)
            _end_break(employee, at=now)
            signals.became_available.send(Employee, employee_id=employee_id, now=now)
        elif is_forgotten(day.started_at, zone_of=employee, now=now):
            started = timezone.localtime(day.started_at, employee.zone)
            raise StateRefused(
                _("Your work day of %(date)s is still open. Say first when it ended.")
                % {"date": date_format(started, "DATE_FORMAT")}
            )
        return day


def end_day(employee_id: int, *, now: datetime, ended_at: datetime | None = None) -> WorkDay | None:
    """His work day is over, and a break he is on; None where no day was open.

    `ended_at` is for a day that was forgotten: when it ended by his own word, kept together with when he said
    so. Raises StateRefused where that is before the day, before its last break was over, or still to come.
    """
    with transaction.atomic():
        employee = _lock(employee_id, dismissed_too=True)
        day = _open_day(employee)
        if day is None:
            return None
        if ended_at is not None:
            _refuse_wrong_end(day, employee=employee, ended_at=ended_at, now=now)
        _close(employee, day, at=ended_at or now, told_at=now if ended_at else None)
        signals.became_unavailable.send(Employee, employee_id=employee_id, now=now, reason=Reason.DAY_ENDED)
        return day


def start_break(employee_id: int, *, now: datetime) -> Break:
    """He is on a break. Raises StateRefused where work days are tracked for him and none runs."""
    with transaction.atomic():
        employee = _lock(employee_id)
        pause = Break.objects.filter(employee=employee, ended_at__isnull=True).first()
        if pause is not None:
            return pause
        status = statuses([employee_id], now=now)[employee_id]
        if status.tracked and status.day_since is None:
            raise StateRefused(_("Your work day has not started. Start it first, then take a break."))
        pause = Break.objects.create(employee=employee, started_at=now)
        signals.became_unavailable.send(Employee, employee_id=employee_id, now=now, reason=Reason.BREAK)
        return pause


def end_break(employee_id: int, *, now: datetime) -> None:
    """He is back from his break, if he was on one."""
    with transaction.atomic():
        if _end_break(_lock(employee_id, dismissed_too=True), at=now):
            signals.became_available.send(Employee, employee_id=employee_id, now=now)


def leave_work(employee: Employee, *, now: datetime) -> None:
    """Who is dismissed leaves neither a day nor a break open. In the caller's transaction, no signals."""
    day = _open_day(employee)
    if day is None:
        _end_break(employee, at=now)
    else:
        _close(employee, day, at=now, told_at=None)


def is_forgotten(started_at: datetime, *, zone_of: Employee, now: datetime) -> bool:
    """Whether a day that is still open was rather left open: it is of an earlier date, in his own zone, and
    longer than anybody works."""
    zone = zone_of.zone
    is_earlier = timezone.localdate(started_at, zone) < timezone.localdate(now, zone)
    # through UTC: moments of one zone are subtracted by their clocks
    return is_earlier and now.astimezone(UTC) - started_at.astimezone(UTC) > LONGEST_DAY


def _lock(employee_id: int, *, dismissed_too: bool = False) -> Employee:
    employee = Employee.objects.select_for_update(no_key=True).get(pk=employee_id)
    if not employee.is_active and not dismissed_too:
        raise StateRefused(_("%(name)s no longer works here.") % {"name": employee.display_name})
    return employee


def _open_day(employee: Employee) -> WorkDay | None:
    return WorkDay.objects.filter(employee=employee, ended_at__isnull=True).first()


def _end_break(employee: Employee, *, at: datetime) -> bool:
    """Never before it started: of two clicks the one that came first may be served last."""
    running = Break.objects.filter(employee=employee, ended_at__isnull=True)
    return bool(running.update(ended_at=Greatest("started_at", Value(at))))


def _close(employee: Employee, day: WorkDay, *, at: datetime, told_at: datetime | None) -> None:
    day.ended_at, day.end_told_at = max(at, day.started_at), told_at
    day.save(update_fields=["ended_at", "end_told_at"])
    _end_break(employee, at=at)


def _refuse_wrong_end(day: WorkDay, *, employee: Employee, ended_at: datetime, now: datetime) -> None:
    if ended_at > now:
        raise StateRefused(_("That time is still to come. Enter when the work day ended."))
    if ended_at < day.started_at:
        raise StateRefused(_("The work day started later than that. Enter when it ended."))
    last = Break.objects.filter(employee=employee, started_at__gte=day.started_at).first()
    if last is not None and ended_at < (last.ended_at or last.started_at):
        raise StateRefused(_("There was a break later than that. Enter when the work day ended."))
