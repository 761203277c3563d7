"""§12: the ready roles as the specification's table has them, and how roles add up."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff import roles
from contactcenter.staff.models import Employee, Right, Role, RoleBinding, RoleGrant, Scope
from tests.factories import make_department, make_employee, make_role

pytestmark = pytest.mark.django_db

NOTHING, OWN, DEPARTMENT, ALL = Scope.NOTHING, Scope.OWN, Scope.DEPARTMENT, Scope.ALL

#: right: (administrator, supervisor, operator)
TABLE = {
    Right.LINES_SEE: (ALL, ALL, NOTHING),
    Right.LINES_CHANGE: (ALL, NOTHING, NOTHING),
    Right.CONNECTIONS_CHANGE: (ALL, NOTHING, NOTHING),
    Right.DIALOGS_SEE: (ALL, DEPARTMENT, OWN),
    Right.DIALOGS_HISTORY: (ALL, DEPARTMENT, OWN),
    Right.DIALOGS_START_SPAM: (ALL, DEPARTMENT, OWN),
    Right.DIALOGS_JOIN: (ALL, DEPARTMENT, NOTHING),
    Right.SUPERVISOR_RATING: (ALL, DEPARTMENT, NOTHING),
    Right.REPORTS: (ALL, DEPARTMENT, NOTHING),
    Right.EXPORT: (ALL, DEPARTMENT, NOTHING),
    Right.CRM_SEE: (ALL, ALL, OWN),
    Right.CRM_CHANGE: (ALL, DEPARTMENT, OWN),
    Right.CANNED_CHANGE: (ALL, ALL, NOTHING),
    Right.ROLES_CHANGE: (ALL, NOTHING, NOTHING),
}


def test_the_table_has_every_right() -> None:
    assert set(TABLE) == set(Right)


@pytest.mark.parametrize(("column", "key"), [(0, "administrator"), (1, "supervisor"), (2, "operator")])
@pytest.mark.parametrize("right", list(Right))
def test_a_ready_role_reaches_as_far_as_the_table_says(right: Right, column: int, key: str) -> None:
    assert roles.scope(make_employee(role=key), right) == TABLE[right][column]


@pytest.mark.parametrize("right", list(Right))
def test_a_superuser_may_everything_and_who_has_no_role_nothing(right: Right) -> None:
    assert roles.scope(make_employee(is_superuser=True), right) == ALL
    assert roles.scope(make_employee(), right) == NOTHING


def test_of_several_roles_the_widest_wins() -> None:
    employee = make_employee(role="operator")
    RoleBinding.objects.create(role=make_role(dialogs_see=ALL, crm_see=NOTHING), employee=employee)
    assert roles.scope(employee, Right.DIALOGS_SEE) == ALL
    assert roles.scope(employee, Right.CRM_SEE) == OWN


def test_a_role_of_a_department_is_everybodys_in_it_and_below_it() -> None:
    top = make_department()
    below = make_department(parent=make_department(parent=top))
    beside = make_department()
    RoleBinding.objects.create(role=Role.objects.get(key="supervisor"), department=top)
    in_top, in_below, in_beside = (make_employee(department=d) for d in (top, below, beside))
    assert in_top.has_right(Right.REPORTS)
    assert in_below.has_right(Right.REPORTS)
    assert not in_beside.has_right(Right.REPORTS)
    assert not make_employee().has_right(Right.REPORTS)


def test_a_role_of_a_department_below_is_not_its_parents() -> None:
    top = make_department()
    RoleBinding.objects.create(
        role=Role.objects.get(key="supervisor"), department=make_department(parent=top)
    )
    assert not make_employee(department=top).has_right(Right.REPORTS)


def test_a_change_of_rights_acts_at_the_next_request() -> None:
    employee = make_employee(role="operator")
    assert not employee.has_right(Right.EXPORT)
    RoleGrant.objects.create(role=Role.objects.get(key="operator"), right=Right.EXPORT, scope=OWN)
    assert not employee.has_right(Right.EXPORT)  # the same request goes on as it began
    assert Employee.objects.get(pk=employee.pk).has_right(Right.EXPORT)
    employee.refresh_from_db()
    assert employee.has_right(Right.EXPORT)


def test_who_is_inactive_has_no_rights() -> None:
    assert not make_employee(role="administrator", is_active=False).has_right(Right.LINES_SEE)
    assert not make_employee(is_superuser=True, is_active=False).has_right(Right.LINES_SEE)


def test_all_rights_cost_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    employee = make_employee(role="supervisor", department=make_department(parent=make_department()))
    with django_assert_num_queries(1):
        for right in Right:
            roles.scope(employee, right)


def test_own_department_is_the_subtree_and_what_he_heads() -> None:
    sales = make_department("Sales")
    shops = make_department("Shops", parent=sales)
    service = make_department("Service")
    me = make_employee(department=sales)
    service.head = me
    service.save()
    colleague, below, serving = (make_employee(department=d) for d in (sales, shops, service))
    gone = make_employee(department=shops, is_active=False)
    make_employee(department=make_department("Elsewhere"))
    assert roles.department_of_scope(me) == {me.pk, colleague.pk, below.pk, serving.pk, gone.pk}


def test_own_department_of_who_has_none_is_himself() -> None:
    me = make_employee()
    make_employee()
    assert roles.department_of_scope(me) == {me.pk}


def test_a_binding_has_exactly_one_holder() -> None:
    role, employee, department = make_role(), make_employee(), make_department()
    for holder in ({}, {"employee": employee, "department": department}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleBinding.objects.create(role=role, **holder)


@roles.require_right(Right.REPORTS, at_least=DEPARTMENT)
def gated(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


def test_a_gated_page_lets_in_who_has_the_right_and_tells_the_others_which_is_missing(
    rf: RequestFactory,
) -> None:
    request = rf.get("/gated/")
    request.user = make_employee(role="supervisor")
    assert gated(request).status_code == 200
    request.user = make_employee(role="operator")
    with pytest.raises(PermissionDenied, match="Reports"):
        gated(request)
    request.user = make_employee()
    RoleBinding.objects.create(role=make_role(reports=OWN), employee=request.user)
    with pytest.raises(PermissionDenied):
        gated(request)


def test_names_of_ready_roles_are_shown_translated() -> None:
    role = Role.objects.get(key="operator")
    with translation.override("en"):
        assert str(role) == "Operator"
    assert role.is_ready
