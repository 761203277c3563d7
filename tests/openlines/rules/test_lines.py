"""L3–L7 as they run live (spec §1), and §10's "keep the messages"."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client as Http
from django.urls import reverse
from pytest_django import Settings

from openlines.connectors import base, registry
from openlines.models import (
    Attachment,
    Connection,
    Deadline,
    Dialog,
    LineDeletion,
    Message,
    Offer,
    OpenLine,
    OutboxItem,
    Rating,
)
from openlines.permissions import visible_dialogs
from openlines.services import connections, dialogs, erasure, line_deletion, line_switch, lines, outbound
from openlines.services.errors import CommandRefused
from tests.openlines.factories import at, make_client, make_line, make_operator, write
from tests.openlines.rules.scene import AFTER_WORK, HOURS, Scene, minutes

pytestmark = pytest.mark.django_db(transaction=True)


def switch(scene: Scene, *, on: bool, now: float) -> None:
    lines.save_block(scene.line.pk, {"is_active": on}, now=at(now))


def test_l4_off_freezes_what_is_open() -> None:
    scene = Scene(greeting_enabled=True)
    scene.write()
    scene.answer(now=10)
    switch(scene, on=False, now=20)
    assert not Deadline.objects.filter(dialog=scene.dialog).exists()
    assert not visible_dialogs(make_operator(is_superuser=True)).filter(pk=scene.dialog.pk).exists()
    with pytest.raises(CommandRefused, match="switched off"):
        scene.answer("more", now=30)
    scene.write("are you there?", now=40)
    assert scene.dialog.state == "waiting"
    assert not Deadline.objects.filter(dialog=scene.dialog).exists()


def test_l4_on_again_they_go_on_and_due_deadlines_count_from_now() -> None:
    scene = Scene(auto_close_after=timedelta(hours=1), operators=1)
    scene.write()
    scene.answer(now=0)
    switch(scene, on=False, now=minutes(30))
    switch(scene, on=True, now=minutes(300))
    assert scene.dialog.state == "answered"
    assert Deadline.objects.get(dialog=scene.dialog).due_at == at(minutes(360))
    assert visible_dialogs(make_operator(is_superuser=True)).filter(pk=scene.dialog.pk).exists()


def test_l4_an_offer_is_withdrawn_and_dealt_anew() -> None:
    scene = Scene()
    scene.write()
    switch(scene, on=False, now=10)
    assert not Offer.objects.filter(ended_at=None).exists()
    switch(scene, on=True, now=1000)
    assert Offer.objects.filter(dialog=scene.dialog, ended_at=None).exists()


def test_l4_what_arrives_is_kept_and_released_without_texts_with_clocks_from_then() -> None:
    scene = Scene(
        "telegram", greeting_enabled=True, working_time_enabled=True, off_hours_rule="text", days_off=[0]
    )
    switch(scene, on=False, now=0)
    scene.write("first", now=10)
    scene.write("second", now=20)
    assert line_switch.kept(scene.line.pk) == line_switch.Kept(dialogs=1, messages=2)
    assert not Offer.objects.exists()
    assert line_switch.release(scene.line.pk, now=at(50)) == 0
    switch(scene, on=True, now=100)
    assert scene.dialog.is_kept
    assert line_switch.release(scene.line.pk, now=at(200)) == 1
    dialog = scene.dialog
    assert (dialog.clock_started_at, dialog.frozen_at, dialog.is_kept) == (at(200), None, False)
    assert [m.created_at for m in dialog.messages.order_by("seq")] == [at(10), at(20)]
    assert scene.said() == []
    assert Offer.objects.filter(dialog=dialog, ended_at=None).exists()


def test_l4_who_writes_when_the_line_is_on_again_is_shown_at_once() -> None:
    scene = Scene(greeting_enabled=True)
    switch(scene, on=False, now=0)
    scene.write("first", now=10)
    switch(scene, on=True, now=100)
    assert not Offer.objects.exists(), "until then an administrator decides"
    scene.write("You are open again!", now=200)
    dialog = scene.dialog
    assert (dialog.frozen_at, dialog.is_kept, dialog.state) == (None, False, "new")
    assert Offer.objects.get(ended_at=None).employee == scene.anna
    assert [(m.text, m.created_at) for m in dialog.messages.order_by("seq")] == [
        ("first", at(10)),
        ("You are open again!", at(200)),
    ]
    assert (dialog.clock_started_at, dialog.unanswered_since, dialog.queued_at) == (at(200),) * 3
    assert scene.said() == []
    assert line_switch.kept(scene.line.pk) == line_switch.Kept(dialogs=0, messages=0)
    assert line_switch.release(scene.line.pk, now=at(300)) == 0
    assert line_switch.discard(scene.line.pk) == 0


def test_l4_while_the_line_is_off_a_further_message_shows_nothing() -> None:
    scene = Scene()
    switch(scene, on=False, now=0)
    scene.write("first", now=10)
    scene.write("second", now=20)
    assert (scene.dialog.is_kept, scene.dialog.frozen_at) == (True, at(10))
    assert not Offer.objects.exists()


def test_l4_who_writes_again_outside_working_time_is_told_so_a_release_says_nothing() -> None:
    scene = Scene("telegram", **HOURS)
    switch(scene, on=False, now=0)
    scene.write(now=10)
    switch(scene, on=True, now=AFTER_WORK)
    line_switch.release(scene.line.pk, now=at(AFTER_WORK + 10))
    scene.fire(AFTER_WORK + 3600)
    assert scene.said() == []
    scene.write(now=AFTER_WORK + 4000)
    assert scene.said() == ["off_hours"]


def test_l4_nobody_available_is_not_said_at_a_release_either() -> None:
    scene = Scene(check_availability=True)
    switch(scene, on=False, now=0)
    scene.write(now=10)
    switch(scene, on=True, now=100)
    line_switch.release(scene.line.pk, now=at(200))
    assert scene.said() == []
    scene.write("somebody else", now=300)
    assert scene.dialog.released_at is None


def test_l4_unanswered_counts_from_the_release() -> None:
    """A4's mark, and A5's text with it: a release holds back only the texts about the hours."""
    scene = Scene(unanswered_text_enabled=True)
    switch(scene, on=False, now=0)
    scene.write(now=10)
    switch(scene, on=True, now=100)
    assert line_switch.release(scene.line.pk, now=at(1000)) == 1
    assert Deadline.objects.get(dialog=scene.dialog, kind="unanswered").due_at == at(1300)
    scene.fire(1299)
    assert not scene.dialog.is_unanswered
    scene.fire(1300)
    assert scene.dialog.marked_unanswered_at == at(1300)
    assert scene.said() == ["unanswered"]


@pytest.mark.parametrize("kind", ["telegram", "sms"])
def test_l4_consent_is_asked_at_the_release(kind: str) -> None:
    scene = Scene(kind, consent_enabled=True, consent_url="https://x.test/")
    switch(scene, on=False, now=0)
    scene.write(now=10)
    assert scene.said() == []
    switch(scene, on=True, now=100)
    line_switch.release(scene.line.pk, now=at(200))
    scene.client.refresh_from_db()
    assert (scene.said(), scene.client.consent_state) == (["consent"], "asked")
    scene.write("second", now=300)
    scene.client.refresh_from_db()
    assert scene.client.consent_state == ("asked" if kind == "telegram" else "given")
    assert scene.said() == ["consent"]


def test_l4_consent_is_asked_of_who_writes_again_before_the_release() -> None:
    scene = Scene("telegram", consent_enabled=True, consent_url="https://x.test/")
    switch(scene, on=False, now=0)
    scene.write(now=10)
    switch(scene, on=True, now=100)
    scene.write("second", now=300)
    scene.client.refresh_from_db()
    assert (scene.said(), scene.client.consent_state) == (["consent"], "asked")


def test_l4_consent_that_could_not_be_asked_at_the_release_is_asked_with_the_next_message() -> None:
    """WhatsApp's window was over by then."""
    scene = Scene("whatsapp", consent_enabled=True, consent_url="https://x.test/")
    switch(scene, on=False, now=0)
    scene.write(now=10)
    switch(scene, on=True, now=100)
    line_switch.release(scene.line.pk, now=at(minutes(60 * 25)))
    assert (scene.said(), scene.dropped()) == ([], [("consent", "window_over")])
    scene.write("second", now=minutes(60 * 25 + 5))
    assert scene.said() == ["consent"]


