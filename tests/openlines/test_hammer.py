"""Several processes at once do everything that moves dialogs; afterwards, and at each offer, the promises hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import Count, F, Q
from django.utils import timezone

from openlines.models import Dialog, Message, Offer
from openlines.policies import routing as policy
from openlines.services import deadlines, queue_members, routing, staffing
from openlines.services.settings import line_settings
from tests.openlines.factories import make_client, make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db(transaction=True)
ROLES = ("clients", "clients", "operators", "operators", "office")
STEPS = 60


def test_nothing_breaks_under_many_hands(process_environment: Callable[..., dict[str, str]]) -> None:
    people = [make_operator() for _ in range(6)]
    for mode in ("evenly", "strictly", "to_all"):
        line = make_line(
            *people[:4],
            distribution=mode,
            check_availability=True,
            limit_enabled=True,
            limit=3,
            limit_leaves_out="closed",
            greeting_enabled=False,
            wrap_up=timedelta(),
        )
        connection = make_connection(line)
        for _ in range(12):
            make_client(connection)
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.openlines.hammer", str(seed), str(STEPS), role],
            env=process_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed, role in enumerate(ROLES)
    ]
    said = [worker.communicate(timeout=150) for worker in workers]
    for worker, (out, err) in zip(workers, said, strict=True):
        assert worker.returncode == 0, out + err[-2000:]

    assert_nothing_lost()
    assert_sound()
    assert_nobody_waits_in_vain()


def assert_nothing_lost() -> None:
    """Every message stands once, in order, in a dialog whose counters say so."""
    assert Message.objects.exists()
    wrong = Dialog.objects.annotate(n=Count("messages")).exclude(n=F("last_seq"))
    assert not wrong.exists()
    doubled = Dialog.objects.open().values("client").annotate(n=Count("pk")).filter(n__gt=1)
    assert not doubled.exists()


def assert_sound() -> None:
    standing = Offer.objects.filter(ended_at__isnull=True)
    assert not standing.exclude(dialog__state__in=["new", "returned"]).exists()
    one_each = (
        standing.exclude(line__distribution="to_all").values("dialog").annotate(n=Count("pk")).filter(n__gt=1)
    )
    assert not one_each.exists()
    held = Dialog.objects.filter(state__in=["accepted", "waiting", "answered"])
    assert not held.filter(operator__isnull=True).exists()
    assert not Dialog.objects.in_queue().filter(Q(operator__isnull=False)).exists()
    assert deadlines.audit(now=timezone.now()) == 0


def assert_nobody_waits_in_vain() -> None:
    """The last event of each kind has been followed by its distribution: the net finds nobody free for what waits."""
    now = timezone.now()
    staffing.sweep(now=now)
    for line in {dialog.line for dialog in Dialog.objects.in_queue().select_related("line")}:
        settings = line_settings(line)
        members = queue_members.members(line.pk, settings=settings, now=now)
        facts = [
            routing._facts(d, settings=settings, now=now, ask=False)
            for d in routing._queued(line, now=now).values()
        ]
        unheld = [fact for fact in facts if not fact.holders and not fact.tried]
        found = policy.plan(settings.distribution, members, unheld, now=now)
        assert not [decision for decision in found if decision.chosen], (
            f"somebody is free on {line}, and {found} waits"
        )
