"""The fairness report adds up with what happened, reaches as far as the right does, and costs one statement."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from contactcenter.staff.models import Department, Employee, Role, RoleBinding, Scope
from kpi import fairness, fairness_dialogs
from kpi.fairness import Counts, What
from openlines import hooks
from openlines.models import Connection, Dialog, OpenLine
from openlines.services import deadlines, dialogs, lines, routing
from tests.factories import make_role
from tests.openlines.factories import (
    NOW,
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)
EVER: dict[str, Any] = {"since": None, "until": None, "people": None}


def with_role(key: str, **values: Any) -> Employee:
    person = make_operator(**values)
    RoleBinding.objects.create(role=Role.objects.get(key=key), employee=person)
    return person


@pytest.fixture
def anna() -> Employee:
    return with_role("operator", name="Anna")


@pytest.fixture
def bert() -> Employee:
    return with_role("operator", name="Bert")


@pytest.fixture
def line(anna: Employee, bert: Employee) -> OpenLine:
    return make_line(anna, bert, name="Shop")


@pytest.fixture
def connection(line: OpenLine) -> Connection:
    return make_connection(line)


@pytest.fixture
def come(connection: Connection) -> Callable[[float], Dialog]:
    """A new client writes, so many seconds after ``NOW``."""

    def comes(seconds: float) -> Dialog:
        return write(make_client(connection), now=at(seconds)).dialog

    return comes


def counts(line: OpenLine, **period: Any) -> dict[int, Counts]:
    return fairness.counts(line.pk, **{**EVER, **period})


def browser_of(employee: Employee) -> Browser:
    browser = Browser()
    browser.force_login(employee)
    return browser


# -- what is counted ------------------------------------------------------------------------------------------


def test_a_day_adds_up(
    line: OpenLine, anna: Employee, bert: Employee, come: Callable[[float], Dialog]
) -> None:
    lapses = come(0)  # to Anna; lapses, on to Bert, who accepts
    deadlines.fire_due(now=at(60))
    dialogs.accept(lapses.pk, by=bert, now=at(90))
    skipped = come(100)  # to Anna, who skips; Bert accepts by answering
    routing.skip(skipped.pk, employee_id=anna.pk, now=at(110))
    answer(skipped, bert, now=at(115))
    moved = come(200)  # to Anna, who accepts, hands it to Bert, who gives it back; Anna again
    dialogs.accept(moved.pk, by=anna, now=at(205))
    dialogs.transfer_to_colleague(moved.pk, to=bert, by=anna, now=at(210))
    dialogs.back_to_queue(moved.pk, by=bert, now=at(220))
    dialogs.accept(moved.pk, by=anna, now=at(250))
    found = counts(line)
    assert found[anna.pk] == Counts(
        offered=4,
        by_turn=4,
        accepted=2,
        skipped=1,
        lapsed=1,
        transferred_out=1,
        open_now=1,
        longest_wait=timedelta(seconds=30),
    )
    assert found[bert.pk] == Counts(
        offered=2,
        by_turn=2,
        accepted=2,
        transferred_in=1,
        given_back=1,
        open_now=2,
        longest_wait=timedelta(seconds=90),
    )
    for one in found.values():
        assert (
            one.offered == one.accepted + one.skipped + one.lapsed + one.taken + one.withdrawn + one.standing
        )


def test_to_all_counts_who_was_quicker(anna: Employee, bert: Employee) -> None:
    line = make_line(anna, bert, distribution="to_all")
    dialog = write(make_client(make_connection(line)), now=at(0)).dialog
    dialogs.accept(dialog.pk, by=bert, now=at(5))
    found = counts(line)
    assert (found[anna.pk].offered, found[anna.pk].taken) == (1, 1)
    assert (found[bert.pk].offered, found[bert.pk].accepted) == (1, 1)


def test_withdrawn_and_standing_offers(
    line: OpenLine, anna: Employee, come: Callable[[float], Dialog]
) -> None:
    dialogs.spam(come(0).pk, by=anna, now=at(1))
    come(2)
    come(3)
    found = counts(line)
    assert (found[anna.pk].withdrawn, found[anna.pk].standing) == (1, 1)


def test_what_was_accepted_by_hand_was_no_offer(
    line: OpenLine, anna: Employee, come: Callable[[float], Dialog]
) -> None:
    dialogs.take_over(come(0).pk, by=anna, now=at(1))
    boss = with_role("administrator")
    dialogs.take_over(come(2).pk, by=boss, now=at(3))
    found = counts(line)
    assert found[boss.pk] == Counts(open_now=1)


def test_the_responsibles_offer_is_no_turn(
    line: OpenLine, bert: Employee, come: Callable[[float], Dialog]
) -> None:
    def always_bert(client_id: int, now: object) -> int:
        return int(bert.pk)

    hooks.answer_responsible(always_bert)
    try:
        come(0)
    finally:
        hooks.forget_responsible(always_bert)
    assert (counts(line)[bert.pk].offered, counts(line)[bert.pk].by_turn) == (1, 0)


def test_a_transfer_counts_on_the_line_where_it_happened(
    line: OpenLine, anna: Employee, bert: Employee, come: Callable[[float], Dialog]
) -> None:
    other = make_line(bert, name="Complaints")
    dialog = come(0)
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    dialogs.transfer_to_colleague(dialog.pk, to=bert, by=anna, now=at(2))
    dialogs.transfer_to_line(dialog.pk, to=other, by=bert, now=at(3))
    here, there = counts(line), counts(other)
    assert (here[anna.pk].transferred_out, here[bert.pk].transferred_in, here[bert.pk].transferred_out) == (
        1,
        1,
        1,
    )
    assert (there[bert.pk].offered, there[bert.pk].transferred_in, there[bert.pk].transferred_out) == (
        1,
        0,
        0,
    )


def test_the_longest_wait_begins_where_the_dialog_came_to_the_queue(
    line: OpenLine, anna: Employee, bert: Employee, come: Callable[[float], Dialog]
) -> None:
    """Nobody had room for a while: the wait counts from the client's message, not from the offer."""
    lines.save_block(line.pk, {"limit_enabled": True, "limit": 1}, now=NOW)
    first, second = come(0), come(1)
    dialogs.accept(first.pk, by=anna, now=at(2))
    dialogs.accept(second.pk, by=bert, now=at(2))
    third = come(10)
    answer(first, anna, now=at(500))
    dialogs.accept(third.pk, by=anna, now=at(510))
    assert counts(line)[anna.pk].longest_wait == timedelta(seconds=500)


