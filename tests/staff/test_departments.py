"""Q1: whom a department in a queue stands for."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff.departments import in_tree_order, members_of, subtree
from contactcenter.staff.models import Department
from tests.factories import make_department, make_employee

pytestmark = pytest.mark.django_db


def test_members_come_by_name() -> None:
    department = make_department()
    zielinska = make_employee(department=department, last_name="Zielinska")
    adam = make_employee(department=department, last_name="Kowalski", first_name="Adam")
    anna = make_employee(department=department, last_name="Kowalski", first_name="Anna")
    assert members_of([department.pk]) == {department.pk: [adam.pk, anna.pk, zielinska.pk]}


def test_sub_departments_are_part_of_it_however_deep() -> None:
    top = make_department()
    middle = make_department(parent=top)
    bottom = make_department(parent=middle)
    first = make_employee(department=bottom, last_name="A")
    second = make_employee(department=top, last_name="B")
    make_employee(department=make_department())
    assert members_of([top.pk, bottom.pk]) == {top.pk: [first.pk, second.pk], bottom.pk: [first.pk]}


def test_heads_are_left_out_also_those_of_sub_departments() -> None:
    top = make_department()
    below = make_department(parent=top)
    head, head_below, worker = (
        make_employee(department=top),
        make_employee(department=below),
        make_employee(department=below),
    )
    Department.objects.filter(pk=top.pk).update(head=head)
    Department.objects.filter(pk=below.pk).update(head=head_below)
    assert members_of([top.pk, below.pk]) == {top.pk: [worker.pk], below.pk: [worker.pk]}


def test_the_head_of_another_department_counts_where_he_is_a_plain_member() -> None:
    department = make_department()
    member = make_employee(department=department)
    make_department(head=member)
    assert members_of([department.pk]) == {department.pk: [member.pk]}


def test_the_dismissed_are_left_out() -> None:
    department = make_department()
    stays = make_employee(department=department)
    make_employee(department=department).dismiss(timezone.now())
    make_employee(department=department, is_active=False)
    assert members_of([department.pk]) == {department.pk: [stays.pk]}


def test_an_empty_and_an_unknown_department_stand_for_nobody() -> None:
    department = make_department()
    assert members_of([department.pk, 10**9]) == {department.pk: [], 10**9: []}
    assert members_of([]) == {}


def test_many_departments_cost_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tops = [make_department() for _ in range(3)]
    for top in tops:
        make_employee(department=make_department(parent=top))
    with django_assert_num_queries(1):
        members_of([top.pk for top in tops])


def test_a_circle_is_refused() -> None:
    top = make_department()
    below = make_department(parent=make_department(parent=top))
    top.parent = below
    with pytest.raises(ValidationError) as refusal:
        top.full_clean()
    assert "parent" in refusal.value.message_dict
    top.parent = top
    with pytest.raises(ValidationError):
        top.full_clean()


def test_a_circle_that_slipped_in_ends_the_recursion() -> None:
    one = make_department()
    two = make_department(parent=one)
    Department.objects.filter(pk=one.pk).update(parent=two)
    member = make_employee(department=two)
    assert members_of([one.pk]) == {one.pk: [member.pk]}
    assert subtree([one.pk]) == {one.pk, two.pk}


def test_two_departments_of_one_name_may_not_stand_in_the_same_place() -> None:
    top = make_department("Sales")
    make_department("Sales", parent=top)
    with pytest.raises(ValidationError):
        Department(name="Sales").full_clean()


def test_tree_order_puts_each_department_below_its_parent() -> None:
    sales = make_department("Sales", sort_order=2)
    service = make_department("Service", sort_order=1)
    shops = make_department("Shops", parent=sales)
    export = make_department("Export", parent=sales)
    places = [(place.department_id, place.depth) for place in in_tree_order()]
    assert places == [(service.pk, 0), (sales.pk, 0), (export.pk, 1), (shops.pk, 1)]
