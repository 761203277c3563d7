"""Canned replies at the desk (A10): the list behind “/”, what is sent with one, a message saved as one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff.models import RoleBinding, Scope
from openlines.models import Attachment, CannedReply, Dialog, Message, OpenLine, ReplyList, ReplySection
from openlines.services import canned_replies, dialogs, reply_lists
from tests.factories import make_employee, make_role
from tests.openlines.factories import answer
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


def make_list(line: OpenLine | None = None, name: str = "Shop") -> ReplyList:
    made = ReplyList.objects.create(name=name)
    if line is not None:
        OpenLine.objects.filter(pk=line.pk).update(reply_list=made)
    return made


def make_reply(chosen: ReplyList, shortcut: str, text: str = "A text", **more: Any) -> CannedReply:
    values = {"title": shortcut.capitalize(), "section": None, "by": None} | more
    return reply_lists.create(chosen, shortcut=shortcut, text=text, **values)


def price_list() -> Any:
    return reply_lists.upload(SimpleUploadedFile("prices.pdf", b"%PDF-1.4 beans", "application/pdf"))


def accepted(scene: Scene) -> Dialog:
    dialog = scene.dialog()
    return dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())


def supervisor_rights(scene: Scene) -> None:
    """Anna may change canned replies, too."""
    role = make_role("keeper", canned_change=Scope.ALL)
    RoleBinding.objects.create(role=role, employee=scene.anna)


def test_the_list_shows_what_would_be_sent(scene: Scene) -> None:
    chosen = make_list(scene.line)
    make_reply(chosen, "hello", "Good morning #CLIENT#, this is #OPERATOR#. Your dialog is No. #DIALOG#.")
    dialog = accepted(scene)
    shown = browser_of(scene.anna).get(f"/desk/{dialog.pk}/canned/").content.decode()
    assert f"Good morning Carl Żółć, this is Anna Nowak. Your dialog is No. {dialog.pk}." in shown
    assert "#" not in shown.split("data-canned-text")[1].split("<")[0]


def test_the_list_stands_in_its_order_with_sections_and_files(scene: Scene) -> None:
    chosen = make_list(scene.line)
    delivery = ReplySection.objects.create(list=chosen, name="Delivery", position=1)
    first = ReplySection.objects.create(list=chosen, name="Beans", position=0)
    make_reply(chosen, "parcel", section=delivery)
    make_reply(chosen, "roast", section=first, new_files=[price_list()])
    make_reply(chosen, "hello")
    shown = browser_of(scene.anna).get(f"/desk/{accepted(scene).pk}/canned/").content.decode()
    places = [
        shown.index(word) for word in ("/hello", "Beans", "/roast", "prices.pdf", "Delivery", "/parcel")
    ]
    assert places == sorted(places)


def test_the_list_costs_the_same_whatever_is_in_it(
    scene: Scene, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    chosen = make_list(scene.line)
    for number in range(40):
        make_reply(chosen, f"reply-{number}", "Hello #CLIENT# of #COMPANY#", new_files=[price_list()])
    dialog = Dialog.objects.select_related("line__reply_list", "client", "operator").get(
        pk=accepted(scene).pk
    )
    with django_assert_num_queries(3):  # replies, files, the company's name
        found = canned_replies.find(dialog, me=scene.anna)
    assert len(found.replies) == 40
    assert found.is_whole


def test_a_long_list_is_searched_by_the_server(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canned_replies, "SENT_WHOLE", 2)
    chosen = make_list(scene.line)
    for shortcut in ("hours", "parcel", "roast"):
        make_reply(chosen, shortcut)
    dialog = accepted(scene)
    shown = browser_of(scene.anna).get(f"/desk/{dialog.pk}/canned/", {"q": "par"}).content.decode()
    assert 'data-whole="0"' in shown
    assert "/parcel" in shown
    assert "/hours" not in shown


def test_a_line_without_a_list_says_so_with_the_way_for_who_may_change_it(scene: Scene) -> None:
    dialog = accepted(scene)
    plain = browser_of(scene.anna).get(f"/desk/{dialog.pk}/canned/").content.decode()
    assert "The line Shop has no canned replies." in plain
    assert "href" not in plain
    boss = make_employee("boss", role="administrator")
    told = browser_of(boss).get(f"/desk/{dialog.pk}/canned/").content.decode()
    assert f"/admin/openlines/automaticactionssettings/{scene.line.pk}/change/" in told


def test_nobody_reads_the_list_of_a_dialog_that_is_not_his(scene: Scene) -> None:
    make_reply(make_list(scene.line), "secret")
    dialog = accepted(scene)
    stranger = make_employee("stranger", role="operator")
    assert browser_of(stranger).get(f"/desk/{dialog.pk}/canned/").status_code == 404


# -- sent with one


def test_a_use_counts_once_however_often_the_request_is_repeated(scene: Scene) -> None:
    reply = make_reply(make_list(scene.line), "hello")
    dialog = accepted(scene)
    composed = {"uuid": uuid4(), "text": "Good morning", "canned": [reply.pk]}
    for _ in range(2):
        assert browser_of(scene.anna).post(f"/desk/{dialog.pk}/reply/", composed).status_code == 200
    reply.refresh_from_db()
    assert reply.use_count == 1
    assert reply.last_used_at is not None


def test_a_note_and_a_refused_reply_count_nothing(scene: Scene) -> None:
    reply = make_reply(make_list(scene.line), "hello")
    dialog = accepted(scene)
    note = {"uuid": uuid4(), "text": "For us", "is_note": "1", "canned": [reply.pk]}
    assert browser_of(scene.anna).post(f"/desk/{dialog.pk}/reply/", note).status_code == 200
    late = {"uuid": uuid4(), "text": "Mine?", "canned": [reply.pk]}
    assert browser_of(scene.bert).post(f"/desk/{dialog.pk}/reply/", late).status_code in (404, 409)
    reply.refresh_from_db()
    assert reply.use_count == 0


def test_the_files_of_a_reply_go_as_copies_that_outlive_it(scene: Scene) -> None:
    reply = make_reply(make_list(scene.line), "prices", new_files=[price_list()])
    dialog = accepted(scene)
    file = reply.files.get()
    composed = {
        "uuid": uuid4(),
        "text": "Here they are",
        "canned": [reply.pk],
        "canned_files": [file.public_id],
    }
    assert browser_of(scene.anna).post(f"/desk/{dialog.pk}/reply/", composed).status_code == 200
    reply_lists.delete(reply)
    sent = Attachment.objects.get(message__dialog=dialog)
    assert (sent.name, sent.mime, sent.size, sent.state) == ("prices.pdf", "application/pdf", 14, "stored")
    assert sent.file.read() == b"%PDF-1.4 beans"
    assert not file.file.storage.exists(file.file.name or "")


def test_files_and_replies_of_another_lines_list_are_passed_over(scene: Scene) -> None:
    make_list(scene.line)
    theirs = make_reply(make_list(name="Theirs"), "secret", new_files=[price_list()])
    dialog = accepted(scene)
    composed = {
        "uuid": uuid4(),
        "text": "Hello",
        "canned": [theirs.pk, "x"],
        "canned_files": [theirs.files.get().public_id, "x"],
    }
    assert browser_of(scene.anna).post(f"/desk/{dialog.pk}/reply/", composed).status_code == 200
    assert not Attachment.objects.filter(message__dialog=dialog).exists()
    theirs.refresh_from_db()
    assert theirs.use_count == 0


# -- a message saved as one


def test_who_may_change_replies_saves_a_message_as_one(scene: Scene) -> None:
    chosen = make_list(scene.line)
    make_reply(chosen, "opening-hours")
    supervisor_rights(scene)
    dialog = accepted(scene)
    message = answer(dialog, scene.anna, "Opening hours, Carl Żółć: 9 to 17. Yours, Anna Nowak")
    browser = browser_of(scene.anna)
    assert "Save as a canned reply" in browser.get(f"/desk/{dialog.pk}/pane/").content.decode()
    window = browser.get(f"/desk/{dialog.pk}/canned-save/", {"message": message.pk}).content.decode()
    assert 'value="opening-hours-2"' in window, "the suggested shortcut is free"
    assert "Opening hours, #CLIENT#: 9 to 17. Yours, #OPERATOR#" in window
    composed = {"message": message.pk, "shortcut": "/Hours", "title": "Hours", "text": "9 to 17, #CLIENT#"}
    done = browser.post(f"/desk/{dialog.pk}/canned-save/", composed)
    assert done.json()["words"] == "Saved. Type /Hours to use it."
    saved = CannedReply.objects.get(list=chosen, shortcut="Hours")
    assert (saved.title, saved.text, saved.created_by) == ("Hours", "9 to 17, #CLIENT#", scene.anna)


@pytest.mark.parametrize(
    ("shortcut", "text", "words"),
    [
        ("HELLO", "Text", "The shortcut “hello” is taken by “Hello”."),
        ("two words", "Text", "“two words” cannot be a shortcut."),
        ("new", "Dear #CUSTOMER#", "#CUSTOMER# is not known."),
        ("new", "Dear #client#", "#client# is not known."),
        ("new", "  ", "Write a text, or attach a file."),
    ],
)
def test_what_is_wrong_with_it_is_named_and_nothing_is_saved(
    scene: Scene, shortcut: str, text: str, words: str
) -> None:
    chosen = make_list(scene.line)
    make_reply(chosen, "hello")
    supervisor_rights(scene)
    dialog = accepted(scene)
    message = answer(dialog, scene.anna)
    composed = {"message": message.pk, "shortcut": shortcut, "title": "T", "text": text}
    refused = browser_of(scene.anna).post(f"/desk/{dialog.pk}/canned-save/", composed)
    assert refused.status_code == 422
    assert words in refused.json()["words"]
    assert chosen.replies.count() == 1


def test_a_messages_file_is_copied_into_the_reply(scene: Scene) -> None:
    chosen = make_list(scene.line)
    supervisor_rights(scene)
    dialog = accepted(scene)
    browser = browser_of(scene.anna)
    upload = SimpleUploadedFile("map.png", b"not really a picture", "image/png")
    browser.post(f"/desk/{dialog.pk}/reply/", {"uuid": uuid4(), "text": "The way", "files": upload})
    message = Message.objects.get(dialog=dialog, text="The way")
    window = browser.get(f"/desk/{dialog.pk}/canned-save/", {"message": message.pk}).content.decode()
    assert "map.png" in window
    composed = {"message": message.pk, "shortcut": "way", "title": "The way", "text": "The way"}
    browser.post(f"/desk/{dialog.pk}/canned-save/", composed | {"files": message.attachments.get().pk})
    file = CannedReply.objects.get(list=chosen).files.get()
    assert (file.name, file.file.read()) == ("map.png", b"not really a picture")


def test_without_the_right_nothing_is_offered_and_nothing_saved(scene: Scene) -> None:
    chosen = make_list(scene.line)
    dialog = accepted(scene)
    message = answer(dialog, scene.anna)
    browser = browser_of(scene.anna)
    assert "Save as a canned reply" not in browser.get(f"/desk/{dialog.pk}/pane/").content.decode()
    composed = {"message": message.pk, "shortcut": "x", "title": "T", "text": "Text"}
    assert browser.post(f"/desk/{dialog.pk}/canned-save/", composed).status_code == 403
    assert not chosen.replies.exists()


def test_a_clients_message_and_a_note_cannot_be_saved(scene: Scene) -> None:
    make_list(scene.line)
    supervisor_rights(scene)
    dialog = accepted(scene)
    browser = browser_of(scene.anna)
    browser.post(f"/desk/{dialog.pk}/reply/", {"uuid": uuid4(), "text": "For us", "is_note": "1"})
    for message in Message.objects.filter(dialog=dialog):
        answered = browser.get(f"/desk/{dialog.pk}/canned-save/", {"message": message.pk})
        assert answered.status_code == 404
