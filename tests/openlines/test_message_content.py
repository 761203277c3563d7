"""What a message says is changed or taken back with every copy of it, and what is gone does not come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client as Http
from django.urls import reverse
from pytest_django import Settings

from contactcenter.staff.models import Notice, Role, RoleBinding
from openlines.connectors import base, registry
from openlines.models import (
    Attachment,
    Client,
    Connection,
    Dialog,
    EarlyMark,
    InboundEvent,
    Message,
    OutboxItem,
)
from openlines.services import (
    client_joins,
    dialogs,
    erasure,
    file_links,
    files,
    inbound,
    inbound_items,
    line_deletion,
    line_switch,
    lines,
    own_messages,
    resending,
)
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from tests.openlines.factories import answer, at, make_client, make_line, make_operator, write
from tests.openlines.leftovers import places
from tests.openlines.rules.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "4111 1111"
PERSON = {"id": 77, "is_bot": False, "first_name": "Carl"}


@pytest.fixture(autouse=True)
def _files_of_this_test_alone(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def scene() -> Scene:
    """Carl's Telegram, as its webhook brings it."""
    scene = Scene("telegram")
    make_client(scene.connection, "77", language="en")
    scene.client = Client.objects.get(external_id="77")
    return scene


def deliver(scene: Scene, number: int, *, now: float, edited: bool = False, **fields: Any) -> InboundEvent:
    """One webhook call of Telegram with the message ``number``."""
    message = {"message_id": number, "date": int(at(now).timestamp()), "chat": {**PERSON, "type": "private"}}
    if edited:
        message["edit_date"] = int(at(now).timestamp())
    kind = "edited_message" if edited else "message"
    update = {"update_id": int(1000 + now), kind: {**message, "from": PERSON, **fields}}
    fresh = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    inbound.receive(fresh, base.RawRequest(headers={}, body=json.dumps(update).encode()), now=at(now))
    return InboundEvent.objects.latest("pk")


def take(scene: Scene, item: base.InboundItem, *, now: float) -> None:
    fresh = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    inbound_items.take(item, fresh, inbound_id=None, now=at(now))


def deleted(scene: Scene, external_id: str, *, now: float) -> None:
    sender = base.Sender(scene.client.external_id)
    take(scene, base.MessageDeleted(sender, (external_id,), at(now)), now=now)


def with_file(message: Message) -> Attachment:
    attachment = Attachment(message=message, kind="image", name="card.jpg", mime="image/jpeg")
    attachment.state = Attachment.State.STORED
    attachment.file.save("card", ContentFile(SECRET.encode()), save=True)
    return attachment


# -- a client takes a message back


def test_of_what_a_client_takes_back_nothing_is_left_anywhere(scene: Scene) -> None:
    deliver(scene, 1, text=f"My card: {SECRET}", now=1)
    deliver(scene, 1, text=f"My card is {SECRET}", now=2, edited=True)
    told = Message.objects.get()
    attachment = with_file(told)
    dialogs.accept(told.dialog_id, by=scene.anna, now=at(3))
    reply = Reply(uuid=uuid4(), text="Take that back", reply_to_id=told.pk)
    dialogs.reply(told.dialog_id, reply, by=scene.anna, now=at(4))
    deliver(scene, 2, text="Yes", now=5, quote={"text": SECRET}, reply_to_message={"message_id": 1, **PERSON})
    deliver(scene, 3, text=f"Again {SECRET}", now=6)
    assert places(SECRET)
    link = file_links.public(attachment).removeprefix(settings.PUBLIC_URL)
    assert Http().get(link).status_code == 200
    for told in Message.objects.filter(text__contains=SECRET):
        deleted(scene, str(told.external_id), now=10)
    assert places(SECRET) == []
    told = Message.objects.earliest("pk")
    assert (told.deleted_at, scene.dialog.last_text) == (at(10), "")
    assert not Attachment.objects.exists()
    assert Http().get(link).status_code == 404


def test_screens_that_show_a_quote_of_it_look_again(scene: Scene) -> None:
    deliver(scene, 1, text="One", now=1)
    told = Message.objects.get()
    dialogs.accept(told.dialog_id, by=scene.anna, now=at(3))
    quoting = dialogs.reply(
        told.dialog_id, Reply(uuid=uuid4(), text="Why?", reply_to_id=told.pk), by=scene.anna, now=at(4)
    )
    deliver(scene, 1, text="Two", now=5, edited=True)
    quoting.refresh_from_db()
    assert quoting.rev == scene.dialog.rev
    deleted(scene, str(told.external_id), now=6)
    quoting.refresh_from_db()
    assert quoting.rev == scene.dialog.rev


