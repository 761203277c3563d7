"""Who else has the dialog open, and who writes in it, is shown to everybody in it, and lapses by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from openlines.live import publish
from openlines.models import Dialog, Onlooker
from openlines.services import onlookers
from tests.factories import make_employee
from tests.openlines.factories import at
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """(topic, who is shown as present) of each signal."""
    heard: list[tuple[str, list[str]]] = []

    def take(signals: list[tuple[str, str, dict[str, Any]]]) -> None:
        for topic, kind, data in signals:
            if kind == "onlookers":
                words = [one["name"] + (" writes" if one["writing"] else "") for one in data["people"]]
                heard.append((topic, words))

    monkeypatch.setattr(publish, "signal_many", take)
    return heard


def names(dialog: Dialog, scene: Scene, *, now: datetime) -> list[str]:
    """Whom Anna sees."""
    found = onlookers.look(dialog.pk, by=scene.anna, now=now)
    return [one.name + (" writes" if one.writes_for else "") for one in found]


def test_who_comes_writes_and_leaves_is_told_at_once_to_who_is_there(
    scene: Scene, told: list[tuple[str, list[str]]]
) -> None:
    dialog = scene.dialog()
    assert onlookers.look(dialog.pk, by=scene.anna, now=at(0)) == ()
    assert told == []  # nobody to tell
    onlookers.look(dialog.pk, by=scene.bert, now=at(1))
    to_anna = f"e{scene.anna.pk}"
    assert told.pop() == (to_anna, ["Anna Nowak", "Bert Lis"])
    onlookers.look(dialog.pk, by=scene.bert, now=at(3), writing=True)
    onlookers.look(dialog.pk, by=scene.bert, now=at(6), writing=True)
    assert told == [(to_anna, ["Anna Nowak", "Bert Lis writes"])]  # once, not on each key
    assert names(dialog, scene, now=at(7)) == ["Bert Lis writes"]
    onlookers.leave(dialog.pk, by=scene.bert, now=at(8))
    assert told[-1] == (to_anna, ["Anna Nowak"])
    assert names(dialog, scene, now=at(8)) == []


def test_who_falls_silent_lapses(scene: Scene) -> None:
    dialog = scene.dialog()
    onlookers.look(dialog.pk, by=scene.bert, now=at(0), writing=True)
    assert names(dialog, scene, now=at(7)) == ["Bert Lis writes"]
    assert names(dialog, scene, now=at(9)) == ["Bert Lis"]
    assert names(dialog, scene, now=at(16)) == []


def test_a_heartbeat_is_one_statement_and_touches_no_dialog(scene: Scene) -> None:
    dialog = scene.dialog()
    dialog.refresh_from_db()
    with CaptureQueriesContext(database) as queries:
        onlookers.look(dialog.pk, by=scene.anna, now=at(0))
    assert len(queries) == 1
    assert Dialog.objects.get(pk=dialog.pk).rev == dialog.rev


def test_what_has_lapsed_does_not_pile_up(scene: Scene) -> None:
    first = scene.dialog()
    for number in range(5):
        onlookers.look(first.pk + number, by=scene.anna, now=at(100 * number))
    assert Onlooker.objects.count() == 1


def test_the_page_says_it_and_hears_who_is_there(scene: Scene) -> None:
    dialog = scene.dialog()
    boss = make_employee("boss", role="administrator", first_name="Kasia", last_name="Lis")
    reading_along = browser_of(boss).post(f"/desk/{dialog.pk}/here/")
    assert reading_along.json() == {"people": []}
    [present] = browser_of(scene.anna).post(f"/desk/{dialog.pk}/here/").json()["people"]
    assert (present["id"], present["name"], present["writing"]) == (boss.pk, "Kasia Lis", 0)
    assert browser_of(boss).post(f"/desk/{dialog.pk}/typing/").status_code == 204
    [present] = browser_of(scene.anna).post(f"/desk/{dialog.pk}/here/").json()["people"]
    assert present["writing"] > 0
    assert browser_of(boss).post(f"/desk/{dialog.pk}/here/", {"leaves": "1"}).status_code == 204
    assert browser_of(scene.anna).post(f"/desk/{dialog.pk}/here/").json() == {"people": []}


def test_who_may_not_see_the_dialog_is_not_in_it(scene: Scene) -> None:
    dialog = scene.dialog()
    stranger = make_employee("zoe", role="operator")
    assert browser_of(stranger).post(f"/desk/{dialog.pk}/here/").status_code == 404
    assert not Onlooker.objects.exists()


def test_accepting_answers_with_the_conversation(scene: Scene) -> None:
    dialog = scene.dialog()
    answer = browser_of(scene.anna).post(f"/desk/{dialog.pk}/accept/", {"with": "pane"})
    assert answer.status_code == 200
    assert "Where is my parcel?" in answer.text
    assert f'data-dialog="{dialog.pk}"' in answer.text
    assert Dialog.objects.get(pk=dialog.pk).operator == scene.anna
    assert timezone.now() - Dialog.objects.get(pk=dialog.pk).created_at > timedelta()
