"""Consent before anything is sent (P2), rating (R2), the typing switch (A11) and the chat's own hours (W7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.live import publish
from openlines.models import Client, Connection, ConsentRecord, Dialog, Message, OpenLine, Rating
from openlines.services import dialogs, lines
from openlines.widget import chats
from tests.openlines.factories import answer
from tests.openlines.widget.page import Page, opened

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asking(chat: Connection) -> Connection:
    lines.save_block(
        chat.line_id, {"consent_enabled": True, "consent_url": "https://x.test/p"}, now=timezone.now()
    )
    chats.forget()
    return Connection.objects.select_related("line").get(pk=chat.pk)


def test_p2_nothing_can_be_sent_before_the_answer(asking: Connection) -> None:
    page = Page(asking)
    terms = page.open()["consent"]
    assert (terms["given"], terms["url"]) == (False, "https://x.test/p")
    refused = page.write("Hello")
    assert (refused.status_code, refused.json()["error"]) == (403, "consent")
    assert not Dialog.objects.exists()
    answered = page.post("consent", version=terms["version"], given=True, page="https://shop.test/")
    assert answered.json()["consent"]["given"]
    assert page.write("Hello").status_code == 200
    record = ConsentRecord.objects.get()
    assert (record.decision, record.how, record.source) == ("given", "chat", "https://shop.test/")
    assert record.text == terms["text"]


def test_p2_a_refusal_is_stored_without_a_dialog_and_can_be_changed(asking: Connection) -> None:
    page = Page(asking)
    terms = page.open()["consent"]
    assert page.post("consent", version=terms["version"], given=False).json()["consent"]["refused"]
    assert page.write("Hello").status_code == 403
    assert not Dialog.objects.exists()
    assert Client.objects.get().consent_state == "refused"
    page.post("consent", version=terms["version"], given=True)
    assert page.write("Hello").status_code == 200


def test_p1_a_new_version_is_asked_again(asking: Connection) -> None:
    page = Page(asking)
    first = page.open()["consent"]["version"]
    page.post("consent", version=first, given=True)
    lines.set_text(asking.line_id, "consent", "en", "Something new. Do you agree?")
    chats.forget()
    assert page.write("Hello").json()["error"] == "consent"
    assert page.post("consent", version=first, given=True).status_code == 409
    terms = page.open()["consent"]
    assert terms["text"] == "Something new. Do you agree?"
    page.post("consent", version=terms["version"], given=True)
    assert page.write("Hello").status_code == 200


def test_no_question_where_the_line_asks_for_nothing(chat: Connection) -> None:
    assert opened(chat).open()["consent"] is None


def test_r2_a_rating_in_the_chat(chat: Connection, anna: Employee) -> None:
    page = opened(chat)
    page.write("Hello")
    dialog = Dialog.objects.get()
    assert page.look()["dialog"]["rating"]["may"] is False
    assert page.post("rating", dialog=dialog.pk, value=1).json()["error"] == "not_yet"
    answer(dialog, anna)
    assert page.look()["dialog"]["rating"] == {"may": True, "value": None, "asked": False}
    assert page.post("rating", dialog=dialog.pk, value=1, comment="Kind").json()["rating"]["value"] == 1
    assert page.post("rating", dialog=dialog.pk, value=0).json()["rating"]["value"] == 0
    stranger = opened(chat)
    assert stranger.post("rating", dialog=dialog.pk, value=1).status_code == 400
    assert page.post("rating", dialog=dialog.pk, value=7).status_code == 400


def test_r2_switched_off_it_waits_for_the_end(chat: Connection, anna: Employee) -> None:
    lines.save_block(chat.line_id, {"rating_in_dialog": False}, now=timezone.now())
    page = opened(chat)
    page.write("Hello")
    dialog = Dialog.objects.get()
    answer(dialog, anna)
    assert page.look()["dialog"]["rating"]["may"] is False
    dialogs.finish(dialog.pk, by=anna, now=timezone.now())
    assert page.look()["dialog"]["rating"] == {"may": True, "value": None, "asked": True}


def test_a11_switched_off_only_that_he_writes_is_told(
    chat: Connection, anna: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(chat)
    page.write("Hello")
    told: list[Any] = []
    monkeypatch.setattr(publish, "signal_many", lambda signals: told.extend(signals))
    page.post("typing", text="my secret")
    assert told[-1][2]["text"] == "my secret"
    lines.save_block(chat.line_id, {"live_typing": False}, now=timezone.now())
    chats.forget()
    page.post("typing", text="my secret")
    assert told[-1][2]["text"] == "…"
    page.post("typing", text="")
    assert told[-1][2]["text"] == ""


NIGHT = datetime(2026, 3, 2, 23, tzinfo=UTC)
DAY = datetime(2026, 3, 2, 10, tzinfo=UTC)


def loader(chat: Connection) -> str:
    chats.forget()
    from django.test import Client as Http

    return Http().get(reverse("widget:loader", args=[chat.public_id])).text


def test_w7_shown_only_in_working_hours(chat: Connection) -> None:
    Connection.objects.filter(pk=chat.pk).update(
        options={"only_open": True, "schedule": {str(day): "09:00-18:00" for day in range(7)}}
    )
    OpenLine.objects.filter(pk=chat.line_id).update(time_zone="UTC")
    with time_machine.travel(NIGHT, tick=False):
        assert "There is no chat here" in loader(chat)
    with time_machine.travel(DAY, tick=False):
        assert "There is no chat here" not in loader(chat)


def test_w7_its_own_schedule_goes_before_the_lines(chat: Connection) -> None:
    Connection.objects.filter(pk=chat.pk).update(options={"schedule": {"0": "20:00-24:00"}})
    OpenLine.objects.filter(pk=chat.line_id).update(time_zone="UTC")
    chats.forget()
    found = chats.find(chat.public_id)
    assert found is not None
    assert chats.is_open(found, now=NIGHT)
    assert not chats.is_open(found, now=DAY)
    assert chats.is_shown(found, now=DAY)


def test_r2_a_reason_is_added_to_a_rating_and_nothing_is_said_again(chat: Connection, anna: Employee) -> None:
    page = opened(chat)
    page.write("Hello")
    dialog = Dialog.objects.get()
    answer(dialog, anna, "Hi")
    page.post("rating", dialog=dialog.pk, value=0)
    said = Message.objects.filter(dialog=dialog).count()
    assert page.post("rating", dialog=dialog.pk, value=0, comment=" Too slow ").status_code == 200
    assert Rating.objects.get().comment == "Too slow"
    assert Message.objects.filter(dialog=dialog).count() == said
    # another opinion is another rating: the old reason is not its reason
    page.post("rating", dialog=dialog.pk, value=1)
    assert (Rating.objects.get().value, Rating.objects.get().comment) == (1, "")


def test_s10_no_reason_is_kept_where_the_texts_are_erased(chat: Connection, anna: Employee) -> None:
    page = opened(chat)
    page.write("Hello")
    dialog = Dialog.objects.get()
    answer(dialog, anna, "Hi")
    dialogs.finish(dialog.pk, by=anna, now=timezone.now())
    Dialog.objects.update(log_kept=False, log_erased_at=timezone.now())
    assert page.post("rating", dialog=dialog.pk, value=0, comment="My PIN is 1234").status_code == 200
    assert (Rating.objects.get().value, Rating.objects.get().comment) == (0, "")
