"""A reply against a stale view asks first (§11), whatever it is made of."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Message, OutboxItem
from openlines.policies.stale_view import Known
from openlines.services import dialogs, own_messages, resending
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused, StaleView
from tests.factories import make_employee
from tests.openlines.factories import answer, make_client, make_connection, write
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def boss() -> Employee:
    return make_employee("boss", role="administrator", first_name="Tomasz", last_name="Lis")


@pytest.fixture
def held(scene: Scene) -> Dialog:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    dialog.refresh_from_db()
    return dialog


def join(dialog: Dialog, by: Employee, text: str = "It left yesterday.") -> Message:
    reply = Reply(uuid=uuid4(), text=text)
    return dialogs.reply(dialog.pk, reply, by=by, now=timezone.now(), may_join=True)


def composed(dialog: Dialog, **fields: Any) -> dict[str, Any]:
    """As the page sends it that has shown everything up to ``dialog``'s revision."""
    return {
        "uuid": uuid4(),
        "text": "It leaves tomorrow.",
        "since": dialog.rev,
        "begun": dialog.last_seq,
        "looked": dialog.last_seq,
    } | fields


@pytest.mark.parametrize("knows", ["positions", "revision"])
def test_a_colleagues_words_are_shown_before_anything_is_sent(
    scene: Scene, held: Dialog, boss: Employee, knows: str
) -> None:
    join(held, boss)
    sent = composed(held)
    if knows == "revision":
        del sent["begun"], sent["looked"]
    response = browser_of(scene.anna).post(f"/desk/{held.pk}/reply/", sent)
    assert response.status_code == 409
    told = response.json()
    assert told["code"] == "stale"
    assert told["words"].startswith("Tomasz Lis wrote 1 s ago: “It left yesterday.”")
    assert [one["text"] for one in told["written"]] == ["It left yesterday."]
    assert not Message.objects.filter(text="It leaves tomorrow.").exists()


def test_what_one_was_told_can_be_answered_and_the_next_asks_anew(
    scene: Scene, held: Dialog, boss: Employee
) -> None:
    browser = browser_of(scene.anna)
    join(held, boss)
    sent = composed(held)
    seq = browser.post(f"/desk/{held.pk}/reply/", sent).json()["seq"]
    join(held, boss, "No, it did not.")
    again = browser.post(f"/desk/{held.pk}/reply/", sent | {"begun": seq, "looked": seq})
    assert again.status_code == 409
    assert "No, it did not." in again.json()["words"]
    assert "yesterday" not in again.json()["words"]
    seq = again.json()["seq"]
    assert browser.post(f"/desk/{held.pk}/reply/", sent | {"begun": seq, "looked": seq}).status_code == 200
    assert Message.objects.filter(text="It leaves tomorrow.").count() == 1


def test_who_is_sure_is_not_asked(scene: Scene, held: Dialog, boss: Employee) -> None:
    join(held, boss)
    sent = composed(held, sure="1")
    assert browser_of(scene.anna).post(f"/desk/{held.pk}/reply/", sent).status_code == 200


def test_a_request_that_comes_again_is_no_second_message_and_no_question(
    scene: Scene, held: Dialog, boss: Employee
) -> None:
    browser, sent = browser_of(scene.anna), composed(held)
    assert browser.post(f"/desk/{held.pk}/reply/", sent).status_code == 200
    join(held, boss)
    assert browser.post(f"/desk/{held.pk}/reply/", sent).status_code == 200
    assert Message.objects.filter(text="It leaves tomorrow.").count() == 1


def test_the_clients_words_ask_where_they_came_unread_after_the_text_was_begun(
    scene: Scene, held: Dialog
) -> None:
    write(scene.client, "I have found it!", now=timezone.now())
    browser = browser_of(scene.anna)
    refused = browser.post(f"/desk/{held.pk}/reply/", composed(held))
    assert refused.status_code == 409
    assert "Carl Żółć wrote" in refused.json()["words"]
    read = composed(held, looked=refused.json()["seq"])
    assert browser.post(f"/desk/{held.pk}/reply/", read).status_code == 200


