"""Q6: whom the client sees, in everything he gets."""

from __future__ import annotations

import pytest

from contactcenter.staff.models import Employee
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import LineText, OpenLine
from openlines.services import dialogs, lines, outbound
from openlines.services.faces import Face, face
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


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna")


def seen(anna: Employee, **values: object) -> Face:
    return face(make_line(anna, **values), anna)


def test_the_profile_is_the_default(anna: Employee) -> None:
    assert seen(anna) == Face(name="Anna Test")


def test_a_log_in_name_is_never_shown() -> None:
    nameless = Employee.objects.create_user("secret-login")
    assert seen(nameless) == Face()


def test_information_only(anna: Employee) -> None:
    assert seen(anna, identity="information").name == "Anna"
    assert seen(anna, identity="information", identity_first_name=False) == Face()


def test_entries_of_the_line_with_the_profile_behind_them(anna: Employee) -> None:
    line = make_line(anna, identity="entries")
    assert face(line, anna).name == "Anna Test"
    lines.set_entry(line.pk, anna.pk, name="Ms. Sunny", position="Advice")
    line = OpenLine.objects.get(pk=line.pk)
    assert face(line, anna) == Face(name="Ms. Sunny", position="Advice")


@pytest.mark.parametrize(
    ("values", "text", "told"),
    [
        ({}, "Anna Test:\nHello", "Anna Test"),
        ({"name_before_text": False}, "Hello", "Anna Test"),
        ({"identity": "information"}, "Anna:\nHello", "Anna"),
        ({"identity": "information", "identity_first_name": False}, "Hello", "our team"),
    ],
)
def test_telegram_and_automatic_texts_obey_it(
    anna: Employee, values: dict[str, object], text: str, told: str
) -> None:
    line = make_line(anna, greeting_enabled=False, rating_enabled=False, **values)
    LineText.objects.create(line=line, trigger="finished", language="en", text="You talked to #OPERATOR#.")
    with FakeTelegram(any_chat=True) as telegram:
        connection = make_connection(line, "telegram", credentials={"token": TOKEN}, base_url=telegram.url)
        dialog = write(make_client(connection, "4711"), now=at(0)).dialog
        answer(dialog, anna, "Hello", now=at(1))
        dialogs.finish(dialog.pk, by=anna, now=at(2))
        for second in (3, 5):  # Telegram's pace of a chat
            outbound.drain(connection.pk, now=at(second))
        assert [call.params["text"] for call in telegram.called("sendMessage")] == [
            text,
            f"You talked to {told}.",
        ]
