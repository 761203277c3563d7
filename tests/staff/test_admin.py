"""The admin opens by role, and its pages answer."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from pytest_django import DjangoAssertNumQueries

from contactcenter.navigation import PRIMARY
from contactcenter.staff import presence
from contactcenter.staff.models import (
    Absence,
    Break,
    Employee,
    Installation,
    Right,
    Role,
    RoleBinding,
    Scope,
    WorkDay,
)
from tests.factories import make_department, make_employee, make_role
from tests.staff.conftest import Heard
from tests.staff.makers import make_absence

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

LISTS = (
    "staff_employee",
    "staff_department",
    "staff_role",
    "staff_absence",
    "axes_accessattempt",
    "axes_accesslog",
    "django_q_schedule",
    "django_q_success",
    "django_q_failure",
    "django_q_ormq",
)


@pytest.fixture
def administrator() -> Employee:
    return make_employee("chief", role="administrator", first_name="Olga", last_name="Chief")


@pytest.fixture
def company(administrator: Employee) -> Employee:
    """A small tree, people, roles of one's own, a schedule that ran, one that failed; and somebody of it."""
    top = make_department("Sales", head=administrator)
    member = make_employee("anna", role="operator", department=make_department("Shops", parent=top))
    RoleBinding.objects.create(role=make_role("clerk", crm_see=Scope.OWN), department=top)
    make_absence(member, "2026-03-02", kind=Absence.Kind.SICK)
    times = {"started": NOW, "stopped": NOW}
    Task.objects.create(
        id="a" * 32, name="swept", func="sweep", success=True, result="3 dialogs offered", **times
    )
    Task.objects.create(
        id="b" * 32, name="broke", func="close", success=False, result="Traceback\nKeyError: 5", **times
    )
    Schedule.objects.create(
        name="Sweep", func="sweep", schedule_type=Schedule.MINUTES, minutes=1, task="a" * 32
    )
    Schedule.objects.create(name="Close", func="close", schedule_type=Schedule.HOURLY, task="b" * 32)
    Schedule.objects.create(name="New", func="new", schedule_type=Schedule.DAILY)
    OrmQ.objects.create(key="contactcenter", payload="broken", lock=NOW)
    return member


# -- who gets in


@pytest.mark.parametrize(
    ("role", "status"), [("administrator", 200), ("supervisor", 200), ("operator", 403), ("", 403)]
)
def test_the_admin_opens_by_role(client: Client, role: str, status: int) -> None:
    client.force_login(make_employee(role=role))
    assert client.get(reverse("admin:index"), follow=True).status_code == status


def test_without_a_session_the_admin_asks_for_the_one_log_in_page_and_comes_back(client: Client) -> None:
    answer = client.get(reverse("admin:staff_role_changelist"), follow=True)
    address, _ = answer.redirect_chain[-1]
    assert address.startswith(reverse("staff:login"))
    assert "next=%2Fadmin%2Fstaff%2Frole%2F" in address


def test_a_supervisor_sees_employees_and_changes_none(client: Client, company: Employee) -> None:
    client.force_login(make_employee(role="supervisor"))
    page = reverse("admin:staff_employee_change", args=[company.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {}).status_code == 403
    assert client.get(reverse("admin:staff_employee_add")).status_code == 403
    assert client.get(reverse("admin:django_q_schedule_changelist")).status_code == 403


def test_an_operator_gets_no_page_of_the_admin(client: Client) -> None:
    client.force_login(make_employee(role="operator"))
    for name in LISTS:
        assert client.get(reverse(f"admin:{name}_changelist"), follow=True).status_code == 403


def test_nobody_but_a_superuser_touches_a_superuser(client: Client, administrator: Employee) -> None:
    root = make_employee("root", is_superuser=True)
    client.force_login(administrator)
    assert client.post(reverse("admin:staff_employee_change", args=[root.pk]), {}).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[root.pk])).status_code == 403
    action = {"action": "dismiss", "_selected_action": [root.pk]}
    client.post(reverse("admin:staff_employee_changelist"), action)
    root.refresh_from_db()
    assert root.is_active


