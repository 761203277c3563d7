"""Q4: online is who has a desk page that answered within 90 s."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff import presence, signals
from contactcenter.staff.models import Presence
from tests.factories import make_employee
from tests.openlines.together import together
from tests.staff.conftest import Heard

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "online"), [(0, True), (90, True), (90.001, False), (3600, False)])
def test_online_ends_90_seconds_after_the_desk_answered_last(seconds: float, online: bool) -> None:
    employee = make_employee()
    presence.touch(employee.pk, NOW)
    later = NOW + timedelta(seconds=seconds)
    assert Presence.objects.online(later).filter(employee=employee).exists() is online


def test_who_never_opened_a_desk_is_offline() -> None:
    make_employee()
    assert not Presence.objects.online(NOW).exists()


def test_touching_says_who_arrived() -> None:
    employee = make_employee()
    assert presence.touch(employee.pk, NOW)
    assert not presence.touch(employee.pk, NOW + timedelta(seconds=30))
    assert not presence.touch(employee.pk, NOW + timedelta(seconds=120))
    assert presence.touch(employee.pk, NOW + timedelta(seconds=211))


def test_a_late_answer_of_another_tab_does_not_turn_time_back() -> None:
    employee = make_employee()
    presence.touch(employee.pk, NOW)
    presence.touch(employee.pk, NOW - timedelta(seconds=10))
    assert Presence.objects.get(employee=employee).seen_at == NOW


@pytest.mark.django_db(transaction=True)
def test_of_several_tabs_that_wake_together_one_has_arrived() -> None:
    employee = make_employee()
    presence.touch(employee.pk, NOW)
    morning = NOW + timedelta(hours=12)
    assert together(*[lambda: presence.touch(employee.pk, morning)] * 6).count(True) == 1


def test_an_arrival_is_announced_in_the_transaction_that_notes_it(heard: Heard) -> None:
    employee = make_employee()
    presence.note_sign_of_life(employee.pk, NOW)
    presence.note_sign_of_life(employee.pk, NOW + timedelta(seconds=90))
    assert heard.of(employee.pk) == ["came"]
    presence.note_sign_of_life(employee.pk, NOW + timedelta(seconds=180.001))
    assert heard.of(employee.pk) == ["came", "came"]

    def refuse(sender: object, **_: object) -> None:
        raise RuntimeError("no")

    signals.became_available.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            presence.note_sign_of_life(employee.pk, NOW + timedelta(hours=1))
    finally:
        signals.became_available.disconnect(refuse)
    presence.note_sign_of_life(employee.pk, NOW + timedelta(hours=1))  # the next sign arrives again
    assert heard.of(employee.pk)[-1:] == ["came"]
    assert Presence.objects.get().seen_at == NOW + timedelta(hours=1)


def test_the_servers_time_counts_whatever_the_page_says(client: Client) -> None:
    """A page, or a queue of requests that were kept, tells of no other time than that of hearing it."""
    employee = make_employee()
    client.force_login(employee)
    with time_machine.travel(NOW, tick=False):
        for said in (NOW - timedelta(hours=1), NOW + timedelta(hours=1)):
            client.post(reverse("staff:presence"), {"at": said.isoformat(), "now": said.timestamp()})
    assert Presence.objects.get().seen_at == NOW


def test_touching_is_one_statement_on_a_table_with_free_space(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    employee = make_employee()
    with django_assert_num_queries(1):
        presence.touch(employee.pk, NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'staff_presence'")
        assert "fillfactor=50" in cursor.fetchone()[0]


def test_the_desk_page_tells_its_presence_and_the_arrival_is_announced_once(client: Client) -> None:
    employee = make_employee()
    arrivals: list[int] = []

    def note(sender: object, *, employee_id: int, **_: object) -> None:
        arrivals.append(employee_id)

    signals.arrived.connect(note)
    try:
        client.force_login(employee)
        for _ in range(2):
            assert client.post(reverse("staff:presence")).status_code == 204
    finally:
        signals.arrived.disconnect(note)
    assert arrivals == [employee.pk]
    assert Presence.objects.filter(employee=employee).count() == 1


def test_other_pages_do_not_count(client: Client) -> None:
    client.force_login(make_employee())
    client.get(reverse("staff:profile"))
    assert not Presence.objects.exists()


def test_presence_wants_a_session_and_a_post(client: Client) -> None:
    assert client.post(reverse("staff:presence")).status_code == 401
    client.force_login(make_employee())
    assert client.get(reverse("staff:presence")).status_code == 405
