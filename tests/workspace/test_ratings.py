"""Ratings at the desk: the client's in the conversation and beside it, and the supervisor's own (R6)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Message, Rating
from openlines.services import dialogs, ratings
from tests.factories import make_employee
from tests.openlines.factories import answer, write
from tests.workspace.conftest import Scene, browser_of


@pytest.fixture
def boss(scene: Scene) -> Employee:
    return make_employee("boss", role="administrator", first_name="Beata", last_name="Król")


@pytest.fixture
def dialog(scene: Scene) -> Dialog:
    made = scene.dialog()
    answer(made, scene.anna, now=timezone.now())
    return made


def pane(employee: Employee, dialog: Dialog) -> str:
    return browser_of(employee).get(f"/desk/{dialog.pk}/pane/").text


def test_the_window_has_the_earlier_rating_which_a_new_one_replaces(boss: Employee, dialog: Dialog) -> None:
    browser = browser_of(boss)
    assert browser.post(f"/desk/{dialog.pk}/rate/", {"stars": "2", "comment": "Be quicker"}).json() == {
        "words": "Rated. The operator is told."
    }
    window = browser.get(f"/desk/{dialog.pk}/rating/").text
    assert "Be quicker" in window
    assert 'value="2" required checked autofocus' in window
    browser.post(f"/desk/{dialog.pk}/rate/", {"stars": "5", "comment": ""})
    assert Rating.objects.get(dialog=dialog).value == 5


@pytest.mark.parametrize("stars", ["", "0", "6", "many"])
def test_other_stars_than_one_to_five_are_refused_in_words(
    boss: Employee, dialog: Dialog, stars: str
) -> None:
    answered = browser_of(boss).post(f"/desk/{dialog.pk}/rate/", {"stars": stars, "comment": "kept"})
    assert answered.status_code == 422
    assert answered.json()["words"] == "Give one to five stars."
    assert not Rating.objects.exists()


def test_an_operator_is_neither_asked_nor_let(scene: Scene, boss: Employee, dialog: Dialog) -> None:
    offers = f'data-window-url="/desk/{dialog.pk}/rating/"'
    assert offers in pane(boss, dialog)
    assert offers not in pane(scene.anna, dialog)
    anna = browser_of(scene.anna)
    assert anna.get(f"/desk/{dialog.pk}/rating/").status_code == 403
    assert anna.post(f"/desk/{dialog.pk}/rate/", {"stars": "5"}).status_code == 403


def test_nobody_rates_his_own(boss: Employee, dialog: Dialog) -> None:
    Dialog.objects.filter(pk=dialog.pk).update(operator=boss)
    assert f"/desk/{dialog.pk}/rating/" not in pane(boss, dialog)
    assert browser_of(boss).post(f"/desk/{dialog.pk}/rate/", {"stars": "5"}).status_code == 403


def test_ratings_of_earlier_dialogs_stand_beside_this_one(
    scene: Scene, boss: Employee, dialog: Dialog
) -> None:
    ratings.rate_in_chat(dialog.pk, value=0, now=timezone.now())
    ratings.rate_by_supervisor(dialog.pk, stars=4, by=boss, now=timezone.now())
    assert "The client: bad" in pane(scene.anna, dialog)
    Dialog.objects.filter(pk=dialog.pk).update(state=Dialog.State.CLOSED, closed_at=timezone.now())
    later = write(scene.client, "Again", now=timezone.now()).dialog
    assert later.pk != dialog.pk
    dialogs.take_over(later.pk, by=scene.anna, now=timezone.now())
    shown = pane(scene.anna, later)
    assert "👎" in shown
    assert "★ 4" in shown


@pytest.mark.parametrize(
    ("payload", "words"),
    [("rating:1:1", "A rating"), ("", "A rating"), ("consent:1:1", "An answer about consent")],
)
def test_an_answer_is_not_shown_as_a_message(scene: Scene, dialog: Dialog, payload: str, words: str) -> None:
    message = Message.objects.filter(dialog=dialog, author="client").latest("pk")
    Message.objects.filter(pk=message.pk).update(kind="answer", extra={"payload": payload})
    assert words in pane(scene.anna, dialog)


def test_the_buttons_of_a_text_and_why_it_was_not_sent(scene: Scene, dialog: Dialog) -> None:
    message = Message.objects.filter(dialog=dialog).latest("pk")
    Message.objects.filter(pk=message.pk).update(
        author="automatic",
        delivery="failed",
        failure="the 24-hour window is over",
        extra={"buttons": [{"text": "👍 Good <b>", "payload": "rating:1:1"}]},
    )
    shown = pane(scene.anna, dialog)
    assert '<span class="bubble__button">👍 Good &lt;b&gt;</span>' in shown
    assert "Not delivered: the 24-hour window is over" in shown
