"""/team/: who sees whom, and what is said of them."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff import presence, team, work_days
from contactcenter.staff.models import Break, Employee, WorkDay
from tests.factories import make_department, make_employee
from tests.staff.conftest import at
from tests.staff.makers import local_time, make_absence, make_tracked

pytestmark = pytest.mark.django_db

WARSAW = "Europe/Warsaw"
NOW = at("2026-03-02 10:00", WARSAW)


def seen_by(leader: Employee, department_id: int | None = None) -> list[Employee]:
    found = team.groups(leader, now=NOW, department_id=department_id)
    return [person.employee for group in found for person in group.people]


def test_a_head_sees_his_departments_and_those_below_but_nobody_else() -> None:
    head = make_employee(last_name="Head")
    top = make_department("A", head=head)
    below = make_department("B", parent=top)
    beside = make_department("C")
    member, deep = make_employee(department=top), make_employee(department=below)
    head.department = make_department("D")
    head.save()
    make_employee(department=beside)
    make_employee(department=head.department)
    make_employee(department=top).dismiss(NOW)
    assert seen_by(head) == [member, deep, head]
    assert seen_by(head, below.pk) == [deep]
    assert seen_by(head, beside.pk) == []
    assert [department.name for department in team.departments_of(head)] == ["A", "B"]


def test_who_changes_employees_sees_everybody_also_those_without_a_department() -> None:
    boss = make_employee(role="administrator", last_name="Zz")
    sales = make_department("Sales")
    anna = make_employee(department=sales)
    groups = team.groups(boss, now=NOW)
    assert [(group.department, [person.employee for person in group.people]) for group in groups] == [
        (sales, [anna]),
        (None, [boss]),
    ]


def test_a_circle_in_the_tree_hides_nobody() -> None:
    boss = make_employee(role="administrator")
    one = make_department("One")
    two = make_department("Two", parent=one)
    type(one).objects.filter(pk=one.pk).update(parent=two)
    anna = make_employee(department=one)
    assert anna in seen_by(boss)


def test_who_leads_nobody_has_no_team_page(client: Client) -> None:
    client.force_login(make_employee(role="operator", department=make_department()))
    answer = client.get(reverse("staff:team"))
    assert answer.status_code == 403
    assert "You head no department" in answer.text


@pytest.fixture
def crew(client: Client) -> dict[str, Employee]:
    """One of each state, and their head, who is logged in."""
    people = {
        "leave": make_employee(last_name="Leave", time_zone=WARSAW),
        "break": make_employee(last_name="Break"),
        "working": make_tracked(last_name="Working"),
        "forgotten": make_tracked(last_name="Forgotten", time_zone=WARSAW),
        "not_started": make_tracked(last_name="Started"),
        "available": make_employee(last_name="Online"),
        "offline": make_employee(last_name="Offline"),
    }
    make_absence(people["leave"], "2026-03-02", "2026-03-06", kind="sick")
    make_absence(people["offline"], "2026-03-09")
    work_days.start_break(people["break"].pk, now=NOW - timedelta(minutes=12))
    work_days.start_day(people["working"].pk, now=NOW - timedelta(hours=2))
    work_days.start_day(people["forgotten"].pk, now=NOW - timedelta(days=1))
    for name in ("available", "leave"):
        presence.touch(people[name].pk, NOW)
    presence.touch(people["offline"].pk, NOW - timedelta(hours=1))
    head = make_employee(last_name="Aaa", department=None, time_zone=WARSAW)
    department = make_department("Support", head=head)
    Employee.objects.filter(pk__in=[one.pk for one in people.values()]).update(department=department)
    client.force_login(head)
    return people | {"head": head}


def test_each_is_shown_in_his_state(client: Client, crew: dict[str, Employee]) -> None:
    with time_machine.travel(NOW, tick=False):
        answer = client.get(reverse("staff:team"))
    (_, group) = (None, answer.context["groups"][0])
    shown = {person.employee.last_name: person for person in group.people}
    kinds = {name: person.state.kind for name, person in shown.items()}
    assert kinds == {
        "Leave": "leave",
        "Break": "break",
        "Working": "working",
        "Forgotten": "working",
        "Started": "not_started",
        "Online": "available",
        "Offline": "offline",
    }
    assert shown["Leave"].state.absence.ends_at == at("2026-03-07 00:00", WARSAW)
    assert shown["Forgotten"].state.is_forgotten
    assert str(shown["Offline"].next_absence) == "Holiday: March 9, 2026"
    for words in (
        "until 6 Mar",
        "Sick leave",
        "On a break",
        "open since 1 Mar, 10:00",
        "Work day not started",
    ):
        assert words in answer.text


def test_the_page_asks_for_its_table_again(client: Client, crew: dict[str, Employee]) -> None:
    fragment = client.get(reverse("staff:team"), headers={"hx-request": "true"})
    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    assert 'hx-trigger="every 30s' in fragment.text


@pytest.mark.parametrize("department", ["x", "-1", "9" * 30, "0"])
def test_nonsense_in_the_address_is_no_error(
    client: Client, crew: dict[str, Employee], department: str
) -> None:
    assert client.get(reverse("staff:team"), {"department": department}).status_code == 200


def test_the_cost_does_not_grow_with_the_people(
    client: Client, crew: dict[str, Employee], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_absence(
            make_tracked(department=Employee.objects.get(pk=crew["leave"].pk).department), "2027-01-01"
        )
    with django_assert_max_num_queries(14):
        client.get(reverse("staff:team"))


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_pages_answer_in_both_languages(client: Client, crew: dict[str, Employee], language: str) -> None:
    Employee.objects.filter(pk=crew["head"].pk).update(language=language)
    own = make_absence(crew["head"], "2027-01-01")
    for address in (
        reverse("staff:team"),
        reverse("staff:person", args=[crew["forgotten"].pk]),
        reverse("staff:own_absences"),
        reverse("staff:own_state_panel"),
    ):
        answer = client.get(address)
        assert answer.status_code == 200
    assert str(own.first_day.year) in client.get(reverse("staff:own_absences")).text


# -- a forgotten day, ended by the head


def test_the_head_says_when_a_forgotten_day_ended_by_his_own_clock(
    client: Client, crew: dict[str, Employee]
) -> None:
    employee = crew["forgotten"]
    address = reverse("staff:end_day_of", args=[employee.pk])
    with time_machine.travel(NOW, tick=False):
        assert "was never ended" in client.get(reverse("staff:person", args=[employee.pk])).text
        refused = client.post(address, {"ended_at": local_time(NOW + timedelta(hours=1))})
        assert refused.status_code == 422
        assert "still to come" in refused.text
        assert client.post(address, {"ended_at": "2026-03-01T18:00"}).status_code == 302
    day = WorkDay.objects.get(employee=employee)
    assert (day.ended_at, day.end_told_at) == (at("2026-03-01 18:00", WARSAW), NOW)
    assert not Break.objects.filter(employee=employee).exists()