def test_only_the_period_counts(line: OpenLine, anna: Employee, come: Callable[[float], Dialog]) -> None:
    dialogs.accept(come(0).pk, by=anna, now=at(1))
    assert counts(line, since=at(0), until=at(1))[anna.pk].offered == 1
    later = counts(line, since=at(1), until=at(100))
    assert later[anna.pk] == Counts(open_now=1)


def test_evenly_without_lapses_is_even(line: OpenLine, come: Callable[[float], Dialog]) -> None:
    for number in range(7):
        come(number)
    found = fairness.report(line, **EVER)
    assert found.evenness is not None
    assert found.evenness.percent == 100
    assert (found.evenness.lowest, found.evenness.highest) == (3, 4)
    assert found.total.offered == found.evenness.total == 7


def test_evenness_is_for_evenly_and_for_those_who_got_any(anna: Employee, bert: Employee) -> None:
    strict = make_line(anna, bert, distribution="strictly")
    channel = make_connection(strict)
    for number in range(3):
        write(make_client(channel), now=at(number))
    assert fairness.report(strict, **EVER).evenness is None
    line = make_line(anna, bert)
    newcomer = make_operator("Cleo")
    channel = make_connection(line)
    for number in range(4):
        write(make_client(channel), now=at(number))
    line.queue_entries.create(employee=newcomer, position=9)
    found = fairness.report(line, **EVER)
    assert found.evenness is not None
    assert found.evenness.percent == 100
    assert found.not_counted == (newcomer,)


