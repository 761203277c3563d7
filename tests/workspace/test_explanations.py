"""Events in plain words: nothing unknown breaks a page, no code shows through, and names cost two statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone, translation

from contactcenter.staff.models import Break, Employee
from openlines import hooks, reasons
from openlines.explanations import Explanation, explain
from openlines.lifecycle import Event
from openlines.models import Dialog, DialogEvent
from openlines.policies.routing import Obstacle, Rule
from openlines.services import deadlines, dialogs, lines, staffing
from openlines.still_waiting import still_waiting
from tests.openlines.factories import NOW, answer, at, make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)

SERVICES = Path(__file__).parents[2] / "openlines" / "services"
CODES = {str(code) for kinds in (Rule, Obstacle, Event) for code in kinds if "_" in code} | {
    "%(",
    "None",
    "{",
    "<",
}


def event(kind: str, *, pk: int = 1, actor: int | None = None, **data: Any) -> DialogEvent:
    return DialogEvent(pk=pk, kind=kind, at=NOW, rev=1, actor_id=actor, data=data)


def recorded_kinds() -> set[str]:
    """What services write into ``DialogEvent.kind``, as their sources say."""
    found = set()
    for source in SERVICES.glob("*.py"):
        text = source.read_text()
        found |= set(re.findall(r'\brecord\(\s*"(\w+)"', text))
        found |= {str(Event[name]) for name in re.findall(r"\brecord\(\s*Event\.(\w+)", text)}
    found |= set(
        re.findall(r'\bnote\(\s*"(\w+)"', (SERVICES.parent / "policies/conversation.py").read_text())
    )
    return found | {"client_blocked", "client_reachable", "offered", "waits"}


def is_plain(words: str) -> bool:
    return bool(words.strip()) and not any(code in words for code in CODES)


def shown(one: Explanation) -> Sequence[str]:
    return (one.title, *one.lines)


# -- every kind, rule and obstacle ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "pl"])
def test_every_kind_of_event_is_a_sentence(language: str) -> None:
    kinds = {*map(str, Event), *recorded_kinds(), "something_of_tomorrow"}
    assert {"created", "dealt_anew", "marked_unanswered", "text_dropped", "reply_failed", "skip"} < kinds
    with translation.override(language):
        for kind in kinds:
            (one,) = explain([event(kind)])
            assert is_plain(one.title), (kind, one.title)
            assert kind not in one.title or "_" not in kind


@pytest.mark.parametrize("language", ["en", "pl"])
def test_every_decision_is_a_sentence(scene: Scene, language: str) -> None:
    """Each rule × each obstacle × whatever else a decision records, also of other versions."""
    details = ("", "5/5", at(-3600).isoformat(), "of tomorrow")
    with translation.override(language):
        for rule, obstacle, detail in product(
            [*Rule, "a_rule_of_tomorrow", None], [*Obstacle, "of_tomorrow"], details
        ):
            passed = [{"employee_id": scene.bert.pk, "obstacle": str(obstacle), "detail": detail}]
            for chosen, stays, new_round in product([[], [scene.anna.pk]], [False, True], [False, True]):
                decision = {"rule": rule, "chosen": chosen, "stays": stays, "new_round": new_round}
                kind = "offered" if chosen else "waits"
                (one,) = explain([event(kind, passed=passed, hook_failure="E: {x}", **decision)])
                assert one.is_routing
                assert all(map(is_plain, shown(one))), one
                assert one.lines[0].startswith("Bert Lis: ")


@pytest.mark.parametrize("why", [*Obstacle, "left_queue", ""])
def test_every_reason_for_taking_a_dialog_back_is_a_sentence(scene: Scene, why: str) -> None:
    (one,) = explain([event("operator_lost", earlier=scene.anna.pk, why=str(why))])
    assert is_plain(one.title)
    assert one.title.startswith("Taken back from Anna Nowak")


def test_sentences_fit_the_reader_too(scene: Scene) -> None:
    passed = [{"employee_id": scene.anna.pk, "obstacle": "full", "detail": "5/5"}]
    told = explain(
        [
            event("offered", rule="longest_without", chosen=[scene.anna.pk]),
            event("operator_lost", earlier=scene.anna.pk),
            event("waits", rule="nobody_free", passed=passed),
        ],
        me=scene.anna,
    )
    assert [one.title for one in told] == [
        "Offered to you: longest without a new dialog on this line",
        "Taken back from you: away, or no longer in the queue",
        "Waits: whoever is available has as many dialogs as allowed",
    ]
    assert told[2].lines == ("You: at the limit: 5 of 5 dialogs",)


# -- details --------------------------------------------------------------------------------------------------


def test_times_are_the_readers(scene: Scene) -> None:
    with timezone.override("Europe/Warsaw"):
        assert reasons.moment(NOW.isoformat(), near=NOW) == "11:00"
        assert reasons.moment(at(-86400), near=NOW) == "1 Mar 11:00"
        assert reasons.moment(NOW.replace(year=2025), near=NOW) == "2 Mar 2025 11:00"
        assert reasons.moment("2026-02-27T23:00:00+00:00", near=NOW) == "28 Feb"
        assert reasons.obstacle("offline", NOW.isoformat(), near=NOW) == "offline since 11:00"


def test_who_was_asked_before_is_told_with_the_time(scene: Scene) -> None:
    tried = [{"employee_id": scene.anna.pk, "obstacle": "tried", "detail": ""}]
    first = DialogEvent(pk=1, kind="offered", at=NOW, rev=1, data={"chosen": [scene.anna.pk]})
    given = DialogEvent(pk=2, kind="back_to_queue", at=at(300), rev=2, actor=scene.anna, data={})
    next_ = DialogEvent(pk=3, kind="offered", at=at(301), rev=3, data={"chosen": [], "passed": tried})
    with timezone.override("UTC"):
        assert explain([next_, first])[0].lines == ("Anna Nowak: asked already in this round, at 10:00",)
        assert explain([next_, given, first])[0].lines == ("Anna Nowak: gave it back at 10:05",)
        assert explain([next_])[0].lines == ("Anna Nowak: asked already in this round",)


def test_an_offer_that_stays_says_with_whom(scene: Scene) -> None:
    """With a limit the holder himself counts as full by this very offer: that is no reason to tell."""
    full = [{"employee_id": scene.anna.pk, "obstacle": "full", "detail": "1/1"}]
    first = event("offered", pk=1, chosen=[scene.anna.pk])
    stays = event("waits", pk=2, rule="stays_alone", stays=True, passed=full)
    one = explain([first, stays])[1]
    assert one.title == "Stays with Anna Nowak: nobody else is free"
    assert one.lines == ("Anna Nowak: the offer stands there now",)


def test_an_offer_that_moves_on_says_who_had_it(scene: Scene) -> None:
    dialog = scene.dialog()
    deadlines.fire_due(now=at(61))
    moved = explain(dialog.events.all())[-1]
    assert moved.title.startswith("Offered to Bert Lis")
    assert moved.lines == ("Anna Nowak: had the offer until now, and did not accept it",)


def test_a_transfer_by_a_third_person_names_all_three(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    data = {"to": scene.bert.pk, "earlier": scene.anna.pk}
    one = DialogEvent(dialog=dialog, kind="transfer", at=NOW, rev=1, data=data)
    assert explain([one], me=scene.bert)[0].title == "Transferred by somebody from Anna Nowak to you"


def test_names_cost_two_statements(scene: Scene, django_assert_max_num_queries: Any) -> None:
    events = [
        event("transfer_to_line", to_line=scene.line.pk),
        *[event("offered", chosen=[scene.anna.pk])] * 30,
    ]
    with django_assert_max_num_queries(2):
        titles = [one.title for one in explain(events)]
    assert "Shop" in titles[0]
    assert "Anna Nowak" in titles[1]


# -- what services really record ------------------------------------------------------------------------------


def told(dialog: Dialog, *, me: Employee | None = None) -> list[str]:
    return [one.title for one in explain(dialog.events.all(), me=me)]


def test_a_dialogs_whole_way_reads_as_a_story(scene: Scene) -> None:
    other = make_line(scene.bert, name="Complaints")
    dialog = scene.dialog()
    deadlines.fire_due(now=at(61))
    dialogs.accept(dialog.pk, by=scene.bert, now=at(70))
    dialogs.back_to_queue(dialog.pk, by=scene.bert, now=at(80))
    answer(dialog, scene.anna, now=at(90))
    dialogs.transfer_to_line(dialog.pk, to=other, by=scene.anna, now=at(100))
    staffing.take_back(scene.bert.pk, line_id=other.pk, now=at(110))
    assert told(dialog) == [
        "The client began a dialog",
        "Offered to Anna Nowak: longest without a new dialog on this line",
        "Offered to Bert Lis: longest without a new dialog on this line",
        "Accepted by Bert Lis",
        "Given back to the queue by Bert Lis",
        "Offered to Anna Nowak: longest without a new dialog on this line",
        "Accepted by Anna Nowak with a reply",
        "Transferred by Anna Nowak to the line Complaints",
        "Offered to Bert Lis: longest without a new dialog on this line",
        "Taken back from Bert Lis: no longer in the queue",
        "Offered to Bert Lis: longest without a new dialog on this line "
        "(everybody free had been asked, so a new round began)",
    ]


def test_a_question_to_the_crm_that_failed_is_told_without_its_error(scene: Scene) -> None:
    def fails(client_id: int, now: Any) -> int | None:
        raise ZeroDivisionError("division by zero")

    hooks.answer_responsible(fails)
    try:
        title = told(scene.dialog())[1]
    finally:
        hooks.forget_responsible(fails)
    assert title.endswith("(who is responsible for the client could not be found out)")


def test_to_all_tells_when_it_is_asked_again_and_when_it_stays(scene: Scene) -> None:
    lines.save_block(scene.line.pk, {"distribution": "to_all"}, now=NOW)
    dialog = scene.dialog()
    deadlines.fire_due(now=at(3601))
    assert told(dialog)[-1] == "Stays offered to everybody free: nobody has accepted it yet"


# -- why it still waits ---------------------------------------------------------------------------------------


def reread(dialog: Dialog) -> Dialog:
    return Dialog.objects.select_related("line").get(pk=dialog.pk)


def test_a_dialog_that_nobody_can_take_tells_why_now_and_how_long(scene: Scene) -> None:
    lines.save_block(scene.line.pk, {"limit_enabled": True, "limit": 1}, now=NOW)
    for number in range(2):
        answered = write(make_client(scene.connection), now=at(number)).dialog
        dialogs.accept(answered.pk, by=scene.anna if number == 0 else scene.bert, now=at(number))
    dialog = write(scene.client, now=at(10)).dialog
    why = still_waiting(reread(dialog), now=at(130), me=scene.anna)
    assert why is not None
    assert why.waited == timedelta(seconds=120)
    assert why.title == "Waits: whoever is available has as many dialogs as allowed"
    assert why.lines == (
        "You: at the limit: 1 of 1 dialogs",
        "Bert Lis: at the limit: 1 of 1 dialogs",
    )


def test_it_tells_the_present_reason_not_the_stored_one(scene: Scene) -> None:
    """Nobody was online when it came; now Anna is on a break."""
    lines.save_block(scene.line.pk, {"check_availability": True}, now=NOW)
    dialog = scene.dialog()
    Break.objects.create(employee=scene.anna, started_at=at(60))
    why = still_waiting(reread(dialog), now=at(90))
    assert why is not None
    assert why.title == "Waits: nobody in the queue is available"
    with timezone.override("UTC"):
        why = still_waiting(reread(dialog), now=at(90))
    assert why is not None
    assert why.lines[0] == "Anna Nowak: on a break since 10:01"


def test_an_offer_tells_with_whom_it_stands_and_until_when(scene: Scene) -> None:
    dialog = scene.dialog()
    why = still_waiting(reread(dialog), now=at(5), me=scene.anna)
    assert why is not None
    assert (why.title, why.until) == ("Offered to you and not accepted yet", at(60))
    dialogs.accept(dialog.pk, by=scene.anna, now=at(9))
    assert still_waiting(reread(dialog), now=at(10)) is None


def test_an_empty_queue_tells_so(scene: Scene) -> None:
    dialog = write(make_client(make_connection(make_line(name="Empty")))).dialog
    why = still_waiting(reread(dialog), now=at(5))
    assert why is not None
    assert why.title == "Waits: there is nobody in the queue"


def test_the_desk_and_the_dialogs_page_show_it(scene: Scene) -> None:
    lines.save_block(scene.line.pk, {"check_availability": True}, now=NOW)
    dialog = scene.dialog()
    for address in (f"/desk/{dialog.pk}/", f"/dialogs/{dialog.pk}/"):
        page = browser_of(scene.anna).get(address).content.decode()
        assert "Why it still waits" in page
        assert "Waits: nobody in the queue is available" in page
        assert "Bert Lis: offline" in page
