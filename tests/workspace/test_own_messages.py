"""Changing, deleting and sending again at the desk: what is offered, what the views answer, what the page shows."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client as Http
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Message, OutboxItem
from openlines.services import dialogs
from openlines.workspace import timeline
from openlines.workspace.deeds import deeds
from openlines.workspace.message_item import MessageItem
from tests.openlines.factories import make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dialog(scene: Scene) -> Dialog:
    """Anna's, in the live chat, with a reply."""
    dialog = scene.dialog()
    say(dialog, scene.anna, "It comes tomorow")
    dialog.refresh_from_db()
    return dialog


@pytest.fixture
def by_api(scene: Scene) -> Dialog:
    """Anna's, on a channel that can change what was sent."""
    line = make_line(scene.anna, scene.bert, name="App")
    dialog = write(make_client(make_connection(line, "api"), "u-1"), "Where?").dialog
    message = say(dialog, scene.anna, "It comes tomorow")
    OutboxItem.objects.update(state="done", log=[{"at": "", "outcome": "Sent", "detail": ""}])
    Message.objects.filter(pk=message.pk).update(delivery="sent", external_id="m-1")
    dialog.refresh_from_db()
    return dialog


def say(dialog: Dialog, by: Employee, text: str, *, is_note: bool = False) -> Message:
    reply = dialogs.Reply(uuid=uuid4(), text=text, is_note=is_note)
    return dialogs.reply(dialog.pk, reply, by=by, now=timezone.now(), may_join=True)


def last(dialog: Dialog) -> Message:
    return Message.objects.filter(dialog=dialog, author="operator").latest("pk")


def url(name: str, dialog: Dialog) -> str:
    return reverse(f"workspace:{name}", args=[dialog.pk])


def item(message: Message, me: Employee) -> MessageItem:
    dialog = Dialog.objects.select_related("connection", "client", "line").get(pk=message.dialog_id)
    items, _more = timeline.newest(dialog, me=me)
    return next(one for one in items if isinstance(one, MessageItem) and one.pk == message.pk)


def test_an_edit_answers_with_what_is_new(scene: Scene, dialog: Dialog) -> None:
    page = browser_of(scene.anna)
    message = last(dialog)
    answer = page.post(
        url("edit_message", dialog),
        {"message": message.pk, "text": "It comes tomorrow", "since": dialog.rev},
    )
    assert answer.status_code == 200
    message.refresh_from_db()
    assert message.text == "It comes tomorrow"
    html = answer.text
    assert f'data-key="m{message.pk}"' in html
    assert "edited" in html
    assert "It comes tomorow" in html, "the earlier text can be read"
    assert html.count('<li class="item') == 1, "only what changed"


def test_a_deletion_leaves_a_mark_and_nothing_to_read(scene: Scene, dialog: Dialog) -> None:
    page = browser_of(scene.anna)
    page.post(url("edit_message", dialog), {"message": last(dialog).pk, "text": "Secret"})
    answer = page.post(url("delete_message", dialog), {"message": last(dialog).pk})
    assert answer.json() == {"words": ""}
    pane = page.get(url("pane", dialog)).text
    assert "Deleted" in pane
    assert "Secret" not in pane
    assert "tomorow" not in pane
    again = page.post(url("delete_message", dialog), {"message": last(dialog).pk})
    assert (again.status_code, again.json()["words"]) == (422, "This message has been deleted.")


def test_a_page_may_be_late_or_wrong(scene: Scene, dialog: Dialog, by_api: Dialog) -> None:
    page = browser_of(scene.anna)
    other = page.post(url("edit_message", dialog), {"message": last(by_api).pk, "text": "x"})
    assert (other.status_code, other.json()["code"]) == (422, "gone"), "a message of another dialog"
    for value in ("", "x", "9" * 30):
        assert page.post(url("edit_message", dialog), {"message": value, "text": "x"}).status_code == 422
    long = page.post(url("edit_message", dialog), {"message": last(dialog).pk, "text": "x" * 20_001})
    assert "20,000" in long.json()["words"]
    assert page.get(url("edit_message", dialog)).status_code == 405
    stranger = browser_of(scene.bert).post(url("delete_message", dialog), {"message": last(dialog).pk})
    assert (stranger.status_code, stranger.json()["holder"]) == (409, "Anna Nowak")
    assert Http().post(url("delete_message", dialog), {"message": last(dialog).pk}).status_code in (302, 401)
    assert last(dialog).deleted_at is None


