"""A file that browsers do not show is offered by its name, never as a broken picture or a player without a sound."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from openlines.connectors import base
from openlines.models import Attachment
from openlines.services import dialogs, files
from openlines.widget import presenters
from tests.openlines.factories import NOW, write
from tests.workspace.conftest import Scene, browser_of


def page_with(scene: Scene, *, kind: str, name: str, mime: str) -> tuple[str, Attachment]:
    message = write(scene.client, "Look")
    attachment = Attachment(message=message, kind=kind, name=name, mime=mime, size=4, state="stored")
    attachment.file.save("file", ContentFile(b"\0\0\0\x18"), save=True)
    dialogs.accept(message.dialog_id, by=scene.anna, now=NOW)
    page = browser_of(scene.anna).get(f"/desk/{message.dialog_id}/pane/").content.decode()
    return page.split(f'data-uuid="{message.uuid}"')[1].split("</li>")[0], attachment


@pytest.mark.parametrize(
    ("kind", "name", "mime"),
    [
        ("image", "IMG_2041.HEIC", "image/heic"),
        ("image", "IMG_2041.heif", "image/heif"),
        ("image", "scan.tiff", "image/tiff"),
        ("image", "photo", ""),
        ("image", "drawing.svg", "image/svg+xml"),
        ("audio", "call.amr", "audio/amr"),
        ("video", "clip.3gp", "video/3gpp"),
        ("sticker", "hello.tgs", "application/x-tgsticker"),
    ],
)
def test_it_is_offered_by_its_name(scene: Scene, kind: str, name: str, mime: str) -> None:
    item, attachment = page_with(scene, kind=kind, name=name, mime=mime)
    assert "<img" not in item and "<audio" not in item and "<video" not in item
    assert name in item
    assert f"{attachment.public_id}/?download=1" in item
    assert presenters.file(attachment, chat=scene.connection)["kind"] == "file"


@pytest.mark.parametrize(
    ("kind", "mime", "tag"),
    [
        ("image", "image/jpeg", "<img"),
        ("image", "image/jpg", "<img"),
        ("sticker", "image/webp", "<img"),
        ("voice", "audio/ogg; codecs=opus", "<audio"),
        ("audio", "audio/mp3", "<audio"),
        ("video", "video/mp4", "<video"),
    ],
)
def test_what_browsers_show_is_shown(scene: Scene, kind: str, mime: str, tag: str) -> None:
    item, attachment = page_with(scene, kind=kind, name="file", mime=mime)
    assert tag in item
    shown = browser_of(scene.anna).get(item.split('src="')[1].split('"')[0])
    assert shown["Content-Disposition"].startswith("inline")
    assert presenters.file(attachment, chat=scene.connection)["kind"] == kind


def test_a_picture_that_is_declared_as_another_kind_is_stored_as_what_it_is() -> None:
    heic = b"\0\0\0\x24ftypheic\0\0\0\0mif1heic"
    media = base.Media(base.MediaKind.IMAGE, "", "IMG\u202egpj.jpg", "image/jpeg", len(heic), heic)
    attachment = files.received(media)
    assert (attachment.mime, attachment.name) == ("image/heic", "IMGgpj.jpg")
    sent = files.upload(SimpleUploadedFile("IMG_2041.jpg", heic, "image/jpeg"))
    assert sent.mime == "image/heic"
    assert sent.file.read() == heic