def test_l4_what_clients_write_into_open_dialogs_waits_too() -> None:
    scene = Scene()
    scene.write("before", now=0)
    scene.answer(now=2)
    switch(scene, on=False, now=3)
    scene.write("one", now=10)
    scene.write("two", now=11)
    newcomer = make_client(scene.connection)
    newcomer.connection = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    write(newcomer, now=at(12))
    assert line_switch.kept(scene.line.pk) == line_switch.Kept(dialogs=1, messages=3, of_open=2)
    switch(scene, on=True, now=100)
    assert line_switch.kept(scene.line.pk) == line_switch.Kept(dialogs=1, messages=1)


def test_l4_or_discarded() -> None:
    scene = Scene()
    switch(scene, on=False, now=0)
    scene.write("first", now=10)
    assert line_switch.discard(scene.line.pk) == 1
    assert not Dialog.objects.exists()


def test_l4_outgoing_messages_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene("telegram")
    called: list[str] = []

    def send(message: base.OutgoingMessage, account: base.Account) -> base.Outcome:
        called.append(message.text)
        return base.Sent(("1",))

    monkeypatch.setattr(registry.get("telegram"), "send", send)
    scene.write()
    scene.answer(now=5)
    switch(scene, on=False, now=6)
    assert outbound.drain(scene.connection.pk, now=at(10)) == 0
    item = OutboxItem.objects.get()
    assert (called, item.state, item.attempts, item.message.delivery) == ([], "queued", 0, "queued")
    switch(scene, on=True, now=20)
    assert outbound.drain(scene.connection.pk, now=at(30)) == 1
    assert [text.splitlines()[-1] for text in called] == ["Good morning"]


