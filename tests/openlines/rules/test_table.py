"""Which tests hold which rule of the specification (§1 L3–L8, §4–§7, §10): the table, and a look that they are there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.mutations import MUTATIONS, Mutation

TESTS = Path(__file__).resolve().parents[2]
LINES = "openlines/rules/test_lines.py"
HOURS = "openlines/rules/test_working_hours.py"
CLOCK = "openlines/policies/test_worktime.py"
BRUTE = "openlines/policies/test_worktime_against_the_clock.py"
HOURS_PAGE = "openlines/admin/test_working_time.py"
CONSENT = "openlines/rules/test_consent.py"
CHAT = "openlines/widget/test_answers.py"
ACTIONS = "openlines/rules/test_automatic_actions.py"
QUALITY = "openlines/rules/test_quality.py"
REPORT = "kpi/test_ratings.py"
DESK = "workspace/test_further_deeds.py"

RULES: dict[str, list[tuple[str, str]]] = {
    "L3": [(LINES, "test_l7_everything_goes_in_batches_and_goes_on_where_it_stopped")],
    "L4": [
        (LINES, "test_l4_off_freezes_what_is_open"),
        (LINES, "test_l4_on_again_they_go_on_and_due_deadlines_count_from_now"),
        (LINES, "test_l4_an_offer_is_withdrawn_and_dealt_anew"),
        (LINES, "test_l4_what_arrives_is_kept_and_released_without_texts_with_clocks_from_then"),
        (LINES, "test_l4_or_discarded"),
        (LINES, "test_l4_outgoing_messages_are_held"),
    ],
    "L5": [(LINES, "test_l5_what_comes_while_a_connection_is_off_is_counted_and_not_kept")],
    "L6": [
        (LINES, "test_l6_open_dialogs_stay_and_the_next_starts_on_the_new_line"),
        (LINES, "test_l6_from_a_line_that_is_off_they_come_along_as_returned"),
    ],
    "L7": [
        (LINES, "test_l7_needs_the_name_and_a_fate_for_each_connection"),
        (LINES, "test_l7_everything_goes_in_batches_and_goes_on_where_it_stopped"),
        (LINES, "test_l7_a_connection_can_be_moved_and_takes_its_open_dialogs_along"),
    ],
    "L8": [(HOURS_PAGE, "test_who_may_see_the_line_may_ask_and_nobody_else")],
    "W1": [(CLOCK, "test_off_means_open_always"), (HOURS_PAGE, "test_off_is_how_a_line_begins")],
    "W2": [
        (CLOCK, "test_the_start_is_open_and_the_end_is_closed"),
        (CLOCK, "test_friday_night_runs_into_a_free_saturday_and_a_free_friday_has_none_of_it"),
        (CLOCK, "test_the_first_rule_that_matches_decides"),
        (HOURS_PAGE, "test_the_simple_form_saves_one_interval_for_all_days"),
    ],
    "W3": [
        (CLOCK, "test_holidays_are_read_as_people_type_them"),
        (CLOCK, "test_a_holiday_that_is_none_is_named"),
        (CLOCK, "test_an_exception_opens_a_holiday"),
    ],
    "W4": [
        (HOURS, "test_w4_outside_hours_a_dialog_is_made_distributed_and_told_once"),
        (HOURS, "test_w4_not_while_the_last_reply_is_young"),
        (HOURS, "test_w4_day_off_and_holiday_have_texts_of_their_own"),
        (HOURS, "test_w4_they_fall_back_to_the_off_hours_text"),
    ],
    "W5": [
        (HOURS, "test_w5_nobody_available_is_told_also_where_working_time_is_off"),
        (HOURS, "test_w5_full_is_not_unavailable"),
        (HOURS, "test_w5_shares_one_slot_with_w4"),
    ],
    "W6": [(HOURS, "test_w6_the_excuse_does_not_follow_but_the_mark_does")],
    "W7": [
        (CHAT, "test_w7_shown_only_in_working_hours"),
        (CHAT, "test_w7_its_own_schedule_goes_before_the_lines"),
    ],
    "W8": [
        (CLOCK, "test_a_whole_day_has_23_or_25_hours_when_the_clocks_change"),
        (HOURS_PAGE, "test_are_we_open_on_31_december_at_half_past_two"),
        (HOURS_PAGE, "test_two_weeks_name_rules_and_changes_of_the_clock"),
    ],
    "P1": [
        (CONSENT, "test_p1_asked_at_once_with_a_link_once_per_client_and_version"),
        (CONSENT, "test_p1_a_new_version_is_asked_again_and_versions_are_kept"),
        (CONSENT, "test_p1_asked_again_after_a_withdrawal"),
    ],
    "P2": [
        (CHAT, "test_p2_nothing_can_be_sent_before_the_answer"),
        (CHAT, "test_p2_a_refusal_is_stored_without_a_dialog_and_can_be_changed"),
        (CONSENT, "test_p2_without_buttons_the_next_message_counts"),
        (CONSENT, "test_p2_buttons_agree"),
        (CONSENT, "test_p2_the_operator_notes_a_refusal_with_one_click"),
    ],
    "P3": [
        (CONSENT, "test_p3_who_which_text_when_and_from_where_is_kept"),
        (DESK, "test_the_clients_consent_is_shown_and_can_be_refused_or_withdrawn"),
    ],
    "A1": [(ACTIONS, "test_a1_the_greeting_comes_at_the_first_contact_or_each_time")],
    "A4": [
        (ACTIONS, "test_a4_the_mark_counts_from_the_first_message_also_off_hours_and_stays_in_the_figures")
    ],
    "A5": [(ACTIONS, "test_a5_the_text_goes_once_at_the_moment_of_the_mark_accepted_or_not")],
    "A6": [(ACTIONS, "test_a6_the_text_at_the_end_comes_only_with_the_operators_finish")],
    "A7": [
        (
            ACTIONS,
            "test_a7_a_message_in_wrap_up_continues_with_the_same_operator_after_it_a_new_dialog_starts",
        ),
        (ACTIONS, "test_a7_closed_at_once_where_there_is_neither_text_nor_rating"),
    ],
    "A8": [
        (ACTIONS, "test_a8_never_while_a_clients_message_waits"),
        (ACTIONS, "test_a8_a_pinned_dialog_stays_for_seven_days_and_transfer_takes_the_pin"),
        (ACTIONS, "test_a8_typing_with_less_than_ten_minutes_left_gains_ten"),
    ],
    "A9": [(ACTIONS, "test_a9_the_text_on_closing_by_itself")],
    "A10": [
        (
            "openlines/test_canned_replies.py",
            "test_the_shortcut_comes_before_the_title_and_the_title_before_the_text",
        )
    ],
    "A11": [(CHAT, "test_a11_switched_off_only_that_he_writes_is_told")],
    "A12": [
        (ACTIONS, "test_a12_a_text_comes_in_the_clients_language_then_the_lines_then_english"),
        ("openlines/test_checks.py", "test_the_product_as_it_is_passes"),
    ],
    "order of texts": [(ACTIONS, "test_the_texts_after_a_message_come_in_the_stated_order")],
    "what the channel forbids": [
        (ACTIONS, "test_a_machine_gets_no_automatic_text"),
        (ACTIONS, "test_where_nothing_can_be_sent_the_dialog_closes_without_wrap_up"),
        (ACTIONS, "test_a_text_more_than_fifteen_minutes_late_is_dropped"),
    ],
    "R1": [(QUALITY, "test_r1_asked_when_a_dialog_ends_also_by_itself")],
    "R2": [
        (QUALITY, "test_r2_in_the_chat_he_rates_during_the_dialog_unless_switched_off"),
        (CHAT, "test_r2_a_rating_in_the_chat"),
    ],
    "R3": [(QUALITY, "test_r3_closes_at_once_with_thanks_and_without_the_finish_text")],
    "R4": [
        (QUALITY, "test_r4_later_than_the_limit_is_refused_politely_and_not_stored"),
        (QUALITY, "test_r4_a_late_allowed_rating_reopens_nothing_and_replaces_an_earlier_one"),
    ],
    "R5": [
        (QUALITY, "test_r5_a_bare_one_or_zero_is_the_answer"),
        (QUALITY, "test_r5_anything_else_is_an_ordinary_message_and_ends_the_waiting"),
        (QUALITY, "test_r5_with_at_once_it_is_asked_closed_and_can_still_be_rated"),
        (QUALITY, "test_r5_pending_for_seven_days"),
    ],
    "R6": [
        (QUALITY, "test_r6_a_supervisors_rating_is_told_to_the_operator"),
        (DESK, "test_a_supervisor_rates_a_colleagues_dialog_but_not_his_own"),
    ],
    "R7": [(REPORT, "test_results_per_operator"), (REPORT, "test_every_number_opens_its_dialogs")],
    "R8": [
        (QUALITY, "test_r8_solved_by_default_can_be_said_and_required"),
        (QUALITY, "test_r8_closed_by_itself_is_not_said_and_writing_in_wrap_up_clears_it"),
        (DESK, "test_not_solved_is_said_with_the_finish"),
    ],
    "§10": [
        (LINES, "test_s10_messages_are_not_kept_but_figures_are"),
        (LINES, "test_s10_what_waits_to_be_sent_is_sent_first"),
        (LINES, "test_s10_earlier_dialogs_stay_as_they_are"),
    ],
    "sandbox": [
        ("openlines/sandbox/test_same_as_live.py", "test_random_scripts_have_the_same_effects"),
        ("openlines/admin/test_try_line.py", "test_changes_that_are_not_saved_are_tried"),
    ],
}


@cache
def functions(file: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse((TESTS / file).read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def holds_something(node: ast.FunctionDef) -> bool:
    """It is collected, runs, and can fail."""
    marks = " ".join(ast.unparse(mark) for mark in node.decorator_list)
    looks = any(isinstance(inner, ast.Assert) for inner in ast.walk(node))
    return node.name.startswith("test_") and "skip" not in marks and "xfail" not in marks and looks


@pytest.mark.parametrize("rule", RULES)
def test_the_tests_of_a_rule_are_there(rule: str) -> None:
    for file, name in RULES[rule]:
        assert name in functions(file), f"{file}: {name}"
        assert holds_something(functions(file)[name]), f"{file}: {name} holds nothing"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_changes_one_line_and_names_its_tests(mutation: Mutation) -> None:
    """They are run by ``python -m tests.mutations``."""
    text = (TESTS.parent / mutation.file).read_text()
    assert text.count(mutation.old) == 1, "the line has changed: change the mutation with it"
    assert mutation.old != mutation.new
    for test in mutation.tests:
        file, name = test.split("::")
        assert name in functions(file.removeprefix("tests/")), test


def cannot_fail(node: ast.Assert) -> bool:
    """``assert True``, ``assert (x, "words")``, ``assert a or True``, ``assert x == x``, ``len(x) >= 0``, and
    ``"abc" in x or "ab" in x``, of which the second says nothing more.
    """
    test = node.test
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Tuple | ast.List | ast.GeneratorExp | ast.Lambda):
        return True
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, op, right = test.left, test.ops[0], test.comparators[0]
        if isinstance(op, ast.Eq | ast.Is | ast.LtE | ast.GtE) and ast.dump(left) == ast.dump(right):
            return not any(isinstance(inner, ast.Call) for inner in ast.walk(left))
        is_length = isinstance(left, ast.Call) and ast.unparse(left.func) == "len"
        return is_length and isinstance(op, ast.GtE) and ast.unparse(right) == "0"
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        constants = [one for one in test.values if isinstance(one, ast.Constant) and one.value]
        return bool(constants) or _says_less(test.values)
    return False


def _says_less(parts: list[ast.expr]) -> bool:
    """One of the searched texts stands within another that is searched in the same place."""
    searched = [
        (part.left.value, ast.unparse(part.comparators[0]))
        for part in parts
        if isinstance(part, ast.Compare)
        and isinstance(part.ops[0], ast.In)
        and isinstance(part.left, ast.Constant)
        and isinstance(part.left.value, str)
    ]
    return any(
        one is not other and one[1] == other[1] and one[0] in other[0]
        for one in searched
        for other in searched
    )


@pytest.mark.parametrize(
    "code",
    [
        "assert True",
        "assert (page, 'words')",
        "assert page or True",
        "assert page == page",
        "assert len(page) >= 0",
        "assert 'Bert: later' in page or 'Bert' in page",
        "assert (one for one in page)",
    ],
)
def test_what_cannot_fail_is_seen(code: str) -> None:
    (node,) = ast.parse(code).body
    assert isinstance(node, ast.Assert)
    assert cannot_fail(node)


def test_no_assertion_of_ours_is_one_that_cannot_fail() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert) and cannot_fail(node)
    ]
    assert found == []


def test_no_comparison_stands_alone_where_an_assert_was_meant() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare | ast.BoolOp)
    ]
    assert found == []
