"""The views of the desk's actions: rights, lost races, and what is written once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from openlines.models import Dialog, DialogEvent, Message, Offer, Seen
from openlines.services import deadlines, dialogs
from tests.factories import make_employee
from tests.openlines.factories import NOW, answer, make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_accepting_an_offer_makes_it_mine(scene: Scene) -> None:
    dialog = scene.dialog()
    response = browser_of(scene.anna).post(f"/desk/{dialog.pk}/accept/")
    assert response.status_code == 200
    dialog.refresh_from_db()
    assert (dialog.state, dialog.operator) == ("accepted", scene.anna)


def test_a_double_click_on_accept_is_harmless(scene: Scene) -> None:
    dialog = scene.dialog()
    browser = browser_of(scene.anna)
    assert [browser.post(f"/desk/{dialog.pk}/accept/").status_code for _ in range(2)] == [200, 200]
    assert DialogEvent.objects.filter(dialog=dialog, kind="accept").count() == 1


def test_who_accepts_too_late_is_told_who_holds_it(scene: Scene) -> None:
    line = make_line(scene.anna, scene.bert, distribution="to_all")
    dialog = write(make_client(make_connection(line)), "Anybody?").dialog
    assert Offer.objects.filter(dialog=dialog).count() == 2
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    response = browser_of(scene.bert).post(f"/desk/{dialog.pk}/accept/")
    assert response.status_code == 409
    assert response.json()["holder"] == "Anna Nowak"
    assert "Anna Nowak" in response.json()["words"]
    dialog.refresh_from_db()
    assert dialog.operator == scene.anna


def test_a_reply_that_comes_too_late_is_refused_and_not_stored(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    dialogs.transfer_to_colleague(dialog.pk, to=scene.bert, by=scene.anna, now=timezone.now())
    response = browser_of(scene.anna).post(f"/desk/{dialog.pk}/reply/", {"uuid": uuid4(), "text": "Too late"})
    assert response.status_code == 409
    assert response.json()["holder"] == "Bert Lis"
    assert not Message.objects.filter(text="Too late").exists()


@pytest.mark.parametrize("action", ["finish", "spam", "transfer"])
def test_a_dialog_of_a_colleague_cannot_be_ended_or_moved(scene: Scene, action: str) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    response = browser_of(scene.bert).post(f"/desk/{dialog.pk}/{action}/", {"to": "queue"})
    assert response.status_code == 409
    dialog.refresh_from_db()
    assert (dialog.state, dialog.operator) == ("accepted", scene.anna)


def test_a_double_submit_of_one_composed_message_gives_one_message(scene: Scene) -> None:
    dialog = scene.dialog()
    browser = browser_of(scene.anna)
    composed = {"uuid": uuid4(), "text": "On its way", "since": dialog.rev}
    for _ in range(2):
        response = browser.post(f"/desk/{dialog.pk}/reply/", composed)
        assert response.status_code == 200
        assert "On its way" in response.content.decode()
    assert Message.objects.filter(dialog=dialog, text="On its way").count() == 1
    dialog.refresh_from_db()
    assert (dialog.state, dialog.operator) == ("answered", scene.anna)


def test_a_reply_with_files_stores_them(scene: Scene) -> None:
    dialog = scene.dialog()
    upload = SimpleUploadedFile("../../bill.pdf", b"%PDF-1.4", content_type="application/pdf")
    browser_of(scene.anna).post(f"/desk/{dialog.pk}/reply/", {"uuid": uuid4(), "text": "", "files": [upload]})
    attachment = Message.objects.get(author="operator").attachments.get()
    assert (attachment.name, attachment.size, attachment.state) == ("bill.pdf", 8, "stored")
    assert attachment.file.read() == b"%PDF-1.4"


def test_a_note_changes_no_state_and_reaches_no_client(scene: Scene) -> None:
    dialog = scene.dialog()
    browser_of(scene.anna).post(
        f"/desk/{dialog.pk}/reply/", {"uuid": uuid4(), "text": "Careful", "is_note": "1"}
    )
    note = Message.objects.get(text="Careful")
    assert (note.is_note, note.delivery) == (True, "")
    dialog.refresh_from_db()
    assert dialog.state == "new"


def test_an_empty_message_is_refused_with_words(scene: Scene) -> None:
    dialog = scene.dialog()
    response = browser_of(scene.anna).post(f"/desk/{dialog.pk}/reply/", {"uuid": uuid4(), "text": "  "})
    assert response.status_code == 422
    assert response.json()["words"]


def test_skipping_hands_the_offer_on(scene: Scene) -> None:
    dialog = scene.dialog()
    assert browser_of(scene.anna).post(f"/desk/{dialog.pk}/skip/").status_code == 200
    assert Offer.objects.get(dialog=dialog, ended_at__isnull=True).employee == scene.bert


def test_a_lapsed_offer_cannot_be_accepted_by_its_old_holder(scene: Scene) -> None:
    dialog = scene.dialog()
    deadlines.fire_due(now=NOW + timedelta(minutes=2))
    assert Offer.objects.get(dialog=dialog, ended_at__isnull=True).employee == scene.bert
    response = browser_of(scene.anna).post(f"/desk/{dialog.pk}/accept/")
    assert response.status_code == 409
    dialog.refresh_from_db()
    assert dialog.operator is None


def test_transfers_go_where_the_form_says(scene: Scene) -> None:
    dialog = scene.dialog()
    other = make_line(scene.bert, name="Complaints")
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    browser = browser_of(scene.anna)
    assert browser.post(f"/desk/{dialog.pk}/transfer/", {"to": "nonsense"}).status_code == 422
    response = browser.post(f"/desk/{dialog.pk}/transfer/", {"to": f"line:{other.pk}", "note": "He is angry"})
    assert response.status_code == 200
    dialog.refresh_from_db()
    assert (dialog.line, dialog.state) == (other, "returned")
    assert Message.objects.get(is_note=True).text == "He is angry"


def test_finishing_ends_the_dialog(scene: Scene) -> None:
    dialog = scene.dialog()
    answer(dialog, scene.anna)
    assert browser_of(scene.anna).post(f"/desk/{dialog.pk}/finish/").status_code == 200
    dialog.refresh_from_db()
    assert dialog.state == "wrap_up"


def test_reading_marks_as_seen(scene: Scene) -> None:
    dialog = scene.dialog()
    assert browser_of(scene.anna).post(f"/desk/{dialog.pk}/seen/").status_code == 204
    assert Seen.objects.get(dialog=dialog, employee=scene.anna).client_messages == 1


def test_a_stranger_learns_nothing(scene: Scene) -> None:
    dialog = scene.dialog()
    stranger = make_employee("zoe", role="operator")
    browser = browser_of(stranger)
    for address in ("", "pane/", "update/?since=0", "earlier/?before=0", "transfer/choices/"):
        assert browser.get(f"/desk/{dialog.pk}/{address}").status_code == 404
    for action in ("accept", "skip", "reply", "finish", "spam", "transfer", "seen", "typing"):
        assert browser.post(f"/desk/{dialog.pk}/{action}/", {"uuid": uuid4(), "text": "x"}).status_code == 404
    assert browser.post(f"/desk/{dialog.pk}/take-over/").status_code == 403
    assert Dialog.objects.get().operator is None


def test_a_supervisor_takes_over_and_joins(scene: Scene) -> None:
    dialog = scene.dialog()
    boss = make_employee("boss", role="administrator")
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    browser = browser_of(boss)
    assert browser.post(f"/desk/{dialog.pk}/reply/", {"uuid": uuid4(), "text": "I join"}).status_code == 200
    dialog.refresh_from_db()
    assert dialog.operator == scene.anna
    assert browser.post(f"/desk/{dialog.pk}/take-over/").status_code == 200
    dialog.refresh_from_db()
    assert dialog.operator == boss


def test_without_a_script_an_action_comes_back_to_the_dialog(scene: Scene) -> None:
    dialog = scene.dialog()
    browser = browser_of(scene.anna)
    response = browser.post(f"/desk/{dialog.pk}/accept/", headers={"x-requested-with": ""}, follow=True)
    assert response.redirect_chain == [(f"/desk/{dialog.pk}/", 302)]


def test_unread_counts_only_what_came_since(scene: Scene) -> None:
    dialog = scene.dialog()
    browser = browser_of(scene.anna)
    browser.post(f"/desk/{dialog.pk}/accept/")
    browser.post(f"/desk/{dialog.pk}/seen/")
    assert 'data-unread="0"' in browser.get("/desk/list/").content.decode()
    write(scene.client, "Hello?")
    assert 'data-unread="1"' in browser.get("/desk/list/").content.decode()


def test_one_of_two_clients_is_found_by_name(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    other = write(make_client(scene.connection, name="Dora"), "Hi").dialog
    dialogs.take_over(other.pk, by=scene.anna, now=timezone.now())
    found = browser_of(scene.anna).get("/desk/list/?tab=mine&q=dora").content.decode()
    assert "Dora" in found
    assert "Carl" not in found