def test_an_administrator_cannot_make_himself_a_superuser(client: Client, administrator: Employee) -> None:
    client.force_login(administrator)
    page = reverse("admin:staff_employee_change", args=[administrator.pk])
    client.post(page, employee_form(administrator, is_superuser="on", is_staff="on"))
    administrator.refresh_from_db()
    assert not administrator.is_superuser
    assert not administrator.is_staff


# -- pages


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("name", LISTS)
def test_every_list_and_page_answers(
    client: Client, administrator: Employee, company: Employee, name: str, language: str
) -> None:
    Employee.objects.filter(pk=administrator.pk).update(language=language)
    client.force_login(administrator)
    answer = client.get(reverse(f"admin:{name}_changelist"))
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.text
    add = client.get(reverse(f"admin:{name}_add"))
    assert add.status_code == (200 if name.startswith("staff_") else 403)
    model = answer.context["cl"].model
    for row in model._default_manager.all()[:3]:
        assert client.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", ["staff_employee", "staff_department", "staff_role", "django_q_schedule"])
def test_lists_cost_the_same_however_long_they_are(
    client: Client,
    administrator: Employee,
    company: Employee,
    name: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    top = make_department()
    for _ in range(20):
        make_employee(role="operator", department=make_department(parent=top))
        make_role(crm_see=Scope.OWN)
        Schedule.objects.create(name="More", func="more", schedule_type=Schedule.HOURLY, task="a" * 32)
    client.force_login(administrator)
    with django_assert_max_num_queries(14):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200


def test_departments_are_listed_as_a_tree(client: Client, administrator: Employee) -> None:
    top = make_department("Zoo")
    make_department("Apes", parent=top)
    make_department("Bureau")
    client.force_login(administrator)
    rows = client.get(reverse("admin:staff_department_changelist")).context["cl"].result_list
    assert [(row.name, row.depth) for row in rows] == [("Bureau", 0), ("Zoo", 0), ("Apes", 1)]


def test_the_sidebar_shows_what_one_may_open(client: Client, administrator: Employee) -> None:
    def titles(employee: Employee) -> set[str]:
        client.force_login(employee)
        groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
        return {str(item["title"]) for group in groups for item in group["items"] if item["has_permission"]}

    assert {"Employees", "Departments", "Roles", "Schedules", "Failed tasks"} <= titles(administrator)
    seen = titles(make_employee(role="supervisor"))
    assert "Employees" in seen
    assert "Schedules" not in seen


def test_the_accent_is_that_of_the_product(pytestconfig: pytest.Config) -> None:
    tokens = (pytestconfig.rootpath / "static/ui/tokens.css").read_text()
    assert f"--cc-accent: light-dark({PRIMARY['600']}, {PRIMARY['500']});" in tokens


# -- employees


def employee_form(employee: Employee, **changes: object) -> dict[str, object]:
    return {
        "username": employee.username,
        "first_name": employee.first_name,
        "last_name": employee.last_name,
        "position": employee.position,
        "department": employee.department_id or "",
        "email": employee.email,
        "phone": "",
        "language": employee.language,
        "time_zone": employee.time_zone,
        "work_day_tracking": employee.work_day_tracking,
        "role_bindings-TOTAL_FORMS": "0",
        "role_bindings-INITIAL_FORMS": "0",
    } | changes


def test_an_administrator_makes_an_employee_and_gives_him_a_role(
    client: Client, administrator: Employee
) -> None:
    client.force_login(administrator)
    made = client.post(
        reverse("admin:staff_employee_add"),
        {
            "username": "new",
            "first_name": "Nina",
            "last_name": "New",
            "password1": "correct horse battery",
            "password2": "correct horse battery",
        },
    )
    assert made.status_code == 302
    nina = Employee.objects.get(username="new")
    assert nina.check_password("correct horse battery")
    roles = {
        "role_bindings-TOTAL_FORMS": "1",
        "role_bindings-0-role": Role.objects.get(key="operator").pk,
        "role_bindings-0-employee": nina.pk,
    }
    page = reverse("admin:staff_employee_change", args=[nina.pk])
    assert client.post(page, employee_form(nina, position="Adviser", **roles)).status_code == 302
    nina.refresh_from_db()
    assert nina.position == "Adviser"
    assert nina.has_right(Right.DIALOGS_SEE)


def test_dismissing_and_taking_back(client: Client, administrator: Employee, company: Employee) -> None:
    client.force_login(administrator)
    page = reverse("admin:staff_employee_changelist")
    client.post(page, {"action": "dismiss", "_selected_action": [company.pk, administrator.pk]})
    company.refresh_from_db()
    administrator.refresh_from_db()
    assert company.dismissed_at is not None
    assert not company.is_active
    assert administrator.is_active  # not oneself
    assert LogEntry.objects.filter(object_id=str(company.pk), change_message="Dismissed.").exists()
    client.post(page, {"action": "take_back", "_selected_action": [company.pk]})
    assert Employee.objects.active().filter(pk=company.pk, dismissed_at=None).exists()


def test_dismissing_from_the_employees_page(
    client: Client, administrator: Employee, company: Employee
) -> None:
    client.force_login(administrator)
    page = reverse("admin:staff_employee_change", args=[company.pk])
    assert 'name="staff_employee_dismiss_this"' in client.get(page).text
    client.post(page, employee_form(company, staff_employee_dismiss_this="1"))
    company.refresh_from_db()
    assert company.dismissed_at is not None
    assert 'name="staff_employee_take_back_this"' in client.get(page).text


def test_employees_are_not_deleted(client: Client, administrator: Employee, company: Employee) -> None:
    client.force_login(administrator)
    assert (
        client.post(reverse("admin:staff_employee_delete", args=[company.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert Employee.objects.filter(pk=company.pk).exists()


# -- roles


def role_form(**changes: object) -> dict[str, object]:
    scopes = {right.value: str(Scope.NOTHING.value) for right in Right}
    return {"bindings-TOTAL_FORMS": "0", "bindings-INITIAL_FORMS": "0"} | scopes | changes


def test_a_role_is_made_and_changed_right_by_right(
    client: Client, administrator: Employee, company: Employee
) -> None:
    client.force_login(administrator)
    holder = {"bindings-TOTAL_FORMS": "1", "bindings-0-employee": company.pk}
    fields = role_form(name="Listener", key="listener", dialogs_see=3, reports=2, **holder)
    assert client.post(reverse("admin:staff_role_add"), fields).status_code == 302
    role = Role.objects.get(key="listener")
    assert {grant.right: grant.scope for grant in role.grants.all()} == {"dialogs_see": 3, "reports": 2}
    assert company.has_right(Right.REPORTS, Scope.DEPARTMENT)

    page = reverse("admin:staff_role_change", args=[role.pk])
    client.post(page, role_form(name="Listener", key="listener", dialogs_see=1))
    assert {grant.right: grant.scope for grant in role.grants.all()} == {"dialogs_see": 1}


def test_a_holder_is_an_employee_or_a_department(
    client: Client, administrator: Employee, company: Employee
) -> None:
    client.force_login(administrator)
    both = {
        "bindings-TOTAL_FORMS": "1",
        "bindings-0-employee": company.pk,
        "bindings-0-department": company.department_id,
    }
    answer = client.post(reverse("admin:staff_role_add"), role_form(name="Both", key="both", **both))
    assert answer.status_code == 200
    assert "not both" in answer.text


def test_ready_roles_keep_their_name_and_stay(client: Client, administrator: Employee) -> None:
    client.force_login(administrator)
    role = Role.objects.get(key="operator")
    client.post(
        reverse("admin:staff_role_change", args=[role.pk]), role_form(name="Slave", key="x", dialogs_see=2)
    )
    role.refresh_from_db()
    assert (role.name, role.key) == ("Operator", "operator")
    assert role.grants.get(right="dialogs_see").scope == Scope.DEPARTMENT
    assert client.post(reverse("admin:staff_role_delete", args=[role.pk]), {"post": "yes"}).status_code == 403


def test_the_list_of_roles_shows_who_may_what(client: Client, administrator: Employee) -> None:
    client.force_login(administrator)
    text = client.get(reverse("admin:staff_role_changelist")).text
    assert "Who may what" in text
    assert "own department" in text


# -- schedules


def test_schedules_show_last_run_and_result(
    client: Client, administrator: Employee, company: Employee
) -> None:
    client.force_login(administrator)
    text = client.get(reverse("admin:django_q_schedule_changelist")).text
    assert "3 dialogs offered" in text
    assert "KeyError: 5" in text
    assert "failed" in text
    assert "never" in text
    assert "every minute" in text
    assert "March 2, 2026" in text


def test_a_schedule_runs_now_on_request_but_cannot_be_told_what_to_run(
    client: Client, administrator: Employee, company: Employee
) -> None:
    client.force_login(administrator)
    schedule = Schedule.objects.get(name="Sweep")
    Schedule.objects.update(next_run=datetime(2099, 1, 1, tzinfo=UTC))
    client.post(
        reverse("admin:django_q_schedule_changelist"),
        {"action": "run_now", "_selected_action": [schedule.pk]},
    )
    soon = Schedule.objects.filter(next_run__year__lt=2099)
    assert [due.name for due in soon] == ["Sweep"]
    page = reverse("admin:django_q_schedule_change", args=[schedule.pk])
    fields = {"func": "os.system", "schedule_type": "I", "minutes": 5, "repeats": -1}
    answer = client.post(page, fields | {"next_run_0": "2026-03-02", "next_run_1": "12:00:00"})
    assert answer.status_code == 302
    schedule.refresh_from_db()
    assert (schedule.func, schedule.minutes) == ("sweep", 5)


def test_a_failed_task_is_queued_again(client: Client, administrator: Employee, company: Employee) -> None:
    client.force_login(administrator)
    OrmQ.objects.all().delete()
    action = {"action": "again", "_selected_action": ["b" * 32]}
    client.post(reverse("admin:django_q_failure_changelist"), action)
    assert not Failure.objects.exists()
    assert Success.objects.count() == 1
    assert OrmQ.objects.count() == 1


def test_the_refusal_says_why(client: Client) -> None:
    client.force_login(make_employee(role="operator"))
    answer = client.get(reverse("admin:index"), follow=True)
    assert "Your role has nothing to do in the administration." in answer.text


# -- absences, work days, the installation


def test_absences_are_entered_and_deleted_and_announced(
    client: Client, administrator: Employee, company: Employee, heard: Heard
) -> None:
    client.force_login(administrator)
    today = str(timezone.localdate(timezone=company.zone))
    fields = {"employee": company.pk, "kind": "sick", "first_day": today, "last_day": today, "note": ""}
    assert client.post(reverse("admin:staff_absence_add"), fields).status_code == 302
    absence = Absence.objects.get(first_day=today)
    assert absence.created_by == administrator
    assert heard.of(company.pk) == ["went whole_day_leave"]
    again = client.post(reverse("admin:staff_absence_add"), fields)
    assert "already an absence" in again.text
    page = reverse("admin:staff_absence_change", args=[absence.pk])
    assert client.post(page, fields | {"employee": administrator.pk, "note": "flu"}).status_code == 302
    absence.refresh_from_db()
    assert (absence.employee, absence.note) == (company, "flu")
    chosen = {"action": "delete_selected", "_selected_action": [absence.pk], "post": "yes"}
    client.post(reverse("admin:staff_absence_changelist"), chosen)
    assert heard.of(company.pk) == ["went whole_day_leave", "came"]


def test_who_was_ill_is_not_for_everybody_who_sees_settings(client: Client) -> None:
    client.force_login(make_employee(role="supervisor"))
    for name in ("absence", "workday", "break"):
        assert client.get(reverse(f"admin:staff_{name}_changelist")).status_code == 403
    assert client.get(reverse("admin:staff_installation_changelist")).status_code == 200


@pytest.mark.parametrize("language", ["en", "pl"])
def test_work_days_and_breaks_are_read_and_corrected_once_they_are_over(
    client: Client, administrator: Employee, company: Employee, language: str
) -> None:
    Employee.objects.filter(pk=administrator.pk).update(language=language)
    client.force_login(administrator)
    for model, name in ((WorkDay, "workday"), (Break, "break")):
        over = model.objects.create(employee=company, started_at=NOW, ended_at=NOW)
        runs = model.objects.create(employee=company, started_at=NOW)
        assert client.get(reverse(f"admin:staff_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:staff_{name}_add")).status_code == 403
        start = {"started_at_0": "2026-03-02", "started_at_1": "08:00:00"}
        page = reverse(f"admin:staff_{name}_change", args=[over.pk])
        assert client.post(page, start).status_code == 200  # an end is required
        assert (
            client.post(page, start | {"ended_at_0": "2026-03-02", "ended_at_1": "07:00"}).status_code == 200
        )
        assert (
            client.post(page, start | {"ended_at_0": "2026-03-02", "ended_at_1": "16:00"}).status_code == 302
        )
        over.refresh_from_db()
        assert over.ended_at is not None
        assert over.ended_at - over.started_at == timedelta(hours=8)
        page = reverse(f"admin:staff_{name}_change", args=[runs.pk])
        assert client.get(page).status_code == 200
        assert client.post(page, start).status_code == 403


def test_forgotten_work_days_are_ended_from_the_list(
    client: Client, administrator: Employee, company: Employee, heard: Heard
) -> None:
    client.force_login(administrator)
    day = WorkDay.objects.create(employee=company, started_at=NOW)
    client.post(
        reverse("admin:staff_workday_changelist"), {"action": "end_now", "_selected_action": [day.pk]}
    )
    day.refresh_from_db()
    assert day.ended_at is not None
    assert heard.of(company.pk) == ["went day_ended"]


def test_switching_the_tracking_is_announced_to_whom_it_makes_a_difference(
    client: Client, administrator: Employee, company: Employee, heard: Heard
) -> None:
    client.force_login(administrator)
    presence.touch(company.pk, timezone.now())
    never = make_employee(work_day_tracking="never")
    presence.touch(never.pk, timezone.now())
    page = client.get(reverse("admin:staff_installation_changelist"))
    assert page.status_code == 302
    address = page["Location"]
    assert client.get(address).status_code == 200
    assert client.post(address, {"work_day_tracking": "on"}).status_code == 302
    assert Installation.current().work_day_tracking
    assert heard.of(company.pk) == ["went day_ended"]
    client.post(address, {})
    assert heard.of(company.pk) == ["went day_ended", "came"]
    assert heard.of(never.pk) == []
    heard.clear()
    person = reverse("admin:staff_employee_change", args=[company.pk])
    client.post(person, employee_form(company, work_day_tracking="always"))
    assert heard.of(company.pk) == ["went day_ended"]


def test_there_is_one_installation(client: Client, administrator: Employee) -> None:
    assert not Installation.current().work_day_tracking
    assert not Installation.objects.exists()
    Installation.objects.create(pk=1, work_day_tracking=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Installation.objects.create(pk=2)
    client.force_login(administrator)
    assert client.get(reverse("admin:staff_installation_add")).status_code == 403
