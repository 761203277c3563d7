"""Deliveries come twice, at once and in any order: nothing is lost, doubled, or turned back."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from openlines.connectors import base
from openlines.connectors.base import (
    DeliveryStatus,
    Media,
    MediaKind,
    MessageDeleted,
    MessageEdited,
    MessageKind,
    MessageReceived,
    ReactionChanged,
    Sender,
    StatusChanged,
)
from openlines.models import Attachment, Connection, Dialog, EarlyMark, Message, MessageMark, MessagePart
from openlines.services import early_marks, inbound, inbound_items, marks, outcomes
from openlines.services.marks import ORDER, rises
from tests.openlines.factories import answer, at, make_connection, make_line, make_operator
from tests.openlines.rules.scene import Scene
from tests.openlines.together import together

database = pytest.mark.django_db(transaction=True)
CARL = Sender("4711", name="Carl")


@pytest.fixture
def connection() -> Connection:
    line = make_line(make_operator(), greeting_enabled=False)
    return make_connection(line, "telegram", credentials={"token": "1:a", "secret_token": "s"})


def take(connection: Connection, *items: base.InboundItem, now: float) -> None:
    """As one delivery."""
    fresh = Connection.objects.select_related("line").get(pk=connection.pk)
    with transaction.atomic():
        for item in items:
            inbound_items.take(item, fresh, inbound_id=None, now=at(now))


def text(external_id: str, words: str = "Hello", *, second: float = 1, reply_to: str = "") -> MessageReceived:
    return MessageReceived(CARL, external_id, at(second), MessageKind.TEXT, words, reply_to=reply_to)


def edit(external_id: str, words: str, *, second: float) -> MessageEdited:
    return MessageEdited(CARL, external_id, at(second), words)


def photo(number: int) -> MessageReceived:
    return MessageReceived(
        CARL,
        f"m{number}",
        at(1),
        MessageKind.MEDIA,
        text="Look" if number == 1 else "",
        media=(Media(MediaKind.IMAGE, f"file{number}"),),
        group_key="album",
    )


# -- before the message


@database
def test_an_edit_a_reaction_and_a_deletion_wait_for_their_message(connection: Connection) -> None:
    take(connection, edit("m1", "Hello!", second=2), ReactionChanged(CARL, "m1", at(3), ("👍",)), now=3)
    take(connection, MessageDeleted(CARL, ("m2",), at(3)), now=3)
    assert EarlyMark.objects.count() == 3
    take(connection, text("m1"), text("m2"), now=9)
    first, second = Message.objects.order_by("seq")
    assert (first.text, first.earlier_texts[0]["text"]) == ("Hello!", "Hello")
    assert first.extra["reactions"] == ["👍"]
    assert second.deleted_at is not None
    assert not EarlyMark.objects.exists()


@database
def test_an_edit_before_its_message_in_the_same_delivery(connection: Connection) -> None:
    take(connection, edit("m1", "Hello!", second=2), text("m1"), now=3)
    assert Message.objects.get().text == "Hello!"


@database
def test_an_answer_before_what_it_answers_is_bound_to_it_when_it_comes(connection: Connection) -> None:
    take(connection, text("m2", "And this?", reply_to="m1"), now=2)
    reply = Message.objects.get()
    assert (reply.reply_to, reply.reply_to_external_id) == (None, "m1")
    rev = Dialog.objects.get().rev
    take(connection, text("m1"), now=5)
    reply.refresh_from_db()
    assert reply.reply_to == Message.objects.get(external_id="m1")
    assert reply.rev == Dialog.objects.get().rev > rev + 1  # screens learn of it
    assert not EarlyMark.objects.exists()


@database
def test_an_answer_to_ours_before_our_own_commit_of_its_id() -> None:
    scene = Scene("telegram")
    scene.write()
    ours = scene.answer(now=10)
    take(
        scene.connection,
        MessageReceived(
            Sender(scene.client.external_id), "m9", at(11), MessageKind.TEXT, "Thanks", reply_to="p2"
        ),
        now=11,
    )
    item = ours.outbox_items.select_related("connection", "message", "dialog__client").get()
    outcomes.write(item, base.Sent(("p1", "p2")), now=at(12))
    assert Message.objects.get(external_id="m9").reply_to == ours


@database
def test_a_status_keeps_what_it_says_of_the_client_until_our_commit() -> None:
    scene = Scene("telegram")
    scene.write()
    ours = scene.answer(now=10)
    failed = StatusChanged("p1", DeliveryStatus.FAILED, at(11), "He has blocked us.", unreachable=True)
    take(scene.connection, failed, now=11)
    item = ours.outbox_items.select_related("connection", "message", "dialog__client").get()
    outcomes.write(item, base.Sent(("p1",)), now=at(12))
    ours.refresh_from_db()
    assert (ours.delivery, ours.failure) == ("failed", "He has blocked us.")
    assert not Dialog.objects.get().client.is_reachable


@database
def test_a_status_at_the_very_moment_of_our_commit_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked for before our commit, kept after it: our own look has come too early, and the status's too."""
    scene = Scene("telegram")
    scene.write()
    ours = scene.answer(now=10)
    item = ours.outbox_items.select_related("connection", "message", "dialog__client").get()
    keep = early_marks.keep

    def after_our_commit(*args: Any, **kwargs: Any) -> None:
        assert together(partial(outcomes.write, item, base.Sent(("p1",)), now=at(12))) == [1]
        keep(*args, **kwargs)

    monkeypatch.setattr(early_marks, "keep", after_our_commit)
    take(scene.connection, StatusChanged("p1", DeliveryStatus.DELIVERED, at(12)), now=12)
    ours.refresh_from_db()
    assert ours.delivery == "delivered"
    assert not EarlyMark.objects.exists()


