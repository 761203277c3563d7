"""W4–W6, and what Q3 does outside working time (spec §2, §4). The calendar itself: ``policies/test_worktime.py``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from contactcenter.staff.models import Employee, Role, RoleBinding
from contactcenter.staff.presence import touch
from openlines.models import Client, LineText, Message, Offer
from openlines.services import dialogs, lines, short_way
from openlines.services.errors import CommandRefused
from tests.openlines.factories import at
from tests.openlines.rules.scene import AFTER_WORK, HOURS, Scene, minutes
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_w4_outside_hours_a_dialog_is_made_distributed_and_told_once() -> None:
    scene = Scene(**HOURS)
    scene.write(now=AFTER_WORK)
    assert Offer.objects.filter(dialog=scene.dialog, ended_at=None).exists()
    scene.write("hello?", now=AFTER_WORK + 60)
    assert scene.said() == ["off_hours"]
    assert scene.dialog.in_working_time is False


def test_w4_in_hours_nothing_is_said() -> None:
    scene = Scene(**HOURS)
    scene.write(now=0)
    assert scene.said() == []
    assert scene.dialog.in_working_time is True


def test_w4_a_dialog_that_waits_into_the_evening_is_told_with_his_next_message() -> None:
    scene = Scene(**HOURS)
    scene.write(now=minutes(470))
    assert (
        short_way.take_text(
            scene.connection.pk,
            scene.client.external_id,
            uuid=scene.write("x", now=minutes(471)).uuid,
            text="",
            now=at(0),
        )
        is None
    )
    scene.write("still there?", now=minutes(490))
    assert scene.said() == ["off_hours"]


def test_w4_the_short_way_is_closed_once_the_hours_are_over() -> None:
    from uuid import uuid4

    scene = Scene(**HOURS)
    scene.write(now=minutes(470))
    where = (scene.connection.pk, scene.client.external_id)
    quick = short_way.take_text(*where, uuid=uuid4(), text="a", now=at(minutes(475)))
    assert quick is not None
    assert short_way.take_text(*where, uuid=uuid4(), text="b", now=at(minutes(481))) is None


def test_w4_not_while_the_last_reply_is_young() -> None:
    scene = Scene(**HOURS)
    scene.write(now=minutes(470))
    scene.answer(now=minutes(479))
    scene.write("thanks", now=minutes(490))
    assert scene.said() == []
    scene.write("and?", now=minutes(511))
    assert scene.said() == ["off_hours"]


def test_w4_nothing_where_the_rule_says_so() -> None:
    scene = Scene(**{**HOURS, "off_hours_rule": "nothing"})
    scene.write(now=AFTER_WORK)
    assert scene.said() == []


@pytest.mark.parametrize(
    ("settings", "trigger", "text"),
    [
        ({"days_off": [0]}, "day_off", "Free today"),
        ({"holidays": "02.03"}, "holiday", "Holiday today"),
        ({}, "off_hours", "Closed now"),
    ],
)
def test_w4_day_off_and_holiday_have_texts_of_their_own(
    settings: dict[str, Any], trigger: str, text: str
) -> None:
    scene = Scene(**HOURS, **settings)
    for one, words in {
        "day_off": "Free today",
        "holiday": "Holiday today",
        "off_hours": "Closed now",
    }.items():
        LineText.objects.create(line=scene.line, trigger=one, language="en", text=words)
    scene.write(now=AFTER_WORK)
    assert (scene.said(), scene.last(trigger).text) == ([trigger], text)


def test_w4_they_fall_back_to_the_off_hours_text() -> None:
    scene = Scene(**HOURS, days_off=[0])
    LineText.objects.create(line=scene.line, trigger="off_hours", language="en", text="Closed now")
    scene.write(now=AFTER_WORK)
    assert scene.last("day_off").text == "Closed now"


def test_w5_nobody_available_is_told_also_where_working_time_is_off() -> None:
    scene = Scene(check_availability=True)
    scene.write()
    assert scene.said() == ["unavailable"]


def test_w5_full_is_not_unavailable() -> None:
    scene = Scene(limit_enabled=True, limit=1)
    scene.write()
    other = Scene.__new__(Scene)
    other.__dict__.update(scene.__dict__)
    from tests.openlines.factories import make_client

    other.client = make_client(scene.connection, language="en")
    other.write(now=1)
    assert not Offer.objects.filter(dialog=other.dialog, ended_at=None).exists()
    assert other.said() == []


def test_w5_can_be_switched_off() -> None:
    scene = Scene(check_availability=True, unavailable_text_enabled=False)
    scene.write()
    assert scene.said() == []


def test_w5_shares_one_slot_with_w4() -> None:
    scene = Scene(**HOURS, check_availability=True)
    scene.write(now=AFTER_WORK)
    scene.write("?", now=AFTER_WORK + 10)
    assert scene.said() == ["off_hours"]


def test_w6_the_excuse_does_not_follow_but_the_mark_does() -> None:
    scene = Scene(**HOURS, unanswered_text_enabled=True)
    scene.write(now=AFTER_WORK)
    scene.fire(AFTER_WORK + minutes(5))
    assert scene.said() == ["off_hours"]
    assert scene.dialog.is_unanswered


def test_q3_outside_hours_one_round_is_made_then_it_rests_until_the_line_opens() -> None:
    scene = Scene(operators=2, **HOURS, idle_time=timedelta(minutes=1))
    scene.write(now=AFTER_WORK)
    first = Offer.objects.get(dialog=scene.dialog, ended_at=None).employee
    scene.fire(AFTER_WORK + 60)
    last = Offer.objects.get(dialog=scene.dialog, ended_at=None).employee
    assert first != last
    for minute in range(2, 30):
        scene.fire(AFTER_WORK + 60 * minute)
    standing = Offer.objects.get(dialog=scene.dialog, ended_at=None)
    assert (standing.employee, standing.lapsed_at) == (last, at(AFTER_WORK + 120))
    assert Offer.objects.filter(dialog=scene.dialog).count() == 2
    opens = 23 * 3600
    scene.fire(opens)
    assert Offer.objects.filter(dialog=scene.dialog).count() == 3


def test_q3_what_rests_may_be_accepted_by_any_member() -> None:
    scene = Scene(operators=2, **HOURS, idle_time=timedelta(minutes=1))
    scene.write(now=AFTER_WORK)
    for minute in (1, 2, 3):
        scene.fire(AFTER_WORK + 60 * minute)
    resting_with = Offer.objects.get(dialog=scene.dialog, ended_at=None).employee
    other = next(person for person in scene.people if person != resting_with)
    dialogs.accept(scene.dialog.pk, by=other, now=at(AFTER_WORK + 400))
    assert scene.dialog.operator == other


def resting(**settings: Any) -> tuple[Scene, Employee]:
    """(a dialog that rests, the member with whom it does not)."""
    scene = Scene(operators=2, **HOURS, idle_time=timedelta(minutes=1), **settings)
    for person in scene.people:
        RoleBinding.objects.create(role=Role.objects.get(key="operator"), employee=person)
    scene.write(now=AFTER_WORK)
    for minute in (1, 2, 3):
        scene.fire(AFTER_WORK + 60 * minute)
    holder = Offer.objects.get(dialog=scene.dialog, ended_at=None).employee
    return scene, next(person for person in scene.people if person != holder)


def test_q3_what_rests_is_listed_and_accepted_at_the_desk_until_the_line_opens() -> None:
    scene, other = resting()
    page = f"/desk/{scene.dialog.pk}/"
    with time_machine.travel(at(AFTER_WORK + 700), tick=False):
        desk = browser_of(other)
        assert page in desk.get("/desk/list/?tab=waiting").content.decode()
        assert "rests with" in desk.get(page).content.decode()
    with time_machine.travel(at(23 * 3600 + 60), tick=False):  # 9:01: nobody's any more
        assert page not in browser_of(other).get("/desk/list/?tab=waiting").content.decode()
        assert browser_of(other).post(f"{page}accept/").status_code == 409
    with time_machine.travel(at(AFTER_WORK + 700), tick=False):
        assert browser_of(other).post(f"{page}accept/").status_code == 200
    assert scene.dialog.operator == other


def test_q3_in_working_time_a_lapsed_offer_is_its_holders_alone() -> None:
    scene = Scene(operators=2, idle_time=timedelta(minutes=1), check_availability=True)
    holder, other = scene.people
    RoleBinding.objects.create(role=Role.objects.get(key="operator"), employee=other)
    touch(holder.pk, at(0))
    scene.write()
    touch(holder.pk, at(55))
    scene.fire(61)
    assert Offer.objects.get(dialog=scene.dialog, ended_at=None).lapsed_at == at(61)
    with pytest.raises(CommandRefused):
        dialogs.accept(scene.dialog.pk, by=other, now=at(70))
    with time_machine.travel(at(70), tick=False):
        page = f"/desk/{scene.dialog.pk}/"
        assert page not in browser_of(other).get("/desk/list/?tab=waiting").content.decode()


def test_changed_hours_act_at_once_on_what_rests() -> None:
    scene = Scene(operators=2, **HOURS, idle_time=timedelta(minutes=1))
    scene.write(now=AFTER_WORK)
    for minute in (1, 2, 3):
        scene.fire(AFTER_WORK + 60 * minute)
    assert Offer.objects.filter(dialog=scene.dialog).count() == 2
    lines.save_block(scene.line.pk, {"working_time_enabled": False}, now=at(AFTER_WORK + 400))
    assert scene.dialog.quiet_until is None
    assert Offer.objects.filter(dialog=scene.dialog).count() == 3


# -- #OPENS#


@pytest.mark.parametrize(
    ("settings", "language", "now", "words"),
    [
        ({}, "en", AFTER_WORK, "tomorrow 9:00"),
        ({}, "en", 22 * 3600, "today 9:00"),  # Tuesday 8:00
        ({}, "en", 4 * 86400 + AFTER_WORK, "Monday 9:00"),  # Friday evening
        ({}, "pl", AFTER_WORK, "jutro 9:00"),
        ({}, "pl-PL", 4 * 86400 + AFTER_WORK, "poniedziałek 9:00"),
        ({"holidays": "03.03, 04.03, 05.03, 06.03"}, "en", AFTER_WORK, "Monday, 9 March, 9:00"),
        ({"time_zone": "America/New_York"}, "en", 0, "today 9:00"),  # it is 5:00 there
        ({"time_zone": "Asia/Tokyo"}, "en", 8 * 3600, "today 9:00"),  # it is 3:00 on Tuesday there
        ({"days_off": [0, 1, 2, 3, 4, 5, 6]}, "en", 0, "soon"),
        ({"days_off": [0, 1, 2, 3, 4, 5, 6]}, "pl", 0, "wkrótce"),
    ],
)
def test_w4_the_text_names_when_the_line_opens_again(
    settings: dict[str, Any], language: str, now: float, words: str
) -> None:
    scene = Scene(**{**HOURS, **settings})
    Client.objects.filter(pk=scene.client.pk).update(language=language)
    for tag, text in (("en", "Back: #OPENS#"), ("pl", "Wracamy: #OPENS#")):
        LineText.objects.create(line=scene.line, trigger="off_hours", language=tag, text=text)
    scene.write(now=now)
    said = Message.objects.get(dialog=scene.dialog, author="automatic")
    assert said.text.split(": ")[1] == words


def test_w5_without_working_time_the_macro_has_a_word_too() -> None:
    scene = Scene(check_availability=True)
    LineText.objects.create(line=scene.line, trigger="unavailable", language="en", text="Back #OPENS#!")
    scene.write()
    assert scene.last("unavailable").text == "Back soon!"


def test_w4_a_reply_of_exactly_thirty_minutes_ago_still_keeps_the_text_back() -> None:
    scene = Scene(**HOURS)
    scene.write(now=minutes(470))
    scene.answer(now=minutes(479))
    scene.write("thanks", now=minutes(509))
    assert scene.said() == []
    scene.write("and?", now=minutes(509) + 0.001)
    assert scene.said() == ["off_hours"]


def test_w5_is_said_only_with_the_availability_check() -> None:
    scene = Scene(check_availability=False, unavailable_text_enabled=True)
    scene.anna.dismiss(at(0))
    scene.write(now=1)
    assert scene.said() == []
    assert not Offer.objects.filter(dialog=scene.dialog).exists()
