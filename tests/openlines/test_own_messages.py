"""An operator changes and deletes what he wrote: in the queue, at the channel (a customer's system on loopback), live."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from pytest_django import Settings

from contactcenter.staff.models import Employee
from openlines.connectors.api.connector import ApiConnector
from openlines.connectors.api.fake import SECRET, FakeCustomer, refuse
from openlines.connectors.base import Outcome, Sent, TryLater, Unknown
from openlines.connectors.loopback import too_many
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Connection, Dialog, DialogEvent, Message, OutboxItem
from openlines.services import dialogs, outbound, own_messages
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
from tests.openlines.together import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def customer(settings: Settings) -> Iterator[FakeCustomer]:
    settings.PRIVATE_ADDRESSES = ["127.0.0.0/8"]
    with FakeCustomer() as fake:
        yield fake


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


@pytest.fixture
def connection(customer: FakeCustomer, anna: Employee) -> Connection:
    line = make_line(anna, greeting_enabled=False, finish_text_enabled=False, rating_enabled=False)
    credentials = {"url": f"{customer.url}/helpdesk", "secret": SECRET, "api_key": "cck_x"}
    return make_connection(line, "api", credentials=credentials)


@pytest.fixture
def dialog(connection: Connection) -> Dialog:
    return write(make_client(connection, "u-1"), now=at(0)).dialog


@pytest.fixture
def sent(dialog: Dialog, anna: Employee, connection: Connection) -> Message:
    message = answer(dialog, anna, "Good mornnig", now=at(5))
    drain(connection, 6)
    message.refresh_from_db()
    assert message.delivery == "sent"
    return message


def drain(connection: Connection, seconds: float) -> int:
    return outbound.drain(connection.pk, now=at(seconds))


def told(customer: FakeCustomer) -> list[tuple[str, str | None]]:
    return [(event["type"].removeprefix("message."), event["data"].get("text")) for event in customer.events]


def change_of(message: Message) -> OutboxItem:
    return message.outbox_items.exclude(action="send").latest("pk")


def refusal(*args: Any, deed: Any = own_messages.edit, **options: Any) -> CommandRefused:
    with pytest.raises(CommandRefused) as refused:
        deed(*args, **options)
    return refused.value


# -- it has left ----------------------------------------------------------------------------------------------


def test_an_edit_goes_to_the_channel_and_keeps_the_earlier_text(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    before = Dialog.objects.get()
    own_messages.edit(sent.pk, " Good morning ", by=anna, now=at(20))
    sent.refresh_from_db()
    assert (sent.text, sent.edited_at) == ("Good mornnig", None), "nothing is told before it is so"
    assert sent.rev == Dialog.objects.get().rev > before.rev
    assert drain(connection, 21) == 1
    sent.refresh_from_db()
    assert (sent.text, sent.delivery) == ("Good morning", "sent")
    assert sent.edited_at
    assert at(21) <= sent.edited_at < at(22)
    assert sent.earlier_texts == [{"text": "Good mornnig", "until": sent.edited_at.isoformat()}]
    edited = customer.events[-1]
    assert (edited["type"], edited["data"]["external_ids"]) == ("message.edited", [sent.external_id])
    assert edited["data"]["text"] == "Good morning"
    after = Dialog.objects.get()
    assert sent.rev == after.rev > before.rev
    assert after.last_text == "Good morning"
    assert [m.status for m in sent.marks.all()] == ["edited"]
    for fact in ("state", "clock_started_at", "first_reply_at", "reaction_count", "last_message_at"):
        assert getattr(after, fact) == getattr(before, fact), "an edit is no reply"


def test_a_deletion_goes_to_the_channel_and_leaves_a_mark(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    own_messages.delete(sent.pk, by=anna, now=at(20))
    drain(connection, 21)
    sent.refresh_from_db()
    assert sent.deleted_at
    assert sent.text == "Good mornnig", "kept for the audit"
    assert customer.events[-1]["data"]["external_ids"] == [sent.external_id]
    dialog = Dialog.objects.get()
    assert (dialog.state, dialog.last_text) == ("answered", ""), "the reply was given"
    assert refusal(sent.pk, "x", by=anna, now=at(30)).message == "This message has been deleted."


def test_a_second_edit_takes_the_place_of_one_that_waits(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    own_messages.edit(sent.pk, "Good moaning", by=anna, now=at(20))
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(21))
    assert drain(connection, 22) == 1
    assert told(customer)[1:] == [("edited", "Good morning")]
    own_messages.edit(sent.pk, "Good evening", by=anna, now=at(23))
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(24))
    assert drain(connection, 25) == 0, "back to what it was: nothing is to be done"
    own_messages.edit(sent.pk, "Good evening", by=anna, now=at(26))
    own_messages.delete(sent.pk, by=anna, now=at(27))
    assert refusal(sent.pk, "x", by=anna, now=at(28)).message == "This message is being deleted."
    drain(connection, 29)
    assert told(customer)[2:] == [("deleted", None)]


def test_an_edit_never_overtakes_what_was_written_before_it(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    customer.plan("webhook", too_many(30))
    answer(sent.dialog, anna, "two", now=at(20))
    own_messages.edit(sent.pk, "one", by=anna, now=at(21))
    answer(sent.dialog, anna, "three", now=at(22))
    drain(connection, 23)
    assert told(customer)[1:] == []
    drain(connection, 60)
    assert told(customer)[1:] == [("created", "two"), ("edited", "one"), ("created", "three")]


def test_a_refused_edit_leaves_the_message_and_says_why(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    customer.plan("webhook", refuse(422, message="too late"))
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(20))
    drain(connection, 21)
    rev = sent.rev
    sent.refresh_from_db()
    assert (sent.text, sent.edited_at, sent.delivery, sent.failure) == ("Good mornnig", None, "sent", "")
    assert sent.rev > rev, "screens show the reason"
    assert "too late" in change_of(sent).refusal
    assert Dialog.objects.get().state == "answered", "the reply stands"
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(30))
    drain(connection, 31)
    sent.refresh_from_db()
    assert (sent.text, change_of(sent).refusal) == ("Good morning", "")


def test_an_edit_waits_with_the_channel_and_is_asked_again(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    customer.plan("webhook", too_many(30))
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(20))
    assert drain(connection, 21) == 0
    assert (change_of(sent).state, change_of(sent).refusal) == ("queued", "")
    drain(connection, 60)
    assert told(customer)[1:] == [("edited", "Good morning")]
    assert [entry["outcome"] for entry in change_of(sent).log] == ["TryLater", "Sent"]


def test_a_change_of_which_nobody_knows_is_said_and_can_be_repeated(
    monkeypatch: pytest.MonkeyPatch, connection: Connection, sent: Message, anna: Employee
) -> None:
    outcomes: list[Outcome] = [Unknown("It may be so."), Sent(())]
    monkeypatch.setattr(ApiConnector, "edit", lambda *_args: outcomes.pop(0))
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(20))
    drain(connection, 21)
    sent.refresh_from_db()
    assert (sent.text, sent.delivery, change_of(sent).refusal) == ("Good mornnig", "sent", "It may be so.")
    own_messages.edit(sent.pk, "Good mornnig", by=anna, now=at(22))  # back to what it was: worth a call now
    drain(connection, 23)
    assert outcomes == []


def test_a_drain_killed_in_the_change_leaves_it_unknown(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(20))
    OutboxItem.objects.filter(action="edit").update(state="sending", attempts=1)
    assert "right now" in refusal(sent.pk, "x", by=anna, now=at(21)).message
    assert "right now" in refusal(sent.pk, deed=own_messages.delete, by=anna, now=at(21)).message
    drain(connection, 22)
    sent.refresh_from_db()
    assert (sent.text, sent.delivery) == ("Good mornnig", "sent")
    assert "did not confirm" in change_of(sent).refusal
    assert told(customer)[1:] == []


def test_all_parts_are_named_and_a_shorter_text_has_fewer(
    monkeypatch: pytest.MonkeyPatch, connection: Connection, sent: Message, anna: Employee
) -> None:
    sent.parts.create(connection=connection, external_id="p2")
    sent.parts.create(connection=connection, external_id="p3")
    asked: list[tuple[str, ...]] = []

    def edit(_self: ApiConnector, ids: tuple[str, ...], *_args: object) -> Outcome:
        asked.append(ids)
        return Sent(("p2", "p4")) if len(asked) == 1 else TryLater("later")

    monkeypatch.setattr(ApiConnector, "edit", edit)
    own_messages.edit(sent.pk, "Short", by=anna, now=at(20))
    drain(connection, 21)
    own_messages.edit(sent.pk, "Shorter", by=anna, now=at(22))
    drain(connection, 23)
    assert asked == [(sent.external_id, "p2", "p3"), ("p2", "p4")]


def test_changes_of_a_closed_dialog_ask_first_when_the_channel_works_again(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(20))
    Connection.objects.update(paused_reason="broken")
    dialogs.finish(sent.dialog_id, by=anna, now=at(21))
    outbound.resume(connection, now=at(30))
    assert "do it again" in change_of(sent).refusal
    drain(connection, 31)
    sent.refresh_from_db()
    assert (sent.text, sent.delivery) == ("Good mornnig", "sent")


# -- it has not left ------------------------------------------------------------------------------------------


def test_what_is_queued_leaves_as_it_was_changed(
    customer: FakeCustomer, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    message = answer(dialog, anna, "Good mornnig", now=at(5))
    own_messages.edit(message.pk, "Good morning", by=anna, now=at(6))
    drain(connection, 7)
    message.refresh_from_db()
    assert told(customer) == [("created", "Good morning")]
    assert (message.edited_at, message.earlier_texts) == (None, []), "nobody has seen the other"


def test_what_is_deleted_before_it_leaves_never_leaves_and_the_client_waits_on(
    customer: FakeCustomer, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    message = answer(dialog, anna, "Wrong window", now=at(5))
    own_messages.delete(message.pk, by=anna, now=at(6))
    assert drain(connection, 7) == 0
    assert told(customer) == []
    message.refresh_from_db()
    assert (message.deleted_at, message.delivery) == (at(6), "")
    dialog.refresh_from_db()
    assert (dialog.state, dialog.clock_started_at, dialog.first_reply_at) == ("waiting", at(0), None)
    assert DialogEvent.objects.filter(kind="reply_withdrawn", actor=anna).exists()
    assert not DialogEvent.objects.filter(kind="reply_failed").exists()


def test_another_reply_of_the_turn_keeps_the_answer(
    connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    answer(dialog, anna, "one", now=at(5))
    second = answer(dialog, anna, "two", now=at(6))
    own_messages.delete(second.pk, by=anna, now=at(7))
    dialog.refresh_from_db()
    assert (dialog.state, dialog.reaction_count) == ("answered", 1)


def test_what_has_left_in_part_is_not_changed_in_the_middle(
    connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    message = answer(dialog, anna, "long", now=at(5))
    OutboxItem.objects.update(accepted_ids=["p1"])
    assert "right now" in refusal(message.pk, "x", by=anna, now=at(6)).message


def test_an_edit_that_races_with_the_drain_is_sent_or_refused_never_lost(
    customer: FakeCustomer, connection: Connection, dialog: Dialog, anna: Employee
) -> None:
    """Whoever is first: either the new text leaves, or the editor is told that it is leaving, or it follows as an edit."""
    for turn in range(6):
        message = answer(dialog, anna, f"old {turn}", now=at(5 + turn))
        edited, drained = together(
            partial(own_messages.edit, message.pk, f"new {turn}", by=anna, now=at(20 + turn)),
            partial(drain, connection, 20 + turn),
        )
        assert not isinstance(drained, Exception), drained
        drain(connection, 30 + turn)
        message.refresh_from_db()
        ours = [text for _kind, text in told(customer) if text and text.endswith(f" {turn}")]
        if isinstance(edited, CommandRefused):
            assert "right now" in edited.message
            assert (message.text, ours) == (f"old {turn}", [f"old {turn}"])
        else:
            assert edited is None
            assert (message.text, ours[-1]) == (f"new {turn}", f"new {turn}")


def test_the_drain_sends_what_stands_there_when_it_gets_the_row(
    monkeypatch: pytest.MonkeyPatch,
    customer: FakeCustomer,
    connection: Connection,
    dialog: Dialog,
    anna: Employee,
) -> None:
    """The edit commits between the drain's look at the queue and its claim."""
    message = answer(dialog, anna, "old", now=at(5))
    found = outbound._claim

    def late(pk: int, **options: Any) -> OutboxItem | None:
        monkeypatch.setattr(outbound, "_claim", found)
        own_messages.edit(message.pk, "new", by=anna, now=at(6))
        return found(pk, **options)

    monkeypatch.setattr(outbound, "_claim", late)
    drain(connection, 7)
    assert told(customer) == [("created", "new")]