@database
@pytest.mark.parametrize("attempt", range(3))
def test_a_status_and_our_commit_at_once(attempt: int) -> None:
    scene = Scene("telegram")
    scene.write()
    ours = scene.answer(now=10)
    item = ours.outbox_items.select_related("connection", "message", "dialog__client").get()
    results = together(
        partial(outcomes.write, item, base.Sent(("p1",)), now=at(12)),
        partial(take, scene.connection, StatusChanged("p1", DeliveryStatus.DELIVERED, at(12)), now=12),
    )
    assert not [one for one in results if isinstance(one, Exception)], results
    ours.refresh_from_db()
    assert ours.delivery == "delivered"
    assert not EarlyMark.objects.exists()


@database
def test_what_a_died_process_left_is_applied_by_the_net(connection: Connection) -> None:
    take(connection, text("m1"), now=1)
    EarlyMark.objects.create(
        connection=connection,
        external_id="m1",
        kind="edit",
        data={"text": "Hello!"},
        at=at(2),
        heard_at=at(2),
    )
    early_marks.keep(connection, "unknown", "delete", at=at(2), now=at(2))
    assert early_marks.sweep(now=at(60)) == 1
    assert Message.objects.get().text == "Hello!"
    assert list(EarlyMark.objects.values_list("external_id", flat=True)) == ["unknown"]
    assert early_marks.sweep(now=at(120)) == 0


# -- in any order


@database
def test_the_last_edit_by_the_channels_clock_stands(connection: Connection) -> None:
    take(connection, text("m1", "one"), now=1)
    take(connection, edit("m1", "three", second=30), now=31)
    take(connection, edit("m1", "two", second=20), now=32)
    take(connection, edit("m1", "two", second=20), now=33)
    message = Message.objects.get()
    assert message.text == "three"
    assert [one["text"] for one in message.earlier_texts] == ["one", "two"]
    assert [mark.at for mark in message.marks.all()] == [at(20), at(30)]
    take(connection, edit("m1", "four", second=30), now=34)  # the channel tells whole seconds
    assert Message.objects.get().text == "four"


