"""The demo's data: made by the services on a virtual clock, and sound at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from contactcenter.demo import cast, history, world
from contactcenter.demo.agenda import Agenda
from contactcenter.staff.models import Employee
from openlines.models import (
    Client,
    Deadline,
    Dialog,
    DialogEvent,
    InboundEvent,
    Message,
    Offer,
    OpenLine,
    OutboxItem,
)
from openlines.services import deadlines

DAYS = 2
"""As the demo's, only shorter."""
WEDNESDAY = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)
"""In office hours of a working day: a history that ends on a Sunday night is thinner."""


@pytest.fixture
def now(transactional_db: None) -> datetime:
    """A demo that has just been made: not in a test's transaction, as nothing of it may depend on that."""
    now = WEDNESDAY
    assert history.seed(now=now, days=DAYS)
    return now


def test_the_history_is_sound(now: datetime) -> None:
    """One long test: making the history takes seconds."""
    states = history.summary()
    assert set(states) == {*Dialog.State.values} - {Dialog.State.WITH_BOT}, states  # there are no bots yet
    assert states["closed"] > 10

    assert deadlines.audit(now=now) == 0
    assert not Deadline.objects.filter(due_at__lte=now).exists()
    assert not Deadline.objects.filter(connection__isnull=False).exists()
    assert not OutboxItem.objects.exclude(state=OutboxItem.State.DONE).exists()
    assert not InboundEvent.objects.filter(state=InboundEvent.State.PARKED).exists()
    assert not Message.objects.filter(created_at__gt=now).exists()

    # true figures, reasons and marks, on both channels and in both languages
    assert (
        Dialog.objects.filter(first_reaction__isnull=False, reaction_max__lt=timedelta(hours=1)).count() > 10
    )
    assert not Dialog.objects.filter(clock_started_at__lt=now - timedelta(hours=5)).exists()
    assert DialogEvent.objects.filter(kind="offered", data__has_key="rule").exists()
    assert Offer.objects.filter(outcome=Offer.Outcome.LAPSED).exists()
    assert Dialog.objects.open().filter(is_unanswered=True).exists()
    assert Message.objects.filter(
        delivery=Message.Delivery.SENT, connection__kind="telegram", external_id__isnull=False
    )
    assert set(Client.objects.values_list("language", flat=True)) == {"en", "pl"}
    assert set(Dialog.objects.values_list("line", "connection__kind").distinct()) == {
        (line.pk, kind) for line in OpenLine.objects.all() for kind in ("livechat", "telegram")
    }

    # once is enough
    before = (history.summary(), Message.objects.count(), Employee.objects.count())
    assert not history.seed(now=now)
    assert (history.summary(), Message.objects.count(), Employee.objects.count()) == before

    # what is due next concerns the handful that is open, not the past
    deadlines.fire_due(now=now + timedelta(minutes=1))
    assert Deadline.objects.count() < 60
    assert not Employee.objects.filter(is_superuser=True).exists()
    assert all(
        Employee.objects.get(username=one.username).check_password(cast.PASSWORD) for one in cast.PEOPLE
    )


@pytest.mark.django_db
def test_the_past_is_made_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Agenda, "play", fails)
    with pytest.raises(KeyboardInterrupt):
        history.seed(now=timezone.now(), days=0)
    assert not world.exists()
    assert world.is_empty()
