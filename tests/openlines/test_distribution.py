"""The three modes with three operators, on a virtual clock (Q2, Q3, Q7, Q8, Q10, Q11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contactcenter.staff.models import Employee
from openlines.models import Deadline, Dialog, DialogEvent, Offer, OpenLine, QueueEntry
from openlines.policies import dealing
from openlines.policies.facts import DialogFacts, Distribution, LineSettings, State
from openlines.policies.routing import Decision, Rule
from openlines.services import automatic_actions, deadlines, dialogs, lines, routing
from openlines.services.errors import CommandRefused
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three() -> list[Employee]:
    return [make_operator(name) for name in ("Anna", "Bert", "Cecil")]


def arrive(line: OpenLine, *, now: float) -> Dialog:
    connection = line.connections.first() or make_connection(line)
    return write(make_client(connection), now=at(now)).dialog


def holders(dialog: Dialog) -> list[str]:
    return list(
        Offer.objects.filter(dialog=dialog, ended_at__isnull=True)
        .order_by("employee")
        .values_list("employee__first_name", flat=True)
    )


def test_evenly_each_in_turn_and_a_lapse_goes_to_the_next(three: list[Employee]) -> None:
    line = make_line(*three)
    dialogs_ = [arrive(line, now=n) for n in range(4)]
    assert [holders(d) for d in dialogs_] == [["Anna"], ["Bert"], ["Cecil"], ["Anna"]]
    deadlines.fire_due(now=at(60.5))
    assert holders(dialogs_[0]) == ["Bert"]
    assert Offer.objects.get(dialog=dialogs_[0], employee=three[0]).outcome == "lapsed"


def test_strictly_always_the_first_then_down_the_list_and_round_again(three: list[Employee]) -> None:
    line = make_line(*three, distribution="strictly")
    first, second = arrive(line, now=0), arrive(line, now=1)
    assert holders(first) == holders(second) == ["Anna"]
    seen = []
    for lapse in range(1, 5):
        deadlines.fire_due(now=at(61 * lapse))
        seen += holders(first)
    assert seen == ["Bert", "Cecil", "Anna", "Bert"]


def test_to_all_everybody_is_asked_and_the_first_wins(three: list[Employee]) -> None:
    line = make_line(*three, distribution="to_all")
    dialog = arrive(line, now=0)
    assert holders(dialog) == ["Anna", "Bert", "Cecil"]
    routing.skip(dialog.pk, employee_id=three[0].pk, now=at(5))
    assert holders(dialog) == ["Bert", "Cecil"]
    deadlines.fire_due(now=at(3601))
    assert holders(dialog) == ["Anna", "Bert", "Cecil"]
    dialogs.accept(dialog.pk, by=three[2], now=at(3605))
    assert holders(dialog) == []
    with pytest.raises(CommandRefused) as refused:
        dialogs.accept(dialog.pk, by=three[0], now=at(3606))
    assert "Cecil" in refused.value.message


def test_alone_the_offer_stays_without_new_notices_and_moves_when_somebody_comes(
    three: list[Employee],
) -> None:
    anna, bert, _cecil = three
    line = make_line(anna)
    dialog = arrive(line, now=0)
    deadlines.fire_due(now=at(61))
    rev = Dialog.objects.get().rev
    for minute in range(2, 5):
        deadlines.fire_due(now=at(60 * minute + 1))
        routing.sweep(now=at(60 * minute + 1))
    assert holders(dialog) == ["Anna"]
    assert Dialog.objects.get().rev == rev
    lines.set_queue(line.pk, [lines.Place(anna.pk), lines.Place(bert.pk)], now=at(300))
    assert holders(dialog) == ["Bert"]


def test_skipping_alone_says_so_and_it_stays(three: list[Employee]) -> None:
    dialog = arrive(make_line(three[0]), now=0)
    with pytest.raises(CommandRefused) as refused:
        routing.skip(dialog.pk, employee_id=three[0].pk, now=at(5))
    assert refused.value.code == "alone"
    assert holders(dialog) == ["Anna"]


def test_skipping_hands_on_at_once(three: list[Employee]) -> None:
    dialog = arrive(make_line(*three), now=0)
    routing.skip(dialog.pk, employee_id=three[0].pk, now=at(5))
    assert holders(dialog) == ["Bert"]
    assert Offer.objects.get(employee=three[0]).outcome == "skipped"
    assert Dialog.objects.get().state == "returned"


def test_an_empty_queue_waits_and_says_why_until_somebody_is_added(three: list[Employee]) -> None:
    line = make_line()
    first, second = arrive(line, now=0), arrive(line, now=1)
    event = DialogEvent.objects.get(dialog=first, kind="waits")
    assert event.data["rule"] == "empty_queue"
    assert not Deadline.objects.filter(kind="distribute").exists()
    lines.set_queue(line.pk, [lines.Place(three[0].pk)], now=at(50))
    assert holders(first) == holders(second) == ["Anna"]


def test_a_changed_mode_deals_unaccepted_offers_anew(three: list[Employee]) -> None:
    line = make_line(*three)
    dialog = arrive(line, now=0)
    lines.save_block(line.pk, {"distribution": "to_all"}, now=at(5))
    assert holders(dialog) == ["Anna", "Bert", "Cecil"]


def test_every_offer_says_who_was_passed_over_and_why(three: list[Employee]) -> None:
    dialog = arrive(make_line(*three), now=0)
    event = DialogEvent.objects.get(dialog=dialog, kind="offered")
    assert event.data["rule"] == "longest_without"
    assert event.data["chosen"] == [three[0].pk]
    assert {p["employee_id"] for p in event.data["passed"]} == {three[1].pk, three[2].pk}


def test_transfer_to_a_colleague_is_accepted_on_his_behalf(three: list[Employee]) -> None:
    anna, bert, _ = three
    dialog = arrive(make_line(*three), now=0)
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    dialogs.transfer_to_colleague(dialog.pk, to=bert, by=anna, note="She asks about the invoice", now=at(2))
    dialog.refresh_from_db()
    assert (dialog.state, dialog.operator) == ("accepted", bert)
    assert dialog.messages.filter(is_note=True).count() == 1
    assert DialogEvent.objects.get(kind="transfer").data["to"] == bert.pk
    with pytest.raises(CommandRefused):
        dialogs.transfer_to_colleague(dialog.pk, to=anna, by=anna, now=at(3))
    anna.is_active = False
    with pytest.raises(CommandRefused):
        dialogs.transfer_to_colleague(dialog.pk, to=anna, by=bert, now=at(3))


def test_back_to_the_queue_leaves_the_sender_out_of_this_round(three: list[Employee]) -> None:
    anna, bert = three[:2]
    dialog = arrive(make_line(anna, bert, distribution="strictly"), now=0)
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    dialogs.back_to_queue(dialog.pk, by=anna, now=at(2))
    assert holders(dialog) == ["Bert"]
    alone = arrive(make_line(anna), now=10)
    dialogs.accept(alone.pk, by=anna, now=at(11))
    dialogs.back_to_queue(alone.pk, by=anna, now=at(12))
    assert holders(alone) == ["Anna"]


def test_transfer_to_a_line_offers_there_under_its_settings(three: list[Employee]) -> None:
    anna, cecil = three[0], three[2]
    first, second = make_line(anna), make_line(cecil, unanswered_after="00:30:00")
    second.refresh_from_db()
    dialog = arrive(first, now=0)
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    dialogs.transfer_to_line(dialog.pk, to=second, by=anna, now=at(2))
    assert holders(dialog) == ["Cecil"]
    assert Deadline.objects.get(dialog=dialog, kind="unanswered").due_at == at(1800)


def test_a_crash_before_the_distribution_loses_nothing(
    three: list[Employee], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = make_line(*three)
    monkeypatch.setattr(routing, "distribute_after_commit", lambda *args, **kwargs: None)
    dialog = arrive(line, now=0)
    assert holders(dialog) == []
    deadlines.fire_due(now=at(3))
    assert holders(dialog) == ["Anna"]
    assert not Deadline.objects.filter(kind="distribute").exists()


def test_the_audit_finds_nothing_and_mends_what_was_lost(three: list[Employee]) -> None:
    dialog = arrive(make_line(*three), now=0)
    assert deadlines.audit(now=at(1)) == 0
    Deadline.objects.filter(kind="unanswered").delete()
    Deadline.objects.create(dialog=dialog, kind="close", due_at=at(5))
    assert deadlines.audit(now=at(2)) == 1
    assert set(Deadline.objects.values_list("kind", flat=True)) == {"offer", "unanswered"}


def test_a_failing_deadline_is_pushed_back_and_stops_nobody(
    three: list[Employee], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = make_line(*three)
    bad, good = arrive(line, now=0), arrive(line, now=1)
    for dialog in (bad, good):
        Deadline.objects.filter(dialog=dialog, kind="offer").delete()
        Dialog.objects.filter(pk=dialog.pk).update(offer_until=None)
    real = automatic_actions.apply

    def act(change, decided, **more):  # type: ignore[no-untyped-def]
        if change.dialog.pk == bad.pk:
            raise ValueError("boom")
        real(change, decided, **more)

    monkeypatch.setattr(automatic_actions, "apply", act)
    deadlines.fire_due(now=at(400))
    assert Dialog.objects.get(pk=good.pk).is_unanswered
    row = Deadline.objects.get(dialog=bad, kind="unanswered")
    assert row.due_at > at(400)
    assert "boom" in row.error
    monkeypatch.undo()
    deadlines.fire_due(now=at(420))
    assert Dialog.objects.get(pk=bad.pk).is_unanswered


def test_a_reply_by_the_offered_person_accepts(three: list[Employee]) -> None:
    dialog = arrive(make_line(*three), now=0)
    answer(dialog, three[0], now=at(4))
    dialog.refresh_from_db()
    assert (dialog.state, dialog.operator) == ("answered", three[0])
    assert Offer.objects.get(employee=three[0]).outcome == "accepted"


def test_members_of_a_department_are_in_the_queue_once_each(three: list[Employee]) -> None:
    from contactcenter.staff.models import Department

    department = Department.objects.create(name="Support")
    for person in three:
        person.department = department
        person.save()
    line = make_line(three[1])
    QueueEntry.objects.create(line=line, department=department, position=5)
    from openlines.services import queue_members

    assert queue_members.employee_ids(line.pk)[0] == three[1].pk
    assert sorted(queue_members.employee_ids(line.pk)) == sorted(p.pk for p in three)


def test_skipping_while_something_else_happens_in_the_dialog_skips(
    three: list[Employee], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's page tells that it has got the greeting, between the plan and the lock."""
    dialog = arrive(make_line(*three), now=0)
    real = routing._locked_as_planned
    calls = []

    def meanwhile(planned: Dialog) -> bool:
        calls.append(planned.pk)
        if len(calls) == 1:
            Dialog.objects.filter(pk=planned.pk).update(rev=planned.rev + 1)
        return real(planned)

    monkeypatch.setattr(routing, "_locked_as_planned", meanwhile)
    routing.skip(dialog.pk, employee_id=three[0].pk, now=at(5))
    assert len(calls) == 2
    assert holders(dialog) == ["Bert"]


def test_the_second_round_asks_everybody_again_in_order(three: list[Employee]) -> None:
    line = make_line(*three, distribution="strictly", idle_time=timedelta(minutes=1))
    dialog = arrive(line, now=0)
    asked = [holders(dialog)]
    for minute in range(1, 7):
        deadlines.fire_due(now=at(60 * minute + minute))
        asked.append(holders(dialog))
    first = [[person.first_name] for person in three]
    assert asked == [*first, *first, first[0]]


def test_to_all_the_round_is_over_after_the_hour(three: list[Employee]) -> None:
    """Q3: nobody came within the hour: whoever skipped is asked again as soon as they are free."""
    settings = LineSettings(line_id=1, version=1, distribution=Distribution.TO_ALL)
    nobody = Decision(dialog_id=1, rule=Rule.NOBODY_FREE)
    over = DialogFacts(state=State.NEW, queued_at=at(0), offer_until=at(3600))
    left = dealing.deal(nobody, over, standing=(), tried=(1, 2), settings=settings, now=at(3600))
    assert left.tried == ()
    runs_not = replace(over, offer_until=None)
    left = dealing.deal(nobody, runs_not, standing=(), tried=(1, 2), settings=settings, now=at(3600))
    assert left.tried == (1, 2)