# -- who, and where -------------------------------------------------------------------------------------------


def test_only_the_author_in_an_open_dialog_that_is_his(
    connection: Connection, sent: Message, anna: Employee
) -> None:
    bert = make_operator("Bert")
    assert "Only who wrote" in refusal(sent.pk, "x", by=bert, now=at(20), may_join=True).message
    dialogs.transfer_to_colleague(sent.dialog_id, to=bert, by=anna, now=at(21))
    assert refusal(sent.pk, "x", by=anna, now=at(22)).holder == bert.display_name
    own_messages.edit(sent.pk, "Good morning", by=anna, now=at(23), may_join=True)
    dialogs.finish(sent.dialog_id, by=bert, now=at(24))
    assert refusal(sent.pk, "x", by=anna, now=at(25), may_join=True).code == "closed"
    assert refusal(sent.pk, deed=own_messages.delete, by=anna, now=at(25), may_join=True).code == "closed"


def test_nothing_is_changed_to_nothing(sent: Message, anna: Employee) -> None:
    assert refusal(sent.pk, "  ", by=anna, now=at(20)).code == "empty"
    assert refusal(0, "x", by=anna, now=at(20)).code == "gone"


def test_where_the_channel_cannot_it_is_said(anna: Employee) -> None:
    line = make_line(anna, greeting_enabled=False)
    dialog = write(make_client(make_connection(line, "sms"), "+48600100200"), now=at(0)).dialog
    message = answer(dialog, anna, now=at(5))
    Message.objects.filter(pk=message.pk).update(delivery="sent", external_id="SM1")
    assert "Write another" in refusal(message.pk, "x", by=anna, now=at(6)).message
    assert "take back" in refusal(message.pk, deed=own_messages.delete, by=anna, now=at(6)).message


