"""Single lines of rules, changed on purpose: each change must make the tests fail that hold the rule.

    python -m tests.mutations [word …]     all of them, or those whose name has one of the words

Works in a copy, so nothing here is touched. Not part of the suite, which only looks that the list is right
(``tests/openlines/rules/test_table.py``). Exit status 1 where a change survived.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("openlines", "contactcenter", "kpi", "crm", "tests", "templates", "static", "locale")
RULES = "tests/openlines/rules"


@dataclass(frozen=True)
class Mutation:
    """``old`` stands once in ``file``; ``tests``: file::name of those that must notice ``new``."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation(
        "A4 in a dialog that an operator started",
        "openlines/lifecycle.py",
        "        if out.first_client_message_at:  # what we said before he wrote answers nothing (A4)\n",
        "        if True:\n",
        (
            f"{RULES}/test_automatic_actions.py"
            "::test_a4_in_a_dialog_an_operator_started_the_mark_counts_from_the_clients_first_message",
        ),
    ),
    Mutation(
        "A8 the rest runs on after a snooze",
        "openlines/policies/deadlines.py",
        "since + span + dialog.auto_close_put_off",
        "since + span",
        (f"{RULES}/test_automatic_actions.py::test_a8_after_a_snooze_the_rest_of_the_time_runs_on",),
    ),
    Mutation(
        "R3 in wrap-up",
        "openlines/policies/conversation.py",
        "talk.settings.rating_closes and play.facts.state in {*HELD, State.WRAP_UP}",
        "talk.settings.rating_closes and play.facts.state in HELD",
        (f"{RULES}/test_quality.py::test_r3_closes_in_wrap_up_too",),
    ),
    Mutation(
        "R1 asked once a dialog",
        "openlines/lifecycle.py",
        "return dialog.rating_asked_at is None and dialog.client_rating is None",
        "return dialog.client_rating is None",
        (f"{RULES}/test_quality.py::test_r1_asked_once_a_dialog_whatever_comes_after_the_question",),
    ),
    Mutation(
        "R5 an open dialog with a bot comes first",
        "openlines/policies/conversation.py",
        "if any(one.state is State.WITH_BOT for one in facts):",
        "if False:",
        (f"{RULES}/test_quality.py::test_r5_an_open_dialog_with_a_bot_comes_before_a_pending_rating",),
    ),
    Mutation(
        "R4 the last moment",
        "openlines/policies/conversation.py",
        "return now - facts.finished_at <= settings.rating_limit",
        "return now - facts.finished_at < settings.rating_limit",
        (f"{RULES}/test_quality.py::test_r4_the_last_moment_of_the_limit_is_in_time",),
    ),
    Mutation(
        "spam takes no rating",
        "openlines/policies/conversation.py",
        "if facts.state is State.SPAM or facts.frozen_at is not None:",
        "if facts.frozen_at is not None:",
        (f"{RULES}/test_spam.py::test_a_rating_is_neither_stored_nor_answered",),
    ),
    Mutation(
        "P1 once per version",
        "openlines/policies/automatic_actions.py",
        "if client.consent in (ConsentState.ASKED, ConsentState.GIVEN):",
        "if client.consent is ConsentState.ASKED:",
        (f"{RULES}/test_consent.py::test_p1_who_agreed_is_not_asked_again_who_refused_is",),
    ),
    Mutation(
        "P1 not asked twice",
        "openlines/policies/automatic_actions.py",
        "if client.consent in (ConsentState.ASKED, ConsentState.GIVEN):",
        "if client.consent is ConsentState.GIVEN:",
        (f"{RULES}/test_consent.py::test_p1_who_has_not_answered_yet_is_not_asked_twice",),
    ),
    Mutation(
        "P2 a button of another version",
        "openlines/services/answers.py",
        'if what == "consent" and client.consent_version_id == int(number):',
        'if what == "consent":',
        (f"{RULES}/test_consent.py::test_p2_a_button_of_another_version_is_no_answer_to_this_one",),
    ),
    Mutation(
        "Q1 C5's offer survives a change of mode",
        "openlines/services/routing.py",
        "        if any(offer.is_first for offer in offers):\n            continue\n",
        "",
        ("tests/openlines/test_availability.py::test_a_changed_mode_leaves_the_responsibles_first_offer",),
    ),
    Mutation(
        "Q3 the second round",
        "openlines/policies/dealing.py",
        "asked = set() if decision.new_round else set(tried)",
        "asked = set(tried)",
        ("tests/openlines/test_distribution.py::test_the_second_round_asks_everybody_again_in_order",),
    ),
    Mutation(
        "Q3 accepting what rests only outside hours",
        "openlines/services/resting.py",
        "return lapsed and not worktime.look(line_settings(line).working_time, now).is_open",
        "return lapsed",
        (f"{RULES}/test_working_hours.py::test_q3_in_working_time_a_lapsed_offer_is_its_holders_alone",),
    ),
    Mutation(
        "Q9 who is away counts as tried",
        "openlines/services/staffing.py",
        "return sorted({*earlier, employee_id})",
        "return sorted(earlier)",
        ("tests/openlines/test_availability.py::test_who_is_away_counts_as_tried",),
    ),
    Mutation(
        "Q9 pinned dialogs stay",
        "openlines/services/staffing.py",
        "stays = dialog.pinned_at is not None and not pinned",
        "stays = False",
        ("tests/openlines/test_availability.py::test_pinned_dialogs_stay_also_when_the_client_writes",),
    ),
    Mutation(
        "Q9 a pinned dialog stays when its client writes",
        "openlines/policies/conversation.py",
        "    if operator_away and play.facts.state is State.WAITING and play.facts.pinned_at is None:\n",
        "    if operator_away and play.facts.state is State.WAITING:\n",
        ("tests/openlines/test_availability.py::test_pinned_dialogs_stay_also_when_the_client_writes",),
    ),
    Mutation(
        "to all, the round is over after the hour",
        "openlines/policies/dealing.py",
        "left = () if facts.offer_until is not None else tried",
        "left = tried",
        ("tests/openlines/test_distribution.py::test_to_all_the_round_is_over_after_the_hour",),
    ),
    Mutation(
        "W5 needs the availability check",
        "openlines/policies/automatic_actions.py",
        "if somebody_available or not settings.check_availability or not settings.unavailable_text:",
        "if somebody_available or not settings.unavailable_text:",
        (f"{RULES}/test_working_hours.py::test_w5_is_said_only_with_the_availability_check",),
    ),
    Mutation(
        "W5 the responsible is somebody",
        "openlines/services/routing.py",
        "somebody or decision.rule is policy.Rule.RESPONSIBLE",
        "somebody",
        (
            "tests/openlines/test_availability.py::test_nobody_is_there_is_not_said_while_the_responsible_is_asked",
        ),
    ),
    Mutation(
        "W4 exactly 30 minutes",
        "openlines/policies/automatic_actions.py",
        "now - dialog.last_reply_at > FORGOTTEN",
        "now - dialog.last_reply_at >= FORGOTTEN",
        (
            f"{RULES}/test_working_hours.py::test_w4_a_reply_of_exactly_thirty_minutes_ago_still_keeps_the_text_back",
        ),
    ),
    Mutation(
        "B7 answered without an operator goes to the queue",
        "openlines/lifecycle.py",
        "state = S.RETURNED if dialog.operator_id is None else S.WAITING",
        "state = S.WAITING",
        (
            "tests/openlines/test_lifecycle.py::test_written_outside_while_a_bot_talks_ends_the_bot_without_an_operator",
        ),
    ),
    Mutation(
        "L4 shown at once when the line is on again",
        "openlines/services/client_messages.py",
        "awakes = change.dialog.is_kept and _is_on(change.dialog.line)",
        "awakes = False",
        (f"{RULES}/test_lines.py::test_l4_who_writes_when_the_line_is_on_again_is_shown_at_once",),
    ),
    Mutation(
        "L4 while the line is off nothing is shown",
        "openlines/services/client_messages.py",
        "awakes = change.dialog.is_kept and _is_on(change.dialog.line)",
        "awakes = change.dialog.is_kept",
        (f"{RULES}/test_lines.py::test_l4_while_the_line_is_off_a_further_message_shows_nothing",),
    ),
    Mutation(
        "L4 outgoing messages are held",
        "openlines/services/outbound.py",
        "        dialog__frozen_at__isnull=True,  # L4\n",
        "",
        (f"{RULES}/test_lines.py::test_l4_outgoing_messages_are_held",),
    ),
    Mutation(
        "L4 the mark counts from the release",
        "openlines/lifecycle.py",
        "        unanswered_since=now,\n",
        "",
        (f"{RULES}/test_lines.py::test_l4_unanswered_counts_from_the_release",),
    ),
    Mutation(
        "L4 a release says nothing about the hours",
        "openlines/lifecycle.py",
        "        released_at=now,\n",
        "",
        (
            f"{RULES}/test_lines.py::test_l4_who_writes_again_outside_working_time_is_told_so_a_release_says_nothing",
        ),
    ),
    Mutation(
        "L1 twenty messages a week",
        "openlines/policies/health.py",
        "LEAST_A_WEEK = 20",
        "LEAST_A_WEEK = 21",
        (
            "tests/openlines/policies/test_health.py"
            "::test_silent_is_who_has_20_messages_a_week_and_none_for_three_times_the_longest_gap",
        ),
    ),
    Mutation(
        "L1 fewer than twenty messages a week",
        "openlines/policies/health.py",
        "LEAST_A_WEEK = 20",
        "LEAST_A_WEEK = 19",
        (
            "tests/openlines/policies/test_health.py"
            "::test_silent_is_who_has_20_messages_a_week_and_none_for_three_times_the_longest_gap",
        ),
    ),
)


def survives(mutation: Mutation, copy: Path) -> bool:
    file = copy / mutation.file
    text = file.read_text()
    file.write_text(text.replace(mutation.old, mutation.new))
    try:
        return _run(copy, mutation.tests).returncode == 0
    finally:
        file.write_text(text)


def _run(copy: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, env=environment, check=False)


def main(words: list[str]) -> int:
    chosen = [one for one in MUTATIONS if not words or any(word in one.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Path(folder)
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("manage.py", "pyproject.toml"):
            shutil.copy(ROOT / name, copy / name)
        sound = _run(copy, tuple(dict.fromkeys(test for one in chosen for test in one.tests)))
        if sound.returncode:
            print(sound.stdout[-4000:], sound.stderr[-2000:])  # noqa: T201
            return 1
        survivors = 0
        for one in chosen:
            survived = survives(one, copy)
            survivors += survived
            print(f"{'SURVIVED' if survived else 'noticed '}  {one.name}", flush=True)  # noqa: T201
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
