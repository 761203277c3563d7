"""The window at the desk, its rights, and what it costs."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from contactcenter.staff.models import Employee
from openlines.connectors import base
from openlines.journey.rows import rows_of
from openlines.models import Client, Dialog, Message, MessageMark, OutboxItem
from openlines.services import dialogs, erasure, inbound, looks
from openlines.services.dialogs import Reply
from tests.factories import make_employee
from tests.openlines.factories import answer, at, make_client, make_connection, write
from tests.workspace.conftest import Scene, browser_of, scene

__all__ = ["scene"]
pytestmark = pytest.mark.django_db(transaction=True)
MOST_STATEMENTS = 12


def address(message: Message) -> str:
    return f"/desk/{message.dialog_id}/messages/{message.pk}/journey/"


def first(dialog: Dialog) -> Message:
    return dialog.messages.get(seq=1)


def test_the_window_and_the_page_tell_the_same(scene: Scene) -> None:
    dialog = scene.dialog()
    looks.record(dialog.pk, employee_id=scene.anna.pk, now=at(5))
    message = first(dialog)
    window = browser_of(scene.anna).get(address(message))
    assert "On the screen of Anna Nowak" in window.content.decode()
    assert str(message.uuid) in window.content.decode()
    assert "<html" not in window.content.decode()
    full = browser_of(scene.anna).get(address(message), headers={"x-requested-with": ""}).content.decode()
    assert "<html" in full
    assert "On the screen of Anna Nowak" in full


def test_who_may_not_see_the_dialog_may_not_see_its_journeys(scene: Scene) -> None:
    message = first(scene.dialog())
    stranger = make_employee("stranger", role="operator")
    answered = browser_of(stranger).get(address(message))
    assert answered.status_code == 404
    assert str(message.uuid) not in answered.content.decode()


def test_a_message_of_another_dialog_is_not_found_by_this_ones_address(scene: Scene) -> None:
    mine = scene.dialog()
    other = write(make_client(scene.connection))
    assert browser_of(scene.anna).get(f"/desk/{mine.pk}/messages/{other.pk}/journey/").status_code == 404


def test_the_raw_delivery_is_linked_for_who_may_read_the_log(scene: Scene) -> None:
    connection = make_connection(scene.line, "api", credentials={"secret": "s"})
    body = (
        b'{"type":"message.created","data":{"external_id":"m1","contact":{"external_id":"c"},"text":"Hello"}}'
    )
    request = base.RawRequest(headers={"webhook-id": "d1", "content-type": "application/json"}, body=body)
    delivery = inbound.receive(connection, request, now=at(0))
    message = Message.objects.get(inbound=delivery.event_id)
    dialogs.accept(message.dialog_id, by=scene.anna, now=at(1), may_take_over=True)
    link = f"/admin/openlines/inboundevent/{delivery.event_id}/change/"
    assert link not in browser_of(scene.anna).get(address(message)).content.decode()
    Employee.objects.filter(pk=scene.anna.pk).update(is_superuser=True, is_staff=True)
    assert link in browser_of(scene.anna).get(address(message)).content.decode()


def test_why_nothing_leaves_of_a_line_that_is_off_is_the_administrators_to_see(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=at(1))
    message = answer(dialog, scene.anna, now=at(2))
    Dialog.objects.filter(pk=dialog.pk).update(frozen_at=at(3))
    assert browser_of(scene.anna).get(address(message)).status_code == 404
    administrator = make_employee("admin", is_superuser=True)
    assert browser_of(administrator).get(address(message)).status_code == 200


def test_a_long_story_costs_no_more_statements_than_a_short_one(scene: Scene) -> None:
    connection = make_connection(scene.line, "telegram", credentials={"token": "1:a"}, paused_reason="broken")
    client: Client = make_client(connection, "4711")
    dialog = write(client, now=at(0)).dialog
    OutboxItem.objects.update(state="done")  # the greeting
    dialogs.accept(dialog.pk, by=scene.anna, now=at(1), may_take_over=True)
    short, long = (
        dialogs.reply(dialog.pk, Reply(uuid=uuid4(), text="Hello"), by=scene.anna, now=at(n)) for n in (2, 3)
    )
    log = [{"at": at(n).isoformat(), "outcome": "Again", "by": scene.bert.pk} for n in range(20)]
    OutboxItem.objects.filter(message=long).update(log=log)
    MessageMark.objects.bulk_create(
        MessageMark(message=long, status="read", at=at(n), heard_at=at(n)) for n in range(30)
    )
    for employee in (make_employee(f"viewer{n}") for n in range(10)):
        looks.record(dialog.pk, employee_id=employee.pk, now=at(9))
    page = browser_of(scene.anna)
    page.get(address(short))
    with CaptureQueriesContext(database) as few:
        page.get(address(short))
    with CaptureQueriesContext(database) as asked:
        rows = rows_of(long.pk)
    assert len(rows.looks) == 10
    assert rows.people == {scene.bert.pk: scene.bert.display_name}
    assert rows.ahead is not None
    assert rows.ahead.message_id == short.pk
    assert len(asked) <= MOST_STATEMENTS, [one["sql"] for one in asked]
    with CaptureQueriesContext(database) as many:
        assert page.get(address(long)).status_code == 200
    assert len(many) <= len(few) + 4  # names, deliveries, who goes first


def test_an_erased_dialog_still_tells_its_journeys(scene: Scene) -> None:
    dialog = scene.dialog()
    looks.record(dialog.pk, employee_id=scene.anna.pk, now=at(5))
    dialogs.accept(dialog.pk, by=scene.anna, now=at(6))
    dialogs.reply(dialog.pk, Reply(uuid=uuid4(), text="A secret word"), by=scene.anna, now=at(7))
    Dialog.objects.filter(pk=dialog.pk).update(state="closed", closed_at=at(9), log_kept=False)
    OutboxItem.objects.update(state="done")
    assert erasure.erase(dialog.pk, now=at(10))
    for message in dialog.messages.all():
        told = browser_of(scene.anna).get(address(message)).content.decode()
        assert "were erased" in told
        assert "secret word" not in told


def test_a_look_at_a_journey_is_only_a_look(scene: Scene) -> None:
    message = first(scene.dialog())
    with CaptureQueriesContext(database) as asked:
        rows_of(message.pk)
    assert {one["sql"].split()[0] for one in asked} == {"SELECT"}
