"""A11: what a visitor is typing is told to whoever answers him, and written nowhere."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff.models import Employee
from openlines.live import publish, topics
from openlines.models import Connection, Dialog
from openlines.services import dialogs, routing
from tests.openlines.widget.page import opened

pytestmark = pytest.mark.django_db
Told = list[tuple[str, str, dict[str, object]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    signals: Told = []
    monkeypatch.setattr(publish, "signal", lambda topic, kind, **data: signals.append((topic, kind, data)))
    monkeypatch.setattr(publish, "signal_many", signals.extend)
    return signals


def test_the_operator_sees_it_and_none_of_his_colleagues(
    chat: Connection, anna: Employee, told: Told, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page = opened(chat)
    page.write()
    dialog = Dialog.objects.get()
    dialogs.accept(dialog.pk, by=anna, now=timezone.now())
    dialog.refresh_from_db()
    rev = dialog.rev
    told.clear()
    with django_assert_max_num_queries(1):
        assert page.post("typing", text="I wonder").status_code == 204
    data = {"dialog": dialog.pk, "text": "I wonder"}
    assert told == [(topics.employee(anna.pk), "typing", data)]
    dialog.refresh_from_db()
    assert dialog.rev == rev


def test_before_the_first_message_nobody_is_told(chat: Connection, told: Told) -> None:
    assert opened(chat).post("typing", text="I wonder").status_code == 204
    assert told == []


def test_only_the_beginning_of_a_long_text(chat: Connection, told: Told) -> None:
    page = opened(chat)
    page.write()
    routing.distribute(chat.line_id, now=timezone.now())
    told.clear()
    page.post("typing", text="x" * 10_000)
    assert told[0][2]["text"] == "x" * 500


def test_while_it_is_offered_those_see_it_whom_it_is_offered_to(
    chat: Connection, anna: Employee, told: Told
) -> None:
    page = opened(chat)
    page.write()
    told.clear()
    page.post("typing", text="I wonder")
    assert told == []
    routing.distribute(chat.line_id, now=timezone.now())
    told.clear()
    page.post("typing", text="I wonder")
    assert {topic for topic, _, _ in told} == {topics.employee(anna.pk)}


def test_the_operators_look_is_told_to_the_client(chat: Connection, anna: Employee, told: Told) -> None:
    page = opened(chat)
    page.write()
    dialog = Dialog.objects.get()
    dialogs.mark_seen(dialog, by=anna, now=timezone.now())
    assert not [signal for signal in told if signal[1] == "seen"]
    dialogs.accept(dialog.pk, by=anna, now=timezone.now())
    dialog.refresh_from_db()
    dialogs.mark_seen(dialog, by=anna, now=timezone.now())
    assert (topics.client(dialog.client_id), "seen", {"dialog": dialog.pk}) in told