def test_buttons_stand_only_where_they_can_do_something(scene: Scene, dialog: Dialog, by_api: Dialog) -> None:
    for where in (dialog, by_api):
        own = item(last(where), scene.anna).own
        assert (own.may_edit, own.may_delete, own.may_send_again, own.needs_reply) == (
            True,
            True,
            False,
            True,
        )
        theirs = item(last(where), scene.bert).own
        assert (theirs.may_edit, theirs.may_delete) == (False, False)
    note = say(dialog, scene.anna, "Angry", is_note=True)
    assert item(note, scene.anna).own.may_edit
    assert not item(note, scene.anna).own.needs_reply
    Message.objects.filter(pk=last(by_api).pk).update(delivery="failed", failure="Too long. Shorten it.")
    failed = item(last(by_api), scene.anna)
    assert (failed.own.may_edit, failed.own.may_send_again) == (False, True)
    assert failed.failure == "Not delivered: Too long. Shorten it."
    pane = browser_of(scene.anna).get(url("pane", by_api)).text
    assert url("send_again", by_api) in pane
    assert 'data-can-resend="1"' in pane
    sms = write(make_client(make_connection(make_line(scene.anna), "sms"), "+48600100200")).dialog
    message = say(sms, scene.anna, "Hello")
    Message.objects.filter(pk=message.pk).update(delivery="sent", external_id="SM1")
    own = item(message, scene.anna).own
    assert (own.may_edit, own.may_delete) == (False, False), "an SMS stays as it is"


def test_what_waits_and_what_was_refused_is_shown(scene: Scene, by_api: Dialog) -> None:
    page = browser_of(scene.anna)
    message = last(by_api)
    waiting = page.post(url("edit_message", by_api), {"message": message.pk, "text": "Tomorrow"}).text
    assert "being changed…" in waiting
    assert re.search(r'data-text="Tomorrow"', waiting), "a further edit goes on from there"
    OutboxItem.objects.filter(action="edit").update(
        state="done", log=[{"at": "", "outcome": "Failed", "detail": "It is too old."}]
    )
    shown = item(message, scene.anna)
    assert (shown.own.changing, shown.own.wanted) == ("Not changed: It is too old.", "Tomorrow")
    assert shown.text == "It comes tomorow"
    page.post(url("delete_message", by_api), {"message": message.pk})
    pane = page.get(url("pane", by_api)).text
    assert "being deleted…" in pane
    assert "data-edits" not in pane


def test_sending_again_asks_first_where_it_must(scene: Scene, by_api: Dialog) -> None:
    page = browser_of(scene.anna)
    message = last(by_api)
    Message.objects.filter(pk=message.pk).update(delivery="unknown")
    asked = page.post(url("send_again", by_api), {"message": message.pk})
    assert (asked.status_code, asked.json()["code"]) == (409, "ask")
    assert "twice" in asked.json()["words"]
    assert last(by_api).delivery == "unknown"
    assert page.post(url("send_again", by_api), {"message": message.pk, "sure": "1"}).status_code == 200
    assert last(by_api).delivery == "queued"


def test_who_may_send_again_in_a_closed_dialog(scene: Scene, by_api: Dialog) -> None:
    Dialog.objects.filter(pk=by_api.pk).update(state="closed")
    closed = Dialog.objects.select_related("client", "operator", "line").get(pk=by_api.pk)
    assert deeds(scene.anna, closed).resend
    assert not deeds(scene.bert, closed).resend
    Dialog.objects.filter(pk=by_api.pk).update(state="spam")
    closed.refresh_from_db()
    assert not deeds(scene.anna, closed).resend


def test_a_timeline_costs_one_statement_more_for_all_changes(scene: Scene, by_api: Dialog) -> None:
    dialog = Dialog.objects.select_related("connection", "client", "line").get(pk=by_api.pk)
    timeline.newest(dialog, me=scene.anna)  # what is asked once a person
    with CaptureQueriesContext(connection) as few:
        timeline.newest(dialog, me=scene.anna)
    for number in range(5):
        say(by_api, scene.anna, f"more {number}")
    with CaptureQueriesContext(connection) as many:
        timeline.newest(dialog, me=scene.anna)
    assert len(many) == len(few)
