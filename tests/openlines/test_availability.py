"""Q4, Q5, Q7, Q9 and C5 on a virtual clock, told as the specification tells them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from contactcenter.staff.models import Absence, Department, Employee, Notice, Presence, Role, RoleBinding
from contactcenter.staff.presence import touch
from openlines import hooks
from openlines.models import Deadline, Dialog, DialogEvent, Message, Offer, OpenLine, QueueEntry
from openlines.services import deadlines, dialogs, lines, routing, staffing
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


def arrive(line: OpenLine, *, now: float = 0) -> Dialog:
    connection = line.connections.first() or make_connection(line)
    return write(make_client(connection), now=at(now)).dialog


def holders(dialog: Dialog) -> list[str]:
    standing = Offer.objects.filter(dialog=dialog, ended_at__isnull=True).order_by("employee")
    return list(standing.values_list("employee__first_name", flat=True))


def state(dialog: Dialog) -> tuple[str, str | None]:
    dialog = Dialog.objects.select_related("operator").get(pk=dialog.pk)
    return dialog.state, dialog.operator.first_name if dialog.operator else None


def online(*people: Employee, now: float = 0) -> None:
    for person in people:
        if touch(person.pk, at(now)):
            staffing.came(person.pk, now=at(now))


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def bert() -> Employee:
    return make_operator("Bert")


# -- Q4


def test_without_the_check_every_active_employee_is_a_candidate(anna: Employee) -> None:
    assert holders(arrive(make_line(anna))) == ["Anna"]


def test_with_the_check_only_who_is_online(anna: Employee, bert: Employee) -> None:
    online(bert)
    dialog = arrive(make_line(anna, bert, check_availability=True), now=5)
    assert holders(dialog) == ["Bert"]
    passed = DialogEvent.objects.get(dialog=dialog, kind="offered").data["passed"]
    assert [(p["employee_id"], p["obstacle"]) for p in passed] == [(anna.pk, "offline")]


def test_a_page_silent_for_more_than_90_seconds_is_offline(anna: Employee) -> None:
    online(anna)
    line = make_line(anna, check_availability=True)
    assert holders(arrive(line, now=90)) == ["Anna"]
    assert holders(arrive(line, now=91)) == []


def test_who_arrives_gets_what_waits_in_the_same_second(anna: Employee) -> None:
    line = make_line(anna, check_availability=True)
    first, second = arrive(line, now=0), arrive(line, now=1)
    assert holders(first) == []
    assert DialogEvent.objects.filter(dialog=first, kind="waits").get().data["rule"] == "nobody_free"
    online(anna, now=10)
    assert holders(first) == holders(second) == ["Anna"]


def test_leave_keeps_dialogs_away_only_with_the_check(anna: Employee) -> None:
    today = NOW.date()
    Absence.objects.create(employee=anna, kind=Absence.Kind.values[0], first_day=today, last_day=today)
    online(anna)
    assert holders(arrive(make_line(anna))) == ["Anna"]
    assert holders(arrive(make_line(anna, check_availability=True))) == []


# -- Q5


def limited(*people: Employee, limit: int = 1, leaves_out: str = "waiting") -> OpenLine:
    return make_line(*people, limit_enabled=True, limit=limit, limit_leaves_out=leaves_out)


def test_offers_count_and_the_next_waits_until_a_slot_frees(anna: Employee) -> None:
    line = limited(anna)
    first, second = arrive(line, now=0), arrive(line, now=1)
    assert (holders(first), holders(second)) == (["Anna"], [])
    waits = DialogEvent.objects.get(dialog=second, kind="waits").data
    assert waits["passed"][0]["obstacle"] == "full"
    assert waits["passed"][0]["detail"] == "1/1"
    dialogs.accept(first.pk, by=anna, now=at(5))
    assert holders(second) == []
    dialogs.finish(first.pk, by=anna, now=at(6))
    assert holders(second) == ["Anna"]


@pytest.mark.parametrize(
    ("leaves_out", "after_reply", "after_second_message"),
    [("waiting", True, False), ("answered", True, True), ("closed", False, False)],
)
def test_the_three_ways_of_counting(
    anna: Employee, leaves_out: str, after_reply: bool, after_second_message: bool
) -> None:
    line = limited(anna, leaves_out=leaves_out)
    first = arrive(line, now=0)
    answer(first, anna, now=at(2))
    second = arrive(line, now=3)
    assert bool(holders(second)) is after_reply
    if holders(second):
        dialogs.transfer_to_colleague(second.pk, to=make_operator("Other"), by=anna, now=at(4))
    else:
        dialogs.spam(second.pk, by=anna, now=at(4))
    write(first.client, now=at(5))
    assert bool(holders(arrive(line, now=6))) is after_second_message


def test_a_reply_frees_the_slot_where_replies_free_slots(anna: Employee) -> None:
    line = limited(anna)
    first, second = arrive(line, now=0), arrive(line, now=1)
    answer(first, anna, now=at(5))
    assert holders(second) == ["Anna"]


def test_raising_the_limit_offers_what_waits_lowering_takes_nothing_away(anna: Employee) -> None:
    line = limited(anna)
    first, second = arrive(line, now=0), arrive(line, now=1)
    lines.save_block(line.pk, {"limit": 2}, now=at(2))
    assert holders(second) == ["Anna"]
    lines.save_block(line.pk, {"limit": 1}, now=at(3))
    assert holders(first) == holders(second) == ["Anna"]


def test_accepting_by_hand_and_transfers_may_go_above(anna: Employee, bert: Employee) -> None:
    line = limited(anna)
    first, second = arrive(line, now=0), arrive(line, now=1)
    dialogs.accept(first.pk, by=anna, now=at(2))
    dialogs.accept(second.pk, by=anna, now=at(3))
    assert state(second) == ("accepted", "Anna")


def test_to_all_an_offer_counts_for_nobody(anna: Employee) -> None:
    line = make_line(anna, distribution="to_all", limit_enabled=True, limit=1)
    first, second = arrive(line, now=0), arrive(line, now=1)
    assert holders(first) == holders(second) == ["Anna"]
    dialogs.accept(first.pk, by=anna, now=at(2))
    assert holders(arrive(line, now=3)) == []


def test_a_new_dialog_never_overtakes_one_that_waits(anna: Employee) -> None:
    line = limited(anna)
    held, older, newer = (arrive(line, now=n) for n in range(3))
    dialogs.accept(held.pk, by=anna, now=at(5))
    dialogs.finish(held.pk, by=anna, now=at(6))
    assert (holders(older), holders(newer)) == (["Anna"], [])


# -- Q9


def test_offline_for_five_minutes_gives_back_what_waits_and_keeps_what_is_answered(
    anna: Employee, bert: Employee
) -> None:
    line = make_line(
        anna, bert, check_availability=True, distribution="strictly", idle_time=timedelta(hours=1)
    )
    online(anna)
    offered, accepted, answered = (arrive(line, now=n) for n in (1, 2, 3))
    dialogs.accept(accepted.pk, by=anna, now=at(4))
    answer(answered, anna, now=at(5))
    online(bert, now=290)
    deadlines.fire_due(now=at(299), kinds={"offline"})
    assert holders(offered) == ["Anna"]
    deadlines.fire_due(now=at(301), kinds={"offline"})
    assert holders(offered) == holders(accepted) == ["Bert"]
    assert state(answered) == ("answered", "Anna")
    assert DialogEvent.objects.filter(kind="operator_lost", data__earlier=anna.pk).count() == 2
    write(answered.client, now=at(310))
    assert state(answered)[0] == "returned"
    assert holders(answered) == ["Bert"]


def test_a_page_that_answers_again_in_time_keeps_everything(anna: Employee, bert: Employee) -> None:
    line = make_line(anna, bert, check_availability=True, idle_time=timedelta(hours=1))
    online(anna, now=0)
    dialog = arrive(line, now=1)
    touch(anna.pk, at(200))
    deadlines.fire_due(now=at(301), kinds={"offline"})
    assert holders(dialog) == ["Anna"]
    assert Deadline.objects.get(kind="offline").due_at == at(500)


def test_without_the_check_being_offline_takes_nothing(anna: Employee) -> None:
    online(anna)
    dialog = arrive(make_line(anna, idle_time=timedelta(hours=1)), now=1)
    deadlines.fire_due(now=at(400), kinds={"offline"})
    staffing.sweep(now=at(400))
    assert holders(dialog) == ["Anna"]


def test_dismissed_everything_goes_on_every_line(anna: Employee, bert: Employee) -> None:
    line = make_line(anna, bert, distribution="strictly")
    offered, accepted, answered = (arrive(line, now=n) for n in (0, 1, 2))
    dialogs.accept(accepted.pk, by=anna, now=at(3))
    answer(answered, anna, now=at(4))
    anna.dismiss(at(5))
    for dialog in (offered, accepted, answered):
        assert holders(dialog) == ["Bert"]


def test_leave_of_a_whole_day_counts_on_every_line_half_a_day_only_with_the_check(
    anna: Employee, bert: Employee
) -> None:
    line = make_line(anna, bert, distribution="strictly")
    dialog = arrive(line, now=0)
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    day = NOW.date()
    half = Absence.objects.create(
        employee=anna, kind=Absence.Kind.values[0], first_day=day, last_day=day, ends_at_noon=True
    )
    staffing.look(anna.pk, now=at(2))
    assert state(dialog) == ("accepted", "Anna")
    half.delete()
    Absence.objects.create(employee=anna, kind=Absence.Kind.values[0], first_day=day, last_day=day)
    staffing.sweep(now=at(3))
    assert state(dialog) == ("accepted", "Anna"), (
        "the net is no event: on this line he may get dialogs on leave"
    )
    staffing.look(anna.pk, now=at(3))
    assert state(dialog)[0] == "returned"
    assert holders(dialog) == ["Bert"]


def test_removed_from_the_queue_his_waiting_dialogs_go_back(anna: Employee, bert: Employee) -> None:
    line = make_line(anna, bert, distribution="strictly")
    offered, accepted, answered = (arrive(line, now=n) for n in (0, 1, 2))
    dialogs.accept(accepted.pk, by=anna, now=at(3))
    answer(answered, anna, now=at(4))
    lines.set_queue(line.pk, [lines.Place(bert.pk)], now=at(5))
    assert holders(offered) == holders(accepted) == ["Bert"]
    assert state(answered) == ("answered", "Anna")


def test_a_message_in_wrap_up_of_somebody_away_goes_to_the_queue(anna: Employee, bert: Employee) -> None:
    line = make_line(anna, bert, check_availability=True)
    online(anna)
    dialog = arrive(line, now=1)
    answer(dialog, anna, now=at(2))
    dialogs.finish(dialog.pk, by=anna, now=at(3))
    write(dialog.client, now=at(320))
    assert state(dialog) == ("returned", None)


def test_a_leave_that_begins_by_itself_is_noticed_when_it_begins(anna: Employee, bert: Employee) -> None:
    tomorrow = NOW.date() + timedelta(days=1)
    Absence.objects.create(employee=anna, kind=Absence.Kind.values[0], first_day=tomorrow, last_day=tomorrow)
    staffing.watch_absences(anna.pk, now=NOW)
    dialog = arrive(make_line(anna, bert, idle_time=timedelta(hours=12)), now=0)
    begins = Deadline.objects.get(kind="absence").due_at
    assert begins == datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=anna.zone)
    deadlines.fire_due(now=begins, kinds={"absence"})
    assert holders(dialog) == ["Bert"]
    assert Deadline.objects.get(kind="absence").due_at == begins + timedelta(days=1)


# -- Q1


def test_a_queue_that_became_empty_is_told_to_administrators_once(anna: Employee) -> None:
    boss = make_operator("Boss")
    RoleBinding.objects.create(role=Role.objects.get(key="administrator"), employee=boss)
    line = make_line(anna)
    anna.dismiss(NOW)
    arrive(line), arrive(line)
    assert Notice.objects.get(employee=boss).kind == "queue_empty"


# -- C5


@pytest.fixture
def responsible(bert: Employee) -> Iterator[Employee]:
    def answer_(client_id: int, now: datetime) -> int:
        return bert.pk

    hooks.answer_responsible(answer_)
    yield bert
    hooks.forget_responsible(answer_)


def test_the_responsible_is_asked_first_member_or_not_and_the_limit_does_not_apply(
    anna: Employee, responsible: Employee
) -> None:
    line = limited(anna, limit=1)
    first, second = arrive(line, now=0), arrive(line, now=1)
    assert holders(first) == holders(second) == ["Bert"]
    deadlines.fire_due(now=at(61))
    assert holders(first) == ["Anna"]
    assert Dialog.objects.get(pk=first.pk).tried == [responsible.pk]


def test_to_all_the_responsible_is_asked_alone_for_a_minute(anna: Employee, responsible: Employee) -> None:
    line = make_line(anna, make_operator("Cecil"), responsible, distribution="to_all")
    dialog = arrive(line, now=0)
    assert holders(dialog) == ["Bert"]
    routing.distribute(line.pk, now=at(30))
    assert holders(dialog) == ["Bert"]
    deadlines.fire_due(now=at(60))
    assert sorted(holders(dialog)) == ["Anna", "Cecil"]


def test_the_question_is_asked_once_a_dialog(anna: Employee, responsible: Employee) -> None:
    line = make_line(anna)
    dialog = arrive(line, now=0)
    dialogs.accept(dialog.pk, by=responsible, now=at(1))
    dialogs.back_to_queue(dialog.pk, by=responsible, now=at(2))
    assert holders(dialog) == ["Anna"]


def test_an_unavailable_responsible_is_passed_by_where_the_check_is_on(
    anna: Employee, responsible: Employee
) -> None:
    online(anna)
    assert holders(arrive(make_line(anna, check_availability=True), now=1)) == ["Anna"]
    assert not Presence.objects.filter(employee=responsible).exists()


def test_a_question_that_fails_leaves_the_dialog_to_the_queue_and_says_so(anna: Employee) -> None:
    def broken(client_id: int, now: datetime) -> int:
        raise RuntimeError("the CRM is ill")

    hooks.answer_responsible(broken)
    try:
        dialog = arrive(make_line(anna))
    finally:
        hooks.forget_responsible(broken)
    assert holders(dialog) == ["Anna"]
    assert "the CRM is ill" in DialogEvent.objects.get(dialog=dialog, kind="offered").data["hook_failure"]


def test_who_is_moved_out_of_a_queues_department_loses_his_offers_and_keeps_what_he_accepted(
    anna: Employee, bert: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    sales, support = Department.objects.create(name="Sales"), Department.objects.create(name="Support")
    for person in (anna, bert):
        person.department = support
        person.save()
    line = make_line(distribution="strictly")
    QueueEntry.objects.create(line=line, department=support, position=0)
    offered, accepted = arrive(line, now=0), arrive(line, now=1)
    first = Offer.objects.get(dialog=offered, ended_at__isnull=True).employee
    dialogs.accept(accepted.pk, by=first, now=at(2))
    with monkeypatch.context() as patch:  # as if the announcement had been lost
        patch.setattr(staffing, "departments_changed", lambda *, now: None)
        first.department = sales
        first.save()
    assert staffing.sweep(now=at(3)) == 1
    other = bert if first == anna else anna
    assert holders(offered) == [other.first_name]
    assert state(accepted) == ("accepted", first.first_name)
    assert staffing.sweep(now=at(4)) == 0


def test_what_was_taken_back_tells_why(anna: Employee, bert: Employee) -> None:
    line = make_line(
        anna, bert, check_availability=True, distribution="strictly", idle_time=timedelta(hours=1)
    )
    online(anna)
    dialog = arrive(line, now=1)
    dialogs.accept(dialog.pk, by=anna, now=at(2))
    deadlines.fire_due(now=at(301), kinds={"offline"})
    event = DialogEvent.objects.get(dialog=dialog, kind="operator_lost")
    assert (event.data["why"], event.data["detail"]) == ("offline", at(0).isoformat())
    lines.set_queue(line.pk, [lines.Place(bert.pk)], now=at(302))
    second = arrive(line, now=303)
    dialogs.accept(second.pk, by=bert, now=at(304), may_take_over=True)
    lines.set_queue(line.pk, [lines.Place(anna.pk)], now=at(305))
    assert DialogEvent.objects.get(dialog=second, kind="operator_lost").data["why"] == "left_queue"


def test_a_changed_department_acts_at_once(anna: Employee, bert: Employee) -> None:
    support = Department.objects.create(name="Support")
    line = make_line()
    QueueEntry.objects.create(line=line, department=support, position=0)
    dialog = arrive(line)
    assert holders(dialog) == []
    anna.department = support
    anna.save()
    assert holders(dialog) == ["Anna"]
    bert.department = support
    bert.save()
    anna.department = None
    anna.save()
    assert holders(dialog) == ["Bert"]
    support.head = bert
    support.save()
    assert holders(dialog) == []


def test_nobody_is_there_is_not_said_while_the_responsible_is_asked(
    anna: Employee, responsible: Employee
) -> None:
    """W5 with C5: the responsible outside the queue is somebody."""
    line = make_line(anna, check_availability=True, unavailable_text_enabled=True, greeting_enabled=False)
    touch(responsible.pk, at(0))
    dialog = write(make_client(make_connection(line)), now=at(1)).dialog
    assert holders(dialog) == [responsible.first_name]
    assert not Message.objects.filter(dialog=dialog, trigger="unavailable").exists()


def test_pinned_dialogs_stay_also_when_the_client_writes(anna: Employee, bert: Employee) -> None:
    """Q9."""
    line = make_line(anna, bert, distribution="strictly", check_availability=True)
    online(anna, bert)
    dialog = arrive(line, now=1)
    dialogs.accept(dialog.pk, by=anna, now=at(2))
    dialogs.pin(dialog.pk, by=anna, on=True, now=at(3))
    touch(bert.pk, at(390))
    staffing.look(anna.pk, now=at(400))
    dialog.refresh_from_db()
    assert (dialog.state, dialog.operator, dialog.pinned_at) == ("accepted", anna, at(3))
    answer(dialog, anna, now=at(410))
    write(dialog.client, "and?", now=at(420))
    dialog.refresh_from_db()
    assert (dialog.state, dialog.operator, dialog.pinned_at) == ("waiting", anna, at(3))


def test_pinned_dialogs_stay_with_who_leaves_the_queue_and_go_from_who_is_dismissed(
    anna: Employee, bert: Employee
) -> None:
    line = make_line(anna, bert, distribution="strictly")
    dialog = arrive(line)
    dialogs.accept(dialog.pk, by=anna, now=at(2))
    dialogs.pin(dialog.pk, by=anna, on=True, now=at(3))
    staffing.take_back(anna.pk, line_id=line.pk, now=at(4))
    assert state(dialog) == ("accepted", anna.first_name)
    anna.dismiss(at(5))
    assert state(dialog)[0] == "returned"


def test_a_changed_mode_leaves_the_responsibles_first_offer(anna: Employee, responsible: Employee) -> None:
    """Q1: C5's first offer stays; others are dealt anew."""
    line = make_line(anna, make_operator("Cecil"), distribution="strictly")
    dialog = arrive(line)
    offer = Offer.objects.get(dialog=dialog, ended_at__isnull=True)
    lines.save_block(line.pk, {"distribution": "to_all"}, now=at(5))
    assert Offer.objects.get(dialog=dialog, ended_at__isnull=True) == offer


def test_who_is_away_counts_as_tried(anna: Employee, bert: Employee) -> None:
    """Q9, on a line without the check, where who is on leave may be offered dialogs: others come first."""
    line = make_line(anna, bert, make_operator("Cecil"), distribution="strictly")
    offered, answered = arrive(line, now=0), arrive(line, now=1)
    answer(answered, anna, now=at(2))
    day = NOW.date()
    Absence.objects.create(employee=anna, kind=Absence.Kind.values[0], first_day=day, last_day=day)
    staffing.look(anna.pk, now=at(10))
    assert holders(offered) == ["Bert"]
    deadlines.fire_due(now=at(71))
    assert holders(offered) == ["Cecil"]  # not Anna, who stands before
    write(answered.client, "and?", now=at(80))
    answered.refresh_from_db()
    assert (answered.state, answered.tried) == ("returned", [anna.pk])
    assert holders(answered) == ["Bert"]
