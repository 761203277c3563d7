"""Typing and read marks as the client's provider hears of them: from the desk's requests to each provider on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from contactcenter.lib.aside import Aside
from contactcenter.staff.models import Employee
from openlines.connectors.messenger.fake import PAGE, FakeMessenger
from openlines.connectors.meta import fake as meta
from openlines.connectors.telegram.fake import FakeTelegram, dies
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.connectors.whatsapp.fake import FakeWhatsApp
from openlines.journey import told
from openlines.journey.rows import rows_of
from openlines.models import Connection, Dialog, Message, MessageMark
from openlines.services import courtesies, dialogs, lines
from tests.factories import make_employee
from tests.openlines.connectors.whatsapp.building import CREDENTIALS, PHONE
from tests.openlines.factories import make_client, make_connection, make_line, write
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db(transaction=True)


class Desk:
    """Anna holds a dialog with a client of this connection; Clara, a supervisor, looks in."""

    def __init__(self, kind: str, client: str, **fields: Any) -> None:
        self.anna = make_employee("anna", role="operator", first_name="Anna")
        self.clara = make_employee("clara", role="administrator", first_name="Clara")
        self.line = make_line(self.anna, greeting_enabled=False)
        self.connection = make_connection(self.line, kind, **fields)
        self.client = make_client(self.connection, client, name="Carl")
        self.write("m1")
        self.dialog = Dialog.objects.get()
        dialogs.accept(self.dialog.pk, by=self.anna, now=timezone.now())

    def write(self, external_id: str) -> Message:
        return write(self.client, "Hello", now=timezone.now(), external_id=external_id)

    def act(self, deed: str, by: Employee | None = None, **data: Any) -> None:
        browser: Browser = browser_of(by or self.anna)
        assert browser.post(f"/desk/{self.dialog.pk}/{deed}/", data).status_code == 204
        assert courtesies.ASIDE.settle(10)

    def look(self, by: Employee | None = None, **data: Any) -> None:
        self.act("seen", by, **data)

    def type(self, by: Employee | None = None) -> None:
        self.act("typing", by)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courtesies, "_told_typing", {})


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    with FakeWhatsApp() as fake:
        fake.customer(PHONE)
        yield fake


@pytest.fixture
def desk(whatsapp: FakeWhatsApp) -> Desk:
    return Desk("whatsapp", PHONE, credentials=CREDENTIALS, base_url=whatsapp.url)


def read(whatsapp: FakeWhatsApp) -> list[tuple[str, bool]]:
    """(message, with typing) of each mark that the provider got."""
    return [(one["message_id"], "typing_indicator" in one) for one in whatsapp.read]


def test_several_looks_make_one_read_mark(whatsapp: FakeWhatsApp, desk: Desk) -> None:
    for _ in range(3):
        desk.look()
    assert read(whatsapp) == [("m1", False)]
    desk.write("m2")
    desk.write("m3")
    desk.look()
    desk.look()
    assert read(whatsapp) == [("m1", False), ("m3", False)]


def test_only_what_is_on_the_screen_is_read(whatsapp: FakeWhatsApp, desk: Desk) -> None:
    on_screen = Message.objects.get(external_id="m1")
    desk.write("m2")
    desk.look(last=on_screen.pk)
    assert read(whatsapp) == [("m1", False)]


def test_a_colleague_looking_in_is_no_read_mark(whatsapp: FakeWhatsApp, desk: Desk) -> None:
    desk.look(desk.clara)
    desk.type(desk.clara)
    assert read(whatsapp) == []


def test_who_looked_before_he_accepted_tells_it_when_he_holds_it(whatsapp: FakeWhatsApp, desk: Desk) -> None:
    desk.look(desk.clara)
    dialogs.take_over(desk.dialog.pk, by=desk.clara, now=timezone.now())
    desk.look(desk.clara)
    assert read(whatsapp) == [("m1", False)]


def test_many_tabs_at_once_tell_it_once(whatsapp: FakeWhatsApp, desk: Desk) -> None:
    dialog = Dialog.objects.select_related("connection", "line", "client").get()
    start = threading.Barrier(6)

    def look() -> None:
        from django.db import connection as database

        start.wait(10)
        courtesies.seen(dialog, by_id=desk.anna.pk, now=timezone.now())
        database.close()

    tabs = [threading.Thread(target=look) for _ in range(6)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(20)
    assert courtesies.ASIDE.settle(10)
    assert read(whatsapp) == [("m1", False)]


def test_switched_off_nobody_is_told_and_typing_neither_where_it_reads(
    whatsapp: FakeWhatsApp, desk: Desk
) -> None:
    Connection.objects.update(options={"read_marks": False})
    desk.look()
    desk.type()
    assert read(whatsapp) == []
    assert not MessageMark.objects.exists()


def test_typing_is_told_once_in_five_seconds_and_reads_on_whatsapp(
    whatsapp: FakeWhatsApp, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        desk.type()
    desk.look()
    assert read(whatsapp) == [("m1", True)]
    monkeypatch.setattr(courtesies, "TYPING_EVERY", 0)
    desk.type()
    assert read(whatsapp) == [("m1", True)] * 2


def test_it_stands_in_the_journey(whatsapp: FakeWhatsApp, desk: Desk) -> None:
    desk.look()
    message = Message.objects.get(external_id="m1")
    (step,) = told.steps(rows_of(message.pk))
    assert step.title == "WhatsApp was asked to show the client that it is read"


def off_connection(desk: Desk) -> None:
    Connection.objects.update(is_active=False)


def paused(desk: Desk) -> None:
    Connection.objects.update(paused_reason="The token is refused.")


def off_line(desk: Desk) -> None:
    lines.save_block(desk.line.pk, {"is_active": False}, now=timezone.now())


def frozen(desk: Desk) -> None:
    Dialog.objects.update(frozen_at=timezone.now())


def blocked(desk: Desk) -> None:
    desk.client.is_reachable = False
    desk.client.save()


def closed(desk: Desk) -> None:
    dialogs.spam(desk.dialog.pk, by=desk.anna, now=timezone.now())


@pytest.mark.parametrize("stop", [off_connection, paused, off_line, frozen, blocked, closed])
def test_nothing_is_told_where_nothing_goes_out(
    whatsapp: FakeWhatsApp, desk: Desk, stop: Callable[[Desk], None]
) -> None:
    stop(desk)
    dialog = Dialog.objects.select_related("connection", "line", "client").get()
    courtesies.seen(dialog, by_id=desk.anna.pk, now=timezone.now())
    courtesies.typing(dialog, by_id=desk.anna.pk, now=timezone.now())
    assert courtesies.ASIDE.settle(10)
    assert whatsapp.read == []


def test_messenger_hears_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeMessenger() as fake:
        fake.customer("7001")
        credentials = {
            "page_id": PAGE,
            "access_token": meta.TOKEN,
            "app_id": meta.APP_ID,
            "app_secret": meta.APP_SECRET,
        }
        desk = Desk("messenger", "7001", credentials=credentials, base_url=fake.url)
        desk.look()
        desk.look()
        desk.type()
        desk.type()
        actions = [call.params["sender_action"] for call in fake.calls_of("messages")]
        assert actions == ["mark_seen", "typing_on"]


def test_telegram_has_typing_alone_and_its_trouble_is_nobodys() -> None:
    with FakeTelegram() as fake:
        fake.customer(456)
        desk = Desk("telegram", "456", credentials={"token": TOKEN}, base_url=fake.url)
        fake.plan("sendChatAction", dies())
        desk.look()
        desk.type()
        assert [call.method for call in fake.calls] == ["sendChatAction"]
        assert not MessageMark.objects.exists()


def test_what_finds_no_room_is_dropped_and_a_failure_stops_nothing() -> None:
    go, done = threading.Event(), []
    aside = Aside("test", threads=1, room=2)
    started = threading.Event()

    def hold() -> None:
        started.set()
        go.wait(10)

    assert aside.offer(hold)
    assert started.wait(10)
    assert aside.offer(lambda: 1 / 0)
    assert aside.offer(lambda: done.append("second"))
    assert not aside.offer(lambda: done.append("third"))
    go.set()
    assert aside.settle(10)
    assert done == ["second"]


@pytest.mark.parametrize("kind", Connection.Kind.values)
def test_the_connections_page_offers_the_switch_where_clients_see_read_marks(
    kind: str, admin_client: Browser
) -> None:
    connection = make_connection(make_line(), kind)
    page = admin_client.get(reverse("admin:openlines_connection_change", args=[connection.pk]))
    assert page.status_code == 200
    shown = b'name="read_marks"' in page.content
    assert shown is (kind in {"whatsapp", "messenger", "instagram", "api"})


def test_the_switch_is_saved(admin_client: Browser, whatsapp: FakeWhatsApp) -> None:
    line = make_line()
    connection = make_connection(line, "whatsapp", credentials=CREDENTIALS, base_url=whatsapp.url)
    page = reverse("admin:openlines_connection_change", args=[connection.pk])
    entered = {f"credential_{name}": value for name, value in CREDENTIALS.items()}
    told = {"name": "Shop", "line": str(line.pk), "base_url": whatsapp.url, **entered}
    assert admin_client.post(page, told).status_code == 302
    connection.refresh_from_db()
    assert connection.options == {"read_marks": False}
    assert not courtesies.marks_read(connection)
    assert admin_client.post(page, {**told, "read_marks": "on"}).status_code == 302
    connection.refresh_from_db()
    assert courtesies.marks_read(connection)


def test_a_read_mark_that_found_no_room_is_not_told_of_and_may_come_later(
    whatsapp: FakeWhatsApp, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(courtesies.ASIDE, "offer", lambda _work: False)
        desk.look()
        desk.type()
    assert not MessageMark.objects.filter(status=courtesies.TOLD).exists()
    desk.look()
    assert read(whatsapp) == [("m1", False)]
    assert MessageMark.objects.filter(status=courtesies.TOLD).count() == 1
