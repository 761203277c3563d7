"""Who a visitor is, and that he finds his conversation again."""

import pytest
from django.core import signing
from django.utils import timezone

from openlines.live import topics
from openlines.models import Client, Connection, Dialog, Message
from tests.openlines.factories import make_connection, make_line
from tests.openlines.widget.page import Page, opened

pytestmark = pytest.mark.django_db


def test_a_new_visitor_has_a_token_but_no_row_and_no_ticket(chat: Connection) -> None:
    answer = Page(chat).open()
    assert answer["token"]
    assert answer["ticket"] is None
    assert (answer["messages"], answer["cursor"], answer["dialog"]) == ([], "", None)
    assert not Client.objects.exists()


def test_his_conversation_is_there_after_a_reload(chat: Connection) -> None:
    page = opened(chat)
    page.write("Do you ship to Malta?")
    answer = Page(chat, token=page.token).open()
    texts = [(m["author"], m["text"]) for m in answer["messages"]]
    assert texts[0] == ("client", "Do you ship to Malta?")
    assert texts[1][0] == "line"
    assert answer["dialog"] == {
        "number": Dialog.objects.get().pk,
        "state": "open",
        "operator": None,
        "read_up_to": 0,
        "rating": {"may": False, "value": None, "asked": False},
    }
    ticket = topics.read_ticket(answer["ticket"], now=timezone.now())
    assert ticket.topics == {topics.client(Client.objects.get().pk)}


def test_nobody_else_finds_it(chat: Connection) -> None:
    opened(chat).write("My card number is 1234")
    stranger = opened(chat)
    assert stranger.open()["messages"] == []
    assert stranger.look("?since=0.0")["messages"] == []
    stranger.write("Hello")
    assert "1234" not in str(stranger.open())
    assert "1234" not in str(stranger.look("?since=0.0"))
    assert "1234" not in str(stranger.look("?before=999999.999"))


@pytest.mark.parametrize("salt", ["", "another"])
def test_a_token_that_is_not_ours_gets_a_new_visitor_and_reads_nothing(chat: Connection, salt: str) -> None:
    token = signing.dumps({"c": chat.pk, "v": "x"}, salt=salt) if salt else "rubbish"
    page = Page(chat, token=token)
    assert page.ask("messages", "get", query="?since=0.0").json()["error"] == "no_visitor"
    assert page.write().status_code == 401
    assert not Message.objects.exists()
    assert page.open()["token"] != token


def test_the_token_of_another_chat_is_a_strangers(chat: Connection) -> None:
    page = opened(chat)
    page.write("Hello")
    other = make_connection(make_line(name="Other"))
    assert Page(other, token=page.token).write().status_code == 401
    assert Page(other, token=page.token).open()["messages"] == []


def test_a_chat_that_is_switched_off_says_so(chat: Connection) -> None:
    page = opened(chat)
    Connection.objects.update(is_active=False)
    from openlines.widget import chats

    chats.forget()
    for answer in (
        page.post("session"),
        page.write(),
        page.ask("messages", "get"),
        page.post("typing", text="a"),
    ):
        assert answer.status_code == 410
        assert answer.json()["message"] == "This chat is switched off at the moment. Please come back later."
    assert not Message.objects.exists()


def test_a_chat_that_does_not_exist(chat: Connection) -> None:
    chat.public_id = "00000000-0000-4000-8000-000000000000"
    assert Page(chat).post("session").status_code == 404


def test_a_telegram_bot_is_no_chat(chat: Connection) -> None:
    bot = make_connection(chat.line, kind="telegram")
    assert Page(bot).post("session").status_code == 404


def test_errors_are_in_the_visitors_language(chat: Connection) -> None:
    answer = Page(chat).ask("messages", "get", headers={"Accept-Language": "pl"})
    assert answer.status_code == 401
    assert answer.headers["Content-Language"] == "pl"
