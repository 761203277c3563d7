"""The scheduled tasks: what they find and say, and that two leaders at once do nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule, Task

from contactcenter.staff.models import Employee
from openlines import tasks
from openlines.models import Deadline, Dialog, DialogEvent, OutboxItem
from openlines.services.change import wake_ticker
from openlines.services.deadlines import fire_due
from openlines.ticker import LEAD_LOCK, WAKE_CHANNEL, Ticker, own_connection
from tests.openlines.factories import answer, make_client, make_connection, make_line, make_operator, write
from tests.openlines.work.scene import eventually, leaders, tickers

pytestmark = pytest.mark.django_db(transaction=True)


def overdue_dialogs(count: int) -> None:
    """Dialogs whose unanswered mark has been due for a minute."""
    connection = make_connection(make_line(make_operator()))
    for _ in range(count):
        write(make_client(connection), now=timezone.now() - timedelta(minutes=6))


def marks() -> int:
    return DialogEvent.objects.filter(kind="marked_unanswered").count()


def test_two_leaders_at_once_fire_each_deadline_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leader cut off from the database does not know that somebody else leads now."""
    with tickers(fire_due) as start:
        start("first", task=False)
        eventually(lambda: leaders() == ["first"])
        monkeypatch.setattr("openlines.ticker.LEAD_LOCK", (0x0D1A, 99))
        start("second", task=False)
        overdue_dialogs(12)
        eventually(lambda: not Deadline.objects.filter(kind="unanswered").exists())
    assert marks() == 12
    assert Dialog.objects.filter(is_unanswered=True).count() == 12


def test_a_deadline_that_is_due_at_once_wakes_the_ticker_after_the_commit() -> None:
    with own_connection("listener") as listener:
        listener.execute(f"LISTEN {WAKE_CHANNEL}")
        now = timezone.now()
        with transaction.atomic():
            wake_ticker(now, now=now)
            assert not list(listener.notifies(timeout=0.05))  # never inside a transaction that writes
        assert list(listener.notifies(timeout=5, stop_after=1))


def test_the_nets_fire_only_their_own_kinds_and_say_how_many() -> None:
    overdue_dialogs(2)
    assert tasks.close_dialogs() == "0 overdue dialogs found"
    assert marks() == 0
    assert tasks.mark_unanswered() == "2 overdue dialogs found"
    assert marks() == 2
    assert tasks.mark_unanswered() == "0 overdue dialogs found"


def test_the_sweep_mends_a_deadline_that_was_lost() -> None:
    overdue_dialogs(1)
    Deadline.objects.filter(kind="unanswered").delete()
    assert "wrong deadlines: 1;" in tasks.sweep()
    assert Deadline.objects.filter(kind="unanswered").exists()
    assert "wrong deadlines: 0;" in tasks.sweep()


def test_the_ticker_fires_beside_a_leader_that_neither_works_nor_hands_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    overdue_dialogs(1)
    serve = Ticker.serve
    monkeypatch.setattr(Ticker, "serve", lambda ticker: serve(ticker, patience=0.1))
    with own_connection("stubborn") as stubborn:
        stubborn.execute("SELECT pg_advisory_lock(%s, %s)", LEAD_LOCK)
        result = tasks.tick()
    assert "did not hand over" in result
    assert marks() == 1


def test_the_admin_shows_the_tickers_last_run_while_the_next_one_runs(client: Client) -> None:
    """``Schedule.task`` names the one that runs, which has no result until its successor comes."""
    Schedule.objects.filter(name="Deadlines").update(task="a" * 32)
    ended = timezone.now()
    Task.objects.create(
        id="b" * 32,
        name="earlier",
        func="openlines.tasks.tick",
        group="Deadlines",
        started=ended - timedelta(minutes=1),
        stopped=ended,
        result="7 deadlines fired in 60 s",
        success=True,
    )
    client.force_login(Employee.objects.create_superuser(username="admin"))
    page = client.get(reverse("admin:django_q_schedule_changelist")).text
    assert "7 deadlines fired in 60 s" in page


def test_a_ticker_finds_replies_that_no_task_is_on_its_way_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web worker was killed between the commit of a reply and the request for a task."""
    anna = make_operator()
    connection = make_connection(make_line(anna), "telegram")
    answer(write(make_client(connection), now=timezone.now()).dialog, anna, now=timezone.now())
    Deadline.objects.filter(kind="drain").delete()
    OutboxItem.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=10))
    firing = tasks._Firing()
    firing(now=timezone.now())
    assert not Deadline.objects.filter(kind="drain").exists(), "not at each turn"
    monkeypatch.setattr(tasks, "OUTBOX_EVERY", 0.0)
    firing(now=timezone.now())
    assert Deadline.objects.filter(kind="drain").exists()
