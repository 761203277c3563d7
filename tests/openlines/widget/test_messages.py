"""Messages both ways, and everything since a cursor."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from contactcenter.staff.models import Employee
from openlines.connectors import base
from openlines.models import Client, Connection, Dialog, DialogEvent, Message
from openlines.services import dialogs, marks
from openlines.services.dialogs import Reply
from tests.openlines.factories import answer
from tests.openlines.widget.page import Page, opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(chat: Connection) -> Page:
    return opened(chat)


def dialog() -> Dialog:
    return Dialog.objects.latest("pk")


def test_the_first_message_makes_the_client_and_brings_the_ticket(page: Page) -> None:
    sent = page.write("Hello?", page="https://shop.example/shoes?size=42#reviews", language="pl").json()
    client = Client.objects.get()
    assert client.page_url == "https://shop.example/shoes?size=42"
    assert client.language == "pl"
    assert sent["ticket"]
    assert sent["message"]["text"] == "Hello?"
    assert sent["message"]["dialog"] == dialog().pk
    assert dialog().state == "new"
    greeting = page.look("?since=0.0")["messages"][1]
    assert greeting["text"].startswith("Dzień dobry")


def test_the_page_follows_him(page: Page) -> None:
    page.write(page="https://shop.example/a")
    page.write(page="https://shop.example/b")
    assert Client.objects.get().page_url == "https://shop.example/b"
    page.write(page="javascript:alert(1)")
    page.write(page="https://[")
    assert Client.objects.get().page_url == "https://shop.example/b"


def test_a_repeated_uuid_is_one_message(page: Page) -> None:
    uuid = str(uuid4())
    first = page.write("Once", uuid=uuid).json()
    again = page.write("Once", uuid=uuid).json()
    assert again["message"] == first["message"]
    assert Message.objects.filter(author="client").count() == 1
    assert Dialog.objects.count() == 1


def test_a_strangers_uuid_shows_nothing_of_his(page: Page, chat: Connection) -> None:
    uuid = str(uuid4())
    page.write("A secret", uuid=uuid)
    refused = opened(chat).write("Mine", uuid=uuid)
    assert refused.status_code == 409
    assert "secret" not in refused.content.decode()


def test_an_answer_comes_with_name_but_not_the_log_in_name(page: Page, anna: Employee) -> None:
    page.write()
    page.cursor = page.open()["cursor"]
    answer(dialog(), anna, "Good morning")
    talk = page.look()
    assert [(m["author"], m["text"], m["person"]) for m in talk["messages"]] == [
        ("operator", "Good morning", {"name": "Anna Test", "position": "", "photo": ""})
    ]
    assert talk["dialog"]["operator"] == {"name": "Anna Test", "position": "", "photo": ""}
    assert page.look()["messages"] == []

    Employee.objects.update(first_name="", last_name="")
    assert anna.username not in str(page.open())


def test_a_quotation_names_its_author(page: Page, anna: Employee) -> None:
    page.write("How much?")
    first = answer(dialog(), anna, "10 euro")
    reply = Reply(uuid=uuid4(), text="each", reply_to_id=first.pk)
    dialogs.reply(dialog().pk, reply, by=anna, now=timezone.now())
    quoted = page.look("?since=0.0")["messages"][-1]["reply_to"]
    assert (quoted["author"], quoted["person"]["name"], quoted["text"]) == (
        "operator",
        "Anna Test",
        "10 euro",
    )


def test_notes_stay_with_us(page: Page, anna: Employee) -> None:
    page.write()
    dialogs.accept(dialog().pk, by=anna, now=timezone.now())
    dialogs.reply(
        dialog().pk, Reply(uuid=uuid4(), text="he is rude", is_note=True), by=anna, now=timezone.now()
    )
    assert "rude" not in str(page.look("?since=0.0"))
    assert "rude" not in str(page.open())


def test_edits_and_deletions_come_as_changes(page: Page, chat: Connection) -> None:
    sent = page.write("Helo")
    Message.objects.filter(author="client").update(external_id="1")
    page.open()
    marks.edit(
        chat,
        base.MessageEdited(base.Sender("x"), "1", timezone.now(), "Hello"),
        now=timezone.now(),
    )
    [changed] = page.look()["messages"]
    assert (changed["id"], changed["text"], changed["edited"]) == (
        sent.json()["message"]["id"],
        "Hello",
        True,
    )
    marks.delete(chat, "1", at=timezone.now(), now=timezone.now())
    [changed] = page.look()["messages"]
    assert (changed["text"], changed["deleted"]) == ("", True)


def test_what_his_page_has_and_has_shown_is_marked(page: Page, anna: Employee) -> None:
    page.write()
    reply = answer(dialog(), anna)
    page.open()
    assert page.post("seen", dialog=dialog().pk, seq=reply.seq, read=False).status_code == 204
    reply.refresh_from_db()
    assert reply.delivery == "delivered"
    assert [m["read"] for m in page.look()["messages"] if m["author"] == "operator"] == [False]
    page.post("seen", dialog=dialog().pk, seq=reply.seq, read=True)
    reply.refresh_from_db()
    assert reply.delivery == "read"
    assert all(m["read"] for m in page.look()["messages"])


def test_nobody_marks_a_strangers_dialog(page: Page, chat: Connection, anna: Employee) -> None:
    page.write()
    reply = answer(dialog(), anna)
    stranger = opened(chat)
    stranger.write()
    stranger.post("seen", dialog=reply.dialog_id, seq=reply.seq, read=True)
    reply.refresh_from_db()
    assert reply.delivery == "sent"


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"dialog": "x", "seq": [1]}', '{"dialog": 1e999}', '{"dialog": true}']
)
def test_rubbish_is_no_error_of_ours(page: Page, content: str) -> None:
    for name in ("seen", "typing", "messages"):
        assert page.ask(name, data=content, content_type="application/json").status_code in (204, 400, 422)


def test_the_operators_look_is_the_visitors_read_mark(page: Page, anna: Employee) -> None:
    first = page.write("One").json()["message"]
    dialogs.accept(dialog().pk, by=anna, now=timezone.now())
    assert page.open()["dialog"]["read_up_to"] == 0
    dialogs.mark_seen(dialog(), by=anna, now=timezone.now())
    assert page.open()["dialog"]["read_up_to"] >= first["seq"]
    second = page.write("Two").json()["message"]
    assert first["seq"] <= page.open()["dialog"]["read_up_to"] < second["seq"]


def test_a_finished_conversation_goes_on_in_wrap_up_and_begins_anew_after_it(
    page: Page, anna: Employee
) -> None:
    first = page.write("One").json()["message"]["dialog"]
    answer(dialog(), anna)
    page.open()
    dialogs.finish(dialog().pk, by=anna, now=timezone.now())
    talk = page.look()
    assert talk["dialog"]["state"] == "finished"
    assert talk["messages"][-1]["author"] == "line"
    assert page.write("One more thing").json()["message"]["dialog"] == first
    assert page.look()["dialog"]["state"] == "open"

    dialogs.finish(dialog().pk, by=anna, now=timezone.now())
    dialogs.finish(dialog().pk, by=anna, now=timezone.now())
    assert dialog().state == "closed"
    page.look()
    second = page.write("Hello again").json()["message"]["dialog"]
    assert second > first
    talk = page.look()
    assert [m["text"] for m in talk["messages"] if m["author"] == "client"] == ["Hello again"]
    assert talk["dialog"]["number"] == second
    assert talk["cursor"].startswith(f"{second}.")


def test_earlier_messages_come_page_by_page(page: Page, settings: Settings) -> None:
    settings.CHAT_MESSAGES_A_MINUTE = 0
    for number in range(60):
        page.write(f"Message {number}")
    newest = page.open()
    assert len(newest["messages"]) == 50
    assert newest["earlier"]
    head = newest["messages"][0]
    older = page.look(f"?before={head['dialog']}.{head['seq']}")
    assert not older["earlier"]
    assert older["messages"][0]["text"] == "Message 0"
    assert len(older["messages"]) + 50 == Message.objects.count()


def test_a_page_that_slept_long_starts_anew(page: Page, settings: Settings) -> None:
    settings.CHAT_MESSAGES_A_MINUTE = 0
    page.write()
    talk = page.look("?since=0.0")
    assert not talk["reset"]
    for _ in range(205):
        page.write()
    talk = page.look("?since=0.0")
    assert talk["reset"]
    assert len(talk["messages"]) == 50


def test_limits_are_told_in_plain_words(page: Page, chat: Connection, settings: Settings) -> None:
    assert page.write("   ").status_code == 422
    too_long = page.write("x" * 5001)
    assert too_long.status_code == 413
    assert "5000" in too_long.json()["message"]
    assert page.write("x" * 5000).status_code == 200
    assert page.write("x" * 3_000_000).status_code == 413
    assert page.write(uuid="no").status_code == 400

    settings.CHAT_MESSAGES_A_MINUTE = 3
    other = opened(chat)
    answers = [other.write(str(number)) for number in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[3].headers["Retry-After"]) <= 61
    assert opened(chat).write().status_code == 200


def test_text_that_no_database_takes_goes_in(page: Page) -> None:
    uuid = uuid4()
    content = '{"uuid": "%s", "text": "a\\u0000b\\ud800c 😀"}' % uuid  # noqa: UP031
    assert page.ask("messages", data=content, content_type="application/json").status_code == 200
    assert Message.objects.get(uuid=uuid).text == "ab?c 😀"


def test_a_message_into_an_open_dialog_takes_few_statements(
    page: Page, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page.write("One", page="https://shop.example/")
    page.write("Two", page="https://shop.example/")
    with django_assert_max_num_queries(10):
        page.write("Three", page="https://shop.example/")


def test_looking_takes_few_statements(
    page: Page, anna: Employee, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page.write()
    for number in range(5):
        answer(dialog(), anna, str(number), now=timezone.now() + timedelta(seconds=number))
    with django_assert_max_num_queries(6):
        assert len(page.look("?since=0.0")["messages"]) == 7


def test_a_message_is_told_to_the_life_of_the_dialog(page: Page) -> None:
    page.write()
    assert DialogEvent.objects.filter(dialog=dialog(), kind="created").exists()
