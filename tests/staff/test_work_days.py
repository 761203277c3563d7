"""Work days and breaks: each verb may be repeated, what makes no sense is refused, nobody's hours are invented."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from contactcenter.staff import work_days
from contactcenter.staff.models import Break, Employee, WorkDay
from contactcenter.staff.states import latest_days
from contactcenter.staff.work_days import StateRefused
from tests.factories import make_employee
from tests.openlines.together import together
from tests.staff.conftest import Heard, at
from tests.staff.makers import make_tracked

pytestmark = pytest.mark.django_db

WARSAW = "Europe/Warsaw"
MONDAY = at("2026-03-02 09:00", WARSAW)
HOUR = timedelta(hours=1)


def running(employee: Employee) -> tuple[int, int]:
    """Open work days and open breaks."""
    return (
        WorkDay.objects.filter(employee=employee, ended_at=None).count(),
        Break.objects.filter(employee=employee, ended_at=None).count(),
    )


def test_a_work_day_with_a_break(heard: Heard) -> None:
    anna = make_tracked()
    work_days.start_day(anna.pk, now=MONDAY)
    work_days.start_break(anna.pk, now=MONDAY + 3 * HOUR)
    work_days.end_break(anna.pk, now=MONDAY + 4 * HOUR)
    work_days.end_day(anna.pk, now=MONDAY + 8 * HOUR)
    assert heard.of(anna.pk) == ["came", "went break", "came", "went day_ended"]
    assert running(anna) == (0, 0)
    (worked,) = latest_days(anna.pk)
    assert (worked.day.started_at, worked.day.ended_at) == (MONDAY, MONDAY + 8 * HOUR)
    assert worked.day.end_told_at is None
    assert (worked.breaks, worked.worked, worked.worked_words) == (HOUR, 7 * HOUR, "7:00")


def test_what_is_so_already_stays_as_it_is_and_is_not_announced_again(heard: Heard) -> None:
    anna = make_tracked()
    for minutes in range(2):
        work_days.start_day(anna.pk, now=MONDAY + timedelta(minutes=minutes))
    assert WorkDay.objects.get().started_at == MONDAY
    for minutes in range(2):
        work_days.start_break(anna.pk, now=MONDAY + HOUR + timedelta(minutes=minutes))
    assert Break.objects.get().started_at == MONDAY + HOUR
    for minutes in range(2):
        work_days.end_break(anna.pk, now=MONDAY + 2 * HOUR + timedelta(minutes=minutes))
    assert Break.objects.get().ended_at == MONDAY + 2 * HOUR
    for minutes in range(2):
        work_days.end_day(anna.pk, now=MONDAY + 3 * HOUR + timedelta(minutes=minutes))
    assert WorkDay.objects.get().ended_at == MONDAY + 3 * HOUR
    assert heard.of(anna.pk) == ["came", "went break", "came", "went day_ended"]


def test_the_end_of_the_day_ends_the_break_and_the_start_too() -> None:
    anna = make_tracked()
    work_days.start_day(anna.pk, now=MONDAY)
    work_days.start_break(anna.pk, now=MONDAY + HOUR)
    work_days.end_day(anna.pk, now=MONDAY + 2 * HOUR)
    assert Break.objects.get().ended_at == MONDAY + 2 * HOUR
    Break.objects.create(employee=anna, started_at=MONDAY + 3 * HOUR)
    work_days.start_day(anna.pk, now=MONDAY + 4 * HOUR)
    assert running(anna) == (1, 0)


def test_a_break_is_possible_without_tracking_and_a_work_day_is_not(heard: Heard) -> None:
    anna = make_employee()
    work_days.start_break(anna.pk, now=MONDAY)
    work_days.end_break(anna.pk, now=MONDAY + HOUR)
    assert heard.of(anna.pk) == ["went break", "came"]
    with pytest.raises(StateRefused, match="not tracked"):
        work_days.start_day(anna.pk, now=MONDAY)
    assert not WorkDay.objects.exists()


def test_a_break_from_nothing_is_refused(heard: Heard) -> None:
    anna = make_tracked()
    with pytest.raises(StateRefused, match="has not started"):
        work_days.start_break(anna.pk, now=MONDAY)
    assert heard == []


def test_who_is_dismissed_starts_nothing() -> None:
    anna = make_tracked()
    anna.dismiss(MONDAY)
    with pytest.raises(StateRefused, match="no longer works here"):
        work_days.start_day(anna.pk, now=MONDAY)
    with pytest.raises(StateRefused, match="no longer works here"):
        work_days.start_break(anna.pk, now=MONDAY)


def test_a_day_that_tracking_no_longer_asks_for_can_still_be_ended() -> None:
    anna = make_tracked()
    work_days.start_day(anna.pk, now=MONDAY)
    Employee.objects.update(work_day_tracking="never")
    assert work_days.end_day(anna.pk, now=MONDAY + HOUR) is not None


# -- forgotten days


@pytest.mark.parametrize(
    ("started", "now", "forgotten"),
    [
        ("2026-03-02 09:00", "2026-03-02 23:59", False),  # a long day, but the same
        ("2026-03-02 20:00", "2026-03-03 08:00", False),  # a night shift
        ("2026-03-02 09:00", "2026-03-03 07:00", True),
        ("2026-03-28 22:00", "2026-03-29 11:59", False),  # 12:59 h by the sun: the clock went forward
    ],
)
def test_a_day_is_forgotten_on_a_later_date_and_after_longer_than_anybody_works(
    started: str, now: str, forgotten: bool
) -> None:
    anna = make_tracked(time_zone=WARSAW)
    assert work_days.is_forgotten(at(started, WARSAW), zone_of=anna, now=at(now, WARSAW)) is forgotten


def test_a_forgotten_day_wants_its_end_told_before_a_new_one_starts(heard: Heard) -> None:
    anna = make_tracked(time_zone=WARSAW)
    work_days.start_day(anna.pk, now=MONDAY)
    work_days.start_break(anna.pk, now=MONDAY + 7 * HOUR)
    tuesday = MONDAY + 24 * HOUR
    with pytest.raises(StateRefused, match=r"March 2, 2026 is still open"):
        work_days.start_day(anna.pk, now=tuesday)
    work_days.end_day(anna.pk, now=tuesday, ended_at=MONDAY + 8 * HOUR)
    day = WorkDay.objects.get()
    assert (day.ended_at, day.end_told_at) == (MONDAY + 8 * HOUR, tuesday)
    assert Break.objects.get().ended_at == MONDAY + 8 * HOUR
    work_days.start_day(anna.pk, now=tuesday)
    assert running(anna) == (1, 0)
    assert heard.of(anna.pk) == ["came", "went break", "went day_ended", "came"]


@pytest.mark.parametrize(
    ("hours", "words"), [(-1, "started later"), (6.5, "a break later"), (24.5, "still to come")]
)
def test_an_end_that_cannot_be_is_refused(hours: float, words: str) -> None:
    anna = make_tracked()
    work_days.start_day(anna.pk, now=MONDAY)
    work_days.start_break(anna.pk, now=MONDAY + 6 * HOUR)
    work_days.end_break(anna.pk, now=MONDAY + 7 * HOUR)
    with pytest.raises(StateRefused, match=words):
        work_days.end_day(anna.pk, now=MONDAY + 24 * HOUR, ended_at=MONDAY + hours * HOUR)
    assert running(anna) == (1, 0)


def test_hours_of_an_open_day_are_not_invented() -> None:
    anna = make_tracked()
    work_days.start_day(anna.pk, now=MONDAY)
    (worked,) = latest_days(anna.pk)
    assert worked.worked is None
    assert worked.worked_words == ""


# -- dismissal


def test_dismissal_leaves_nothing_open_and_is_announced(heard: Heard) -> None:
    anna = make_tracked()
    work_days.start_day(anna.pk, now=MONDAY)
    work_days.start_break(anna.pk, now=MONDAY + HOUR)
    heard.clear()
    anna.dismiss(MONDAY + 2 * HOUR)
    assert running(anna) == (0, 0)
    assert WorkDay.objects.get().ended_at == MONDAY + 2 * HOUR
    assert heard.of(anna.pk) == ["went dismissed"]
    anna.take_back(MONDAY + 3 * HOUR)
    assert heard.of(anna.pk) == ["went dismissed", "came"]
    assert running(anna) == (0, 0)


# -- at once


@pytest.mark.django_db(transaction=True)
def test_two_tabs_start_one_day_and_announce_it_once(heard: Heard) -> None:
    anna = make_tracked()
    days = together(*[lambda: work_days.start_day(anna.pk, now=MONDAY)] * 6)
    assert len({day.pk for day in days}) == 1
    assert WorkDay.objects.count() == 1
    assert heard.of(anna.pk) == ["came"]


@pytest.mark.django_db(transaction=True)
def test_a_break_and_the_end_of_the_day_at_once_leave_nothing_open(heard: Heard) -> None:
    anna = make_tracked()
    for round_ in range(5):
        now = MONDAY + round_ * HOUR
        work_days.start_day(anna.pk, now=now)
        results = together(
            lambda now=now: work_days.start_break(anna.pk, now=now),  # type: ignore[misc]
            lambda now=now: work_days.end_day(anna.pk, now=now),  # type: ignore[misc]
        )
        assert all(isinstance(result, Break | WorkDay | StateRefused) for result in results)
        assert running(anna) == (0, 0)


def test_the_database_itself_keeps_one_open_of_each() -> None:
    anna = make_tracked()
    for model in (WorkDay, Break):
        model.objects.create(employee=anna, started_at=MONDAY)
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.create(employee=anna, started_at=MONDAY + HOUR)


def test_what_is_announced_is_undone_with_what_was_written(heard: Heard) -> None:
    """Receivers run in the writing transaction: one that fails takes the write along."""
    from contactcenter.staff import signals

    def refuse(sender: object, **_: object) -> None:
        raise RuntimeError("no")

    anna = make_tracked()
    signals.became_available.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            work_days.start_day(anna.pk, now=MONDAY)
    finally:
        signals.became_available.disconnect(refuse)
    assert running(anna) == (0, 0)
