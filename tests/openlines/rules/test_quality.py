"""R1–R6, R8 as they run live (spec §7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contactcenter.staff.models import Notice
from openlines.connectors import base
from openlines.models import Dialog, Rating
from openlines.policies import conversation
from openlines.policies.facts import DialogFacts, Outcome, State
from openlines.services import dialogs, lines, ratings
from openlines.services.errors import CommandRefused
from tests.openlines.factories import at, make_operator
from tests.openlines.rules.scene import Scene, minutes

pytestmark = pytest.mark.django_db(transaction=True)
DAY = 24 * 3600


def ended(kind: str = "telegram", **settings: Any) -> Scene:
    scene = Scene(kind, **{"rating_enabled": True, **settings})
    scene.write()
    scene.answer(now=10)
    scene.finish(now=20)
    return scene


def test_r1_asked_when_a_dialog_ends_also_by_itself() -> None:
    assert ended().said() == ["rating_request"]
    assert ended("livechat").said() == ["rating_request_chat"]
    scene = Scene("telegram", rating_enabled=True, auto_close_after=timedelta(hours=1))
    scene.write()
    scene.answer(now=10)
    scene.fire(minutes(61))
    assert scene.said() == ["rating_request"]
    assert scene.dialog.state == "wrap_up"


def test_r1_not_where_nobody_replied_nor_after_spam() -> None:
    scene = Scene("telegram", rating_enabled=True)
    scene.write()
    scene.finish(now=10)
    assert (scene.said(), scene.dialog.state) == ([], "closed")
    scene.write(now=20)
    scene.answer(now=25)
    dialogs.spam(scene.dialog.pk, by=scene.anna, now=at(30))
    assert scene.said() == []


def test_r1_asked_once_a_dialog_whatever_comes_after_the_question() -> None:
    scene = ended()
    first = scene.dialog
    scene.write("Thank you very much!", now=30)
    scene.answer("You are welcome", now=40)
    scene.finish(now=50)
    assert (scene.dialog, scene.said()) == (first, ["rating_request"])
    assert scene.dialog.state == "closed"  # there is nothing more to say or to ask


def test_r1_an_earlier_answer_can_be_changed_after_a_second_finish() -> None:
    scene = ended()
    payload = scene.last("rating_request").extra["buttons"]
    press(scene, payload[1]["payload"], now=30)
    scene.write("wait!", now=40)
    scene.answer(now=50)
    scene.finish(now=60)
    press(scene, payload[0]["payload"], now=70)
    assert (scene.dialog.client_rating, scene.said().count("rating_request")) == (1, 1)


def test_r1_not_asked_where_the_window_is_over_and_the_dialog_says_why() -> None:
    scene = Scene("whatsapp", rating_enabled=True, finish_text_enabled=True)
    scene.write()
    scene.answer(now=60)
    scene.finish(now=25 * 3600)
    assert (scene.said(), scene.dialog.state) == ([], "closed")
    assert ("rating_request", "window_over") in scene.dropped()
    assert scene.dialog.rating_asked_at is None


def test_r1_what_the_channel_did_not_let_out_was_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The finish text takes the last place that the channel has for automatic texts."""
    from dataclasses import replace

    from openlines.connectors.telegram.connector import TelegramConnector

    narrow = replace(TelegramConnector.features, automatic_an_hour=1)
    monkeypatch.setattr(TelegramConnector, "features", narrow)
    scene = ended(finish_text_enabled=True)
    assert scene.dropped() == [("rating_request", "too_many")]
    assert (scene.dialog.rating_asked_at, scene.dialog.rating_pending_until) == (None, None)
    scene.write("1", now=60)
    assert scene.dialog.state == "waiting"


def test_r1_where_ratings_are_off_none_is_taken() -> None:
    scene = Scene(rating_enabled=False)
    scene.write()
    scene.answer(now=5)
    with pytest.raises(CommandRefused, match="cannot be rated"):
        ratings.rate_in_chat(scene.dialog.pk, value=1, now=at(10))
    by_button = Scene("telegram", rating_enabled=False)
    by_button.write()
    by_button.answer(now=5)
    press(by_button, f"rating:{by_button.dialog.pk}:1", now=10)
    assert not Rating.objects.exists()
    assert by_button.said() == []