@database
def test_the_last_reaction_by_the_channels_clock_stands(connection: Connection) -> None:
    take(connection, text("m1"), now=1)
    take(connection, ReactionChanged(CARL, "m1", at(30), ()), now=31)
    take(connection, ReactionChanged(CARL, "m1", at(20), ("👍",)), now=32)
    assert not Message.objects.get().extra.get("reactions")


STATUSES = st.sampled_from(["sent", "delivered", "read", "failed"])


@given(st.lists(STATUSES, max_size=12))
def test_a_status_never_goes_backwards(words: list[str]) -> None:
    """``failed`` after *delivered* is ignored; *delivered* after ``failed`` is believed."""
    now = "queued"
    for word in words:
        before = now
        now = word if rises(now, word) else now
        if before in ("delivered", "read"):
            assert now != "failed"
        if "failed" not in (before, now):
            assert ORDER.index(now) >= ORDER.index(before)
        if before == "failed":
            assert now in ("failed", "delivered", "read")
    if "read" in words:
        assert now == "read"
    elif "delivered" in words:
        assert now == "delivered"
    elif "failed" in words:
        assert now == "failed"
    else:
        assert now == ("sent" if words else "queued")


@database
def test_statuses_in_every_order_come_to_the_same_and_each_is_kept() -> None:
    scene = Scene("telegram")
    scene.write()
    orders = list(itertools.permutations(["sent", "delivered", "read", "failed"]))
    for number, order in enumerate(orders):
        ours = answer(scene.dialog, scene.anna, now=at(10 + number))
        Message.objects.filter(pk=ours.pk).update(external_id=f"p{number}", delivery="sent")
        for word in order:
            take(scene.connection, StatusChanged(f"p{number}", DeliveryStatus(word), at(50)), now=60)
        ours.refresh_from_db()
        assert ours.delivery == "read", order
        assert ours.marks.count() == 4, order


# -- at once


@database
@pytest.mark.parametrize("attempt", range(3))
def test_the_same_delivery_at_once_is_stored_and_read_once(connection: Connection, attempt: int) -> None:
    body = (
        b'{"update_id":1,"message":{"message_id":9,"date":1772445600,"text":"Hi",'
        b'"from":{"id":4711,"is_bot":false,"first_name":"C"},"chat":{"id":4711,"type":"private"}}}'
    )
    results = together(
        *[partial(inbound.receive, connection, base.RawRequest({}, body), now=at(0)) for _ in range(4)]
    )
    assert sorted(one.repeated for one in results) == [False, True, True, True], results
    assert Message.objects.filter(author="client").count() == 1
    assert Dialog.objects.get().client_message_count == 1


@database
@pytest.mark.parametrize("attempt", range(3))
def test_an_album_whose_parts_come_at_once_is_one_message(connection: Connection, attempt: int) -> None:
    results = together(*[partial(take, connection, photo(number), now=2) for number in (1, 2, 3, 4)])
    assert not [one for one in results if isinstance(one, Exception)], results
    message = Message.objects.get(author="client")
    assert message.text == "Look"
    assert Attachment.objects.filter(message=message).count() == 4
    known = {message.external_id, *MessagePart.objects.values_list("external_id", flat=True)}
    assert known == {"m1", "m2", "m3", "m4"}
    assert Dialog.objects.get().client_message_count == 1


@database
def test_a_further_file_of_an_album_is_known_by_its_id_and_comes_once(connection: Connection) -> None:
    take(connection, ReactionChanged(CARL, "m2", at(1), ("👍",)), now=1)
    for number in (1, 2, 2):
        take(connection, photo(number), now=2)
    message = Message.objects.get(author="client")
    assert message.attachments.count() == 2
    assert message.extra["reactions"] == ["👍"]
    assert marks.known(connection, "m2")
    take(connection, text("m5", "This one", reply_to="m2"), now=3)
    assert Message.objects.get(external_id="m5").reply_to == message
    assert list(MessageMark.objects.filter(status="part").values_list("detail", flat=True)) == ["m2"]
