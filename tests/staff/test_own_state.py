"""The own state at the top of every page: fragments, and what a press of a button does."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff import presence, work_days
from contactcenter.staff.models import Break, WorkDay
from tests.factories import make_department, make_employee
from tests.staff.conftest import Heard, at
from tests.staff.makers import make_absence, make_tracked

pytestmark = pytest.mark.django_db

WARSAW = "Europe/Warsaw"
NOW = at("2026-03-02 10:00", WARSAW)

BUTTONS = {
    "Start the work day",
    "End the work day",
    "Take a break",
    "Back from the break",
    "It ended then",
    "It ends now",
}


def buttons(text: str) -> set[str]:
    return {button for button in BUTTONS if button in text}


def press(client: Client, verb: str, **fields: str) -> str:
    answer = client.post(reverse("staff:change_state", args=[verb]), fields)
    assert answer.status_code == 200
    return answer.text


def test_a_day_at_the_buttons(client: Client, heard: Heard) -> None:
    anna = make_tracked(time_zone=WARSAW)
    client.force_login(anna)
    panel = client.get(reverse("staff:own_state_panel")).text
    assert buttons(panel) == {"Start the work day"}
    assert buttons(press(client, "start-day")) == {"Take a break", "End the work day"}
    text = press(client, "start-break")
    assert buttons(text) == {"Back from the break", "End the work day"}
    assert 'id="own-state" hx-swap-oob' in text  # the word at the top changes along
    assert buttons(press(client, "end-break")) == {"Take a break", "End the work day"}
    assert buttons(press(client, "end-day")) == {"Start the work day"}
    assert heard.of(anna.pk) == ["came", "went break", "came", "went day_ended"]


def test_without_tracking_there_is_the_break_and_whether_the_desk_is_open(client: Client) -> None:
    anna = make_employee()
    client.force_login(anna)
    panel = client.get(reverse("staff:own_state_panel")).text
    assert buttons(panel) == {"Take a break"}
    assert "Offline" in panel
    client.post(reverse("staff:presence"))
    assert "Online" in client.get(reverse("staff:own_state")).text
    assert buttons(press(client, "start-break")) == {"Back from the break"}
    assert "On a break" in client.get(reverse("staff:own_state")).text


def test_leave_is_said_with_its_end(client: Client) -> None:
    anna = make_employee(time_zone=WARSAW)
    make_absence(anna, "2026-03-02", ends_at_noon=True)
    client.force_login(anna)
    with time_machine.travel(NOW, tick=False):
        text = client.get(reverse("staff:own_state")).text
        assert "On leave" in text
        assert "until 2 Mar, noon" in text


def test_a_refusal_comes_with_its_words(client: Client) -> None:
    client.force_login(make_tracked())
    answer = client.post(reverse("staff:change_state", args=["start-break"]))
    assert answer.status_code == 409
    assert "Start it first" in answer.text
    assert not Break.objects.exists()


def test_a_forgotten_day_asks_when_it_ended(client: Client) -> None:
    anna = make_tracked(time_zone=WARSAW)
    work_days.start_day(anna.pk, now=NOW - timedelta(days=1))
    client.force_login(anna)
    with time_machine.travel(NOW, tick=False):
        assert "Work day still open" in client.get(reverse("staff:own_state")).text
        assert buttons(client.get(reverse("staff:own_state_panel")).text) == {"It ended then", "It ends now"}
        for wrong, words in (
            ("", "required"),
            ("yesterday", "valid date"),
            ("2026-03-29T02:30", "couldn’t be interpreted"),
        ):
            answer = client.post(reverse("staff:change_state", args=["end-day"]), {"ended_at": wrong})
            assert answer.status_code == 409
            assert words in answer.text
        assert WorkDay.objects.get().ended_at is None
        text = press(client, "end-day", ended_at="2026-03-01T17:30")
    assert buttons(text) == {"Start the work day"}
    day = WorkDay.objects.get()
    assert (day.ended_at, day.end_told_at) == (at("2026-03-01 17:30", WARSAW), NOW)


def test_a_forgotten_day_can_end_now(client: Client) -> None:
    anna = make_tracked(time_zone=WARSAW)
    work_days.start_day(anna.pk, now=NOW - timedelta(days=1))
    client.force_login(anna)
    with time_machine.travel(NOW, tick=False):
        press(client, "end-day")
    day = WorkDay.objects.get()
    assert (day.ended_at, day.end_told_at) == (NOW, None)


def test_only_heads_get_the_way_to_their_team(client: Client) -> None:
    head = make_employee()
    client.force_login(head)
    assert reverse("staff:team") not in client.get(reverse("staff:own_state_panel")).text
    make_department(head=head)
    assert reverse("staff:team") in client.get(reverse("staff:own_state_panel")).text


def test_when_the_session_is_over_no_log_in_page_lands_in_the_menu(client: Client) -> None:
    assert client.get(reverse("staff:own_state")).status_code == 401
    pressed = client.post(reverse("staff:change_state", args=["start-day"]))
    assert pressed.status_code == 401
    assert pressed["HX-Refresh"] == "true"


def test_verbs_want_a_post_and_are_these_four(client: Client) -> None:
    client.force_login(make_tracked())
    assert client.get("/me/state/start-day/").status_code == 405
    assert client.post("/me/state/dismiss/").status_code == 404


def test_the_word_at_the_top_is_cheap_and_no_page_waits_for_it(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    anna = make_employee()
    presence.touch(anna.pk, NOW)
    client.force_login(anna)
    with django_assert_num_queries(4):  # session, employee, status, absences that are near
        client.get(reverse("staff:own_state"))
    page = client.get(reverse("staff:profile")).text
    assert f'hx-get="{reverse("staff:own_state")}"' in page