def test_r1_who_was_asked_before_they_were_switched_off_may_answer() -> None:
    scene = ended()
    lines.save_block(scene.line.pk, {"rating_enabled": False}, now=at(25))
    scene.write("1", now=30)
    assert (scene.dialog.client_rating, scene.said()[-1]) == (1, "rated_good")


def test_r2_in_the_chat_he_rates_during_the_dialog_unless_switched_off() -> None:
    scene = Scene(rating_enabled=True)
    scene.write()
    with pytest.raises(CommandRefused, match="Nobody has answered yet"):
        ratings.rate_in_chat(scene.dialog.pk, value=1, now=at(5))
    scene.answer(now=10)
    before = scene.dialog.state
    ratings.rate_in_chat(scene.dialog.pk, value=1, comment="quick!", now=at(15))
    assert (scene.dialog.state, scene.dialog.client_rating) == (before, 1)
    assert Rating.objects.get().comment == "quick!"
    off = Scene(rating_enabled=True, rating_in_dialog=False)
    off.write()
    off.answer(now=10)
    with pytest.raises(CommandRefused, match="when it is over"):
        ratings.rate_in_chat(off.dialog.pk, value=1, now=at(15))


def test_r3_closes_at_once_with_thanks_and_without_the_finish_text() -> None:
    scene = Scene(rating_enabled=True, rating_closes=True, finish_text_enabled=True)
    scene.write()
    scene.answer(now=10)
    ratings.rate_in_chat(scene.dialog.pk, value=0, now=at(15))
    assert (scene.dialog.state, scene.said()) == ("closed", ["rated_bad_chat"])


def test_r3_without_it_a_rating_in_wrap_up_starts_the_time_anew() -> None:
    scene = ended(wrap_up=timedelta(minutes=10))
    scene.write("1", now=minutes(9))
    assert scene.dialog.wrap_up_from == at(minutes(9))
    scene.fire(minutes(11))
    assert scene.dialog.state == "wrap_up"


def test_r4_later_than_the_limit_is_refused_politely_and_not_stored() -> None:
    scene = ended(rating_limit_enabled=True, rating_limit_days=1)
    scene.fire(minutes(30))
    payload = scene.last("rating_request").extra["buttons"][0]["payload"]
    press(scene, payload, now=2 * DAY)
    assert scene.said() == ["rating_request", "rating_late"]
    assert not Rating.objects.exists()
    assert Dialog.objects.count() == 1


def test_r4_a_late_allowed_rating_reopens_nothing_and_replaces_an_earlier_one() -> None:
    scene = ended()
    scene.write("0", now=30)
    scene.fire(minutes(30))
    assert scene.dialog.state == "closed"
    press(scene, scene.last("rating_request").extra["buttons"][0]["payload"], now=DAY)
    assert scene.dialog.state == "closed"
    rating = Rating.objects.get()
    assert (rating.value, rating.is_late, rating.operator) == (1, True, scene.anna)
    assert scene.dialog.client_rating == 1


def press(scene: Scene, payload: str, *, now: float) -> None:
    scene.write(
        "pressed", now=now, kind=base.MessageKind.BUTTON, data={"payload": payload}, external_id=f"b{now}"
    )


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("0", 0), ("  1\n", 1)])
def test_r5_a_bare_one_or_zero_is_the_answer(text: str, value: int) -> None:
    scene = ended()
    scene.write(text, now=60)
    assert Rating.objects.get().value == value
    assert Dialog.objects.count() == 1
    assert scene.dialog.clock_started_at is None
    assert scene.said()[-1] == ("rated_good" if value else "rated_bad")


@pytest.mark.parametrize("text", ["10", "1!", "one", "0 0", "thanks"])
def test_r5_anything_else_is_an_ordinary_message_and_ends_the_waiting(text: str) -> None:
    scene = ended()
    scene.write(text, now=60)
    assert scene.dialog.state == "waiting"
    scene.write("1", now=70)
    assert not Rating.objects.exists()


