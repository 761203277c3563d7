"""§6: two machines that do not know one another as such do not write to each other without end (e-mail)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openlines.explanations import dropped_because
from openlines.policies import automatic_actions as actions
from openlines.policies.automatic_actions import Why
from openlines.policies.conversants import Channel, ClientFacts
from openlines.policies.facts import DialogFacts, State
from tests.openlines.factories import NOW, make_client
from tests.openlines.rules.scene import Scene

SETTINGS: dict[str, Any] = {
    "greeting_enabled": True,
    "greeting_rule": "every_dialog",
    "finish_text_enabled": True,
    "wrap_up": timedelta(),
}


def round_of(scene: Scene, now: float) -> list[str]:
    """A client's mail, an answer, the end: two automatic texts are due."""
    scene.write("Hello", now=now)
    scene.answer(now=now + 1)
    scene.finish(now=now + 2)
    return scene.said()


@pytest.mark.django_db
def test_the_sixth_text_within_an_hour_is_not_sent_and_the_dialog_says_why() -> None:
    scene = Scene("email", **SETTINGS)
    assert [round_of(scene, now) for now in (0, 600, 1200)] == [
        ["greeting", "finished"],
        ["greeting", "finished"],
        ["greeting"],
    ]
    assert scene.dropped() == [("finished", "too_many")]
    assert "so many" in dropped_because("too_many")
    assert round_of(scene, 2400) == []
    # an hour after the first ones there is room again
    assert round_of(scene, 3603) == ["greeting", "finished"]


@pytest.mark.django_db
def test_each_client_is_counted_by_himself() -> None:
    scene = Scene("email", **SETTINGS)
    for now in (0, 600, 1200):
        round_of(scene, now)
    scene.client = make_client(scene.connection, language="en")
    assert round_of(scene, 1300) == ["greeting", "finished"]


@pytest.mark.django_db
def test_other_channels_have_no_limit_and_pay_no_statement() -> None:
    scene = Scene("telegram", **SETTINGS)
    for now in (0, 600, 1200, 1800):
        with CaptureQueriesContext(connection) as queries:
            assert round_of(scene, now) == ["greeting", "finished"]
    assert not any("COUNT(" in one["sql"] and "'automatic'" in one["sql"] for one in queries)


def test_texts_of_one_moment_count_together() -> None:
    facts = DialogFacts(state=State.NEW)
    channel = Channel(automatic_an_hour=5)
    assert actions.forbidden(ClientFacts(automatic_texts=4), channel, facts, now=NOW) is None
    assert actions.forbidden(ClientFacts(automatic_texts=5), channel, facts, now=NOW) is Why.TOO_MANY
    assert actions.forbidden(ClientFacts(automatic_texts=9), Channel(), facts, now=NOW) is None
