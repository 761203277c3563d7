"""What channels tell of a client's name and ids: from everywhere, by one rule (§11)."""

from __future__ import annotations

import pytest

from openlines.connectors.base import Sender
from openlines.models import Client, Message
from openlines.services import clients
from openlines.workspace.listing import listing
from tests.factories import make_employee
from tests.openlines.factories import NOW, answer, at, make_client, make_connection, make_line, write

pytestmark = pytest.mark.django_db(transaction=True)
INVISIBLE = ["\u3164", "\u2800", "\u200d", "\u2063\u2063", "\u00ad", "\u202e", "\U000e0020", "\u0301"]


@pytest.mark.parametrize("kind", ["telegram", "email", "livechat", "viber"])
@pytest.mark.parametrize("name", INVISIBLE)
def test_a_name_that_cannot_be_seen_counts_as_none(kind: str, name: str) -> None:
    anna = make_employee("anna", role="operator", first_name="Anna")
    connection = make_connection(make_line(anna, greeting_enabled=False), kind)
    write(make_client(connection, name=name, username="quiet_one"))
    (row,) = listing(anna, tab="offered").offers
    assert row.client_name == "quiet_one"
    assert Client.objects.get().name == ""


def test_a_name_fetched_later_or_joined_is_no_better() -> None:
    connection = make_connection(make_line(), "telegram")
    client = make_client(connection, "77", name="Carl")
    clients.find_or_create(connection, Sender("77", name="\u3164"), now=NOW)
    client.refresh_from_db()
    assert client.name == "Carl"
    clients.find_or_create(connection, Sender("77", name="\u202eClient"), now=NOW)
    client.refresh_from_db()
    assert client.name == "Client"
    Client.objects.filter(pk=client.pk).update(name="\u3164", username="")  # from before this rule
    client.refresh_from_db()
    assert client.display_name == f"Visitor {client.pk}"


# -- ids told in the provider's answer ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["whatsapp", "telegram", "messenger"])
def test_the_reply_comes_into_the_dialog_that_was_begun(kind: str) -> None:
    connection = make_connection(make_line(make_employee(), greeting_enabled=False), kind)
    client = make_client(connection, "5521987654321", name="Joana")
    dialog = write(client).dialog
    told = Sender("552187654321", aliases=("+552187654321",) if kind == "whatsapp" else ())
    clients.answered_as(client.pk, connection, told, now=at(1))
    again = clients.find_or_create(connection, Sender("552187654321"), now=at(2))
    assert again.pk == client.pk
    assert write(again, "Where?", now=at(3)).dialog_id == dialog.pk


def test_a_second_client_who_wrote_meanwhile_is_joined() -> None:
    anna = make_employee()
    connection = make_connection(make_line(anna, greeting_enabled=False), "whatsapp")
    client = make_client(connection, "5521987654321", name="Joana")
    begun = write(client).dialog
    answer(begun, anna, now=at(1))
    other = write(make_client(connection, "552187654321"), "Where?", now=at(2)).dialog
    clients.answered_as(client.pk, connection, Sender("552187654321"), now=at(3))
    assert Client.objects.get() == client
    other.refresh_from_db()
    assert other.state == "closed"
    assert Message.objects.filter(dialog=begun, author="client", text="Where?").exists()


def test_an_answer_that_tells_nothing_new_costs_one_look(django_assert_max_num_queries: object) -> None:
    connection = make_connection(make_line(), "whatsapp")
    client = make_client(connection, "5521987654321")
    told = Sender("552187654321")
    clients.answered_as(client.pk, connection, told, now=NOW)
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        clients.answered_as(client.pk, connection, told, now=NOW)