def test_l6_open_dialogs_stay_and_the_next_starts_on_the_new_line() -> None:
    scene = Scene()
    first = scene.write().dialog
    other = make_line(make_operator())
    connections.save(Connection.objects.get(pk=scene.connection.pk), {"line": other})
    scene.write("again", now=10)
    assert scene.dialog == first
    assert scene.dialog.line == scene.line
    dialogs.finish(first.pk, by=scene.anna, now=at(20))
    scene.write("new", now=30)
    assert scene.dialog.line == other


def test_l6_from_a_line_that_is_off_they_come_along_as_returned() -> None:
    scene = Scene()
    scene.write()
    scene.answer(now=5)
    switch(scene, on=False, now=10)
    newcomer = make_client(scene.connection)
    newcomer.connection = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    write(newcomer, now=at(20))
    other = make_line(make_operator())
    connections.save(Connection.objects.select_related("line").get(pk=scene.connection.pk), {"line": other})
    moved = Dialog.objects.order_by("pk")
    assert [(d.state, d.line, d.frozen_at, d.is_kept) for d in moved] == [
        ("returned", other, None, False)
    ] * 2
    assert Offer.objects.filter(ended_at=None).count() == 2


def test_l7_needs_the_name_and_a_fate_for_each_connection() -> None:
    scene = Scene()
    fates = {scene.connection.pk: "delete"}
    with pytest.raises(CommandRefused) as wrong:
        line_deletion.order(scene.line, typed_name="Other", fates=fates, by=scene.anna, now=at(0))
    assert wrong.value.code == "name"
    with pytest.raises(CommandRefused) as missing:
        line_deletion.order(scene.line, typed_name=scene.line.name, fates={}, by=scene.anna, now=at(0))
    assert missing.value.code == "fate"
    assert OpenLine.objects.get().deleting_since is None