def test_in_the_live_chat_it_is_so_at_once(anna: Employee) -> None:
    line = make_line(anna, greeting_enabled=False)
    dialog = write(make_client(make_connection(line), "visitor"), now=at(0)).dialog
    message = answer(dialog, anna, "Good mornnig", now=at(5))
    own_messages.edit(message.pk, "Good morning", by=anna, now=at(6))
    message.refresh_from_db()
    assert (message.text, message.edited_at) == ("Good morning", at(6))
    assert message.earlier_texts[0]["text"] == "Good mornnig"
    own_messages.delete(message.pk, by=anna, now=at(7))
    message.refresh_from_db()
    assert message.deleted_at == at(7)
    dialog.refresh_from_db()
    assert dialog.state == "answered"
    assert not OutboxItem.objects.exists()


def test_a_note_is_its_authors_also_in_a_closed_dialog(
    customer: FakeCustomer, connection: Connection, sent: Message, anna: Employee
) -> None:
    from uuid import uuid4

    note = dialogs.reply(
        sent.dialog_id, dialogs.Reply(uuid=uuid4(), text="He is angry", is_note=True), by=anna, now=at(10)
    )
    dialogs.finish(sent.dialog_id, by=anna, now=at(11))
    last_text = Dialog.objects.get().last_text
    assert "Only who wrote" in refusal(note.pk, "x", by=make_operator(), now=at(12)).message
    own_messages.edit(note.pk, "He is calm", by=anna, now=at(12))
    note.refresh_from_db()
    assert (note.text, note.earlier_texts[0]["text"]) == ("He is calm", "He is angry")
    assert Dialog.objects.get().last_text == last_text
    own_messages.delete(note.pk, by=anna, now=at(13))
    drain(connection, 14)
    assert [kind for kind, _text in told(customer)] == ["created"]


