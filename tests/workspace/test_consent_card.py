"""The client's consent beside the conversation: its state and history, a refusal, a withdrawal (P2, P3)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from openlines.models import Client, ConsentRecord, Dialog
from openlines.services import consents, dialogs
from tests.openlines.factories import make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of


@pytest.fixture
def dialog(scene: Scene) -> Dialog:
    line = make_line(scene.anna, name="Asks", greeting_enabled=False, consent_enabled=True)
    consents.ensure_version(line, by_id=None, now=timezone.now())
    client = make_client(make_connection(line, "sms"), name="Carl")  # no buttons: he consents by writing on
    made = write(client, "Hello", now=timezone.now()).dialog
    dialogs.take_over(made.pk, by=scene.anna, now=timezone.now())
    return made


def pane(scene: Scene, dialog: Dialog) -> str:
    return browser_of(scene.anna).get(f"/desk/{dialog.pk}/pane/").text


def state(dialog: Dialog) -> str:
    return Client.objects.get(pk=dialog.client_id).consent_state


def test_it_says_which_version_was_asked_and_how_he_answered(scene: Scene, dialog: Dialog) -> None:
    assert "Asked for; not answered yet" in pane(scene, dialog)
    write(dialog.client, "I go on writing", now=timezone.now())
    shown = pane(scene, dialog)
    assert state(dialog) == "given"
    assert "version 1" in shown
    given = ConsentRecord.objects.get(decision="given")
    assert str(given.get_how_display()) in shown


def test_a_withdrawal_is_kept_with_who_noted_it(scene: Scene, dialog: Dialog) -> None:
    write(dialog.client, "I go on writing", now=timezone.now())
    done = browser_of(scene.anna).post(f"/desk/{dialog.pk}/consent/", {"do": "withdraw"})
    assert done.status_code == 200, done.text
    assert state(dialog) == "withdrawn"
    assert ConsentRecord.objects.get(decision="withdrawn").by == scene.anna
    assert "Anna Nowak" in pane(scene, dialog)


def test_refused_asks_first_and_ends_the_dialog(scene: Scene, dialog: Dialog) -> None:
    assert "Note that the client refuses?" in pane(scene, dialog)
    browser_of(scene.anna).post(f"/desk/{dialog.pk}/consent/", {"do": "refuse"})
    assert state(dialog) == "refused"
    assert not Dialog.objects.get(pk=dialog.pk).is_open


def test_a_colleague_can_note_nothing_in_anothers_dialog(scene: Scene, dialog: Dialog) -> None:
    for deed in ("refuse", "withdraw"):
        answered = browser_of(scene.bert).post(f"/desk/{dialog.pk}/consent/", {"do": deed})
        assert answered.status_code in (404, 409)
    assert state(dialog) == "asked"
    assert Dialog.objects.get(pk=dialog.pk).is_open


def test_where_nothing_was_asked_nothing_is_shown(scene: Scene) -> None:
    made = scene.dialog()
    dialogs.take_over(made.pk, by=scene.anna, now=timezone.now())
    assert "<h3>Consent</h3>" not in pane(scene, made)
