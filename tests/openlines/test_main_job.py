"""The main job on a virtual clock: write, offer, accept, answer, finish, close."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openlines.models import Deadline, Dialog, Message, Offer
from openlines.services import deadlines, dialogs
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


def kinds(dialog: Dialog) -> set[str]:
    return set(Deadline.objects.filter(dialog=dialog).values_list("kind", flat=True))


def test_a_dialog_from_the_first_message_to_the_full_close() -> None:
    anna, bert = make_operator("Anna"), make_operator("Bert")
    line = make_line(anna, bert)
    client = make_client(make_connection(line), name="Carl", language="pl")

    message = write(client, now=at(0))
    dialog = Dialog.objects.get()
    assert dialog.state == "new"
    assert message.seq == 1
    assert [m.trigger for m in dialog.messages.all()] == ["", "greeting"]
    assert dialog.messages.get(trigger="greeting").text.startswith("Dzień dobry")
    assert Offer.objects.get().employee == anna
    assert kinds(dialog) == {"offer", "unanswered"}

    deadlines.fire_due(now=at(60))
    dialog.refresh_from_db()
    assert dialog.state == "returned"
    assert Offer.objects.get(ended_at__isnull=True).employee == bert

    dialogs.accept(dialog.pk, by=bert, now=at(70))
    dialog.refresh_from_db()
    assert (dialog.state, dialog.operator) == ("accepted", bert)
    assert kinds(dialog) == {"unanswered"}

    answer(dialog, bert, now=at(90))
    dialog.refresh_from_db()
    assert dialog.state == "answered"
    assert dialog.first_reaction == timedelta(seconds=90)
    assert kinds(dialog) == {"auto_close"}

    write(client, "Thanks, and…", now=at(100))
    write(client, "one more thing", now=at(110))
    dialog.refresh_from_db()
    assert dialog.state == "waiting"
    answer(dialog, bert, now=at(130))
    dialog.refresh_from_db()
    assert dialog.reaction_total == timedelta(seconds=120)
    assert dialog.reaction_max == timedelta(seconds=90)

    dialogs.finish(dialog.pk, by=bert, now=at(140))
    dialog.refresh_from_db()
    assert dialog.state == "wrap_up"
    last_two = dialog.messages.order_by("-seq").values_list("trigger", flat=True)[:2]
    assert list(last_two) == ["rating_request_chat", "finished"]
    deadlines.fire_due(now=at(140 + 600))
    dialog.refresh_from_db()
    assert dialog.state == "closed"
    assert not kinds(dialog)

    write(client, "Hello again", now=at(1000))
    assert Dialog.objects.count() == 2
    assert not Message.objects.filter(dialog=Dialog.objects.last(), trigger="greeting").exists()
