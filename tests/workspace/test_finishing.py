"""Finishing can be undone for a few seconds: nothing is sent until then, whatever becomes of the browser."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from openlines.explanations import explain
from openlines.models import Deadline, Dialog, DialogEvent, Message, Offer
from openlines.services import deadlines, dialogs, finishing
from openlines.services.dialogs import Reply
from tests.factories import make_employee
from tests.openlines.factories import answer, make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dialog(scene: Scene) -> Dialog:
    dialog = scene.dialog()
    answer(dialog, scene.anna, now=timezone.now())
    dialog.refresh_from_db()
    return dialog


@pytest.fixture
def desk(scene: Scene) -> Browser:
    return browser_of(scene.anna)


def texts(dialog: Dialog) -> list[str]:
    said = Message.objects.filter(dialog=dialog, author="automatic").exclude(trigger="greeting")
    return list(said.order_by("seq").values_list("trigger", flat=True))


def finish(desk: Browser, dialog: Dialog, *, what: str = "finish", **fields: str) -> None:
    response = desk.post(f"/desk/{dialog.pk}/{what}/", {"undo": "1", **fields})
    assert response.status_code == 200, response.content


def time_passes(dialog: Dialog) -> Dialog:
    deadlines.fire_due(now=timezone.now() + finishing.UNDO_FOR + timedelta(seconds=1))
    return Dialog.objects.get(pk=dialog.pk)


@pytest.mark.parametrize(
    ("what", "outcome", "state"),
    [
        ("finish", "solved", "wrap_up"),
        ("finish", "not_solved", "wrap_up"),
        ("spam", "", "spam"),
    ],
)
def test_it_is_done_when_the_time_to_undo_is_over(
    desk: Browser, scene: Scene, dialog: Dialog, what: str, outcome: str, state: str
) -> None:
    finish(desk, dialog, what=what, outcome=outcome)
    held = Dialog.objects.get(pk=dialog.pk)
    assert held.state == "answered"
    assert texts(dialog) == []
    assert deadlines.audit(now=timezone.now()) == 0
    done = time_passes(dialog)
    assert (done.state, done.outcome, done.finish_at) == (state, outcome, None)
    assert bool(texts(dialog)) is (state == "wrap_up")
    ended = DialogEvent.objects.filter(dialog=dialog, kind=what).get()
    assert ended.actor_id == scene.anna.pk
    assert not DialogEvent.objects.filter(dialog=dialog, kind="finish_called_off").exists()


def test_the_page_offers_to_undo_it_and_nothing_was_sent(desk: Browser, dialog: Dialog) -> None:
    finish(desk, dialog, outcome="not_solved")
    page = desk.get(f"/desk/{dialog.pk}/pane/").text
    assert "Finished as not solved?" in page
    assert "Undo" in page
    assert "Finishing…" in desk.get("/desk/list/?tab=mine").text
    assert desk.post(f"/desk/{dialog.pk}/undo-finish/").status_code == 200
    assert desk.post(f"/desk/{dialog.pk}/undo-finish/").status_code == 200  # twice is no error
    assert not Deadline.objects.filter(dialog=dialog, kind="finish").exists()
    undone = time_passes(dialog)
    assert (undone.state, undone.finish_at, undone.finish_as) == ("answered", None, "")
    assert texts(dialog) == []


def test_too_late_to_undo_is_said(desk: Browser, dialog: Dialog) -> None:
    finish(desk, dialog)
    time_passes(dialog)
    refused = desk.post(f"/desk/{dialog.pk}/undo-finish/")
    assert refused.status_code == 409
    assert "finished already" in refused.json()["words"]


@pytest.mark.parametrize("what", ["client", "first_waiting", "colleague", "transfer"])
def test_whatever_comes_meanwhile_calls_it_off_and_is_told(
    desk: Browser, scene: Scene, dialog: Dialog, what: str
) -> None:
    if what == "first_waiting":  # a further message of who waits anyway takes the short way
        write(scene.client, "And one more thing", now=timezone.now())
    finish(desk, dialog)
    if what in ("client", "first_waiting"):
        write(scene.client, "Wait!", now=timezone.now())
    elif what == "colleague":
        boss = make_employee("boss", role="administrator")
        dialogs.reply(dialog.pk, Reply(uuid4(), "Wait."), by=boss, now=timezone.now(), may_join=True)
    else:
        dialogs.transfer_to_colleague(dialog.pk, to=scene.bert, by=scene.anna, now=timezone.now())
    open_ = time_passes(dialog)
    assert open_.is_open
    assert open_.state != "wrap_up"
    assert open_.finish_at is None
    told = DialogEvent.objects.filter(dialog=dialog, kind="finish_called_off").get()
    assert "not finished after all" in explain([told], me=scene.anna)[0].title.lower()


def test_what_is_offered_is_accepted_at_once_and_can_lapse_no_more(desk: Browser, scene: Scene) -> None:
    offered = scene.dialog()
    finish(desk, offered)
    assert Dialog.objects.get(pk=offered.pk).operator == scene.anna
    assert not Offer.objects.filter(dialog=offered, ended_at__isnull=True).exists()
    assert time_passes(offered).state in ("wrap_up", "closed")


def test_a_client_who_has_just_written_is_shown_first(desk: Browser, scene: Scene, dialog: Dialog) -> None:
    write(scene.client, "One more question", now=timezone.now())
    stale = {"undo": "1", "begun": str(dialog.last_seq), "looked": str(dialog.last_seq)}
    refused = desk.post(f"/desk/{dialog.pk}/finish/", stale)
    assert (refused.status_code, refused.json()["code"]) == (409, "stale")
    assert "One more question" in refused.json()["words"]
    assert Dialog.objects.get(pk=dialog.pk).finish_at is None


def test_without_undo_it_asks_as_well(desk: Browser, scene: Scene, dialog: Dialog) -> None:
    write(scene.client, "One more question", now=timezone.now())
    assert desk.post(f"/desk/{dialog.pk}/finish/", {"since": dialog.rev}).status_code == 409
    assert desk.post(f"/desk/{dialog.pk}/finish/", {"since": dialog.rev, "sure": "1"}).status_code == 200


def test_the_outcome_is_asked_for_where_the_line_wants_it(scene: Scene) -> None:
    line = make_line(scene.anna, outcome_required=True)
    dialog = write(make_client(make_connection(line)), "Hello").dialog
    refused = browser_of(scene.anna).post(f"/desk/{dialog.pk}/finish/", {"undo": "1"})
    assert (refused.status_code, refused.json()["code"]) == (422, "outcome")


def test_a_colleague_cannot_undo_it(desk: Browser, scene: Scene, dialog: Dialog) -> None:
    finish(desk, dialog)
    assert browser_of(scene.bert).post(f"/desk/{dialog.pk}/undo-finish/").status_code in (404, 409)
    assert time_passes(dialog).state == "wrap_up"


def test_the_services_own_finish_is_at_once(scene: Scene, dialog: Dialog) -> None:
    assert dialogs.finish(dialog.pk, by=scene.anna, now=timezone.now()).state == "wrap_up"
