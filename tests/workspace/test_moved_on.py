"""A link to a dialog that moved on: who has it now, as far as the person may know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Offer
from openlines.services import deadlines, dialogs, lines
from tests.factories import make_employee
from tests.openlines.factories import NOW, make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


def page_of(employee: Employee, address: str) -> tuple[int, str]:
    browser = Browser()
    browser.force_login(employee)
    response = browser.get(address)
    return response.status_code, response.content.decode()


def test_who_was_offered_it_sees_who_holds_it_beside_the_list(scene: Scene) -> None:
    dialog = scene.dialog()
    deadlines.fire_due(now=NOW + timedelta(minutes=2))
    status, page = page_of(scene.anna, f"/desk/{dialog.pk}/")
    assert status == 200
    assert f"No. {dialog.pk} has moved on" in page
    assert "offered to Bert Lis now" in page
    assert "data-list" in page
    assert "mistyped" not in page
    dialogs.accept(dialog.pk, by=scene.bert, now=timezone.now())
    _status, page = page_of(scene.anna, f"/desk/{dialog.pk}/")
    assert "Bert Lis holds this dialog now. Since " in page
    assert "Where is my parcel?" not in page  # its content is not shown


def test_names_are_for_who_may_know(scene: Scene) -> None:
    stranger = make_employee("zoe", role="operator", first_name="Zoe")
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    status, page = page_of(stranger, f"/desk/{dialog.pk}/")
    missing, nothing = page_of(stranger, "/desk/987654/")
    assert status == missing == 404
    assert "Anna" not in page
    assert page.count("cannot be shown") == nothing.count("cannot be shown") > 0
    assert "data-list" in page


def test_who_could_see_it_before_is_told_that_this_is_over(scene: Scene) -> None:
    boss = make_employee("boss", role="supervisor", first_name="Beata")
    dialog = scene.dialog()
    dialogs.mark_seen(dialog, by=boss, now=timezone.now())
    status, page = page_of(boss, f"/desk/{dialog.pk}/")
    assert status == 403
    assert f"You no longer have access to No. {dialog.pk}" in page
    assert "Anna" not in page


def test_what_waits_for_anybody_can_be_accepted_from_its_link(scene: Scene) -> None:
    dialog = scene.dialog()
    Offer.objects.filter(dialog=dialog).update(ended_at=NOW, outcome="lapsed")
    status, page = page_of(scene.bert, f"/desk/{dialog.pk}/")
    assert status == 200
    assert f"/desk/{dialog.pk}/accept/" in page


def test_a_dialog_of_a_line_that_is_off_and_one_that_is_over(scene: Scene) -> None:
    dialog = scene.dialog()
    lines.save_block(scene.line.pk, {"is_active": False}, now=timezone.now())
    status, page = page_of(scene.anna, f"/desk/{dialog.pk}/")
    assert (status, "switched off" in page) == (200, True)
    other = make_line(scene.anna, scene.bert)
    ended = write(make_client(make_connection(other)), "Hello").dialog
    dialogs.finish(ended.pk, by=scene.anna, now=timezone.now())
    Dialog.objects.filter(pk=ended.pk).update(state="closed")
    status, page = page_of(scene.bert, f"/desk/{ended.pk}/")
    assert (status, "This dialog is closed" in page) == (200, True)


@pytest.mark.parametrize("address", ["/desk/{}/messages/1/journey/", "/dialogs/{}/"])
def test_other_addresses_of_it_say_so_too(scene: Scene, address: str) -> None:
    boss = make_employee("boss", role="supervisor", first_name="Beata")
    dialog = scene.dialog()
    dialogs.mark_seen(dialog, by=boss, now=timezone.now())
    _status, page = page_of(boss, address.format(dialog.pk))
    assert "now others work in it" in page
    assert "mistyped" not in page


def test_scripts_get_the_words_as_json(scene: Scene) -> None:
    dialog = scene.dialog()
    deadlines.fire_due(now=NOW + timedelta(minutes=2))
    for address in ("pane/", "update/?since=0", "earlier/?before=0", "transfer/choices/"):
        answer = browser_of(scene.anna).get(f"/desk/{dialog.pk}/{address}")
        assert answer.status_code == 404
        assert "offered to Bert Lis now" in answer.json()["words"]
