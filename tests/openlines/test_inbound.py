"""Raw deliveries of Telegram go in: each message once, nothing lost, nothing raises."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django_q.models import OrmQ

from contactcenter.lib.in_hand import InHand
from contactcenter.staff.models import Employee
from openlines.connectors.base import RawRequest
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Attachment, Client, Connection, Dialog, InboundEvent, Message
from openlines.services import client_messages, dialogs, inbound
from tests.openlines.factories import answer, at, make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db(transaction=True)
PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "telegram"


@pytest.fixture
def connection() -> Connection:
    return make_connection(
        make_line(make_operator("Anna")), "telegram", credentials={"token": "1:x", "secret_token": "s"}
    )


def update(number: int, **message: Any) -> RawRequest:
    kind = message.pop("kind", "message")
    carl = {"id": 77, "first_name": "Carl", "is_bot": False, "language_code": "pl"}
    body = {
        "message_id": number,
        "date": 1772445600,
        "chat": {"id": 77, "type": "private", "first_name": "Carl"},
        "from": carl,
    }
    return RawRequest(
        headers={}, body=json.dumps({"update_id": 1000 + number, kind: body | message}).encode()
    )


def receive(connection: Connection, request: RawRequest, now: float = 0) -> inbound.Delivery:
    return inbound.receive(connection, request, now=at(now))


def test_a_message_opens_a_dialog_and_its_second_delivery_does_nothing(connection: Connection) -> None:
    assert not receive(connection, update(1, text="Dzień dobry")).repeated
    assert receive(connection, update(1, text="Dzień dobry")).repeated
    message = Message.objects.get(author="client")
    assert message.text == "Dzień dobry"
    assert Client.objects.get().name == "Carl"
    assert Message.objects.get(trigger="greeting").text.startswith("Dzień dobry!")


def test_an_edit_keeps_the_earlier_text_and_starts_nothing(connection: Connection) -> None:
    receive(connection, update(1, text="Hello"))
    rev = Dialog.objects.get().rev
    receive(connection, update(1, kind="edited_message", text="Hello!", edit_date=1772445700), now=5)
    edited = RawRequest(
        headers={},
        body=update(1, kind="edited_message", text="Hello!", edit_date=1772445700).body.replace(
            b"1001", b"1002"
        ),
    )
    receive(connection, edited, now=6)
    message = Message.objects.get(author="client")
    assert message.text == "Hello!"
    assert [e["text"] for e in message.earlier_texts] == ["Hello"]
    assert Dialog.objects.get().rev > rev
    assert Dialog.objects.count() == 1


def test_an_edit_in_wrap_up_does_not_leave_it(connection: Connection) -> None:
    receive(connection, update(1, text="Hello"))
    dialog = Dialog.objects.get()
    anna = Employee.objects.get(queue_entries__line=dialog.line)
    answer(dialog, anna, now=at(1))
    dialogs.finish(dialog.pk, by=anna, now=at(2))
    receive(
        connection, update(5, kind="edited_message", message_id=1, text="Hello?", edit_date=1772445700), now=3
    )
    dialog.refresh_from_db()
    assert dialog.state == "wrap_up"
    assert Message.objects.get(author="client").text == "Hello?"


def test_a_reply_is_bound_to_the_message_it_quotes(connection: Connection) -> None:
    receive(connection, update(1, text="Hello"))
    receive(
        connection,
        update(
            2,
            text="And this?",
            reply_to_message={"message_id": 1, "date": 1, "chat": {"id": 77, "type": "private"}},
        ),
    )
    first, second = Message.objects.filter(author="client")
    assert second.reply_to == first


def test_an_album_is_one_message_with_several_files(connection: Connection) -> None:
    for number in (1, 2, 3):
        photo = [{"file_id": f"f{number}", "file_unique_id": f"u{number}", "width": 1, "height": 1}]
        receive(connection, update(number, photo=photo, media_group_id="g1"))
    message = Message.objects.get(author="client")
    assert message.attachments.count() == 3
    assert Dialog.objects.get().client_message_count == 1


def test_a_failure_parks_the_delivery_and_replay_takes_it(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boom(*args: object, **kwargs: object) -> None:
        Client.objects.update(name="half done")
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(client_messages, "receive", boom)
        assert receive(connection, update(1, text="Hello")).parked
    event = InboundEvent.objects.get()
    assert event.state == "parked"
    assert "boom" in event.reason
    assert not Client.objects.exists(), "everything but the stored row is rolled back"
    assert inbound.replay(event, now=at(9))
    event.refresh_from_db()
    assert event.state == "processed"
    assert inbound.replay(event, now=at(10))
    assert Message.objects.filter(author="client").count() == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff\xfe", b'{"update_id": 1e400}', b'{"update_id": 7, "message": 5}']
)
def test_nonsense_is_kept_and_raises_nothing(connection: Connection, body: bytes) -> None:
    receive(connection, RawRequest(headers={}, body=body))
    assert InboundEvent.objects.count() == 1
    assert not Message.objects.exists()


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason=f"the payload files are not there ({PAYLOADS.name})")
def test_every_payload_goes_in_once(connection: Connection) -> None:
    files = sorted(PAYLOADS.glob("*.json"))
    assert files
    before = Message.objects.count()
    for number, path in enumerate(files):
        request = RawRequest(headers={}, body=path.read_bytes())
        receive(connection, request, now=number)
        stored = InboundEvent.objects.count()
        messages = Message.objects.count()
        assert receive(connection, request, now=number).repeated or InboundEvent.objects.count() == stored
        assert Message.objects.count() == messages
    assert Message.objects.count() > before
    assert (
        not InboundEvent.objects.filter(state="parked")
        .exclude(reason="")
        .filter(reason__contains="Error:")
        .exists()
    )
    assert Attachment.objects.filter(state="pending").exists()


def test_a_pressed_button_is_acknowledged_by_a_task_after_the_commit() -> None:
    from openlines import tasks

    button = {
        "update_id": 5,
        "callback_query": {
            "id": "4382bfdwdsb323b2d9",
            "from": {"id": 77, "first_name": "Carl", "is_bot": False},
            "message": {
                "message_id": 3,
                "date": 1772445600,
                "chat": {"id": 77, "type": "private", "first_name": "Carl"},
            },
            "data": "yes",
        },
    }
    with FakeTelegram(any_chat=True) as telegram:
        connection = make_connection(
            make_line(make_operator()), "telegram", credentials={"token": TOKEN}, base_url=telegram.url
        )
        delivery = receive(connection, RawRequest(headers={}, body=json.dumps(button).encode()))
        assert "openlines.tasks.acknowledge" in [task.func() for task in OrmQ.objects.all()]
        assert delivery.event_id
        tasks.acknowledge(delivery.event_id)
        assert [call.params["callback_query_id"] for call in telegram.called("answerCallbackQuery")] == [
            "4382bfdwdsb323b2d9"
        ]


def test_a_delivery_that_a_deadlock_hit_is_read_once_more(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = client_messages.receive
    calls = []

    def once(*args: Any, **kwargs: Any) -> Message:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("deadlock detected")
        return real(*args, **kwargs)

    monkeypatch.setattr(client_messages, "receive", once)
    assert not receive(connection, update(1, text="Hello")).parked
    assert Message.objects.filter(author="client").count() == 1


def test_a_webhook_that_killed_two_processes_is_parked_unread_at_the_third_time(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The provider brings again what it got no answer for; each time another process reads it."""
    deadly, good = update(1, text="x"), update(2, text="y")
    for _death in range(2):
        pid = os.fork()
        if not pid:
            try:
                database.connection = None  # the parent's
                monkeypatch.setattr(inbound, "_in_hand", InHand(tmp_path))
                monkeypatch.setattr(
                    inbound, "_process", lambda *_a, **_k: os.kill(os.getpid(), signal.SIGKILL)
                )
                inbound.receive_watched(connection, deadly, now=at(0))
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    monkeypatch.setattr(inbound, "_in_hand", InHand(tmp_path))
    assert inbound.receive_watched(connection, good, now=at(1)).parked is False
    assert inbound.receive_watched(connection, deadly, now=at(2)).parked
    assert inbound.receive_watched(connection, deadly, now=at(3)).repeated
    event = InboundEvent.objects.get(state="parked")
    assert (bytes(event.body), "stopped" in event.reason) == (deadly.body, True)
    assert list(Message.objects.filter(author="client").values_list("text", flat=True)) == ["y"]
    connection.refresh_from_db()
    assert "parked" in connection.last_error
    assert inbound.replay(event, now=at(60))


def test_what_the_database_refused_for_now_is_not_kept_so_that_it_comes_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parked message waits for a person; the provider brings it again within seconds."""

    def refuses(*_args: Any, **_more: Any) -> Message:
        raise OperationalError("the database system is shutting down")

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(client_messages, "receive", refuses)
        receive(connection, update(1, text="Hello"))
    assert not InboundEvent.objects.exists()
    assert not receive(connection, update(1, text="Hello")).parked
    assert Message.objects.filter(author="client").count() == 1
