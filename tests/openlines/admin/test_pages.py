"""Who may open which page, in which language, at which cost."""

import pytest
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff.models import Employee
from openlines.models import Connection, OpenLine
from tests.factories import make_department, make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

pytestmark = pytest.mark.django_db

BLOCKS = ("queue", "workingtime", "automaticactions", "other")
LISTS = ("openline", "connection", "inboundevent", "outboxitem", "deadline")


def addresses(line: OpenLine, connection: Connection) -> list[str]:
    return [
        *(reverse(f"admin:openlines_{name}_changelist") for name in LISTS),
        *(reverse(f"admin:openlines_{name}settings_change", args=[line.pk]) for name in BLOCKS),
        reverse("admin:openlines_openline_add"),
        reverse("admin:openlines_openline_history", args=[line.pk]),
        reverse("admin:openlines_connection_add"),
        reverse("admin:openlines_connection_add") + "?kind=telegram",
        reverse("admin:openlines_connection_add") + "?kind=livechat",
        reverse("admin:openlines_connection_change", args=[connection.pk]),
        reverse("admin:openlines_connection_history", args=[connection.pk]),
    ]


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("kind", ["livechat", "telegram"])
def test_every_page_opens_for_an_administrator(
    client: Client, administrator: Employee, line: OpenLine, language: str, kind: str
) -> None:
    Employee.objects.update(language=language)
    connection = make_connection(line, kind, credentials={"token": "1:secret", "secret_token": "hush"})
    write(make_client(connection))
    for address in addresses(line, connection):
        assert client.get(address).status_code == 200, address


def test_a_supervisor_reads_settings_and_changes_none(client: Client, line: OpenLine) -> None:
    client.force_login(make_employee(role="supervisor"))
    connection = make_connection(line)
    for block in BLOCKS:
        address = reverse(f"admin:openlines_{block}settings_change", args=[line.pk])
        text = client.get(address).text
        assert '<fieldset class="ol-all" disabled>' in text
        assert "changing them takes another right" in text
        assert client.post(address, {"name": "Taken over"}).status_code == 403
    assert client.get(reverse("admin:openlines_openline_changelist")).status_code == 200
    assert client.get(reverse("admin:openlines_openline_add")).status_code == 403
    assert client.get(reverse("admin:openlines_connection_changelist")).status_code == 200
    page = reverse("admin:openlines_connection_change", args=[connection.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"name": "Taken over"}).status_code == 403
    assert client.post(reverse("admin:openlines_connection_switch", args=[connection.pk])).status_code == 403
    assert client.post(reverse("admin:openlines_openline_history", args=[line.pk])).status_code == 403
    assert client.get(reverse("admin:openlines_inboundevent_changelist")).status_code == 403
    line.refresh_from_db()
    assert line.name == "Shop"


def test_an_operator_has_no_business_here(client: Client, line: OpenLine) -> None:
    client.force_login(make_employee(role="operator"))
    for address in addresses(line, make_connection(line)):
        assert client.get(address, follow=True).status_code == 403, address


def test_rights_to_one_line_open_that_line_only(client: Client, line: OpenLine) -> None:
    keeper = make_employee(is_staff=True)
    other = make_line(make_employee(), name="Repairs")
    assign_perm("openlines.view_openline", keeper, line)
    client.force_login(keeper)
    listed = client.get(reverse("admin:openlines_openline_changelist"))
    assert "Shop" in listed.text
    assert "Repairs" not in listed.text
    address = reverse("admin:openlines_queuesettings_change", args=[line.pk])
    assert "disabled" in client.get(address).text
    assert client.post(address, {}).status_code == 403
    assert client.get(reverse("admin:openlines_queuesettings_change", args=[other.pk])).status_code == 404
    assert client.get(reverse("admin:openlines_openline_history", args=[other.pk])).status_code == 404
    assert client.get(reverse("admin:openlines_openline_add")).status_code == 403


def test_a_right_to_change_one_line_lets_save_it(
    client: Client, line: OpenLine, page_of: object, filled: object
) -> None:
    keeper = make_employee(is_staff=True)
    assign_perm("openlines.change_openline", keeper, line)
    client.force_login(keeper)
    address = reverse("admin:openlines_othersettings_change", args=[line.pk])
    values = filled(address, name="Shop and more")  # type: ignore[operator]
    assert client.post(address, values).status_code == 302
    line.refresh_from_db()
    assert line.name == "Shop and more"


def test_without_rights_to_any_line_even_a_staff_account_gets_none(client: Client, line: OpenLine) -> None:
    client.force_login(make_employee(is_staff=True))
    assert client.get(reverse("admin:openlines_openline_changelist")).status_code == 403
    assert client.get(reverse("admin:openlines_queuesettings_change", args=[line.pk])).status_code == 403


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_page_costs_few_queries(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    block: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    department = make_department("Sales")
    for _ in range(5):
        make_employee(department=department)
    line.queue_entries.create(department=department, position=9)
    address = reverse(f"admin:openlines_{block}settings_change", args=[line.pk])
    client.get(address)
    with django_assert_max_num_queries(16):
        client.get(address)


def test_the_lists_cost_the_same_for_one_line_and_for_many(
    client: Client, administrator: Employee, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        connection = make_connection(make_line(make_employee(), make_employee()))
        write(make_client(connection))
    client.get(reverse("admin:openlines_openline_changelist"))
    with django_assert_max_num_queries(10):
        client.get(reverse("admin:openlines_openline_changelist"))
    with django_assert_max_num_queries(12):
        client.get(reverse("admin:openlines_connection_changelist"))
