"""Streams end with the rights they were opened by, whoever changed those, in every web process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client as Browser
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm
from pytest_django.plugin import DjangoDbBlocker

from contactcenter.staff.models import Department, Employee, Right, Role, RoleBinding, RoleGrant, Scope
from openlines.live import topics
from openlines.live.publish import signal
from openlines.models import Client, Connection, Dialog, LiveDrop, OpenLine, QueueEntry
from openlines.services import lines
from openlines.tasks import clean_up
from tests.contactcenter.serving import Listening, Server, serve, wait_until
from tests.openlines.factories import make_connection, make_line, make_operator

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def servers(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Server]]:
    """Two processes: a signal must reach both."""
    with django_db_blocker.unblock(), ExitStack() as running:
        yield [running.enter_context(serve(tmp_path_factory.mktemp("rights"))) for _ in range(2)]


@pytest.fixture
def anna(transactional_db: None) -> Employee:
    department = Department.objects.create(name="Shop")
    anna = make_operator("Anna", password=PASSWORD, department=department)
    role = Role.objects.create(name="Seller")
    for right in (Right.DIALOGS_SEE, Right.DIALOGS_HISTORY):
        RoleGrant.objects.create(role=role, right=right, scope=Scope.OWN)
    RoleBinding.objects.create(role=role, employee=anna)
    line = make_line(anna, name="Shop")
    QueueEntry.objects.create(line=line, department=department, position=5)
    return anna


@pytest.fixture
def desk(anna: Employee) -> Browser:
    desk = Browser()
    desk.force_login(anna)
    return desk


def desk_ticket(desk: Browser) -> str:
    ticket: str = desk.get("/desk/ticket/").json()["ticket"]
    return ticket


def bulk_dismissal(anna: Employee) -> None:
    Employee.objects.filter(pk=anna.pk).update(is_active=False)


def new_password(anna: Employee) -> None:
    anna.set_password("another horse battery")
    anna.save()


def moved(anna: Employee) -> None:
    Employee.objects.filter(pk=anna.pk).update(department=Department.objects.create(name="Store"))


def role_lost(anna: Employee) -> None:
    RoleBinding.objects.filter(employee=anna).delete()


def role_narrowed(anna: Employee) -> None:
    RoleGrant.objects.filter(role__bindings__employee=anna).update(scope=0)


def role_deleted(anna: Employee) -> None:
    Role.objects.filter(bindings__employee=anna).delete()


def department_moved(anna: Employee) -> None:
    Department.objects.filter(members=anna).update(parent=Department.objects.create(name="All"))


def out_of_the_queue(anna: Employee) -> None:
    QueueEntry.objects.filter(employee=anna).delete()


def department_out_of_the_queue(anna: Employee) -> None:
    QueueEntry.objects.filter(department=anna.department_id).delete()


def group(anna: Employee) -> None:
    anna.groups.add(Group.objects.create(name="Night"))


def permission(anna: Employee) -> None:
    anna.user_permissions.add(Permission.objects.all()[0])


def line_permission(anna: Employee) -> None:
    assign_perm("view_openline", anna, OpenLine.objects.get())
    remove_perm("view_openline", anna, OpenLine.objects.get())


def sessions_deleted(anna: Employee) -> None:
    Session.objects.all().delete()


CHANGES: list[Callable[[Employee], Any]] = [
    bulk_dismissal,
    lambda anna: anna.dismiss(timezone.now()),
    lambda anna: anna.delete(),
    new_password,
    moved,
    role_lost,
    role_narrowed,
    role_deleted,
    department_moved,
    out_of_the_queue,
    department_out_of_the_queue,
    group,
    permission,
    line_permission,
    sessions_deleted,
]


def refuse(servers: list[Server], ticket: str) -> bool:
    return all(server.get("/live/", params={"ticket": ticket}).status_code == 403 for server in servers)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_rights_ends_the_streams_in_each_process(
    change: Callable[[Employee], Any], servers: list[Server], anna: Employee, desk: Browser
) -> None:
    ticket = desk_ticket(desk)
    with Listening(servers[0], ticket) as one, Listening(servers[1], ticket) as other:
        change(anna)
        for stream in (one, other):
            assert stream.expect("bye") == {"reason": "rights"}
            wait_until(stream.ended, "the stream ends")
        assert refuse(servers, ticket)


def test_logging_out_ends_the_streams_of_this_log_in(
    servers: list[Server], anna: Employee, desk: Browser
) -> None:
    ticket = desk_ticket(desk)
    with Listening(servers[0], ticket) as stream:
        desk.post("/logout/")
        assert stream.expect("bye") == {"reason": "rights"}
        assert refuse(servers, ticket)


def test_what_concerns_others_ends_nothing(servers: list[Server], anna: Employee, desk: Browser) -> None:
    ben = make_operator("Ben")
    with Listening(servers[0], desk_ticket(desk)) as stream:
        bulk_dismissal(ben)
        Employee.objects.filter(pk=anna.pk).update(last_login=timezone.now(), first_name="Ania")
        with transaction.atomic():
            bulk_dismissal(anna)
            transaction.set_rollback(True)
        QueueEntry.objects.filter(employee=anna).update(position=9)
        Session.objects.filter(pk=desk.session.session_key).update(expire_date=timezone.now())
        signal(topics.employee(anna.pk), "end")
        assert stream.expect("signal")["kind"] == "end"


def test_a_process_that_starts_later_refuses_the_old_ticket_too(
    anna: Employee, desk: Browser, tmp_path: Path
) -> None:
    ticket = desk_ticket(desk)
    bulk_dismissal(anna)
    with serve(tmp_path) as later:
        assert refuse([later], ticket)


def test_a_ticket_is_over_with_its_session(servers: list[Server], desk: Browser) -> None:
    ends = timezone.now() + timedelta(seconds=2)
    Session.objects.filter(pk=desk.session.session_key).update(expire_date=ends)
    with Listening(servers[0], desk_ticket(desk)) as stream:
        assert stream.expect("bye") == {"reason": "ticket"}


def connection_off(client: Client) -> None:
    Connection.objects.filter(pk=client.connection_id).update(is_active=False)


def line_off(client: Client) -> None:
    lines.save_block(client.connection.line_id, {"is_active": False}, now=timezone.now())


def line_to_be_deleted(client: Client) -> None:
    OpenLine.objects.filter(pk=client.connection.line_id).update(deleting_since=timezone.now())


def erased(client: Client) -> None:
    Dialog.objects.filter(client=client).delete()
    client.delete()


@pytest.mark.parametrize("change", [connection_off, line_off, line_to_be_deleted, erased])
def test_a_client_hears_no_more_of_a_chat_that_is_off_or_erased(
    change: Callable[[Client], Any], servers: list[Server], anna: Employee
) -> None:
    chat = make_connection(OpenLine.objects.get())
    visitor, address = Browser(), f"/chat/{chat.public_id}"
    headers = {"X-Chat-Token": visitor.post(f"{address}/session/").json()["token"]}
    sent = {"uuid": "11111111-1111-4111-8111-111111111111", "text": "Hello"}
    ticket = visitor.post(
        f"{address}/messages/", sent, content_type="application/json", headers=headers
    ).json()["ticket"]
    with Listening(servers[0], ticket) as stream:
        change(Client.objects.get())
        assert stream.expect("bye") == {"reason": "rights"}
        assert refuse(servers, ticket)


def test_drops_are_kept_as_long_as_a_ticket_lives(anna: Employee) -> None:
    LiveDrop.objects.all().delete()
    bulk_dismissal(anna)
    clean_up()
    assert LiveDrop.objects.count() == 1
    LiveDrop.objects.update(at=timezone.now() - timedelta(hours=2))
    clean_up()
    assert not LiveDrop.objects.exists()
