"""An offer that its holder answers is held; who comes too late is told who has it now."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from openlines.explanations import explain
from openlines.models import Deadline, Dialog, DialogEvent, Offer
from openlines.services import deadlines, dialogs, routing
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from tests.factories import make_employee
from tests.openlines.factories import NOW, at, make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


def holder(dialog: Dialog) -> str:
    return Offer.objects.get(dialog=dialog, ended_at__isnull=True).employee.first_name


def test_typing_holds_the_offer_and_its_deadline_for_one_idle_time(scene: Scene) -> None:
    dialog = scene.dialog()
    for second in (50, 100, 119):
        dialogs.hold_offer(dialog.pk, by=scene.anna, now=at(second))
        deadlines.fire_due(now=at(second))
    assert Deadline.objects.get(dialog=dialog, kind="offer").due_at == at(120)
    assert Offer.objects.get(dialog=dialog).until == at(120)
    deadlines.fire_due(now=at(119))
    assert holder(dialog) == "Anna"
    told = list(DialogEvent.objects.filter(dialog=dialog, kind="offer_held"))
    assert len(told) == 1
    assert explain(told, me=scene.anna)[0].title == "The offer is held while an answer is written (by you)"
    assert deadlines.audit(now=at(119)) == 0
    deadlines.fire_due(now=at(121))
    assert holder(dialog) == "Bert"
    dialog.refresh_from_db()
    assert dialog.offer_held_from is None
    dialogs.hold_offer(dialog.pk, by=scene.bert, now=at(170))
    accepted = dialogs.accept(dialog.pk, by=scene.bert, now=at(175))
    assert (accepted.offer_until, accepted.offer_held_from) == (None, None)


def test_only_the_holders_typing_counts(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.hold_offer(dialog.pk, by=scene.bert, now=at(50))
    deadlines.fire_due(now=at(61))
    assert holder(dialog) == "Bert"


def test_the_page_says_that_it_is_held(scene: Scene) -> None:
    dialog = write(scene.client, "Where is my parcel?", now=timezone.now() - timedelta(seconds=40)).dialog
    browser = browser_of(scene.anna)
    assert "Held while you write" not in browser.get(f"/desk/{dialog.pk}/pane/").text
    assert browser.post(f"/desk/{dialog.pk}/typing/").status_code == 204
    assert "Held while you write" in browser.get(f"/desk/{dialog.pk}/pane/").text
    assert "Held while you write" in browser.get("/desk/list/").text
    until = Offer.objects.get(dialog=dialog).until
    assert until is not None
    assert until > timezone.now() + timedelta(seconds=50)


@pytest.mark.parametrize("action", ["accept", "reply", "skip", "finish", "transfer"])
def test_who_loses_a_lapsed_offer_is_told_to_whom_it_went(scene: Scene, action: str) -> None:
    dialog = scene.dialog()
    deadlines.fire_due(now=NOW + timedelta(minutes=2))
    response = browser_of(scene.anna).post(
        f"/desk/{dialog.pk}/{action}/", {"uuid": uuid4(), "text": "Here it is", "to": "queue"}
    )
    assert response.status_code == 409
    assert "offered to Bert Lis now" in response.json()["words"]


def test_in_the_services_too(scene: Scene) -> None:
    """Between the view's look and the lock somebody may be quicker."""
    dialog = scene.dialog()
    deadlines.fire_due(now=NOW + timedelta(minutes=2))
    now = NOW + timedelta(minutes=2)
    for deed in (
        lambda: dialogs.accept(dialog.pk, by=scene.anna, now=now),
        lambda: dialogs.reply(dialog.pk, Reply(uuid4(), "Here"), by=scene.anna, now=now),
        lambda: dialogs.finish(dialog.pk, by=scene.anna, now=now),
        lambda: routing.skip(dialog.pk, employee_id=scene.anna.pk, now=now),
    ):
        with pytest.raises(CommandRefused) as refused:
            deed()
        assert "offered to Bert Lis now" in refused.value.message


def test_what_nobody_holds_is_said_to_wait(scene: Scene) -> None:
    line = make_line(make_employee("away", is_active=True), name="Returns", distribution="to_all")
    dialog = write(make_client(make_connection(line)), "Hello").dialog
    Offer.objects.filter(dialog=dialog).update(ended_at=NOW)
    dialog.refresh_from_db()
    assert dialogs.taken(dialog).message == (
        "Nobody holds this dialog now; it waits in the queue of Returns."
    )
