"""What a dialog's row and head say of its end, a pin, and a time aside; and who may do it."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from openlines.models import Dialog, Message
from openlines.services import dialogs, lines
from tests.openlines.factories import answer, make_client, write
from tests.workspace.conftest import Scene, browser_of


def held(scene: Scene, name: str = "Carl") -> Dialog:
    dialog = write(make_client(scene.connection, name=name), "Where is my parcel?").dialog
    dialogs.take_over(dialog.pk, by=scene.anna, now=timezone.now())
    answer(dialog, scene.anna, now=timezone.now())
    return dialog


def page(scene: Scene, dialog: Dialog) -> str:
    return browser_of(scene.anna).get(f"/desk/{dialog.pk}/pane/").text


def rows(scene: Scene, query: str = "") -> str:
    return browser_of(scene.anna).get(f"/desk/list/?{query}").text


def test_the_desk_asks_for_the_outcome_only_where_the_line_wants_it(scene: Scene) -> None:
    dialog = held(scene)
    asks = f'data-window-url="/desk/{dialog.pk}/outcome/"'
    assert asks not in page(scene, dialog)
    lines.save_block(dialog.line_id, {"outcome_required": True}, now=timezone.now())
    assert asks in page(scene, dialog)
    window = browser_of(scene.anna).get(f"/desk/{dialog.pk}/outcome/").text
    assert 'value="solved"' in window
    assert 'value="not_solved"' in window


def test_a_pinned_dialog_leads_ones_own_and_says_so(scene: Scene) -> None:
    first, second = held(scene, "First"), held(scene, "Second")
    dialogs.pin(first.pk, by=scene.anna, on=True, now=timezone.now())
    shown = rows(scene)
    assert shown.index("First") < shown.index("Second")
    assert shown.count("row__pin") == 1
    dialogs.pin(first.pk, by=scene.anna, on=False, now=timezone.now())
    dialogs.pin(second.pk, by=scene.anna, on=True, now=timezone.now())
    shown = rows(scene)
    assert shown.index("Second") < shown.index("First")


@pytest.mark.parametrize("value", ["", "soon", "2020-01-01T09:00"])
def test_a_time_aside_that_cannot_be_is_refused_in_words(scene: Scene, value: str) -> None:
    dialog = held(scene)
    answered = browser_of(scene.anna).post(f"/desk/{dialog.pk}/snooze/", {"until": value or "never"})
    assert answered.status_code == 422
    assert answered.json()["words"]
    assert Dialog.objects.get(pk=dialog.pk).snoozed_until is None


def test_a_typed_time_is_of_the_persons_own_clock(scene: Scene) -> None:
    dialog = held(scene)
    scene.anna.time_zone = "America/New_York"
    scene.anna.save()
    day = (timezone.now() + timedelta(days=3)).date()
    done = browser_of(scene.anna).post(f"/desk/{dialog.pk}/snooze/", {"until": f"{day}T09:30"})
    assert done.status_code == 200, done.text
    until = Dialog.objects.get(pk=dialog.pk).snoozed_until
    assert until is not None
    assert until.astimezone(ZoneInfo("America/New_York")).strftime("%H:%M") == "09:30"


def test_put_aside_it_stands_under_its_own_tab_until_its_time(scene: Scene) -> None:
    dialog = held(scene)
    assert 'data-tab="aside"' not in rows(scene)
    until = timezone.now() + timedelta(hours=2)
    dialogs.snooze(dialog.pk, by=scene.anna, until=until, now=timezone.now())
    row = f'data-opens="{dialog.pk}"'
    assert row not in rows(scene, "tab=mine")
    aside = rows(scene, "tab=aside")
    assert row in aside
    assert "row__aside" in aside
    assert "data-until" in aside  # at that time the page looks again
    assert "Back among mine" in page(scene, dialog)
    Dialog.objects.filter(pk=dialog.pk).update(snoozed_until=timezone.now() - timedelta(seconds=1))
    assert row in rows(scene, "tab=mine")
    assert 'data-tab="aside"' not in rows(scene)
    assert "Put aside until <time" not in page(scene, dialog)


def test_the_clients_message_brings_it_back(scene: Scene) -> None:
    dialog = held(scene)
    dialogs.snooze(dialog.pk, by=scene.anna, until=timezone.now() + timedelta(hours=2), now=timezone.now())
    write(dialog.client, "Are you there?", now=timezone.now())
    assert f'data-opens="{dialog.pk}"' in rows(scene, "tab=mine")


def test_only_the_operator_pins_and_puts_aside(scene: Scene) -> None:
    dialog = held(scene)
    bert = browser_of(scene.bert)
    assert bert.post(f"/desk/{dialog.pk}/pin/", {"on": "1"}).status_code in (404, 409)
    assert bert.post(f"/desk/{dialog.pk}/snooze/", {"until": "hour"}).status_code in (404, 409)
    assert bert.get(f"/desk/{dialog.pk}/aside/").status_code in (404, 409)
    after = Dialog.objects.get(pk=dialog.pk)
    assert after.pinned_at is None
    assert after.snoozed_until is None


def test_the_unanswered_can_be_seen_alone(scene: Scene) -> None:
    late, other = held(scene, "Late"), held(scene, "Other")
    Dialog.objects.filter(pk=late.pk).update(is_unanswered=True)
    alone = rows(scene, "tab=mine&only=unanswered")
    assert f'data-opens="{late.pk}"' in alone
    assert f'data-opens="{other.pk}"' not in alone
    Dialog.objects.filter(pk=late.pk).update(is_unanswered=False)
    assert "Nothing is unanswered here" in rows(scene, "tab=mine&only=unanswered")


def test_what_was_not_kept_says_so(scene: Scene) -> None:
    dialog = held(scene)
    Message.objects.filter(dialog=dialog).update(text="", extra={})
    Dialog.objects.filter(pk=dialog.pk).update(log_erased_at=timezone.now())
    assert page(scene, dialog).count("Not kept by setting") >= 3  # the head, and each message
