"""A1–A12 as they run live (spec §6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from openlines.models import Client, Deadline, Dialog, LineText
from openlines.services import dialogs
from openlines.services.errors import CommandRefused
from tests.openlines.factories import at
from tests.openlines.rules.scene import AFTER_WORK, HOURS, Scene, minutes

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3600


@pytest.mark.parametrize(("rule", "second"), [("first_contact", []), ("every_dialog", ["greeting"])])
def test_a1_the_greeting_comes_at_the_first_contact_or_each_time(rule: str, second: list[str]) -> None:
    scene = Scene(greeting_enabled=True, greeting_rule=rule, wrap_up=timedelta())
    scene.write()
    assert scene.said() == ["greeting"]
    scene.write("more", now=1)
    assert scene.said() == ["greeting"]
    scene.answer(now=5)
    scene.finish(now=10)
    scene.write("again", now=20)
    assert Dialog.objects.count() == 2
    assert scene.said() == second


def test_a1_spam_is_no_earlier_contact() -> None:
    scene = Scene(greeting_enabled=True)
    scene.write()
    dialogs.spam(scene.dialog.pk, by=scene.anna, now=at(1))
    scene.write(now=10)
    assert scene.said() == ["greeting"]


def test_a4_the_mark_counts_from_the_first_message_also_off_hours_and_stays_in_the_figures() -> None:
    scene = Scene(**HOURS, unanswered_after=timedelta(minutes=5))
    scene.write(now=AFTER_WORK)
    scene.write("hello??", now=AFTER_WORK + minutes(4))
    scene.fire(AFTER_WORK + minutes(4.9))
    early = scene.dialog
    assert not early.is_unanswered
    scene.fire(AFTER_WORK + minutes(5))
    marked = scene.dialog
    assert marked.is_unanswered
    scene.answer(now=AFTER_WORK + minutes(6))
    answered = scene.dialog
    assert not answered.is_unanswered
    assert answered.marked_unanswered_at == at(AFTER_WORK + minutes(5))


def test_a5_the_text_goes_once_at_the_moment_of_the_mark_accepted_or_not() -> None:
    scene = Scene(unanswered_text_enabled=True)
    scene.write()
    dialogs.accept(scene.dialog.pk, by=scene.anna, now=at(60))
    scene.fire(minutes(5))
    scene.fire(minutes(50))
    assert scene.said() == ["unanswered"]


def test_a5_not_where_somebody_has_replied() -> None:
    scene = Scene(unanswered_text_enabled=True)
    scene.write()
    scene.answer(now=60)
    scene.write("and?", now=70)
    scene.fire(minutes(30))
    assert scene.said() == []


def test_a6_the_text_at_the_end_comes_only_with_the_operators_finish() -> None:
    scene = Scene(finish_text_enabled=True, auto_close_after=timedelta(minutes=30))
    scene.write()
    scene.answer(now=10)
    scene.fire(minutes(31))
    assert scene.dialog.state == "closed"
    assert scene.said() == []
    scene.write("one more thing", now=minutes(40))
    scene.answer(now=minutes(41))
    scene.finish(now=minutes(42))
    assert scene.said() == ["finished"]


def test_a7_a_message_in_wrap_up_continues_with_the_same_operator_after_it_a_new_dialog_starts() -> None:
    scene = Scene(finish_text_enabled=True, wrap_up=timedelta(minutes=10))
    first = scene.write().dialog
    scene.answer(now=10)
    scene.finish(now=20)
    scene.write("wait!", now=60)
    first.refresh_from_db()
    assert (first.state, first.operator) == ("waiting", scene.anna)
    scene.answer(now=70)
    scene.finish(now=80)
    scene.fire(80 + minutes(10))
    first.refresh_from_db()
    assert first.state == "closed"
    scene.write("a new matter", now=80 + minutes(11))
    assert scene.dialog != first


def test_a7_closed_at_once_where_there_is_neither_text_nor_rating() -> None:
    scene = Scene()
    scene.write()
    scene.answer(now=10)
    scene.finish(now=20)
    assert scene.dialog.state == "closed"


def test_a8_never_while_a_clients_message_waits() -> None:
    scene = Scene(auto_close_after=timedelta(hours=1))
    scene.write()
    scene.fire(minutes(600))
    assert scene.dialog.is_open
    scene.answer(now=minutes(600))
    assert set(Deadline.objects.filter(dialog=scene.dialog).values_list("kind", flat=True)) == {"auto_close"}
    scene.fire(minutes(661))
    assert scene.dialog.state == "closed"


def test_a8_a_pinned_dialog_stays_for_seven_days_and_transfer_takes_the_pin() -> None:
    scene = Scene(operators=2, auto_close_after=timedelta(hours=1))
    scene.write()
    scene.answer(now=10)
    dialogs.pin(scene.dialog.pk, by=scene.anna, on=True, now=at(20))
    scene.fire(minutes(60 * 24 * 6))
    assert scene.dialog.state == "answered"
    dialogs.transfer_to_colleague(
        scene.dialog.pk, to=scene.people[1], by=scene.anna, now=at(minutes(60 * 24 * 6))
    )
    assert scene.dialog.pinned_at is None
    with pytest.raises(CommandRefused):
        dialogs.pin(scene.dialog.pk, by=scene.anna, on=True, now=at(minutes(60 * 24 * 6)))


def test_a8_typing_with_less_than_ten_minutes_left_gains_ten() -> None:
    scene = Scene(auto_close_after=timedelta(hours=1))
    scene.write()
    scene.answer(now=0)
    dialogs.typing(scene.dialog.pk, by=scene.anna, now=at(minutes(30)))
    assert scene.dialog.kept_open_until is None
    dialogs.typing(scene.dialog.pk, by=scene.anna, now=at(minutes(55)))
    scene.fire(minutes(65))
    assert scene.dialog.state == "answered"
    scene.fire(minutes(70))
    assert scene.dialog.state == "closed"


def test_a8_a_snooze_makes_it_stand_still_until_the_client_writes() -> None:
    scene = Scene(auto_close_after=timedelta(hours=1))
    scene.write()
    scene.answer(now=0)
    dialogs.snooze(scene.dialog.pk, by=scene.anna, until=at(minutes(300)), now=at(10))
    scene.fire(minutes(301))
    assert scene.dialog.state == "answered"
    scene.write("hello", now=minutes(302))
    assert scene.dialog.snoozed_until is None


def aside(**settings: Any) -> Scene:
    """Answered at 5 s, with 4 hours until it closes by itself."""
    scene = Scene(auto_close_after=timedelta(hours=4), **settings)
    scene.write()
    scene.answer(now=5)
    return scene


def closes_at(scene: Scene) -> float:
    due = Deadline.objects.get(dialog=scene.dialog, kind="auto_close").due_at
    return (due - at(0)).total_seconds()


def put_aside(scene: Scene, *, until: float | None, now: float) -> None:
    dialogs.snooze(scene.dialog.pk, by=scene.anna, until=None if until is None else at(until), now=at(now))


def test_a8_after_a_snooze_the_rest_of_the_time_runs_on() -> None:
    scene = aside()
    put_aside(scene, until=10 * HOUR, now=3 * HOUR + 5)
    assert closes_at(scene) == 11 * HOUR
    scene.fire(11 * HOUR - 1)
    assert scene.dialog.state == "answered"
    scene.fire(11 * HOUR)
    assert scene.dialog.state == "closed"


def test_a8_taken_back_by_hand_the_rest_runs_on_from_then() -> None:
    scene = aside()
    put_aside(scene, until=48 * HOUR, now=HOUR)
    put_aside(scene, until=None, now=20 * HOUR)
    assert closes_at(scene) == 23 * HOUR + 5
    put_aside(scene, until=None, now=21 * HOUR)  # it is awake already
    assert closes_at(scene) == 23 * HOUR + 5


def test_a8_put_aside_again_meanwhile_or_afterwards_only_the_time_aside_is_left_out() -> None:
    scene = aside()
    put_aside(scene, until=10 * HOUR, now=HOUR + 5)
    put_aside(scene, until=20 * HOUR, now=2 * HOUR)  # 3 hours are left
    assert closes_at(scene) == 23 * HOUR
    put_aside(scene, until=30 * HOUR, now=21 * HOUR)  # awake for an hour: 2 are left
    assert closes_at(scene) == 32 * HOUR


def test_a8_what_typing_gained_is_there_after_a_snooze() -> None:
    scene = aside()
    dialogs.typing(scene.dialog.pk, by=scene.anna, now=at(4 * HOUR))
    assert closes_at(scene) == 4 * HOUR + 5 + 600
    put_aside(scene, until=10 * HOUR, now=4 * HOUR + 5)
    assert closes_at(scene) == 10 * HOUR + 600


def test_a8_an_answer_from_aside_counts_anew_once_the_time_aside_is_over() -> None:
    scene = aside()
    put_aside(scene, until=10 * HOUR, now=3 * HOUR)
    scene.answer("Still looking into it", now=5 * HOUR)
    assert closes_at(scene) == 14 * HOUR
    scene.answer("Found it", now=12 * HOUR)
    assert closes_at(scene) == 16 * HOUR


def test_a8_the_clients_message_ends_the_snooze_and_the_time_begins_with_the_answer() -> None:
    scene = aside()
    put_aside(scene, until=48 * HOUR, now=3 * HOUR)
    scene.write("and?", now=20 * HOUR)
    assert (scene.dialog.snoozed_until, scene.dialog.auto_close_put_off) == (None, timedelta())
    scene.answer(now=21 * HOUR)
    assert closes_at(scene) == 25 * HOUR


def test_a9_the_text_on_closing_by_itself() -> None:
    scene = Scene(auto_close_after=timedelta(hours=1), auto_close_text_enabled=True)
    scene.write()
    scene.answer(now=0)
    scene.fire(minutes(61))
    assert scene.said() == ["auto_closed"]
    assert scene.dialog.state == "wrap_up"


def test_a12_a_text_comes_in_the_clients_language_then_the_lines_then_english() -> None:
    scene = Scene(greeting_enabled=True, language="pl", greeting_rule="every_dialog", wrap_up=timedelta())
    LineText.objects.create(line=scene.line, trigger="greeting", language="en", text="Hi, this is #LINE#")
    Client.objects.filter(pk=scene.client.pk).update(language="en-GB")
    scene.write()
    assert scene.last("greeting").text == f"Hi, this is {scene.line.name}"
    scene.finish(now=1)
    Client.objects.filter(pk=scene.client.pk).update(language="de")
    scene.write(now=10)
    assert scene.last("greeting").text.startswith("Dzień dobry")


def test_a12_the_number_of_a_new_dialog_is_known_in_its_greeting() -> None:
    scene = Scene(greeting_enabled=True)
    LineText.objects.create(line=scene.line, trigger="greeting", language="en", text="No. #DIALOG#")
    scene.write()
    assert scene.last("greeting").text == f"No. {scene.dialog.number}"


# -- order, once, and what the channel forbids ----------------------------------------------------------------


def test_the_texts_after_a_message_come_in_the_stated_order() -> None:
    scene = Scene("telegram", **HOURS, greeting_enabled=True, consent_enabled=True)
    scene.write(now=AFTER_WORK)
    assert scene.said() == ["consent", "greeting", "off_hours"]


def test_a_machine_gets_no_automatic_text() -> None:
    scene = Scene("telegram", greeting_enabled=True, unanswered_text_enabled=True)
    scene.write("I am out of office", is_automatic=True)
    scene.fire(minutes(6))
    assert scene.said() == []
    assert scene.dropped() == [("greeting", "machine"), ("unanswered", "machine")]


def test_where_nothing_can_be_sent_the_dialog_closes_without_wrap_up() -> None:
    scene = Scene(finish_text_enabled=True, rating_enabled=True)
    scene.write()
    scene.answer(now=10)
    Client.objects.update(is_reachable=False)
    scene.finish(now=20)
    assert scene.dialog.state == "closed"
    assert scene.dropped() == [("finished", "unreachable"), ("rating_request_chat", "unreachable")]


def test_a_text_more_than_fifteen_minutes_late_is_dropped() -> None:
    scene = Scene(auto_close_after=timedelta(hours=1), auto_close_text_enabled=True)
    scene.write()
    scene.answer(now=0)
    scene.fire(minutes(60 + 16))
    assert scene.dropped() == [("auto_closed", "late")]
    assert scene.dialog.state == "closed"


def test_a4_in_a_dialog_an_operator_started_the_mark_counts_from_the_clients_first_message() -> None:
    scene = Scene(unanswered_after=timedelta(minutes=5))
    dialogs.start(scene.client.pk, by=scene.anna, now=at(0))
    scene.answer("We have found your parcel", now=10)
    scene.fire(minutes(30))
    before = scene.dialog
    assert (before.is_unanswered, before.first_reply_at) == (False, None)
    scene.write("Where?", now=minutes(60))
    scene.fire(minutes(65) - 1)
    assert not scene.dialog.is_unanswered
    scene.fire(minutes(65))
    assert scene.dialog.is_unanswered


def test_a7_a_message_at_the_very_moment_of_the_close_begins_a_new_dialog_once_it_has_fired() -> None:
    scene = Scene(finish_text_enabled=True, wrap_up=timedelta(minutes=10))
    first = scene.write().dialog
    scene.answer(now=10)
    scene.finish(now=20)
    scene.fire(20 + minutes(10) - 1)
    assert scene.dialog.state == "wrap_up"
    scene.fire(20 + minutes(10))
    assert scene.dialog.state == "closed"
    scene.write("again", now=20 + minutes(10))
    assert scene.dialog != first


def test_a7_a_message_before_the_close_has_fired_goes_on_in_the_dialog() -> None:
    scene = Scene(finish_text_enabled=True, wrap_up=timedelta(minutes=10))
    first = scene.write().dialog
    scene.answer(now=10)
    scene.finish(now=20)
    scene.write("again", now=20 + minutes(10))
    scene.fire(20 + minutes(10))
    assert (scene.dialog, scene.dialog.state) == (first, "waiting")


def test_a8_a_message_at_the_very_moment_keeps_the_dialog_open() -> None:
    scene = Scene(auto_close_after=timedelta(hours=4))
    scene.write()
    scene.answer(now=0)
    scene.write("and?", now=4 * HOUR)
    scene.fire(4 * HOUR)
    assert scene.dialog.state == "waiting"
