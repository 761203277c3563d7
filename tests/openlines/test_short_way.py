"""The hot path does what the ordinary way does, in one statement and one NOTIFY."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest
from django.db import connection as database
from django.forms import model_to_dict
from django.test.utils import CaptureQueriesContext

from openlines.models import Client, Dialog, Message
from openlines.policies.facts import FinishAs
from openlines.services import dialogs, finishing, short_way
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)
from tests.openlines.together import together

pytestmark = pytest.mark.django_db(transaction=True)
OWN = {
    "id",
    "dialog",
    "client",
    "uuid",
    "offer_until",
    "queued_at",
    "first_client_message_at",
    "clock_started_at",
}


def facts_of(message_id: int) -> tuple[dict[str, object], dict[str, object]]:
    message = Message.objects.get(pk=message_id)
    return (
        {k: v for k, v in model_to_dict(message).items() if k not in OWN} | {"created": message.created_at},
        {k: v for k, v in model_to_dict(message.dialog).items() if k not in OWN},
    )


def test_the_same_rows_as_the_ordinary_way() -> None:
    connection = make_connection(make_line(make_operator()))
    short, ordinary = make_client(connection), make_client(connection)
    for client in (short, ordinary):
        write(client, now=at(0))
    taken = short_way.take_text(
        short.connection_id, short.external_id, uuid=uuid4(), text="and another thing", now=at(5)
    )
    assert taken
    message = write(ordinary, "and another thing", now=at(5))
    got, wanted = facts_of(taken.message_id), facts_of(message.pk)
    for one in (*got, *wanted):
        one.pop("line", None)
    assert got == wanted
    assert (taken.seq, taken.rev) == (message.seq, message.rev)


def test_two_statements() -> None:
    client = make_client(make_connection(make_line(make_operator())))
    write(client, now=at(0))
    with CaptureQueriesContext(database) as queries:
        assert short_way.take_text(
            client.connection_id, client.external_id, uuid=uuid4(), text="…", now=at(1)
        )
    assert len(queries) == 2


def test_it_declines_where_something_must_be_decided() -> None:
    anna = make_operator()
    client = make_client(make_connection(make_line(anna)))
    uuid = uuid4()
    assert (
        short_way.take_text(client.connection_id, client.external_id, uuid=uuid4(), text="?", now=at(0))
        is None
    )
    write(client, now=at(0))
    dialog = Dialog.objects.get()
    assert short_way.take_text(client.connection_id, client.external_id, uuid=uuid, text="?", now=at(1))
    before = Dialog.objects.values().get()
    assert (
        short_way.take_text(client.connection_id, client.external_id, uuid=uuid, text="?", now=at(2)) is None
    )
    assert Dialog.objects.values().get() == before
    answer(dialog, anna, now=at(3))
    assert (
        short_way.take_text(client.connection_id, client.external_id, uuid=uuid4(), text="?", now=at(4))
        is None
    )
    dialogs.finish(dialog.pk, by=anna, now=at(5))
    assert (
        short_way.take_text(client.connection_id, client.external_id, uuid=uuid4(), text="?", now=at(6))
        is None
    )


def test_many_at_once_keep_order_and_count() -> None:
    client = make_client(make_connection(make_line(make_operator())))
    write(client, now=at(0))
    take = partial(short_way.take_text, client.connection_id, client.external_id, text="x", now=at(1))
    results = together(
        *(partial(take, uuid=uuid4()) for _ in range(5)),
        *(partial(write, Client.objects.get(pk=client.pk), now=at(1)) for _ in range(3)),
    )
    assert not [r for r in results if isinstance(r, Exception)]
    dialog = Dialog.objects.get()
    assert dialog.client_message_count == 9
    assert sorted(dialog.messages.values_list("seq", flat=True)) == list(range(1, dialog.last_seq + 1))


def test_a_finish_that_can_still_be_undone_goes_the_ordinary_way() -> None:
    """What the client writes calls it off, which is a decision."""
    anna = make_operator()
    client = make_client(make_connection(make_line(anna)))
    dialog = write(client, now=at(0)).dialog
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    write(client, "Hello?", now=at(2))
    Dialog.objects.filter(pk=dialog.pk).update(quiet_until=None)
    finishing.ask(dialog.pk, by=anna, now=at(3), as_=FinishAs.SOLVED)
    take = partial(short_way.take_text, client.connection_id, client.external_id, now=at(5))
    assert take(uuid=uuid4(), text="Wait!") is None
    finishing.undo(dialog.pk, by=anna, now=at(6))
    assert take(uuid=uuid4(), text="Still there?") is not None