def test_an_edit_stands_in_the_lists_and_an_older_one_does_not(scene: Scene) -> None:
    deliver(scene, 1, text="One", now=1)
    deliver(scene, 1, text="Three", now=9, edited=True)
    assert scene.dialog.last_text == "Three"
    deliver(scene, 1, text="Two", now=5, edited=True)
    assert (scene.dialog.last_text, Message.objects.get().text) == ("Three", "Three")


def test_what_is_no_longer_the_last_word_changes_no_list(scene: Scene) -> None:
    deliver(scene, 1, text="One", now=1)
    deliver(scene, 2, text="Last", now=2)
    deliver(scene, 1, text="Two", now=5, edited=True)
    assert scene.dialog.last_text == "Last"


def test_an_edit_that_comes_after_the_deletion_is_stored_nowhere(scene: Scene) -> None:
    deliver(scene, 1, text="One", now=1)
    deleted(scene, str(Message.objects.get().external_id), now=2)
    deliver(scene, 1, text=SECRET, now=3, edited=True)
    deliver(scene, 1, text=SECRET, now=4)
    assert places(SECRET) == []


def test_a_deletion_that_comes_before_its_message_takes_it_back_all_the_same(scene: Scene) -> None:
    deliver(scene, 1, text="Hello", now=1)
    known = str(Message.objects.get().external_id)
    later = known[: -len("1")] + "2"
    deleted(scene, later, now=2)
    deliver(scene, 2, text=SECRET, now=3)
    assert Message.objects.latest("pk").deleted_at is not None
    assert places(SECRET) == []


