"""Q4: what is known of an employee at a moment; leave in days and halves of days, in his own zone."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff import presence
from contactcenter.staff.availability import Status, next_change, statuses
from contactcenter.staff.models import Absence, Break, Employee, WorkDay, WorkDayTracking
from openlines.policies.availability import Presence
from tests.factories import make_employee
from tests.staff.conftest import at
from tests.staff.makers import make_absence, make_tracked, track_work_days

pytestmark = pytest.mark.django_db

NEW_YORK = "America/New_York"
WARSAW = "Europe/Warsaw"
NOW = at("2026-03-02 12:00")


def status(employee: Employee, now: datetime = NOW) -> Status:
    return statuses([employee.pk], now=now)[employee.pk]


def leave(employee: Employee, now: datetime) -> tuple[datetime | None, bool]:
    known = status(employee, now)
    return known.leave_since, known.leave_whole_day


def test_the_fields_are_those_the_policy_of_the_lines_takes() -> None:
    assert vars(Presence()) == vars(Status())


# -- days and zones


def test_a_whole_day_lasts_from_midnight_to_midnight_of_his_own_zone() -> None:
    employee = make_employee(time_zone=WARSAW)
    make_absence(employee, "2026-03-02", kind=Absence.Kind.SICK)
    start, end = at("2026-03-02 00:00", WARSAW), at("2026-03-03 00:00", WARSAW)
    assert leave(employee, start - timedelta(microseconds=1)) == (None, False)
    assert leave(employee, start) == (start, True)
    assert status(employee, start).leave_kind == "sick"
    assert leave(employee, end - timedelta(microseconds=1)) == (start, True)
    assert leave(employee, end) == (None, False)


def test_a_holiday_in_new_york_over_the_night_the_clocks_go_forward() -> None:
    """Sunday 8 March 2026 has 23 hours there: it starts at 5:00 UTC and the 10th at 4:00 UTC."""
    employee = make_employee(time_zone=NEW_YORK)
    make_absence(employee, "2026-03-08", "2026-03-09")
    assert leave(employee, at("2026-03-08 04:59"))[0] is None  # still Saturday there, Sunday in London
    assert leave(employee, at("2026-03-08 05:00")) == (at("2026-03-08 05:00"), True)
    assert leave(employee, at("2026-03-10 03:59")) == (at("2026-03-08 05:00"), True)
    assert leave(employee, at("2026-03-10 04:00"))[0] is None
    assert next_change([employee.pk], now=at("2026-03-08 12:00")) == at("2026-03-10 04:00")


def test_a_day_of_25_hours_is_one_day() -> None:
    employee = make_employee(time_zone=WARSAW)
    make_absence(employee, "2026-10-25")
    start, end = at("2026-10-24 22:00"), at("2026-10-25 23:00")
    assert end - start == timedelta(hours=25)
    assert leave(employee, start)[0] == start
    assert leave(employee, end - timedelta(seconds=1))[0] == start
    assert leave(employee, end)[0] is None


@pytest.mark.parametrize(
    ("zone", "day", "starts_at"),
    [
        ("Asia/Beirut", "2026-03-29", "2026-03-28 22:00"),
        ("Asia/Beirut", "2026-10-25", "2026-10-24 22:00"),
        ("America/Havana", "2026-11-01", "2026-11-01 04:00"),
    ],
    ids=["midnight is skipped", "the hour before it comes twice", "midnight comes twice"],
)
def test_a_day_starts_once_where_the_clock_is_set_at_midnight(zone: str, day: str, starts_at: str) -> None:
    employee = make_employee(time_zone=zone)
    make_absence(employee, day)
    start = at(starts_at)
    assert leave(employee, start - timedelta(seconds=1))[0] is None
    assert leave(employee, start)[0] == start
    assert leave(employee, start + timedelta(hours=1, minutes=30))[0] == start


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
def test_the_ends_of_the_world_are_near_enough(zone: str) -> None:
    employee = make_employee(time_zone=zone)
    make_absence(employee, "2026-03-02")
    assert leave(employee, at("2026-03-02 00:00", zone))[1]
    assert leave(employee, at("2026-03-02 23:59", zone))[1]
    assert leave(employee, at("2026-03-03 00:00", zone))[0] is None


def test_moving_to_another_zone_moves_the_days() -> None:
    employee = make_employee(time_zone=WARSAW)
    make_absence(employee, "2026-03-02")
    Employee.objects.update(time_zone="Asia/Tokyo")
    assert leave(employee, at("2026-03-01 15:00"))[0] == at("2026-03-01 15:00")


def test_who_asks_in_another_zone_gets_the_same_answer() -> None:
    employee = make_employee(time_zone="Etc/GMT+12")
    make_absence(employee, "2026-03-02")
    last = at("2026-03-03 11:59")
    assert leave(employee, last) == leave(
        employee, last.astimezone(at("2026-01-01", "Pacific/Kiritimati").tzinfo)
    )
    assert leave(employee, last)[1]


# -- halves of days


@pytest.mark.parametrize(
    ("half", "covered", "free"),
    [("ends_at_noon", "00:00 11:59", "12:00 23:59"), ("starts_at_noon", "12:00 23:59", "00:00 11:59")],
)
def test_halves_of_days_meet_at_noon_by_his_clock(half: str, covered: str, free: str) -> None:
    employee = make_employee(time_zone=NEW_YORK)
    make_absence(employee, "2026-03-08", "", **{half: True})
    for clock in covered.split():
        since, whole = leave(employee, at(f"2026-03-08 {clock}", NEW_YORK))
        assert since is not None
        assert not whole
    for clock in free.split():
        assert leave(employee, at(f"2026-03-08 {clock}", NEW_YORK))[0] is None


def test_days_that_start_or_end_at_noon_are_longer_than_a_day() -> None:
    employee = make_employee(time_zone=WARSAW)
    make_absence(employee, "2026-03-06", "2026-03-09", starts_at_noon=True, ends_at_noon=True)
    noon = at("2026-03-06 12:00", WARSAW)
    assert leave(employee, noon) == (noon, True)
    assert leave(employee, at("2026-03-09 11:59", WARSAW)) == (noon, True)
    assert leave(employee, at("2026-03-09 12:00", WARSAW))[0] is None


def test_of_two_absences_the_whole_one_counts() -> None:
    employee = make_employee(time_zone=WARSAW)
    make_absence(employee, "2026-03-02", ends_at_noon=True, kind=Absence.Kind.TRAINING)
    make_absence(employee, "2026-03-02", "2026-03-04", kind=Absence.Kind.SICK)
    known = status(employee, at("2026-03-02 09:00", WARSAW))
    assert (known.leave_kind, known.leave_whole_day) == ("sick", True)


# -- the rest of the facts


def test_what_is_not_so_is_not_said() -> None:
    assert status(make_employee()) == Status()


def test_tracking_is_the_installations_with_exceptions_per_person() -> None:
    usual, always, never = (
        make_employee(),
        make_tracked(),
        make_employee(work_day_tracking=WorkDayTracking.NEVER),
    )
    ids = [usual.pk, always.pk, never.pk]

    def tracked() -> list[bool]:
        return [known.tracked for known in statuses(ids, now=NOW).values()]

    assert tracked() == [False, True, False]
    track_work_days(True)
    assert tracked() == [True, True, False]
    track_work_days(False)
    assert tracked() == [False, True, False]


def test_only_what_is_open_counts() -> None:
    employee = make_tracked()
    earlier = NOW - timedelta(days=1)
    WorkDay.objects.create(employee=employee, started_at=earlier, ended_at=earlier + timedelta(hours=8))
    Break.objects.create(employee=employee, started_at=earlier, ended_at=earlier + timedelta(hours=1))
    assert status(employee) == Status(tracked=True)
    WorkDay.objects.create(employee=employee, started_at=NOW - timedelta(hours=2))
    Break.objects.create(employee=employee, started_at=NOW - timedelta(hours=1))
    assert status(employee) == Status(
        tracked=True, day_since=NOW - timedelta(hours=2), break_since=NOW - timedelta(hours=1)
    )


@pytest.mark.parametrize(("seconds", "online"), [(90, True), (90.001, False)])
def test_online_ends_90_seconds_after_the_desk_answered_last(seconds: float, online: bool) -> None:
    employee = make_employee()
    presence.touch(employee.pk, NOW)
    known = status(employee, NOW + timedelta(seconds=seconds))
    assert known == Status(online=online, seen_at=NOW)


def test_who_is_dismissed_or_unknown_counts_as_dismissed() -> None:
    employee = make_employee()
    employee.dismiss(NOW)
    assert status(employee).dismissed
    assert statuses([987654], now=NOW) == {987654: Status(dismissed=True)}
    assert statuses([], now=NOW) == {}


def test_two_hundred_people_cost_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    people = [make_employee() for _ in range(200)]
    for employee in people[:50]:
        make_absence(employee, "2026-03-02", ends_at_noon=True)
        make_absence(employee, "2026-03-03")
    with django_assert_num_queries(1):
        known = statuses([employee.pk for employee in people], now=at("2026-03-02 09:00", WARSAW))
    assert sum(one.leave_since is not None for one in known.values()) == 50
    with django_assert_num_queries(1):
        assert next_change(list(known), now=at("2026-03-02 09:00", WARSAW)) == at("2026-03-02 12:00", WARSAW)


# -- what time alone brings


def test_the_next_change_is_the_earliest_begin_or_end_of_all() -> None:
    anna, ben, other = make_employee(time_zone=WARSAW), make_employee(time_zone=NEW_YORK), make_employee()
    make_absence(anna, "2026-03-02", "2026-03-10")
    make_absence(ben, "2026-03-05", starts_at_noon=True)
    make_absence(other, "2026-03-03")
    both = [anna.pk, ben.pk]
    moments = [
        at("2026-03-02 00:00", WARSAW),
        at("2026-03-05 12:00", NEW_YORK),
        at("2026-03-06 00:00", NEW_YORK),
        at("2026-03-11 00:00", WARSAW),
    ]
    now = at("2026-02-01 00:00")
    for moment in moments:
        assert next_change(both, now=now) == moment
        now = moment
    assert next_change(both, now=now) is None
    assert next_change([], now=NOW) is None
