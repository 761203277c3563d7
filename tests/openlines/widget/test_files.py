"""Files up and down; nobody else's."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import Attachment, Connection, Dialog, Message
from openlines.services import dialogs, files
from openlines.services.dialogs import Reply
from openlines.widget import visitors
from tests.openlines.widget.page import Page, opened

pytestmark = pytest.mark.django_db
PIXEL = b"\x89PNG\r\n\x1a\nand so on"


def send(page: Page, *sent: SimpleUploadedFile, text: str = "") -> Any:
    return page.ask("messages", data={"uuid": str(uuid4()), "text": text, "files": sent})


def picture(name: str = "shoe.png", content: bytes = PIXEL, mime: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=mime)


def test_a_file_goes_up_and_comes_down(chat: Connection) -> None:
    page = opened(chat)
    answer = send(page, picture(), picture("b.png"), text="Look").json()
    message = Message.objects.get(uuid=answer["message"]["id"])
    assert (message.kind, message.text, message.attachments.count()) == ("media", "Look", 2)
    [file, _other] = answer["message"]["files"]
    assert (file["name"], file["kind"], file["size"]) == ("shoe.png", "image", len(PIXEL))
    down: Any = page.http.get(file["url"])
    assert b"".join(down.streaming_content) == PIXEL
    assert down.headers["Content-Type"] == "image/png"
    assert down.headers["X-Content-Type-Options"] == "nosniff"
    assert page.open()["messages"][0]["files"][0]["name"] == "shoe.png"


def test_a_file_alone_is_a_message(chat: Connection) -> None:
    assert send(opened(chat), picture()).status_code == 200


def test_only_with_key_or_token(chat: Connection) -> None:
    page = opened(chat)
    send(page, picture())
    attachment = Attachment.objects.get()
    address = visitors_address(chat, attachment)
    stranger = opened(chat)
    stranger.write()
    assert page.http.get(address).status_code == 404
    assert page.http.get(f"{address}?key=x:y").status_code == 404
    assert page.http.get(address, headers={"X-Chat-Token": stranger.token}).status_code == 404
    assert page.http.get(address, headers={"X-Chat-Token": page.token}).status_code == 200
    other_key = visitors.file_key(Attachment(public_id=uuid4()))
    assert page.http.get(f"{address}?key={other_key}").status_code == 404


def test_html_is_downloaded_and_never_shown(chat: Connection) -> None:
    page = opened(chat)
    evil = picture("a.html", b"<script>alert(1)</script>", "text/html")
    address = send(page, evil).json()["message"]["files"][0]["url"]
    down = page.http.get(address)
    assert down.headers["Content-Disposition"].startswith("attachment")
    assert down.headers["Content-Type"] == "application/octet-stream"


def test_an_operators_file_comes_with_his_answer(chat: Connection, anna: Employee) -> None:
    page = opened(chat)
    page.write()
    reply = Reply(uuid=uuid4(), text="", attachments=(files.upload(picture("price.png")),))
    dialogs.reply(Dialog.objects.get().pk, reply, by=anna, now=timezone.now())
    [file] = page.look("?since=0.0")["messages"][-1]["files"]
    assert file["name"] == "price.png"
    assert page.http.get(file["url"]).status_code == 200


def test_files_of_notes_stay_with_us(chat: Connection, anna: Employee) -> None:
    page = opened(chat)
    page.write()
    note = Reply(uuid=uuid4(), text="", attachments=(files.upload(picture()),), is_note=True)
    dialogs.reply(Dialog.objects.get().pk, note, by=anna, now=timezone.now())
    attachment = Attachment.objects.get()
    address = visitors_address(chat, attachment)
    assert page.http.get(f"{address}?key={visitors.file_key(attachment)}").status_code == 404
    assert page.http.get(address, headers={"X-Chat-Token": page.token}).status_code == 404


def test_what_cannot_go_is_refused_in_plain_words(chat: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(chat)
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    large = send(page, picture())
    assert large.status_code == 413
    assert "larger than 20 MB" in large.json()["message"]
    empty = send(page, picture(content=b""))
    assert empty.status_code == 422
    many = send(page, *(picture(content=b"x") for _ in range(11)))
    assert many.status_code == 413
    assert not Message.objects.exists()


def visitors_address(chat: Connection, attachment: Attachment) -> str:
    return f"/chat/{chat.public_id}/file/{attachment.public_id}/"
