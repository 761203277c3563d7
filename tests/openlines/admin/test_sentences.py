"""What a page says that the saved settings do is what the line then does: every combination, played live."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from openlines.admin import quality, sentences
from openlines.models import Dialog
from openlines.models.blocks import WorkingTimeBlock
from openlines.services import ratings
from openlines.services.errors import CommandRefused
from tests.openlines.factories import at
from tests.openlines.rules.scene import Scene, minutes

pytestmark = pytest.mark.django_db(transaction=True)
ON_OR_OFF = (False, True)
ENDS = list(product(ON_OR_OFF, ON_OR_OFF, (timedelta(), timedelta(minutes=10))))


def starting(scene: Scene, *heads: str) -> str:
    """The sentences that begin so, and what follows them up to the next beginning."""
    found = [one for one in sentences.automatic_actions(scene.line) if one.startswith(heads)]
    assert found, heads
    return " ".join(found)


@pytest.mark.parametrize(("text", "rating", "wrap_up"), ENDS)
def test_finishing(text: bool, rating: bool, wrap_up: timedelta) -> None:
    scene = Scene(finish_text_enabled=text, rating_enabled=rating, wrap_up=wrap_up)
    scene.write()
    scene.answer(now=5)
    scene.finish(now=10)
    words = starting(scene, "When the operator finishes")
    assert ("gets a text" in words) is ("finished" in scene.said()) is text
    assert ("asked for a rating" in words) is ("rating_request_chat" in scene.said()) is rating
    assert ("closed at once" in words) is (scene.dialog.state == "closed")
    assert ("10 minutes" in words) is (scene.dialog.state == "wrap_up")


@pytest.mark.parametrize(("text", "rating", "wrap_up"), ENDS)
def test_finishing_where_nobody_replied(text: bool, rating: bool, wrap_up: timedelta) -> None:
    scene = Scene(finish_text_enabled=text, rating_enabled=rating, wrap_up=wrap_up)
    scene.write()
    scene.finish(now=10)
    assert "rating_request_chat" not in scene.said()
    words = " ".join(sentences.automatic_actions(scene.line))
    assert ("Where nobody has replied" in words) is rating
    silent = scene.dialog.state == "closed" and wrap_up > timedelta() and rating
    assert ("there is no such time" in words) is silent


@pytest.mark.parametrize(("text", "rating", "wrap_up"), ENDS)
def test_closing_by_itself(text: bool, rating: bool, wrap_up: timedelta) -> None:
    scene = Scene(
        auto_close_text_enabled=text,
        rating_enabled=rating,
        wrap_up=wrap_up,
        auto_close_after=timedelta(hours=1),
    )
    scene.write()
    scene.answer(now=0)
    scene.fire(minutes(60))
    words = starting(scene, "An answered dialog closes", "Then, too")
    assert ("with a text" in words) is ("auto_closed" in scene.said()) is text
    assert ("request for a rating" in words) is ("rating_request_chat" in scene.said()) is rating
    assert ("Then, too" in words) is (scene.dialog.state == "wrap_up")


@pytest.mark.parametrize(("text", "rule"), list(product(ON_OR_OFF, WorkingTimeBlock.OffHoursRule.values)))
def test_the_unanswered(text: bool, rule: str) -> None:
    scene = Scene(
        unanswered_text_enabled=text,
        working_time_enabled=True,
        time_zone="UTC",
        off_hours_rule=rule,
        check_availability=False,
    )
    scene.write(now=9 * 3600)  # after work
    scene.fire(9 * 3600 + minutes(5))
    words = starting(scene, "A dialog without an answer")
    assert ("gets a text" in words) is text
    both = "Who was told already" in " ".join(sentences.automatic_actions(scene.line))
    assert ("unanswered" in scene.said()) is (text and not both)
    assert Dialog.objects.get().is_unanswered


@pytest.mark.parametrize("in_dialog", ON_OR_OFF)
@pytest.mark.parametrize("rating", ON_OR_OFF)
@pytest.mark.parametrize("closes", ON_OR_OFF)
def test_rating(rating: bool, in_dialog: bool, closes: bool) -> None:
    scene = Scene(rating_enabled=rating, rating_in_dialog=in_dialog, rating_closes=closes)
    scene.write()
    scene.answer(now=5)
    words = " ".join(quality.sentences(scene.line))
    try:
        ratings.rate_in_chat(scene.dialog.pk, value=1, now=at(10))
        taken = True
    except CommandRefused:
        taken = False
    assert ("as soon as somebody has answered" in words) is taken is (rating and in_dialog)
    assert (scene.dialog.state == "closed") is (taken and "closes the dialog at once" in words)
