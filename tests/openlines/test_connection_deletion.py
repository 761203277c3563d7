"""A connection is deleted without its line: counted, confirmed, in the background, and nothing of it is left."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from openlines.connectors import base, registry
from openlines.models import Client, Connection, Dialog, InboundEvent, Message, OpenLine
from openlines.services import connection_deletion, connections, line_deletion
from openlines.services.errors import CommandRefused
from tests.factories import make_employee
from tests.openlines.factories import at, make_client, make_connection, make_line, make_operator, write
from tests.openlines.leftovers import places
from tests.openlines.rules.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def torn_down(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Connections whose webhook was taken away."""
    told: list[int] = []

    def tear_down(account: base.Account) -> base.Health:
        told.append(account.connection_id)
        return base.Health(True, "gone")

    monkeypatch.setattr(registry.get("telegram"), "tear_down", tear_down)
    return told


def test_it_goes_with_all_its_dialogs_and_nothing_else(torn_down: list[int]) -> None:
    scene = Scene("telegram")
    scene.write("my secret")
    scene.answer("our secret", now=1)
    InboundEvent.objects.create(connection=scene.connection, key="1", received_at=at(0), body=b"my secret")
    other = make_connection(scene.line)
    write(make_client(other), "kept")
    elsewhere = make_line(make_operator())
    Dialog.objects.filter(connection=scene.connection).update(line=elsewhere)
    connection = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    assert connection_deletion.count(connection) == {
        "dialogs": 1,
        "open": 1,
        "messages": 2,
        "files": 0,
        "clients": 1,
    }
    connection_deletion.order(connection, typed_name=connection.name, now=at(5))
    assert torn_down == [connection.pk]
    assert connection_deletion.sweep(now=at(10)) == 1
    assert places("secret") == []
    assert list(Connection.objects.all()) == [other]
    assert list(Message.objects.values_list("text", flat=True)) == ["kept"]
    assert OpenLine.objects.count() == 2
    assert Client.objects.count() == 1


def test_it_goes_on_where_it_stopped(torn_down: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_deletion, "BATCH", 1)
    scene = Scene("telegram")
    scene.write()
    write(make_client(scene.connection), now=at(1))
    connection = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    connection_deletion.order(connection, typed_name=connection.name, now=at(5))
    assert connection_deletion.go_on(connection.pk, now=at(6), batches=1) is False
    assert Dialog.objects.count() == 1
    with pytest.raises(CommandRefused, match="being deleted"):
        connections.switch(connection, on=True, now=at(7))
    assert connection_deletion.go_on(connection.pk, now=at(8)) is True
    assert connection_deletion.go_on(connection.pk, now=at(9)) is True


def test_what_is_not_ordered_is_not_deleted(torn_down: list[int]) -> None:
    scene = Scene("telegram")
    connection = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    with pytest.raises(CommandRefused) as wrong:
        connection_deletion.order(connection, typed_name="Other", now=at(0))
    assert wrong.value.code == "name"
    OpenLine.objects.update(deleting_since=at(0))
    connection.line.refresh_from_db()
    with pytest.raises(CommandRefused) as refused:
        connection_deletion.order(connection, typed_name=connection.name, now=at(0))
    assert refused.value.code == "line_deleting"
    assert connection_deletion.go_on(connection.pk, now=at(1)) is False
    assert (Connection.objects.get().is_active, torn_down) == (True, [])


def test_the_page_counts_and_wants_the_name(torn_down: list[int]) -> None:
    scene = Scene("telegram")
    scene.write()
    browser = Browser()
    browser.force_login(make_employee("boss", is_superuser=True, is_staff=True))
    page = reverse("admin:openlines_connection_change", args=[scene.connection.pk])
    address = reverse("admin:openlines_connection_remove", args=[scene.connection.pk])
    assert address in browser.get(page).content.decode()
    assert "1 dialog" in browser.get(address).content.decode()
    wrong = browser.post(address, {"name": "x"})
    assert (wrong.status_code, "Type it exactly" in wrong.content.decode()) == (409, True)
    assert browser.post(address, {"name": scene.connection.name}).status_code == 302
    assert Connection.objects.get().deleting_since is not None
    reader = Browser()
    reader.force_login(make_employee("reader", role="supervisor", is_staff=True))
    assert reader.post(address, {"name": scene.connection.name}).status_code in (403, 404)