def test_who_has_left_the_queue_stays_in_the_report(
    line: OpenLine, anna: Employee, bert: Employee, come: Callable[[float], Dialog]
) -> None:
    come(0)
    line.queue_entries.filter(employee=anna).delete()
    assert [(row.employee, row.is_member) for row in fairness.report(line, **EVER).rows] == [
        (bert, True),
        (anna, False),
    ]


# -- every number opens to its dialogs ------------------------------------------------------------------------


def test_each_number_opens_to_as_many_dialogs(
    line: OpenLine, anna: Employee, bert: Employee, come: Callable[[float], Dialog]
) -> None:
    test_a_day_adds_up(line, anna, bert, come)
    dialogs.spam(come(300).pk, by=anna, now=at(301))
    come(302)
    boss = with_role("administrator")
    page = browser_of(boss).get("/reports/fairness/?period=all").text
    numbers = re.findall(r'<td class="number"><a href="([^"]+)">(\d+)</a></td>', page)
    assert len(numbers) > 15
    for address, number in numbers:
        listed = browser_of(boss).get(address.replace("&amp;", "&"))
        assert listed.status_code == 200
        assert listed.text.count('<th scope="row">') == int(number), address


def test_the_longest_wait_stands_first(
    line: OpenLine, anna: Employee, bert: Employee, come: Callable[[float], Dialog]
) -> None:
    test_a_day_adds_up(line, anna, bert, come)
    listed = fairness_dialogs.page(
        What.LONGEST_WAIT, line.pk, reader=with_role("administrator"), **EVER
    ).entries
    waits = [entry.waited for entry in listed]
    assert waits == sorted(waits, key=lambda one: one or timedelta(), reverse=True)
    assert waits[0] == timedelta(seconds=90)


