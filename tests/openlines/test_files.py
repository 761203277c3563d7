"""Clients' files: fetched at once, again when the provider could not give them, and by hand when they were given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from contactcenter.staff.models import Employee, Role, RoleBinding
from openlines.connectors import base, registry
from openlines.models import Attachment, Connection, Deadline, Dialog
from openlines.services import dialogs, files, outbound
from tests.openlines.factories import at, make_client, make_connection, make_line, make_operator, write

pytestmark = pytest.mark.django_db(transaction=True)

Answer = Callable[[], bytes]


@pytest.fixture
def anna() -> Employee:
    operator = make_operator("Anna")
    RoleBinding.objects.create(role=Role.objects.get(key="operator"), employee=operator)
    return operator


@pytest.fixture
def connection(anna: Employee) -> Connection:
    credentials = {"token": "1:x", "secret_token": "s"}
    return make_connection(make_line(anna), "telegram", credentials=credentials)


@pytest.fixture
def photo(connection: Connection) -> Attachment:
    media = base.Media(base.MediaKind.IMAGE, "file-1", name="photo.png", mime="image/png")
    client = make_client(connection, "4711", name="Carl")
    message = write(client, "", kind=base.MessageKind.MEDIA, media=(media,), external_id="4711:1")
    return message.attachments.get()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """What it answers, one call after the other; the last answer stays."""
    answers: list[Answer] = []

    def fetch(self: object, media: base.Media, account: base.Account, *, max_bytes: int) -> bytes:
        assert media.reference == "file-1"
        return (answers.pop(0) if len(answers) > 1 else answers[0])()

    monkeypatch.setattr(type(registry.get("telegram")), "fetch", fetch)
    return answers


def _unavailable(*, temporary: bool) -> Answer:
    def answer() -> bytes:
        raise base.MediaUnavailable("Telegram has no such file.", temporary=temporary)

    return answer


def _next_attempt(connection: Connection) -> datetime:
    return Deadline.objects.get(connection=connection, kind="fetch").due_at


def test_an_outage_of_hours_loses_no_file(
    connection: Connection, photo: Attachment, provider: list[Answer]
) -> None:
    provider.append(_unavailable(temporary=True))
    now = at(0)
    for waits in files.BACK_OFF[:5]:
        assert files.fetch(connection.pk, now=now) == 0
        assert _next_attempt(connection) == now + waits
        assert files.fetch(connection.pk, now=now + waits - timedelta(seconds=1)) == 0  # too early: not asked
        photo.refresh_from_db()
        assert photo.next_attempt_at == now + waits
        now += waits
    provider[:] = [lambda: b"\x89PNG"]
    assert files.fetch(connection.pk, now=now) == 1
    photo.refresh_from_db()
    assert photo.state == Attachment.State.STORED and photo.file.read() == b"\x89PNG"
    assert photo.failure == ""
    assert not Deadline.objects.filter(connection=connection, kind="fetch").exists()


def test_after_a_day_in_vain_it_is_given_up_and_says_why(
    connection: Connection, photo: Attachment, provider: list[Answer]
) -> None:
    provider.append(_unavailable(temporary=True))
    now = at(0)
    for waits in (*files.BACK_OFF, timedelta()):
        files.fetch(connection.pk, now=now)
        now += waits
    photo.refresh_from_db()
    assert (photo.state, photo.failure) == (Attachment.State.FAILED, "Telegram has no such file.")
    assert now - at(0) > timedelta(hours=20)


def test_a_file_that_is_gone_is_not_asked_for_again_by_itself(
    connection: Connection, photo: Attachment, provider: list[Answer]
) -> None:
    provider.append(_unavailable(temporary=False))
    files.fetch(connection.pk, now=at(0))
    photo.refresh_from_db()
    assert photo.state == Attachment.State.FAILED
    assert not Deadline.objects.filter(connection=connection, kind="fetch").exists()


def test_more_files_than_one_batch_are_all_fetched(
    connection: Connection, photo: Attachment, provider: list[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 1)
    Attachment.objects.create(message=photo.message, reference="file-1", state=Attachment.State.PENDING)
    provider.append(lambda: b"x")
    assert files.fetch(connection.pk, now=at(0)) == 1
    assert _next_attempt(connection) == at(1)  # nothing failed, and yet it goes on
    assert files.fetch(connection.pk, now=at(1)) == 1
    assert not Attachment.objects.filter(state=Attachment.State.PENDING).exists()


def test_mended_credentials_fetch_at_once_what_waits(
    connection: Connection, photo: Attachment, provider: list[Answer]
) -> None:
    provider.append(_unavailable(temporary=True))
    files.fetch(connection.pk, now=at(0))
    Connection.objects.filter(pk=connection.pk).update(paused_reason="The token is refused.")
    outbound.resume(connection, now=at(1))
    provider[:] = [lambda: b"x"]
    assert files.fetch(connection.pk, now=at(1)) == 1


def test_a_person_asks_for_it_once_more_at_the_desk(
    connection: Connection, photo: Attachment, provider: list[Answer], anna: Employee, client: Browser
) -> None:
    provider.append(_unavailable(temporary=False))
    files.fetch(connection.pk, now=at(0))
    dialog: Dialog = photo.message.dialog
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    client.force_login(anna)
    page = client.get(reverse("workspace:pane", args=[dialog.pk])).content.decode()
    url = reverse("workspace:fetch_file", args=[dialog.pk, photo.public_id])
    assert f'action="{url}"' in page and "Telegram has no such file." in page
    rev = Dialog.objects.get(pk=dialog.pk).rev
    told = client.post(url, headers={"x-requested-with": "fetch"})
    assert told.status_code == 200
    photo.refresh_from_db()
    assert (photo.state, photo.attempts, photo.failure) == (Attachment.State.PENDING, 0, "")
    assert Dialog.objects.get(pk=dialog.pk).rev > rev  # other screens follow
    again = client.post(url, headers={"x-requested-with": "fetch"})
    assert again.status_code == 422 and "on its way" in again.json()["words"]


def test_who_may_not_see_the_dialog_cannot_have_its_files_fetched(
    connection: Connection, photo: Attachment, provider: list[Answer], client: Browser
) -> None:
    provider.append(_unavailable(temporary=False))
    files.fetch(connection.pk, now=at(0))
    stranger = make_operator("Stranger")
    RoleBinding.objects.create(role=Role.objects.get(key="operator"), employee=stranger)
    client.force_login(stranger)
    url = reverse("workspace:fetch_file", args=[photo.message.dialog_id, photo.public_id])
    assert client.post(url, headers={"x-requested-with": "fetch"}).status_code == 404
    photo.refresh_from_db()
    assert photo.state == Attachment.State.FAILED