def test_l7_everything_goes_in_batches_and_goes_on_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.CONTACTCENTER_MAX_LINES = 1
    monkeypatch.setattr(line_deletion, "BATCH", 1)
    scene = Scene()
    message = scene.write()
    scene.answer(now=5)
    write(make_client(scene.connection), now=at(6))
    attachment = Attachment(message=message, name="a.txt", kind="file")
    attachment.file.save("a", ContentFile(b"abc"), save=False)
    attachment.save()
    path = attachment.file.path
    with pytest.raises(CommandRefused):
        lines.create(name="One more", by=scene.anna)
    ordered = line_deletion.order(
        scene.line,
        typed_name=scene.line.name,
        fates={scene.connection.pk: "delete"},
        by=scene.anna,
        now=at(10),
    )
    assert ordered.to_delete == {"dialogs": 2, "messages": 3, "files": 1, "connections": 1}
    lines.create(name="One more", by=scene.anna)
    assert line_deletion.go_on(scene.line.pk, now=at(20), batches=1) is False
    assert Dialog.objects.count() == 1
    assert line_deletion.sweep(now=at(30)) == 1
    done = LineDeletion.objects.get()
    assert done.deleted == {"dialogs": 2, "messages": 3, "files": 1, "connections": 1}
    assert (done.finished_at, done.requested_by) == (at(30), scene.anna)
    assert not OpenLine.objects.filter(pk=scene.line.pk).exists()
    assert not Message.objects.exists()
    import os

    assert not os.path.exists(path)


def test_l7_a_connection_can_be_moved_and_takes_its_open_dialogs_along() -> None:
    scene = Scene()
    scene.write()
    other = make_line(make_operator())
    line_deletion.order(
        scene.line,
        typed_name=scene.line.name,
        fates={scene.connection.pk: str(other.pk)},
        by=scene.anna,
        now=at(10),
    )
    line_deletion.go_on(scene.line.pk, now=at(20))
    assert (scene.dialog.line, scene.dialog.state) == (other, "returned")


def test_s10_messages_are_not_kept_but_figures_are() -> None:
    scene = Scene(keep_log=False, rating_enabled=False)
    scene.write("my secret")
    scene.answer("our secret", now=30)
    Rating.objects.create(
        dialog=scene.dialog, source="client", value=1, at=at(31), line=scene.line, connection=scene.connection
    )
    scene.finish(now=40)
    dialog = scene.dialog
    assert (dialog.log_kept, dialog.last_text, dialog.message_count) == (False, "", 2)
    assert dialog.log_erased_at is not None
    assert dialog.first_reaction == timedelta(seconds=30)
    assert set(dialog.messages.values_list("text", flat=True)) == {""}
    assert Rating.objects.exists()


def test_s10_what_waits_to_be_sent_is_sent_first() -> None:
    scene = Scene("telegram", keep_log=False)
    scene.write("my secret")
    scene.answer("our secret", now=30)
    scene.finish(now=40)
    assert scene.dialog.log_erased_at is None
    OutboxItem.objects.update(state="done")
    assert erasure.sweep(now=at(100)) == 1
    assert not Message.objects.exclude(text="").exists()


def test_s10_earlier_dialogs_stay_as_they_are() -> None:
    scene = Scene()
    scene.write("kept")
    scene.finish(now=10)
    lines.save_block(scene.line.pk, {"keep_log": False}, now=at(20))
    assert erasure.sweep(now=at(30)) == 0
    assert scene.dialog.messages.get(author="client").text == "kept"


def test_l5_what_comes_while_a_connection_is_off_is_counted_and_not_kept(client: Http) -> None:
    scene = Scene("telegram")
    Connection.objects.filter(pk=scene.connection.pk).update(
        is_active=False, credentials={"token": "1:x", "secret_token": "secret"}
    )
    address = reverse("openlines:hook", args=["telegram", scene.connection.public_id])
    headers = {"x-telegram-bot-api-secret-token": "secret"}
    answer = client.post(address, "{}", content_type="application/json", headers=headers)
    assert answer.status_code == 200
    forged = client.post(address, "{}", content_type="application/json")
    assert forged.status_code == 403
    connection = Connection.objects.get()
    assert connection.refused_count == 1
    assert not connection.inbound.exists()
