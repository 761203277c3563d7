"""Things a review found in the pages: what must not be an error, and who must not act."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client as Browser

from openlines.models import Connection, Dialog, Message
from openlines.services import dialogs
from openlines.services.dialogs import Reply
from tests.factories import make_employee
from tests.openlines.factories import NOW, answer
from tests.workspace.conftest import Scene, browser_of

MANY_DIGITS = "9" * 5000


@pytest.mark.parametrize("deed", ["finish", "spam"])
def test_who_only_took_part_cannot_end_a_colleagues_dialog_in_its_wrap_up(scene: Scene, deed: str) -> None:
    dialog = scene.dialog()
    dialogs.reply(dialog.pk, Reply(uuid=uuid4(), text="Mine", is_note=True), by=scene.bert, now=NOW)
    answer(dialog, scene.anna)
    dialogs.finish(dialog.pk, by=scene.anna, now=NOW)
    answered = browser_of(scene.bert).post(f"/desk/{dialog.pk}/{deed}/")
    assert answered.status_code == 409
    assert answered.json()["holder"] == "Anna Nowak"
    assert Dialog.objects.get(pk=dialog.pk).state == "wrap_up"


@pytest.mark.parametrize(
    "address",
    [
        "/desk/?q=%00",
        "/desk/?tab=waiting&q=a%00b",
        f"/desk/1/update/?since={MANY_DIGITS}",
        "/desk/1/update/?since=99999999999999999999999",
        f"/desk/1/earlier/?before={MANY_DIGITS}",
        "/dialogs/?operator=%C2%B2",
        "/dialogs/?line=999999999999999999",
        "/dialogs/?page=%C2%B2",
        "/dialogs/?page=999999999999999999",
        "/dialogs/?since=0001-01-01",
        "/dialogs/?until=9999-12-31",
        "/dialogs/?q=%00",
        "/dialogs/?q=%23%C2%B2",
        "/team/?department=%C2%B2",
    ],
)
def test_nonsense_in_an_address_is_no_error_of_ours(scene: Scene, address: str) -> None:
    boss = make_employee(role="administrator", is_superuser=True)
    dialog = scene.dialog()
    browser = browser_of(boss)
    browser.raise_request_exception = False
    assert browser.get(address.replace("/1/", f"/{dialog.pk}/")).status_code < 500


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "a\x00b"},
        {"text": "a", "since": MANY_DIGITS},
        {"text": "a", "reply_to": MANY_DIGITS},
        {"text": "a", "reply_to": "99999999999999999999999"},
    ],
)
def test_nonsense_in_a_reply_is_no_error_of_ours(scene: Scene, fields: dict[str, str]) -> None:
    dialog = scene.dialog()
    browser = browser_of(scene.anna)
    browser.raise_request_exception = False
    answered = browser.post(f"/desk/{dialog.pk}/reply/", {"uuid": str(uuid4()), **fields})
    assert answered.status_code < 500
    if answered.status_code == 200:
        assert Message.objects.get(dialog=dialog, author="operator").text.replace("\x00", "") in ("a", "ab")


@pytest.mark.parametrize("to", ["employee:" + MANY_DIGITS, "line:99999999999999999999999", "employee:0"])
def test_nonsense_in_a_transfer_is_refused(scene: Scene, to: str) -> None:
    dialog = scene.dialog()
    browser = browser_of(scene.anna)
    browser.raise_request_exception = False
    answered = browser.post(f"/desk/{dialog.pk}/transfer/", {"to": to, "note": "a\x00b"})
    assert answered.status_code == 422


def test_a_note_on_a_transfer_may_hold_anything(scene: Scene) -> None:
    dialog = scene.dialog()
    browser = browser_of(scene.anna)
    browser.raise_request_exception = False
    answered = browser.post(
        f"/desk/{dialog.pk}/transfer/", {"to": f"employee:{scene.bert.pk}", "note": "a\x00b"}
    )
    assert answered.status_code == 200


def test_a_visitors_file_with_a_strange_type_is_taken(scene: Scene) -> None:
    chat: Connection = scene.connection
    page = Browser(raise_request_exception=False)
    token = page.post(f"/chat/{chat.public_id}/session/").json()["token"]
    body = (
        b'--x\r\nContent-Disposition: form-data; name="uuid"\r\n\r\n' + str(uuid4()).encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n'
        b"Content-Type: image/p\x00ng\r\n\r\nPNG\r\n--x--\r\n"
    )
    answered = page.post(
        f"/chat/{chat.public_id}/messages/",
        body,
        content_type="multipart/form-data; boundary=x",
        headers={"x-chat-token": token},
    )
    assert answered.status_code < 500