def test_r5_with_at_once_it_is_asked_closed_and_can_still_be_rated() -> None:
    scene = ended(wrap_up=timedelta())
    assert scene.dialog.state == "closed"
    scene.write("1", now=minutes(60))
    assert (Rating.objects.get().value, Dialog.objects.count()) == (1, 1)


def test_r5_pending_for_seven_days() -> None:
    scene = ended(wrap_up=timedelta())
    scene.write("1", now=8 * DAY)
    assert not Rating.objects.exists()
    assert Dialog.objects.count() == 2


def test_r5_a_new_matter_ends_the_waiting_for_the_rating_of_the_old_one() -> None:
    scene = ended(wrap_up=timedelta())
    scene.write("I have another question", now=60)
    scene.write("1", now=70)
    assert not Rating.objects.exists()
    assert scene.dialog.state in ("new", "returned")


def test_r6_a_supervisors_rating_is_told_to_the_operator() -> None:
    scene = ended()
    boss = make_operator("Boss")
    ratings.rate_by_supervisor(scene.dialog.pk, stars=4, comment="Kind and quick", by=boss, now=at(100))
    assert scene.dialog.supervisor_rating == 4
    notice = Notice.objects.get(employee=scene.anna)
    assert notice.data["stars"] == 4
    with pytest.raises(CommandRefused):
        ratings.rate_by_supervisor(scene.dialog.pk, stars=6, by=boss, now=at(101))
    with pytest.raises(CommandRefused):
        ratings.rate_by_supervisor(scene.dialog.pk, stars=5, by=scene.anna, now=at(102))


def test_r8_solved_by_default_can_be_said_and_required() -> None:
    assert ended().dialog.outcome == "solved"
    scene = Scene()
    scene.write()
    scene.finish(now=1, outcome=Outcome.NOT_SOLVED)
    assert scene.dialog.outcome == "not_solved"
    strict = Scene(outcome_required=True)
    strict.write()
    with pytest.raises(CommandRefused, match="Say whether it was solved"):
        strict.finish(now=1)


def test_r8_closed_by_itself_is_not_said_and_writing_in_wrap_up_clears_it() -> None:
    scene = Scene(auto_close_after=timedelta(hours=1))
    scene.write()
    scene.answer(now=10)
    scene.fire(minutes(61))
    assert scene.dialog.outcome == ""
    again = ended()
    again.write("wait!", now=60)
    assert again.dialog.outcome == ""


def test_r3_closes_in_wrap_up_too() -> None:
    scene = ended(rating_closes=True)
    assert scene.dialog.state == "wrap_up"
    scene.write("1", now=60)
    assert (scene.dialog.state, scene.said()[-1]) == ("closed", "rated_good")


@pytest.mark.parametrize("text", ["0", "1"])
def test_r5_an_open_dialog_with_a_bot_comes_before_a_pending_rating(text: str) -> None:
    pending = DialogFacts(state=State.CLOSED, rating_pending_until=at(100))
    with_bot = DialogFacts(state=State.WITH_BOT)
    assert conversation.rating_in(text, [pending], now=at(0)) == 0
    assert conversation.rating_in(text, [with_bot, pending], now=at(0)) is None
    assert conversation.rating_in(text, [DialogFacts(state=State.NEW), pending], now=at(0)) == 1


def test_r5_the_request_is_pending_up_to_its_end_and_not_at_it() -> None:
    pending = DialogFacts(state=State.CLOSED, rating_pending_until=at(100))
    assert conversation.rating_in("1", [pending], now=at(99)) == 0
    assert conversation.rating_in("1", [pending], now=at(100)) is None


def test_r4_the_last_moment_of_the_limit_is_in_time() -> None:
    scene = ended(rating_limit_enabled=True, rating_limit_days=1)
    payload = scene.last("rating_request").extra["buttons"][0]["payload"]
    scene.fire(minutes(30))
    press(scene, payload, now=20 + DAY)
    assert scene.dialog.client_rating == 1
    other = ended(rating_limit_enabled=True, rating_limit_days=1)
    other.fire(minutes(30))
    press(other, other.last("rating_request").extra["buttons"][0]["payload"], now=21 + DAY)
    assert other.dialog.client_rating is None
