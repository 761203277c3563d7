"""Several at once: one winner, the others are told who; one dialog, one message, one firing."""

from __future__ import annotations

import threading
from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction

from contactcenter.staff.models import Employee
from openlines.connectors.base import DeliveryStatus, MessageKind, MessageReceived, Sender, StatusChanged
from openlines.models import Client, Deadline, Dialog, DialogEvent, Message, Offer, OpenLine
from openlines.services import client_messages, clients, deadlines, dialogs, marks, routing
from openlines.services.change import lock_dialog
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)
from tests.openlines.together import somebody_waits_for_a_lock, together
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def offered_to_all(*operators: Employee) -> Dialog:
    line = make_line(*operators, distribution="to_all")
    write(make_client(make_connection(line)), now=at(0))
    return Dialog.objects.get()


@pytest.mark.parametrize("attempt", range(3))
def test_two_operators_accept_at_once_one_holds_it_the_other_is_told_who(attempt: int) -> None:
    anna, bert = make_operator("Anna"), make_operator("Bert")
    dialog = offered_to_all(anna, bert)
    results = together(*(partial(dialogs.accept, dialog.pk, by=person, now=at(5)) for person in (anna, bert)))
    refusals = [r for r in results if isinstance(r, CommandRefused)]
    assert len(refusals) == 1
    dialog.refresh_from_db()
    assert dialog.operator and refusals[0].holder == dialog.operator.display_name
    assert sorted(Offer.objects.values_list("outcome", flat=True)) == ["accepted", "taken"]
    assert DialogEvent.objects.filter(kind="accept").count() == 1


def test_a_reply_and_an_accept_at_once_have_one_winner() -> None:
    anna, bert = make_operator("Anna"), make_operator("Bert")
    dialog = offered_to_all(anna, bert)
    results = together(
        partial(dialogs.accept, dialog.pk, by=anna, now=at(5)),
        partial(dialogs.reply, dialog.pk, Reply(uuid=uuid4(), text="Hello"), by=bert, now=at(5)),
    )
    assert sum(isinstance(r, CommandRefused) for r in results) == 1


def test_a_lapsed_offer_cannot_be_accepted_by_its_old_holder() -> None:
    anna, bert = make_operator(), make_operator()
    line = make_line(anna, bert)
    write(make_client(make_connection(line)), now=at(0))
    dialog = Dialog.objects.get()
    deadlines.fire_due(now=at(61))
    with pytest.raises(CommandRefused) as refused:
        dialogs.accept(dialog.pk, by=anna, now=at(62))
    assert refused.value.code == "lapsed"


def test_messages_at_once_of_a_new_client_open_one_dialog() -> None:
    connection = make_connection(make_line(make_operator()))
    client = make_client(connection)
    results = together(
        *(partial(write, Client.objects.get(pk=client.pk), f"{n}", now=at(n)) for n in range(6))
    )
    assert all(isinstance(r, Message) for r in results), results
    dialog = Dialog.objects.get()
    assert dialog.client_message_count == 6
    assert sorted(dialog.messages.values_list("seq", flat=True)) == list(range(1, 8))
    assert dialog.messages.filter(trigger="greeting").count() == 1


def test_the_same_message_at_once_is_stored_once() -> None:
    connection = make_connection(make_line(make_operator()))
    client = make_client(connection)
    uuid = uuid4()
    received = MessageReceived(Sender(client.external_id), "", at(0), MessageKind.TEXT, "once")
    calls = [
        partial(
            client_messages.receive,
            Client.objects.get(pk=client.pk),
            connection,
            received,
            now=at(0),
            uuid=uuid,
        )
    ] * 4
    results = together(*calls)
    assert len({r.pk for r in results}) == 1
    assert Message.objects.filter(author="client").count() == 1


def test_one_deadline_fired_by_many_workers_happens_once() -> None:
    line = make_line(make_operator(), unanswered_text_enabled=True)
    connection = make_connection(line)
    for _ in range(5):
        write(make_client(connection), now=at(0))
    together(*(partial(deadlines.fire_due, now=at(301)) for _ in range(4)))
    deadlines.fire_due(now=at(301))
    assert Message.objects.filter(trigger="unanswered").count() == 5
    assert DialogEvent.objects.filter(kind="marked_unanswered").count() == 5
    assert not Deadline.objects.filter(kind="unanswered").exists()


