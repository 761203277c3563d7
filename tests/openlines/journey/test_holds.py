"""Why messages wait, above the composer and at each message; and the ways from the admin's logs to a journey."""

from __future__ import annotations

import pytest
from django.urls import reverse

from openlines.connectors import base
from openlines.live import publish, topics
from openlines.models import Connection, Dialog, EarlyMark, Message, OutboxItem
from openlines.services import connections, dialogs, early_marks, inbound, outbound, pausing
from openlines.workspace import hold_state
from tests.factories import make_employee
from tests.openlines.factories import answer, at, make_client, make_connection, write
from tests.workspace.conftest import Scene, browser_of, scene

__all__ = ["scene"]
Told = list[tuple[str, str]]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Topic and kind of each signal."""
    signals: Told = []
    monkeypatch.setattr(publish, "signal", lambda topic, kind, **_data: signals.append((topic, kind)))
    return signals


@pytest.fixture
def dialog(scene: Scene) -> Dialog:
    connection = make_connection(scene.line, "telegram", credentials={"token": "1:a"})
    dialog = write(make_client(connection, "4711"), now=at(0)).dialog
    return dialogs.accept(dialog.pk, by=scene.anna, now=at(1), may_take_over=True)


def pane_of(scene: Scene, dialog: Dialog) -> str:
    return browser_of(scene.anna).get(f"/desk/{dialog.pk}/pane/").content.decode()


def test_a_paused_connection_is_told_above_the_composer_and_at_the_message(
    scene: Scene, dialog: Dialog
) -> None:
    answer(dialog, scene.anna, "Good morning", now=at(2))
    assert "data-hold" not in pane_of(scene, dialog)
    pausing.pause(dialog.connection_id, reason="The token is refused.", now=at(3))
    shown = pane_of(scene, dialog)
    assert "the channel does not let us in since" in shown
    assert "an administrator has been told" in shown
    assert "Waits: the channel does not let us in." in shown
    assert "The token is refused." not in shown  # the administrator's affair
    outbound.resume(Connection.objects.get(pk=dialog.connection_id), now=at(4))
    assert "data-hold" not in pane_of(scene, dialog)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"is_active": False}, "is switched off"),
        ({"held_until": at(5)}, ""),
        ({"held_until": at(90)}, "the channel asked us to slow down"),
        ({"paused_reason": "no", "last_error": "another"}, "does not let us in; an administrator"),
    ],
)
def test_what_holds_a_dialogs_messages(dialog: Dialog, fields: dict[str, object], words: str) -> None:
    for name, value in fields.items():
        setattr(dialog.connection, name, value)
    found = hold_state.of(dialog, now=at(0))
    assert (words in found.words) if found and words else (found is None and not words)
    dialog.state = "closed"
    assert hold_state.of(dialog, now=at(0)) is None


def test_desks_hear_of_a_pause_once_and_of_its_end(dialog: Dialog, told: Told) -> None:
    about_it = (topics.line(dialog.line_id), "connection")
    told.clear()
    for second in (3, 4):
        pausing.pause(dialog.connection_id, reason="The token is refused.", now=at(second))
    assert told.count(about_it) == 1
    told.clear()
    outbound.resume(Connection.objects.get(pk=dialog.connection_id), now=at(5))
    assert told.count(about_it) == 1


def test_a_refusal_for_now_says_that_it_is_tried_again(scene: Scene, dialog: Dialog) -> None:
    message = answer(dialog, scene.anna, now=at(2))
    Message.objects.filter(pk=message.pk).update(failure="Telegram is busy.")
    assert "Not taken yet: Telegram is busy. It is tried again by itself." in pane_of(scene, dialog)


def test_from_the_inbound_log_to_the_journeys_of_what_it_brought(scene: Scene) -> None:
    connection = make_connection(scene.line, "api", credentials={"secret": "s"})
    body = b'{"type":"message.created","data":{"external_id":"m1","contact":{"external_id":"c"},"text":"Hi"}}'
    delivery = inbound.receive(connection, base.RawRequest({"webhook-id": "d1"}, body), now=at(0))
    write(make_client(connection, "other"), now=at(0))
    message = Message.objects.get(inbound=delivery.event_id)
    early_marks.keep(connection, "m9", "edit", at=at(0), now=at(0), text="x")
    administrator = browser_of(make_employee("admin", is_superuser=True, is_staff=True))
    address = reverse("admin:openlines_inboundevent_change", args=[delivery.event_id])
    shown = administrator.get(address).content.decode()
    assert shown.count("/journey/") == 1
    assert reverse("workspace:journey", args=[message.dialog_id, message.pk]) in shown
    assert "Messages that are not known here: m9." in shown
    assert EarlyMark.objects.count() == 1


def test_from_the_outbox_to_the_journey(scene: Scene, dialog: Dialog) -> None:
    message = answer(dialog, scene.anna, now=at(2))
    item = OutboxItem.objects.get(message=message)
    administrator = browser_of(make_employee("admin", is_superuser=True, is_staff=True))
    shown = administrator.get(reverse("admin:openlines_outboxitem_change", args=[item.pk])).content.decode()
    assert reverse("workspace:journey", args=[message.dialog_id, message.pk]) in shown


def test_desks_hear_that_a_connection_is_switched_off_and_on(
    dialog: Dialog, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = base.Health(True, "")
    monkeypatch.setattr(connections, "_answer", lambda *_args: fine)
    for on in (False, True):
        told.clear()
        connections.switch(Connection.objects.get(pk=dialog.connection_id), on=on, now=at(3))
        assert (topics.line(dialog.line_id), "connection") in told


def test_who_holds_a_dialog_of_a_line_that_he_does_not_serve_hears_of_a_pause(
    scene: Scene, dialog: Dialog, told: Told
) -> None:
    told.clear()
    pausing.pause(dialog.connection_id, reason="The token is refused.", now=at(3))
    assert (topics.employee(scene.anna.pk), "connection") in told
