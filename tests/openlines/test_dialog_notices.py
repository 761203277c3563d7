"""Q10, R6, §11: who is told something about a dialog gets a notice: at once at an open desk, else when they come."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from contactcenter.staff.models import Employee, Notice, Role, RoleBinding
from openlines.connectors.base import Failed
from openlines.live import publish
from openlines.models import Dialog, OutboxItem
from openlines.services import dialogs, outcomes, own_messages
from openlines.services.dialogs import Reply
from tests.openlines.factories import at, make_operator
from tests.openlines.rules.scene import Scene
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(topic, kind) of what open desks hear."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(
        publish, "_send", lambda _connection, sent: heard.extend((one.topic, one.kind) for one in sent)
    )
    return heard


def held(kind: str = "livechat", *, operators: int = 2, **settings: Any) -> Scene:
    scene = Scene(kind, operators=operators, distribution="strictly", **settings)
    for person in scene.people:
        RoleBinding.objects.create(role=Role.objects.get(key="operator"), employee=person)
    scene.write()
    dialogs.accept(scene.dialog.pk, by=scene.anna, now=at(1))
    return scene


def told(person: Employee) -> list[tuple[str, str]]:
    rows = Notice.objects.filter(employee=person, read_at__isnull=True).order_by("pk")
    return [(notice.kind, notice.text) for notice in rows]


def hand_on(scene: Scene, to: Employee, note: str = "") -> Dialog:
    return dialogs.transfer_to_colleague(scene.dialog.pk, to=to, by=scene.anna, note=note, now=at(2))


def test_the_colleague_is_notified_with_the_note(signals: list[tuple[str, str]]) -> None:
    scene = held()
    bert = scene.people[1]
    hand_on(scene, bert, "Please call back today")
    ((_kind, words),) = told(bert)
    number = scene.dialog.number
    assert words.startswith(f"{scene.anna.display_name} transferred dialog No. {number}")
    assert words.endswith("to you: Please call back today")
    assert Notice.objects.get(employee=bert).link == f"/desk/{number}/"
    assert (f"e{bert.pk}", "notice") in signals
    assert told(scene.anna) == []


def test_without_a_note_and_with_percent_signs_in_it() -> None:
    scene = held()
    bert, *_more = scene.people[1:]
    hand_on(scene, bert)
    assert told(bert)[0][1].endswith("to you.")
    dialogs.transfer_to_colleague(scene.dialog.pk, to=scene.anna, by=bert, note="100 % %(who)s", now=at(3))
    assert told(scene.anna)[0][1].endswith("to you: 100 % %(who)s")


def test_the_row_knows_who_handed_it_on_until_somebody_replies() -> None:
    scene = held()
    bert = scene.people[1]
    hand_on(scene, bert, "x" * 300)
    assert (scene.dialog.handed_by, scene.dialog.handed_note) == (scene.anna, "x" * 200)
    dialogs.reply(scene.dialog.pk, Reply(uuid=uuid4(), text="note", is_note=True), by=bert, now=at(3))
    assert scene.dialog.handed_note
    dialogs.reply(scene.dialog.pk, Reply(uuid=uuid4(), text="Hello"), by=bert, now=at(4))
    assert (scene.dialog.handed_by, scene.dialog.handed_note) == (None, "")


def test_the_operator_is_told_that_a_reply_failed_once_a_dialog() -> None:
    scene = held("telegram")
    for number in (1, 2):
        message = scene.answer(f"Reply {number}", now=50 + number)
        item = OutboxItem.objects.select_related("connection", "message", "dialog__client").get(
            message=message
        )
        outcomes.write(item, Failed("chat not found"), now=at(90 + number))
    ((kind, words),) = told(scene.anna)
    assert kind == "reply_failed"
    assert words.endswith("did not reach the client: chat not found")


def test_author_and_operator_are_told_where_they_are_two() -> None:
    scene = held("telegram")
    bert = scene.people[1]
    message = dialogs.reply(
        scene.dialog.pk, Reply(uuid=uuid4(), text="Hi"), by=bert, now=at(5), may_join=True
    )
    item = OutboxItem.objects.select_related("connection", "message", "dialog__client").get(message=message)
    outcomes.write(item, Failed("blocked"), now=at(9))
    assert [kind for person in (scene.anna, bert) for kind, _words in told(person)] == ["reply_failed"] * 2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Zoe can you look?", ["Zoe"]),
        ("@zoë can you look?", ["Zoe"]),
        ("please, @Zoe Test: urgent", ["Zoe"]),
        ("@Bert and @Zoe", ["Bert", "Zoe"]),
        ("write to zoe@zoe.example", []),
        ("@Zoetrope", []),
        ("nobody", []),
    ],
)
def test_a_note_that_names_somebody_notifies_them(text: str, named: list[str]) -> None:
    scene = held(operators=1)
    people = {"Zoe": make_operator("Zoe"), "Bert": make_operator("Bert")}
    dialogs.reply(scene.dialog.pk, Reply(uuid=uuid4(), text=text, is_note=True), by=scene.anna, now=at(3))
    assert [name for name in sorted(people) if told(people[name])] == named


def test_a_note_that_is_changed_notifies_whom_it_names_anew() -> None:
    scene = held(operators=1)
    zoe, bert = make_operator("Zoe"), make_operator("Bert")
    written = Reply(uuid=uuid4(), text="@Zoe please look", is_note=True)
    note = dialogs.reply(scene.dialog.pk, written, by=scene.anna, now=at(3))
    own_messages.edit(note.pk, "@Zoe and @Bert please look", by=scene.anna, now=at(4))
    own_messages.edit(note.pk, "@Zoe and @Bert, please", by=scene.anna, now=at(5))
    assert (len(told(zoe)), len(told(bert))) == (1, 1)


def test_a_mention_of_oneself_or_in_a_message_to_the_client_is_none() -> None:
    scene = held(operators=1)
    other = make_operator("Zoe")
    dialogs.reply(scene.dialog.pk, Reply(uuid=uuid4(), text="@Zoe"), by=scene.anna, now=at(3))
    own = Reply(uuid=uuid4(), text=f"@{scene.anna.first_name}", is_note=True)
    dialogs.reply(scene.dialog.pk, own, by=scene.anna, now=at(4))
    assert told(other) == told(scene.anna) == []


def test_who_may_not_see_the_dialog_gets_neither_link_nor_note() -> None:
    scene = held()
    stranger = make_operator("Zoe")
    text = f"@Zoe and @{scene.people[1].display_name}"
    dialogs.transfer_to_colleague(scene.dialog.pk, to=scene.people[1], by=scene.anna, note=text, now=at(2))
    notice = Notice.objects.get(employee=stranger)
    assert (notice.link, "note" in notice.data) == ("", False)
    assert "does not let you see" in notice.text
    assert Notice.objects.get(employee=scene.people[1], kind="mentioned").link


def test_opening_the_dialog_reads_what_was_told_about_it() -> None:
    scene = held()
    bert = scene.people[1]
    hand_on(scene, bert)
    desk = browser_of(bert)
    bell = desk.get("/me/notices/").content.decode()
    assert "1 unread notice" in bell
    assert "transferred dialog" in desk.get("/me/notices/panel/").content.decode()
    assert desk.get(f"/desk/{scene.dialog.pk}/").status_code == 200
    assert told(bert) == []
    assert "unread" not in desk.get("/me/notices/").content.decode()


def test_a_notice_leads_to_its_dialog_and_is_its_readers_own() -> None:
    scene = held()
    bert = scene.people[1]
    hand_on(scene, bert)
    notice = Notice.objects.get(employee=bert)
    assert browser_of(scene.anna).get(f"/me/notices/{notice.pk}/").status_code == 404
    assert browser_of(bert).get(f"/me/notices/{notice.pk}/").headers["location"] == notice.link
    assert told(bert) == []


def test_what_is_erased_is_told_no_more() -> None:
    scene = held(keep_log=False)
    bert = scene.people[1]
    hand_on(scene, bert, "The secret word is mellon")
    dialogs.reply(scene.dialog.pk, Reply(uuid=uuid4(), text="bye"), by=bert, now=at(4))
    hand_on_again = scene.dialog
    dialogs.transfer_to_colleague(
        hand_on_again.pk, to=scene.anna, by=bert, note="The secret word is mellon", now=at(5)
    )
    scene.finish(now=10)
    assert scene.dialog.log_erased_at is not None
    assert scene.dialog.handed_note == ""
    assert not Notice.objects.filter(data__icontains="mellon").exists()
