"""The demo's data: made by the services on a virtual clock, and sound at the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from contactcenter.demo import history, world
from openlines.models import Deadline, Dialog, OutboxItem
from openlines.services import deadlines

DAYS = 4
"""Of history: as the demo's, only shorter."""


@pytest.mark.django_db
def test_the_history_is_sound_and_shows_every_state() -> None:
    now = timezone.now()
    history.seed(now=now, days=DAYS)

    assert deadlines.audit(now=now) == 0
    assert not Deadline.objects.filter(due_at__lte=now).exists()
    assert not OutboxItem.objects.exclude(state=OutboxItem.State.DONE).exists()
    print(history.summary())
