"""The page "Next dialog" says what would happen now, to who may see the line's settings, and writes nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff.models import Break, Employee
from openlines import hooks
from openlines.admin import forecast
from openlines.models import Dialog, OpenLine, Turn
from openlines.services import dialogs, lines
from openlines.services.lines import Place
from tests.factories import make_employee
from tests.openlines.factories import NOW, at, make_client, make_connection, make_line, write

pytestmark = pytest.mark.django_db(transaction=True)


def address(line: OpenLine, part: str = "") -> str:
    page = reverse("admin:openlines_openline_forecast", args=[line.pk])
    return f"{page}?part={part}" if part else page


def words_of(line: OpenLine) -> str:
    return forecast.look(OpenLine.objects.get(pk=line.pk), now=at(100)).sentence


@pytest.fixture
def adam(line: OpenLine) -> Employee:
    return Employee.objects.get(first_name="Adam")


@pytest.fixture
def beata(line: OpenLine) -> Employee:
    return Employee.objects.get(first_name="Beata")


# -- what it says ---------------------------------------------------------------------------------------------


def test_it_names_who_is_next_and_then_he_gets_the_dialog(
    line: OpenLine, adam: Employee, beata: Employee
) -> None:
    channel = make_connection(line)
    for expected, then in ((adam, beata), (beata, adam), (adam, beata)):
        shown = forecast.look(line, now=at(0))
        assert shown.sentence == f"It would be offered to {expected}: longest without a new dialog here."
        assert shown.then == f"Not accepted within 1 minute, it would go on to {then}."
        dialog = write(make_client(channel), now=at(0)).dialog
        assert dialog.offers.get().employee == expected
    assert [one.outcome for one in forecast.look(line, now=at(0)).places] == [
        "got a dialog more recently",
        "",
    ]


def test_the_modes_have_their_own_words(line: OpenLine, adam: Employee, beata: Employee) -> None:
    lines.save_block(line.pk, {"distribution": "strictly"}, now=NOW)
    assert words_of(line) == f"It would be offered to {adam}: the first free person in the list."
    assert [one.outcome for one in forecast.look(line, now=at(0)).places] == ["", "later in the list"]
    lines.save_block(line.pk, {"distribution": "to_all"}, now=NOW)
    assert words_of(line) == f"It would be offered to everybody free at once: {adam}, {beata}."


def test_who_is_passed_over_is_told_with_the_reason(line: OpenLine, adam: Employee, beata: Employee) -> None:
    lines.save_block(line.pk, {"check_availability": True, "limit_enabled": True, "limit": 3}, now=NOW)
    Break.objects.create(employee=adam, started_at=at(0))
    shown = forecast.look(OpenLine.objects.get(pk=line.pk), now=at(100))
    assert shown.sentence == "It would wait: nobody in the queue is available."
    assert [(one.name, one.is_free) for one in shown.places] == [(str(adam), False), (str(beata), False)]
    assert shown.places[0].now.startswith("on a break since")
    assert shown.places[1].now.startswith("offline")
    assert shown.places[0].room == "3 of 3 left"


def test_full_is_told_apart_from_unavailable_and_what_waits_is_counted(
    line: OpenLine, adam: Employee, beata: Employee
) -> None:
    lines.save_block(line.pk, {"limit_enabled": True, "limit": 1}, now=NOW)
    channel = make_connection(line)
    for who in (adam, beata):
        dialogs.accept(write(make_client(channel), now=at(0)).dialog.pk, by=who, now=at(0))
    write(make_client(channel), now=at(5))
    shown = forecast.look(OpenLine.objects.get(pk=line.pk), now=at(100))
    assert shown.sentence == "It would wait: whoever is available has as many dialogs as allowed."
    assert shown.ahead == 1
    assert [one.now for one in shown.places] == ["at the limit: 1 of 1 dialogs"] * 2


def test_a_queue_of_one_and_an_empty_one(line: OpenLine, adam: Employee) -> None:
    lines.set_queue(line.pk, [Place(employee_id=adam.pk)], now=NOW)
    assert forecast.look(line, now=at(1)).then.endswith("it would stay there: nobody else is free.")
    assert words_of(make_line(name="Empty")) == "It would wait: there is nobody in the queue."


def test_times_are_those_of_the_reader(
    client: Client, administrator: Employee, line: OpenLine, adam: Employee
) -> None:
    write(
        make_client(make_connection(line)),
        now=(timezone.now() - timedelta(days=1)).replace(hour=10, minute=0),
    )
    Employee.objects.filter(pk=administrator.pk).update(time_zone="Asia/Tokyo")
    turn = Turn.objects.get(line=line, employee=adam).last_assigned_at
    assert (
        turn.astimezone(administrator.zone).strftime("%H:%M") not in client.get(address(line, "whole")).text
    )
    assert re.search(r"<td>(\d+ \w+ )?19:00(:00)?</td>", client.get(address(line, "whole")).text)


# -- the pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_page_and_its_parts_open(
    client: Client, administrator: Employee, line: OpenLine, language: str
) -> None:
    Employee.objects.filter(pk=administrator.pk).update(language=language)
    for part in ("", "short", "whole", "nonsense"):
        answer = client.get(address(line, part))
        assert answer.status_code == 200
        assert "Adam" in answer.text
        assert answer.text.lstrip().lower().startswith("<!doctype") == (part in ("", "nonsense"))


def test_nothing_is_written(client: Client, administrator: Employee, line: OpenLine) -> None:
    write(make_client(make_connection(line)))
    client.get(address(line))
    before = list(Dialog.objects.values())
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(address(line, "whole"))
    written = [
        query["sql"] for query in captured if not query["sql"].lstrip().upper().startswith(("SELECT", "WITH"))
    ]
    assert written == []
    assert list(Dialog.objects.values()) == before


def test_the_lines_pages_lead_to_it(client: Client, administrator: Employee, line: OpenLine) -> None:
    queue = client.get(reverse("admin:openlines_queuesettings_change", args=[line.pk])).text
    assert f'href="{address(line)}"' in queue
    assert f'data-forecast="{address(line, "short")}"' in queue


def test_a_responsible_person_is_mentioned_where_one_is_asked(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    def nobody(client_id: int, now: object) -> int | None:
        return None

    assert "is offered to that person first" not in client.get(address(line)).text
    hooks.answer_responsible(nobody)
    try:
        assert "is offered to that person first" in client.get(address(line)).text
    finally:
        hooks.forget_responsible(nobody)


def test_who_may_see_the_settings_may_look(client: Client, line: OpenLine) -> None:
    client.force_login(make_employee(role="supervisor"))
    assert client.get(address(line)).status_code == 200
    client.force_login(make_employee(role="operator"))
    assert client.get(address(line), follow=True).status_code == 403
    client.logout()
    assert client.get(address(line)).status_code == 302


def test_rights_to_one_line_open_its_page_only(client: Client, line: OpenLine) -> None:
    keeper = make_employee(is_staff=True)
    other = make_line(make_employee(), name="Repairs")
    assign_perm("openlines.view_openline", keeper, line)
    client.force_login(keeper)
    assert client.get(address(line)).status_code == 200
    assert client.get(address(other)).status_code == 404
    assert client.get(address(other, "short")).status_code == 404


def test_it_costs_the_same_for_two_people_and_for_many(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    lines.save_block(line.pk, {"check_availability": True, "limit_enabled": True}, now=NOW)
    for position in range(20):
        line.queue_entries.create(employee=make_employee(), position=10 + position)
    client.get(address(line, "whole"))
    with django_assert_max_num_queries(12):
        client.get(address(line, "whole"))