def test_distributions_at_once_give_each_dialog_to_one_person_and_share_evenly() -> None:
    people = [make_operator() for _ in range(3)]
    line = make_line(*people)
    connection = make_connection(line)
    clients = [make_client(connection) for _ in range(9)]
    together(
        *(partial(write, client, now=at(0)) for client in clients),
        *[partial(routing.distribute, line.pk, now=at(0))] * 2,
    )
    routing.distribute(line.pk, now=at(1))
    shares = [Offer.objects.filter(employee=person, ended_at__isnull=True).count() for person in people]
    assert shares == [3, 3, 3]


def test_settings_saved_while_clients_write_deadlock_nobody() -> None:
    from openlines.services import lines

    people = [make_operator() for _ in range(2)]
    line: OpenLine = make_line(*people)
    connection = make_connection(line)
    clients = [make_client(connection) for _ in range(6)]
    for client in clients[:3]:
        write(client, now=at(0))
    results = together(
        *(partial(write, client, now=at(1)) for client in clients),
        partial(lines.save_block, line.pk, {"distribution": "to_all"}, now=at(1)),
        partial(deadlines.fire_due, now=at(70)),
    )
    assert not [r for r in results if isinstance(r, Exception)], results


def test_a_command_given_for_a_dialog_that_has_meanwhile_gone_to_somebody_else_is_refused() -> None:
    anna, bert = make_operator("Anna"), make_operator("Bert")
    dialog = offered_to_all(anna, bert)
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    dialogs.transfer_to_colleague(dialog.pk, to=bert, by=anna, now=at(2), expects=anna.pk)
    for command in (
        partial(dialogs.finish, dialog.pk, by=anna, now=at(3), expects=anna.pk),
        partial(dialogs.spam, dialog.pk, by=anna, now=at(3), expects=anna.pk),
        partial(dialogs.back_to_queue, dialog.pk, by=anna, now=at(3), expects=anna.pk),
    ):
        with pytest.raises(CommandRefused) as refused:
            command()
        assert refused.value.holder == "Bert Test"
    dialog.refresh_from_db()
    assert dialog.state == "accepted"


def test_first_messages_at_once_of_somebody_nobody_knows_open_one_dialog() -> None:
    """Two requests, each of which may think that it has just made the client."""
    connection = make_connection(make_line(make_operator()))

    def first(number: int) -> Message:
        client = clients.find_or_create(connection, Sender("newcomer"), now=at(0))
        received = MessageReceived(Sender("newcomer"), "", at(0), MessageKind.TEXT, f"{number}")
        return client_messages.receive(client, connection, received, now=at(0), uuid=uuid4())

    results = together(*(partial(first, number) for number in range(5)))
    assert all(isinstance(r, Message) for r in results), results
    assert Dialog.objects.get().client_message_count == 5
    assert Client.objects.count() == 1


def test_the_database_refuses_a_second_open_dialog() -> None:
    dialog = offered_to_all(make_operator())
    with pytest.raises(IntegrityError):
        Dialog.objects.create(
            line=dialog.line,
            connection=dialog.connection,
            client=dialog.client,
            created_at=at(0),
            state="new",
        )


def test_a_failure_that_says_that_he_is_gone_and_his_own_word_do_not_wait_for_one_another() -> None:
    """Client before dialog, whoever comes: else the database ends one of them, and a delivery is parked."""
    anna = make_operator()
    connection = make_connection(make_line(anna), "sms")
    client = make_client(connection, "+48600100200")
    dialog = write(client, now=at(0)).dialog
    message = answer(dialog, anna, now=at(2))
    Message.objects.filter(pk=message.pk).update(external_id="SM1", delivery="sent")
    gone = StatusChanged("SM1", DeliveryStatus.FAILED, at(3), unreachable=True)
    told: list[Exception] = []

    def tell() -> None:
        try:
            marks.status(connection, gone, now=at(3))
        except Exception as error:
            told.append(error)
        finally:
            connections.close_all()

    other = threading.Thread(target=tell)
    with transaction.atomic():
        Client.objects.filter(pk=client.pk).update(is_reachable=True)  # he writes
        other.start()
        wait_until(somebody_waits_for_a_lock)
        lock_dialog(dialog.pk)
    other.join(10)
    assert told == []
    message.refresh_from_db()
    assert message.delivery == "failed"