# -- a whole channel ------------------------------------------------------------------------------------------


def drain_all(bot: Connection, seconds: float) -> None:
    """As time goes on: Telegram wants pauses."""
    while OutboxItem.objects.exclude(state="done").exists():
        drain(bot, seconds)
        seconds += 5
        assert seconds < 1000, OutboxItem.objects.exclude(state="done").values_list("log", flat=True)


def test_at_telegram_the_client_sees_the_change_and_what_is_too_old_stays(anna: Employee) -> None:
    line = make_line(anna, greeting_enabled=False)
    with FakeTelegram(any_chat=True, second=0.001) as telegram:
        credentials = {"token": TOKEN, "secret_token": "s"}
        bot = make_connection(line, "telegram", credentials=credentials, base_url=telegram.url)
        dialog = write(make_client(bot, "4711"), now=at(0)).dialog
        first, long, old = (
            answer(dialog, anna, text, now=at(5)) for text in ("mornnig", "word " * 1000, "old")
        )
        drain_all(bot, 6)
        assert len(telegram.answers(4711)) == 4, "the long one went in two messages"
        own_messages.edit(first.pk, "morning", by=anna, now=at(110))
        own_messages.edit(long.pk, "short", by=anna, now=at(111))
        drain_all(bot, 112)
        shown = [one["text"].removeprefix("Anna Test:\n") for one in telegram.answers(4711)]
        assert shown == ["morning", "short", "old"], "with the name before it, as it was sent"
        own_messages.delete(long.pk, by=anna, now=at(220))
        drain_all(bot, 221)
        assert len(telegram.answers(4711)) == 2
        telegram.age(4711, hours=49)
        own_messages.delete(old.pk, by=anna, now=at(330))
        drain_all(bot, 331)
        old.refresh_from_db()
        assert (old.deleted_at, old.delivery) == (None, "sent")
        assert "48 hours" in change_of(old).refusal
        assert len(telegram.answers(4711)) == 2
    assert long.parts.count() == 0