def test_a_file_that_arrives_after_the_deletion_is_not_stored(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(scene, 1, now=1, photo=[{"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1}])
    told = Message.objects.get()

    def fetch(media: base.Media, account: base.Account, *, max_bytes: int) -> bytes:
        deleted(scene, str(told.external_id), now=5)
        return SECRET.encode()

    monkeypatch.setattr(registry.get("telegram"), "fetch", fetch)
    assert files.fetch(scene.connection.pk, now=at(4)) == 0
    assert places(SECRET) == []
    assert not Attachment.objects.exists()


def test_a_further_file_of_an_album_that_was_taken_back_is_dropped(scene: Scene) -> None:
    photo = [{"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1}]
    deliver(scene, 1, now=1, photo=photo, media_group_id="A", caption="One")
    deleted(scene, str(Message.objects.get().external_id), now=2)
    deliver(scene, 2, now=3, photo=photo, media_group_id="A", caption=SECRET)
    assert Message.objects.count() == 1
    assert not Attachment.objects.exists()
    assert places(SECRET) == []


def test_what_a_joined_dialog_took_over_follows() -> None:
    scene = Scene("whatsapp")
    other = make_client(scene.connection)
    write(other, "first", now=at(0), external_id="w0")
    dialogs.accept(Dialog.objects.get().pk, by=scene.anna, now=at(1))
    scene.write(SECRET, now=2, external_id="w1")
    client_joins.join(keep=scene.client, gone=other, now=at(3))
    assert Message.objects.filter(text=SECRET).count() == 2
    take(scene, base.MessageEdited(base.Sender(scene.client.external_id), "w1", at(4), f"{SECRET}!"), now=4)
    assert Message.objects.filter(text=f"{SECRET}!").count() == 2
    deleted(scene, "w1", now=5)
    assert places(SECRET) == []


# -- one of ours takes one back


def test_of_ours_the_text_stays_for_the_audit_and_is_shown_nowhere() -> None:
    scene = Scene()
    scene.write(now=0)
    ours = scene.answer(SECRET, now=1)
    attachment = with_file(ours)
    OutboxItem.objects.create(
        connection=scene.connection,
        dialog=scene.dialog,
        message=ours,
        action="edit",
        text=SECRET,
        state="done",
        created_at=at(1),
        next_attempt_at=at(1),
    )
    own_messages.delete(ours.pk, by=scene.anna, now=at(2))
    ours.refresh_from_db()
    assert (ours.text, ours.said) == (SECRET, "")
    assert [one for one in places(SECRET) if one != str(attachment.file.name).rsplit("/")[-1]] == [
        "openlines_message.text"
    ]
    boss = make_operator(is_superuser=True)
    http = Http()
    http.force_login(boss)
    assert http.get(reverse("openlines:file", args=[attachment.public_id])).status_code == 404
    assert SECRET not in http.get(reverse("admin:openlines_outboxitem_changelist")).content.decode()


# -- discarded, erased, deleted with the line


def album(scene: Scene) -> None:
    photo = [{"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1}]
    deliver(scene, 21, now=21, photo=photo, media_group_id="A", caption="One")
    deliver(scene, 22, now=22, photo=photo, media_group_id="A", caption=SECRET)


@pytest.mark.parametrize(
    "bring",
    [
        lambda scene: deliver(scene, 20, now=20, text=SECRET),
        lambda scene: (
            deliver(scene, 20, now=20, text="One"),
            deliver(scene, 20, now=21, text=SECRET, edited=True),
        ),
        lambda scene: (deliver(scene, 20, now=20, text=SECRET), deliver(scene, 20, now=21, text=SECRET)),
        album,
    ],
    ids=["message", "edit", "twice", "album"],
)
def test_a_discard_leaves_nothing_readable(scene: Scene, bring: Callable[[Scene], object]) -> None:
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    bring(scene)
    with_file(Message.objects.latest("pk"))
    assert places(SECRET)
    assert line_switch.discard(scene.line.pk) == 1
    assert places(SECRET) == []
    event = InboundEvent.objects.latest("pk")
    assert (event.emptied_at is not None, inbound.replay(event, now=at(30))) == (True, False)
    assert not Dialog.objects.exists()


def test_of_a_moved_connection_the_deleted_line_takes_the_raw_deliveries_along(scene: Scene) -> None:
    deliver(scene, 1, now=1, text=SECRET)
    dialogs.finish(scene.dialog.pk, by=scene.anna, now=at(2))
    other = make_line(make_operator())
    line_deletion.order(
        scene.line,
        typed_name=scene.line.name,
        fates={scene.connection.pk: str(other.pk)},
        by=scene.anna,
        now=at(10),
    )
    line_deletion.go_on(scene.line.pk, now=at(20))
    assert Connection.objects.get().line == other
    assert places(SECRET) == []


@pytest.fixture
def erased(scene: Scene) -> Scene:
    lines.save_block(scene.line.pk, {"keep_log": False, "rating_enabled": True}, now=at(0))
    deliver(scene, 1, now=1, text="One")
    answer(scene.dialog, scene.anna, "Two", now=at(2))
    dialogs.finish(scene.dialog.pk, by=scene.anna, now=at(3))
    OutboxItem.objects.update(state="done")
    Dialog.objects.update(state="closed", closed_at=at(3), log_kept=False, wrap_up_from=None)
    erasure.erase(scene.dialog.pk, now=at(4))
    assert scene.dialog.log_erased_at == at(4)
    return scene


def name_of(author: str) -> str:
    message = Message.objects.filter(author=author).earliest("pk")
    if not message.external_id:
        message.external_id = "77:900"
        message.save(update_fields=["external_id"])
    return str(message.external_id)


def test_an_edit_a_reaction_and_a_redelivery_bring_nothing_back(erased: Scene) -> None:
    deliver(erased, 1, now=10, text=SECRET, edited=True)
    deliver(erased, 1, now=11, text=SECRET)
    sender = base.Sender("77")
    take(erased, base.ReactionChanged(sender, name_of("client"), at(12), (SECRET,)), now=12)
    assert places(SECRET) == []
    assert not EarlyMark.objects.exists()


def test_a_providers_reason_that_repeats_the_text_is_not_kept(erased: Scene) -> None:
    failed = base.StatusChanged(
        name_of("operator"), base.DeliveryStatus.FAILED, at(10), reason=f"Cannot send “{SECRET}”"
    )
    take(erased, failed, now=10)
    assert Message.objects.get(external_id=name_of("operator")).delivery == "failed"
    assert places(SECRET) == []


def test_the_echo_of_ours_is_emptied_too(erased: Scene) -> None:
    event = deliver(erased, 50, now=20, text="Other")
    InboundEvent.objects.filter(pk=event.pk).update(body=SECRET.encode())
    ours = Message.objects.get(external_id=name_of("operator"))
    fresh = Connection.objects.select_related("line").get(pk=erased.connection.pk)
    for item in (
        base.WrittenOutside(
            base.Sender("77"), "77:901", at(21), base.MessageKind.TEXT, SECRET, uuid=str(ours.uuid)
        ),
        base.WrittenOutside(base.Sender("77"), name_of("operator"), at(21), base.MessageKind.TEXT, SECRET),
    ):
        InboundEvent.objects.filter(pk=event.pk).update(body=SECRET.encode())
        inbound_items.take(item, fresh, inbound_id=event.pk, now=at(21))
        assert places(SECRET) == []


def test_a_late_rating_and_the_thanks_are_erased_once_more(erased: Scene) -> None:
    press = {"payload": f"rating:{erased.dialog.pk}:1"}
    dialog = erased.dialog
    erased.write(SECRET, now=20, kind=base.MessageKind.BUTTON, data=press, external_id="77:70")
    dialog.refresh_from_db()
    assert dialog.client_rating == 1
    assert dialog.log_erased_at is None, "our thanks leave first"
    OutboxItem.objects.update(state="done")
    assert erasure.sweep(now=at(100)) == 1
    assert not Message.objects.filter(dialog=dialog).exclude(text="").exists()
    assert places(SECRET) == []


def test_nothing_of_it_is_sent_again(erased: Scene) -> None:
    ours = Message.objects.get(author="operator")
    Message.objects.filter(pk=ours.pk).update(delivery="failed")
    with pytest.raises(CommandRefused):
        resending.send_again(ours.pk, by=erased.anna, now=at(10))


def test_a_file_that_was_still_being_fetched_is_dropped(erased: Scene) -> None:
    told = Message.objects.get(author="client")
    gone = Attachment(message=told, kind="image", name="x", reference="F", state=Attachment.State.PENDING)
    gone.save()
    Attachment.objects.filter(pk=gone.pk).delete()
    assert files._store(gone, SECRET.encode(), now=at(10)) is False
    assert places(SECRET) == []


# -- whose message it is


STRANGER = base.Sender("4711")


def strange_changes() -> list[base.InboundItem]:
    return [
        base.MessageEdited(STRANGER, "77:1", at(5), "forged"),
        base.MessageDeleted(STRANGER, ("77:1",), at(5)),
        base.ReactionChanged(STRANGER, "77:1", at(5), ("👎",)),
    ]


@pytest.mark.parametrize("item", strange_changes(), ids=lambda item: type(item).__name__)
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("comes_first", [True, False])
def test_nobody_changes_or_marks_anothers_message(
    scene: Scene, item: base.InboundItem, is_known: bool, comes_first: bool
) -> None:
    if is_known:
        make_client(scene.connection, STRANGER.external_id)
    if comes_first:
        take(scene, item, now=5)
    deliver(scene, 1, text="One", now=6)
    if not comes_first:
        take(scene, item, now=7)
    told = Message.objects.get()
    assert (told.text, told.deleted_at, told.extra.get("reactions")) == ("One", None, None)


def test_a_client_changes_nothing_that_one_of_us_has_written(scene: Scene) -> None:
    deliver(scene, 1, text="One", now=1)
    reply = scene.answer("It costs 100", now=2)
    Message.objects.filter(pk=reply.pk).update(external_id="77:2")
    sender = base.Sender("77")
    take(scene, base.MessageEdited(sender, "77:2", at(3), "It costs 1"), now=3)
    take(scene, base.MessageDeleted(sender, ("77:2",), at(4)), now=4)
    reply.refresh_from_db()
    assert (reply.text, reply.deleted_at) == ("It costs 100", None)
    take(scene, base.MessageEdited(sender, "77:2", at(5), "It costs 90", by_us=True), now=5)
    reply.refresh_from_db()
    assert reply.text == "It costs 90"


# -- a part of an album


def album_of_two(scene: Scene) -> Message:
    deliver(scene, 1, caption="Front", now=1, media_group_id="g", photo=[photo("a")])
    deliver(scene, 2, caption=f"Back {SECRET}", now=2, media_group_id="g", photo=[photo("b")])
    return Message.objects.get()


def photo(name: str) -> dict[str, Any]:
    return {"file_id": name, "file_unique_id": name, "width": 10, "height": 10, "file_size": 10}


def test_an_edited_part_of_an_album_leaves_the_other_parts_words(scene: Scene) -> None:
    told = album_of_two(scene)
    assert told.text == f"Front\nBack {SECRET}"
    deliver(scene, 2, caption="Rear", now=3, edited=True, media_group_id="g", photo=[photo("b")])
    deliver(scene, 1, caption="Face", now=4, edited=True, media_group_id="g", photo=[photo("a")])
    assert (Message.objects.get().text, scene.dialog.last_text) == ("Face\nRear", "Face\nRear")


@pytest.mark.parametrize(("gone", "left"), [("77:2", "Front"), ("77:1", "Rear")])
def test_of_an_album_one_part_is_taken_back_alone(scene: Scene, gone: str, left: str) -> None:
    album_of_two(scene)
    deliver(scene, 2, caption="Rear", now=3, edited=True, media_group_id="g", photo=[photo("b")])
    first, second = Attachment.objects.order_by("pk")
    deleted(scene, gone, now=10)
    told = Message.objects.get()
    assert (told.text, told.deleted_at, scene.dialog.last_text) == (left, None, left)
    assert list(Attachment.objects.all()) == [first if gone == "77:2" else second]
    assert places(SECRET) == []
    deleted(scene, "77:1" if gone == "77:2" else "77:2", now=11)
    assert Message.objects.get().deleted_at == at(11)
    assert not Attachment.objects.exists()


# -- a note of ours


@pytest.mark.parametrize("is_transfer", [True, False])
def test_a_changed_or_deleted_note_stands_nowhere_as_it_was(is_transfer: bool) -> None:
    scene = Scene(operators=2)
    anna, bert = scene.people
    RoleBinding.objects.create(role=Role.objects.get(key="administrator"), employee=bert)
    scene.write()
    dialogs.accept(scene.dialog.pk, by=anna, now=at(1))
    words = f"@{bert.username} the code is {SECRET}"
    if is_transfer:
        dialogs.transfer_to_colleague(scene.dialog.pk, to=bert, by=anna, note=f" {words} ", now=at(2))
    else:
        dialogs.reply(scene.dialog.pk, Reply(uuid=uuid4(), text=words, is_note=True), by=anna, now=at(2))
    note = Message.objects.get(is_note=True)
    own_messages.edit(note.pk, "Call back", by=anna, now=at(3))
    assert places(SECRET) == ["openlines_message.earlier_texts"]
    assert all(notice.data.get("note", "Call back") == "Call back" for notice in Notice.objects.all())
    own_messages.delete(note.pk, by=anna, now=at(4))
    assert places("Call back") == ["openlines_message.text"]
    assert Notice.objects.filter(kind="dialog_transferred").exists() is is_transfer


# -- one delivery with several messages


def batch(*said: tuple[str, str, str]) -> bytes:
    """One call of Messenger: (client, id, text) each."""
    messaging = [
        {
            "sender": {"id": client},
            "recipient": {"id": "900"},
            "timestamp": int(at(1).timestamp() * 1000),
            "message": {"mid": mid, "text": text},
        }
        for client, mid, text in said
    ]
    return json.dumps(
        {"object": "page", "entry": [{"id": "900", "time": 1, "messaging": messaging}]}
    ).encode()


@pytest.mark.parametrize("is_parked", [True, False])
def test_of_a_delivery_with_others_messages_only_ones_own_is_cut_out(is_parked: bool) -> None:
    scene = Scene("messenger")
    body = batch(("1", "m1", SECRET), ("2", "m2", "Good day"))
    fresh = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    inbound.receive(fresh, base.RawRequest(headers={}, body=body), now=at(1))
    assert Message.objects.count() == 2
    if is_parked:
        InboundEvent.objects.update(state="parked", reason="an error")
        Message.objects.filter(external_id="m2").delete()
    take(scene, base.MessageDeleted(base.Sender("1"), ("m1",), at(5)), now=5)
    assert places(SECRET) == []
    event = InboundEvent.objects.get()
    assert (event.emptied_at, b"Good day" in bytes(event.body)) == (None, True)
    assert inbound.replay(event, now=at(6))
    assert [m.text for m in Message.objects.order_by("external_id")] == ["", "Good day"]
    take(scene, base.MessageDeleted(base.Sender("2"), ("m2",), at(7)), now=7)
    assert places("Good day") == []