def test_notes_one_s_own_words_and_delivery_marks_ask_nothing(
    scene: Scene, held: Dialog, boss: Employee
) -> None:
    browser = browser_of(scene.anna)
    first = join(held, boss)
    held.refresh_from_db()
    known = composed(held, since=held.rev)
    del known["begun"], known["looked"]
    answer(held, scene.anna, "From my other tab", now=timezone.now())
    dialogs.reply(held.pk, Reply(uuid4(), "careful", is_note=True), by=boss, now=timezone.now())
    Dialog.objects.filter(pk=held.pk).update(rev=held.rev + 5)
    Message.objects.filter(pk=first.pk).update(delivery="read")
    assert browser.post(f"/desk/{held.pk}/reply/", known).status_code == 200
    join(held, boss, "Another answer")
    note = composed(held, is_note="1", text="a note", begun=0, looked=0)
    assert browser.post(f"/desk/{held.pk}/reply/", note).status_code == 200


def test_files_and_edits_ask_too(scene: Scene, held: Dialog, boss: Employee) -> None:
    browser = browser_of(scene.anna)
    mine = answer(held, scene.anna, "It leaves today.", now=timezone.now())
    held.refresh_from_db()
    join(held, boss)
    upload = SimpleUploadedFile("bill.pdf", b"%PDF-1.4", content_type="application/pdf")
    files = composed(held, text="", files=[upload])
    assert browser.post(f"/desk/{held.pk}/reply/", files).json()["code"] == "stale"
    edit = {"message": mine.pk, "text": "Other words", "begun": held.last_seq, "looked": held.last_seq}
    assert browser.post(f"/desk/{held.pk}/edit-message/", edit).json()["code"] == "stale"
    mine.refresh_from_db()
    assert mine.text == "It leaves today."
    assert (
        browser.post(f"/desk/{held.pk}/edit-message/", edit | {"begun": held.last_seq + 1}).status_code == 200
    )


def test_where_nothing_came_it_costs_no_statement(scene: Scene, held: Dialog) -> None:
    def statements(known: Known | None) -> int:
        held.refresh_from_db()
        with CaptureQueriesContext(database) as queries:
            reply = Reply(uuid=uuid4(), text="Words")
            dialogs.reply(held.pk, reply, by=scene.anna, now=timezone.now(), known=known)
        return len(queries)

    statements(None)  # the first reply does more
    plain = statements(None)
    held.refresh_from_db()
    assert statements(Known(begun=held.last_seq, looked=held.last_seq)) == plain


def test_two_at_once_are_told_of_each_other(scene: Scene, held: Dialog, boss: Employee) -> None:
    """Both looked at the same conversation; whoever comes second is asked, under the dialog's lock."""
    known = Known(begun=held.last_seq, looked=held.last_seq)
    now = timezone.now()
    dialogs.reply(held.pk, Reply(uuid4(), "Yes."), by=scene.anna, now=now, known=known)
    with pytest.raises(StaleView) as stale:
        dialogs.reply(held.pk, Reply(uuid4(), "No."), by=boss, now=now, may_join=True, known=known)
    assert stale.value.written[0].name == "Anna Nowak"
    with pytest.raises(CommandRefused):
        own_messages.edit(
            Message.objects.get(text="Yes.").pk, "Perhaps.", by=boss, now=now, may_join=True, known=known
        )


def test_sending_again_what_failed_asks_too(scene: Scene, boss: Employee) -> None:
    client = make_client(make_connection(scene.line, kind="telegram"), "42")
    dialog = write(client, "Where is it?", external_id="1").dialog
    failed = answer(dialog, scene.anna, "It leaves today.", now=timezone.now())
    Message.objects.filter(pk=failed.pk).update(delivery="failed")
    OutboxItem.objects.filter(message=failed).update(state=OutboxItem.State.DONE)
    dialog.refresh_from_db()
    join(dialog, boss)
    known = Known(begun=dialog.last_seq, looked=dialog.last_seq)
    with pytest.raises(StaleView):
        resending.send_again(failed.pk, by=scene.anna, now=timezone.now(), known=known)
