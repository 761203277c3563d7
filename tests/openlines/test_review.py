"""Things a review found: each test names the behaviour that was broken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from contactcenter.staff import work_days
from contactcenter.staff.models import Absence, Employee
from contactcenter.staff.presence import touch
from openlines import hooks, permissions
from openlines.models import Deadline, Dialog, Message, OpenLine
from openlines.policies import routing as policy
from openlines.policies.facts import Distribution
from openlines.services import deadlines, dialogs, lines, routing, staffing
from openlines.services.errors import CommandRefused
from openlines.services.settings import line_settings
from openlines.still_waiting import still_waiting
from openlines.workspace import timeline
from openlines.workspace.message_item import MessageItem, instant_of
from tests.factories import make_department, make_employee
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
from tests.openlines.test_availability import arrive, holders, limited, online, state

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def bert() -> Employee:
    return make_operator("Bert")


# -- "to all" (Q2, Q3, Q8, Q10)


def to_all(*people: Employee, **values: object) -> OpenLine:
    return make_line(*people, distribution="to_all", **values)


def test_to_all_gives_back_to_who_is_alone_what_he_gave_back(anna: Employee) -> None:
    dialog = arrive(to_all(anna))
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    dialogs.back_to_queue(dialog.pk, by=anna, now=at(2))
    assert holders(dialog) == ["Anna"]


def test_to_all_leaves_out_who_gave_it_back_while_others_are_free(anna: Employee, bert: Employee) -> None:
    dialog = arrive(to_all(anna, bert))
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    dialogs.back_to_queue(dialog.pk, by=anna, now=at(2))
    assert holders(dialog) == ["Bert"]
    deadlines.fire_due(now=at(3 + 3600))
    assert holders(dialog) == ["Anna", "Bert"]


def test_to_all_offers_again_to_who_comes_back_from_a_break(anna: Employee) -> None:
    online(anna)
    dialog = arrive(to_all(anna, check_availability=True))
    assert holders(dialog) == ["Anna"]
    work_days.start_break(anna.pk, now=at(10))
    assert holders(dialog) == []
    touch(anna.pk, at(20))
    work_days.end_break(anna.pk, now=at(20))
    assert holders(dialog) == ["Anna"]


def test_to_all_offers_again_to_who_left_and_came_back_while_another_holds_the_offer(
    anna: Employee, bert: Employee
) -> None:
    online(anna, bert)
    dialog = arrive(to_all(anna, bert, check_availability=True))
    work_days.start_break(anna.pk, now=at(10))
    assert holders(dialog) == ["Bert"]
    work_days.end_break(anna.pk, now=at(20))
    assert holders(dialog) == ["Anna", "Bert"]


def test_to_all_offers_to_who_skipped_when_he_comes_after_an_hour_in_which_nobody_was_there(
    anna: Employee,
) -> None:
    online(anna)
    dialog = arrive(to_all(anna, check_availability=True))
    routing.skip(dialog.pk, employee_id=anna.pk, now=at(5))
    deadlines.fire_due(now=at(3700))
    assert holders(dialog) == []
    online(anna, now=4000)
    assert holders(dialog) == ["Anna"]


def test_why_it_waits_can_be_read_when_everybody_has_skipped(anna: Employee) -> None:
    dialog = arrive(to_all(anna))
    routing.skip(dialog.pk, employee_id=anna.pk, now=at(5))
    assert still_waiting(Dialog.objects.get(pk=dialog.pk), now=at(6)) is not None


# -- Q7


@pytest.mark.parametrize("how", ["take_over", "to_colleague", "to_line"])
def test_a_lapsed_offer_that_is_taken_from_its_holder_frees_his_slot(
    anna: Employee, bert: Employee, how: str
) -> None:
    line, other = limited(anna), make_line(bert)
    first, second = arrive(line, now=0), arrive(line, now=1)
    deadlines.fire_due(now=at(70))
    assert (holders(first), holders(second)) == (["Anna"], [])
    match how:
        case "take_over":
            dialogs.take_over(first.pk, by=bert, now=at(80))
        case "to_colleague":
            dialogs.transfer_to_colleague(first.pk, to=bert, by=make_operator(), now=at(80))
        case "to_line":
            dialogs.transfer_to_line(first.pk, to=other, by=make_operator(), now=at(80))
    assert holders(second) == ["Anna"]


# -- locks


def test_who_went_offline_loses_his_dialogs_outside_of_the_deadlines_transaction(
    anna: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue's lock comes before the dialog's: a distribution under a dialog's lock can deadlock with another."""
    online(anna)
    dialog = arrive(make_line(anna, check_availability=True))
    within = []
    distribute = routing.distribute

    def looking(line_id: int, *, now: object) -> int:
        within.append(connection.in_atomic_block)
        return distribute(line_id, now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(routing, "distribute", looking)
    deadlines.fire_due(now=at(301), kinds=["offline"])
    assert holders(dialog) == []
    assert within == [False]
    assert not Deadline.objects.filter(employee=anna).exists()


# -- Q9


def tracked(*people: Employee) -> None:
    Employee.objects.filter(pk__in=[p.pk for p in people]).update(work_day_tracking="always")


def test_what_one_accepts_on_a_break_stays_his(anna: Employee) -> None:
    online(anna)
    line = make_line(anna, check_availability=True)
    work_days.start_break(anna.pk, now=at(1))
    dialog = arrive(line, now=10)
    dialogs.accept(dialog.pk, by=anna, now=at(20))
    staffing.sweep(now=at(60))
    assert state(dialog) == ("accepted", "Anna")


def test_what_a_colleague_hands_to_somebody_offline_is_not_taken_away_within_the_minute(
    anna: Employee, bert: Employee
) -> None:
    online(anna)
    line = make_line(anna, bert, check_availability=True)
    dialog = arrive(line)
    dialogs.transfer_to_colleague(dialog.pk, to=bert, by=anna, now=at(20))
    staffing.sweep(now=at(60))
    assert state(dialog) == ("accepted", "Bert")


def test_the_sweep_takes_back_what_an_event_that_was_lost_should_have(anna: Employee, bert: Employee) -> None:
    online(anna)
    dialog = arrive(make_line(anna, bert, check_availability=True))
    dialogs.accept(dialog.pk, by=anna, now=at(2))
    Deadline.objects.all().delete()
    staffing.sweep(now=at(400))
    assert state(dialog)[0] == "returned"


def test_who_wrote_while_the_operator_was_away_starts_a_round_without_him(
    anna: Employee, bert: Employee
) -> None:
    line = make_line(anna, bert)
    dialog = arrive(line)
    deadlines.fire_due(now=at(61))
    assert holders(dialog) == ["Bert"]
    answer(dialog, bert, now=at(70))
    Absence.objects.create(employee=bert, kind="holiday", first_day=NOW.date(), last_day=NOW.date())
    write(dialog.client, now=at(100))
    assert holders(dialog) == ["Anna"]


# -- C5


@pytest.fixture
def responsible(anna: Employee):  # type: ignore[no-untyped-def]
    def say(client_id: int, now: object) -> int:
        return anna.pk

    hooks.answer_responsible(say)
    yield
    hooks.forget_responsible(say)


def test_to_all_the_responsibles_lapsed_offer_moves_when_somebody_comes(
    anna: Employee, bert: Employee, responsible: None
) -> None:
    online(anna)
    dialog = arrive(to_all(bert, check_availability=True))
    assert holders(dialog) == ["Anna"]
    deadlines.fire_due(now=at(61))
    online(bert, now=70)
    assert "Bert" in holders(dialog)


def test_an_offer_to_the_responsible_takes_his_room_in_the_same_plan() -> None:
    one = policy.Member(1, room=1)
    plan = policy.plan(
        Distribution.EVENLY,
        [one],
        [policy.QueuedDialog(1, NOW, responsible=one), policy.QueuedDialog(2, NOW + timedelta(seconds=1))],
        now=NOW,
    )
    assert [decision.chosen for decision in plan] == [(1,), ()]


# -- A4


def test_a_dialog_that_an_operator_started_is_marked_from_the_clients_first_message(anna: Employee) -> None:
    line = make_line(anna)
    client = make_client(make_connection(line))
    dialog = dialogs.start(client.pk, by=anna, now=at(0))
    answer(dialog, anna, now=at(1))
    write(client, now=at(100))
    deadlines.fire_due(now=at(100 + 301))
    assert Dialog.objects.get(pk=dialog.pk).is_unanswered


# -- settings


def test_settings_that_were_rolled_back_are_not_remembered(anna: Employee) -> None:
    line = make_line(anna)
    arrive(line)
    with pytest.raises(CommandRefused), transaction.atomic():
        lines.save_block(line.pk, {"distribution": "to_all"}, now=at(1))
        lines.set_queue(line.pk, [], now=at(1))
    lines.save_block(line.pk, {"idle_time": timedelta(minutes=2)}, now=at(2))
    settings = line_settings(OpenLine.objects.get(pk=line.pk))
    assert settings.distribution is Distribution.EVENLY
    assert settings.idle_time == timedelta(minutes=2)


# -- §12


def test_a_supervisor_sees_what_waits_for_his_department(anna: Employee) -> None:
    department = make_department()
    head = make_employee(role="supervisor", department=department)
    department.head = head
    department.save()
    operator = make_employee(role="operator", department=department)
    stranger = make_employee(role="supervisor", department=make_department())
    dialog = arrive(make_line(operator, check_availability=True))
    assert holders(dialog) == []
    assert permissions.may_see(head, dialog)
    assert permissions.may_take_over(head, dialog)
    assert not permissions.may_see(stranger, dialog)


# -- the screen


def test_earlier_messages_of_the_same_instant_are_not_skipped(anna: Employee) -> None:
    line = make_line(anna)
    client = make_client(make_connection(line))
    dialog = write(client, now=at(0)).dialog  # and the greeting at the same instant
    for number in range(timeline.PAGE - 1):
        write(client, now=at(10 + number))
    found = []
    before = None
    for _page in range(5):
        items, more = timeline.newest(dialog, me=anna, before=before)
        found += [item.pk for item in items if isinstance(item, MessageItem)]
        if not more:
            break
        before = instant_of(items[0].order)
    assert sorted(found) == sorted(Message.objects.filter(dialog=dialog).values_list("pk", flat=True))
