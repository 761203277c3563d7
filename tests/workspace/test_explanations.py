"""Events in plain words: nothing unknown breaks a page, and names cost two statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from openlines.explanations import explain
from openlines.lifecycle import Event
from openlines.models import DialogEvent
from openlines.policies.routing import Obstacle, Rule
from openlines.services import dialogs
from tests.openlines.factories import NOW
from tests.workspace.conftest import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def event(kind: str, **data: Any) -> DialogEvent:
    return DialogEvent(pk=1, kind=kind, at=NOW, rev=1, data=data)


@pytest.mark.parametrize(
    "kind", [*Event, "created", "marked_unanswered", "client_blocked", "something_of_tomorrow"]
)
def test_every_kind_has_words(kind: str) -> None:
    (one,) = explain([event(str(kind))])
    assert one.title
    assert "%(" not in one.title


@pytest.mark.parametrize("rule", [*Rule, "a_rule_of_tomorrow", None])
@pytest.mark.parametrize("obstacle", [Obstacle.TRIED, "of_tomorrow"])
def test_every_decision_has_words(scene: Scene, rule: str | None, obstacle: str) -> None:
    passed = [{"employee_id": scene.bert.pk, "obstacle": str(obstacle), "detail": "09:14"}]
    (one,) = explain([event("offered", rule=rule, chosen=[scene.anna.pk], passed=passed, new_round=True)])
    assert one.is_routing
    assert one.title
    assert one.lines[0].startswith("Bert Lis: ")
    assert "09:14" in one.lines[0]


def test_every_obstacle_and_rule_is_put_into_words(scene: Scene) -> None:
    for obstacle in Obstacle:
        (one,) = explain([event("waits", passed=[{"employee_id": scene.bert.pk, "obstacle": str(obstacle)}])])
        assert str(obstacle) not in one.lines[0] or "_" not in str(obstacle)


def test_a_transfer_by_a_third_person_names_all_three(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    data = {"to": scene.bert.pk, "earlier": scene.anna.pk}
    one = DialogEvent(dialog=dialog, kind="transfer", at=NOW, rev=1, data=data)
    assert explain([one], me=scene.bert)[0].title == "Transferred by somebody from Anna Nowak to you"


def test_names_cost_two_statements(scene: Scene, django_assert_max_num_queries: Any) -> None:
    events = [
        event("transfer_to_line", to_line=scene.line.pk),
        *[event("offered", chosen=[scene.anna.pk])] * 30,
    ]
    with django_assert_max_num_queries(2):
        titles = [one.title for one in explain(events)]
    assert "Shop" in titles[0]
    assert "Anna Nowak" in titles[1]
