""" "What would happen to a dialog that comes now?" says what then happens, and writes nothing."""

from __future__ import annotations

import pytest

from openlines.models import Dialog, DialogEvent, Offer, Turn
from openlines.services import routing
from tests.openlines.factories import at, make_client, make_connection, make_line, make_operator, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("mode", ["evenly", "strictly", "to_all"])
def test_it_says_what_then_happens_and_writes_nothing(mode: str) -> None:
    line = make_line(*(make_operator() for _ in range(3)), distribution=mode, limit_enabled=True, limit=2)
    connection = make_connection(line)
    for number in range(8):
        before = (
            Dialog.objects.count(),
            Offer.objects.count(),
            DialogEvent.objects.count(),
            Turn.objects.count(),
        )
        forecast = routing.forecast(line, now=at(number))
        assert before == (
            Dialog.objects.count(),
            Offer.objects.count(),
            DialogEvent.objects.count(),
            Turn.objects.count(),
        )
        dialog = write(make_client(connection), now=at(number)).dialog
        offered = Offer.objects.filter(dialog=dialog).order_by("pk").values_list("employee_id", flat=True)
        assert tuple(offered) == forecast.decision.chosen
        event = DialogEvent.objects.filter(dialog=dialog, kind__in=["offered", "waits"]).get()
        assert event.data["rule"] == forecast.decision.rule
    assert forecast.ahead == (0 if mode == "to_all" else 1)


def test_an_empty_queue_says_so() -> None:
    assert routing.forecast(make_line(), now=at(0)).decision.rule == "empty_queue"
