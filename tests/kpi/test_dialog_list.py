"""The dialog list: what it shows, to whom, in what order, at what cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from contactcenter.staff.models import Department, Employee, Role, RoleBinding
from kpi import dialog_list, filters
from openlines.models import Dialog
from openlines.services import dialogs
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)
ALL = {"period": ["all"]}


def with_role(key: str, **fields: object) -> Employee:
    person = make_operator(**fields)  # type: ignore[arg-type]
    RoleBinding.objects.create(role=Role.objects.get(key=key), employee=person)
    return person


def listed(reader: Employee, **params: str) -> list[int]:
    query = filters.read({**ALL, **{k: [v] for k, v in params.items()}}, sortable=dialog_list.SORTABLE)
    return [row.dialog.pk for row in dialog_list.page(reader, query, now=at(1000)).rows]


@pytest.fixture
def manager() -> Employee:
    return with_role("administrator")


@pytest.fixture
def three(manager: Employee) -> list[Dialog]:
    """Answered after 10 s; answered after 30 s and waiting again since 60; waiting since 5."""
    anna = with_role("operator")
    line = make_line(anna)
    connection = make_connection(line)
    found = [
        write(make_client(connection, name=name), now=at(n * 5)).dialog
        for n, name in enumerate(("Ada", "Bob", "Cid"))
    ]
    quick, slow, waiting = found
    answer(quick, anna, now=at(10))
    answer(slow, anna, now=at(35))
    write(slow.client, now=at(60))
    return [quick, slow, waiting]


def test_the_four_times_sort_as_they_are_shown(manager: Employee, three: list[Dialog]) -> None:
    for key in ("first", "total", "average", "maximum", "waiting"):
        query = filters.read({**ALL, "sort": [f"-{key}"]}, sortable=dialog_list.SORTABLE)
        rows = dialog_list.page(manager, query, now=at(1000)).rows
        shown = [row.waiting if key == "waiting" else getattr(row.times, key) for row in rows]
        assert [v for v in shown if v is not None] == sorted(
            (v for v in shown if v is not None), reverse=True
        ), key
        assert None not in shown[: len([v for v in shown if v is not None])], key


@pytest.mark.parametrize("key", sorted(dialog_list.SORTABLE))
def test_every_column_sorts_both_ways(manager: Employee, three: list[Dialog], key: str) -> None:
    assert (
        sorted(listed(manager, sort=key)) == sorted(listed(manager, sort=f"-{key}")) == [d.pk for d in three]
    )


def test_filters(manager: Employee, three: list[Dialog]) -> None:
    quick, slow, waiting = three
    assert listed(manager, state="answered") == [quick.pk]
    assert listed(manager, q="bob") == [slow.pk]
    assert listed(manager, q=str(waiting.pk)) == [waiting.pk]
    assert set(listed(manager, operator=str(Dialog.objects.get(pk=quick.pk).operator_id))) == {
        quick.pk,
        slow.pk,
    }
    assert len(listed(manager, line=str(quick.line_id))) == 3
    assert listed(manager, line="999999") == []
    assert listed(manager, unanswered="1") == []
    assert listed(manager, since="2026-03-03") == []
    assert len(listed(manager, since="2026-03-02", until="2026-03-02")) == 3


def test_nonsense_in_the_address_is_left_out_and_named(manager: Employee, three: list[Dialog]) -> None:
    query = filters.read(
        {"state": ["?"], "operator": ["x"], "sort": ["drop"], "since": ["31.12"], "page": ["9" * 30]},
        sortable=dialog_list.SORTABLE,
    )
    assert set(query.ignored) == {"state", "operator", "sort", "since", "page"}
    assert query.page == 1


def test_an_operator_sees_his_own_a_supervisor_his_department(three: list[Dialog]) -> None:
    anna = Employee.objects.get(queue_entries__line=three[0].line)
    department = Department.objects.create(name="Support")
    Employee.objects.filter(pk=anna.pk).update(department=department)
    stranger = with_role("operator")
    assert listed(stranger) == []
    assert len(listed(Employee.objects.get(pk=anna.pk))) == 3
    supervisor = with_role("supervisor", department=department)
    assert len(listed(supervisor)) == 3
    assert listed(with_role("supervisor")) == []


def test_the_page_in_both_languages_and_the_cost(
    manager: Employee, three: list[Dialog], client: Browser, django_assert_max_num_queries: object
) -> None:
    client.force_login(manager)
    Dialog.objects.update(created_at=timezone.now() - timedelta(days=1))
    for _ in range(12):
        other = make_client(three[0].connection, name="More")
        write(other, now=timezone.now())
    client.get("/dialogs/")
    for language in ("en", "pl"):
        Employee.objects.filter(pk=manager.pk).update(language=language)
        with django_assert_max_num_queries(14):  # type: ignore[operator]
            response = client.get("/dialogs/")
        assert response.status_code == 200
        assert "Ada" in response.content.decode()


def test_a_dialogs_page_tells_what_happened_and_what_the_figures_are_made_of(
    manager: Employee, three: list[Dialog], client: Browser
) -> None:
    client.force_login(manager)
    dialogs.finish(three[0].pk, by=Employee.objects.get(dialogs=three[0]), now=at(100))
    page = client.get(f"/dialogs/{three[0].pk}/").content.decode()
    assert "0:10" in page
    assert "Good morning" in page
    client.force_login(with_role("operator"))
    assert client.get(f"/dialogs/{three[0].pk}/").status_code == 404
    client.force_login(make_operator())
    assert client.get("/dialogs/").status_code == 403
