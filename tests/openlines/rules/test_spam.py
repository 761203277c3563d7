"""§11: a dialog that is marked as spam gets nothing, whatever the client presses and whatever was on its way."""

from __future__ import annotations

from uuid import uuid4

import pytest

from openlines.connectors import base
from openlines.models import Deadline, Dialog, Message, OutboxItem, Rating
from openlines.services import dialogs, outbound, own_messages, ratings, resending
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from tests.openlines.factories import at
from tests.openlines.rules.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def spam(kind: str = "telegram", *, finished: bool = True) -> Scene:
    scene = Scene(kind, rating_enabled=True)
    scene.write()
    scene.answer(now=5)
    if finished:
        scene.finish(now=10)
    dialogs.spam(scene.dialog.pk, by=scene.anna, now=at(20))
    return scene


def ours(scene: Scene) -> int:
    return Message.objects.filter(dialog=scene.dialog).exclude(author="client").count()


def press(scene: Scene, payload: str) -> None:
    scene.write("Good", now=30, kind=base.MessageKind.BUTTON, data={"payload": payload})


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("closes", [False, True])
def test_a_rating_is_neither_stored_nor_answered(value: int, closes: bool) -> None:
    scene = spam()
    scene.line.rating_closes = closes
    scene.line.save(update_fields=["rating_closes"])
    before = ours(scene)
    press(scene, f"rating:{scene.dialog.pk}:{value}")
    assert (scene.dialog.state, scene.dialog.client_rating, ours(scene)) == ("spam", None, before)
    assert not Rating.objects.exists()
    assert Dialog.objects.count() == 1


def test_a_rating_that_comes_too_late_is_not_refused_politely() -> None:
    scene = Scene("telegram", rating_enabled=True, rating_limit_enabled=True, rating_limit_days=1)
    scene.write()
    scene.answer(now=5)
    scene.finish(now=10)
    dialogs.spam(scene.dialog.pk, by=scene.anna, now=at(20))
    before = ours(scene)
    scene.write(
        "Good",
        now=3 * 86400,
        kind=base.MessageKind.BUTTON,
        data={"payload": f"rating:{scene.dialog.pk}:1"},
    )
    assert ours(scene) == before


def test_the_chats_own_buttons_are_refused() -> None:
    scene = spam("livechat")
    with pytest.raises(CommandRefused, match="cannot be rated"):
        ratings.rate_in_chat(scene.dialog.pk, value=1, now=at(30))


def test_an_answer_about_consent_is_kept_and_not_answered() -> None:
    scene = Scene("telegram", consent_enabled=True, rating_enabled=True)
    scene.write()
    dialogs.spam(scene.dialog.pk, by=scene.anna, now=at(20))
    before = ours(scene)
    press(scene, f"consent:{scene.dialog.client.consent_version_id}:0")
    assert (scene.dialog.state, ours(scene)) == ("spam", before)
    assert scene.client.consents.filter(decision="refused").exists()


def test_what_waits_in_the_outbox_does_not_leave() -> None:
    scene = spam(finished=False)
    assert OutboxItem.objects.filter(state="queued").exists()
    outbound.drain(scene.connection.pk, now=at(40))
    assert not OutboxItem.objects.exclude(state="done").exists()
    assert set(Message.objects.exclude(author="client").values_list("delivery", flat=True)) == {"failed"}
    assert scene.dialog.state == "spam"


def test_nothing_more_can_be_written_changed_or_sent_again() -> None:
    scene = spam(finished=False)
    message = Message.objects.get(author="operator")
    with pytest.raises(CommandRefused):
        dialogs.reply(scene.dialog.pk, Reply(uuid=uuid4(), text="x"), by=scene.anna, now=at(30))
    with pytest.raises(CommandRefused):
        own_messages.edit(message.pk, "y", by=scene.anna, now=at(30))
    with pytest.raises(CommandRefused):
        own_messages.delete(message.pk, by=scene.anna, now=at(30))
    OutboxItem.objects.update(state="done")
    Message.objects.filter(pk=message.pk).update(delivery="failed")
    with pytest.raises(CommandRefused, match="spam"):
        resending.send_again(message.pk, by=scene.anna, now=at(30), sure=True)


def test_time_brings_nothing() -> None:
    scene = spam(finished=False)
    assert not Deadline.objects.filter(dialog=scene.dialog).exists()
    before = ours(scene)
    scene.fire(30 * 86400)
    assert (scene.dialog.state, ours(scene)) == ("spam", before)