def test_a_page_of_dialogs_has_a_next_one(
    line: OpenLine, come: Callable[[float], Dialog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness_dialogs, "PAGE_SIZE", 2)
    made = [come(number).pk for number in range(3)]
    boss = with_role("administrator")
    first = fairness_dialogs.page(What.OFFERED, line.pk, reader=boss, **EVER)
    second = fairness_dialogs.page(What.OFFERED, line.pk, reader=boss, number=2, **EVER)
    assert [entry.dialog_id for entry in (*first.entries, *second.entries)] == made[::-1]
    assert (first.has_next, second.has_next) == (True, False)


# -- rights ---------------------------------------------------------------------------------------------------


@pytest.fixture
def departments(anna: Employee, bert: Employee) -> tuple[Employee, Department]:
    """A supervisor of Anna's department; Bert is of none."""
    sales = Department.objects.create(name="Sales")
    Employee.objects.filter(pk=anna.pk).update(department=sales)
    return with_role("supervisor", department=sales), sales


def test_a_supervisor_sees_his_department(
    line: OpenLine,
    anna: Employee,
    bert: Employee,
    come: Callable[[float], Dialog],
    departments: tuple[Employee, Department],
) -> None:
    supervisor, _sales = departments
    of_bert = (come(0), come(1))[1]
    page = browser_of(supervisor).get("/reports/fairness/?period=all").text
    assert "Anna Test" in page
    assert "Bert Test" not in page
    behind = reverse("kpi:fairness_dialogs") + f"?what=offered&period=all&line={line.pk}"
    assert browser_of(supervisor).get(behind).text.count('<th scope="row">') == 1
    assert f">{of_bert.pk}<" not in browser_of(supervisor).get(f"{behind}&operator={bert.pk}").text


def test_a_dialog_that_has_gone_to_others_shows_no_client(
    line: OpenLine,
    anna: Employee,
    bert: Employee,
    connection: Connection,
    departments: tuple[Employee, Department],
) -> None:
    supervisor, _sales = departments
    dialog = write(make_client(connection, name="Mr Secret"), now=at(0)).dialog
    deadlines.fire_due(now=at(60))
    dialogs.accept(dialog.pk, by=bert, now=at(61))
    behind = reverse("kpi:fairness_dialogs") + f"?what=lapsed&period=all&line={line.pk}"
    page = browser_of(supervisor).get(behind).text
    assert f'<th scope="row">{dialog.pk}</th>' in page
    assert "Mr Secret" not in page
    assert "Mr Secret" in browser_of(with_role("administrator")).get(behind).text


def test_a_line_without_his_people_is_no_choice(
    line: OpenLine, come: Callable[[float], Dialog], departments: tuple[Employee, Department]
) -> None:
    supervisor, _sales = departments
    other = make_line(make_operator(), name="Strangers only")
    page = browser_of(supervisor).get(f"/reports/fairness/?line={other.pk}").text
    assert "Strangers only" not in page
    assert (
        browser_of(supervisor).get(f"/reports/fairness/dialogs/?what=offered&line={other.pk}").status_code
        == 404
    )


def test_own_reaches_oneself(line: OpenLine, anna: Employee, come: Callable[[float], Dialog]) -> None:
    come(0)
    RoleBinding.objects.create(role=make_role("self", reports=Scope.OWN), employee=anna)
    page = browser_of(anna).get("/reports/fairness/?period=all").text
    assert "Anna Test" in page
    assert "Bert Test" not in page


def test_without_the_right_there_is_neither_page_nor_link(line: OpenLine, anna: Employee) -> None:
    browser = browser_of(anna)
    assert browser.get("/reports/fairness/").status_code == 403
    assert browser.get(f"/reports/fairness/dialogs/?what=offered&line={line.pk}").status_code == 403
    assert "/reports/fairness/" not in browser.get("/dialogs/").text
    assert "/reports/fairness/" in browser_of(with_role("supervisor")).get("/dialogs/").text
    assert Browser().get("/reports/fairness/").status_code == 302


# -- the page -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_pages_open(line: OpenLine, come: Callable[[float], Dialog], language: str) -> None:
    boss = with_role("administrator", language=language)
    come(0)
    browser = browser_of(boss)
    for period in (
        "",
        "?period=today",
        "?period=7d",
        "?since=2026-03-01&until=2026-03-03",
        "?since=2026-03-03&until=2026-03-01",
    ):
        assert browser.get(f"/reports/fairness/{period}").status_code == 200
    for what in fairness_dialogs.LISTED:
        assert (
            browser.get(f"/reports/fairness/dialogs/?what={what}&line={line.pk}&period=all").status_code
            == 200
        )
    assert browser.get(f"/reports/fairness/dialogs/?what=nonsense&line={line.pk}").status_code == 404
    assert browser.get("/reports/fairness/?line=nonsense").status_code == 200


def test_without_any_line_the_page_says_so() -> None:
    assert "There is no line yet" in browser_of(with_role("administrator")).get("/reports/fairness/").text


def test_own_dates_are_the_readers_days(line: OpenLine, come: Callable[[float], Dialog]) -> None:
    """23:30 of the 1st in London is the 2nd in Warsaw."""
    come(-10.5 * 3600)
    browser = browser_of(with_role("administrator", time_zone="Europe/Warsaw"))
    behind = f"/reports/fairness/dialogs/?what=offered&line={line.pk}"
    assert '<th scope="row">' in browser.get(f"{behind}&since=2026-03-02&until=2026-03-02").text
    assert '<th scope="row">' not in browser.get(f"{behind}&since=2026-03-01&until=2026-03-01").text


def test_names_are_shown_as_text(line: OpenLine, come: Callable[[float], Dialog]) -> None:
    Employee.objects.update(last_name="<script>alert(1)</script>")
    come(0)
    assert (
        "<script>alert"
        not in browser_of(with_role("administrator")).get("/reports/fairness/?period=all").text
    )


def test_many_people_cost_as_many_queries_as_two(
    line: OpenLine, come: Callable[[float], Dialog], django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        line.queue_entries.create(employee=make_operator(), position=10 + number)
    for number in range(40):
        come(number)
    browser = browser_of(with_role("administrator"))
    browser.get("/reports/fairness/?period=all")
    with django_assert_max_num_queries(10):
        assert browser.get("/reports/fairness/?period=all").status_code == 200
    with django_assert_max_num_queries(10):
        assert (
            browser.get(f"/reports/fairness/dialogs/?what=offered&period=all&line={line.pk}").status_code
            == 200
        )


def test_every_count_has_a_column() -> None:
    assert {one.name for one in fields(Counts)} == set(What)
