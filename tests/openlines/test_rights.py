"""Whose dialogs, records and tables are whose (§12), and that to know an id is no right."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.urls import reverse

from contactcenter.staff.models import Department, Employee, Right, Role, RoleBinding, RoleGrant, Scope
from openlines import permissions
from openlines.connectors import base
from openlines.models import CannedReply, ConsentRecord, InboundEvent, Message, ReplyList
from openlines.services import client_messages, dialogs, inbound_items, marks
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from tests.factories import make_employee
from tests.openlines.factories import NOW, at, make_client, make_connection, make_line, write
from tests.openlines.rules.scene import SILENT, Scene

pytestmark = pytest.mark.django_db(transaction=True)


def person(*rights: Right, scope: Scope = Scope.ALL) -> Employee:
    """With these rights and no others."""
    employee = make_employee(f"person-{uuid4().hex[:6]}", is_staff=True)
    role = Role.objects.create(key=uuid4().hex[:8], name=uuid4().hex[:8])
    for right in rights:
        RoleGrant.objects.create(role=role, right=right, scope=scope)
    RoleBinding.objects.create(role=role, employee=employee)
    return employee


def browser_of(employee: Employee) -> Browser:
    browser = Browser()
    browser.force_login(employee)
    return browser


# -- own


def test_own_is_what_one_has_held_also_without_a_word() -> None:
    anna, bert = make_employee("anna", role="operator"), make_employee("bert", role="operator")
    carla = make_employee("carla", role="operator")
    line = make_line(anna, bert, distribution="strictly", **SILENT)
    dialog = write(make_client(make_connection(line))).dialog
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    dialogs.transfer_to_colleague(dialog.pk, to=bert, by=anna, now=at(2))
    dialogs.transfer_to_colleague(dialog.pk, to=anna, by=bert, now=at(3))
    dialogs.transfer_to_colleague(dialog.pk, to=bert, by=anna, now=at(4))
    dialog.refresh_from_db()
    assert dialog.held_by == [anna.pk, bert.pk]
    dialogs.finish(dialog.pk, by=bert, now=at(5))
    assert [permissions.may_see(one, dialog) for one in (anna, bert, carla)] == [True, True, False]


def test_own_is_not_what_was_only_offered() -> None:
    anna, bert = make_employee("anna", role="operator"), make_employee("bert", role="operator")
    line = make_line(anna, bert, distribution="to_all", **SILENT)
    dialog = write(make_client(make_connection(line))).dialog
    dialogs.accept(dialog.pk, by=anna, now=at(1))
    assert not permissions.may_see(bert, dialog)


# -- export


def test_the_report_is_taken_away_only_with_the_right_to_export() -> None:
    reads = person(Right.DIALOGS_SEE, Right.DIALOGS_HISTORY, Right.REPORTS)
    page = browser_of(reads).get(reverse("kpi:ratings"))
    assert (page.status_code, b"format=csv" in page.content) == (200, False)
    assert browser_of(reads).get(reverse("kpi:ratings"), {"format": "csv"}).status_code == 403
    takes = person(Right.DIALOGS_SEE, Right.DIALOGS_HISTORY, Right.REPORTS, Right.EXPORT)
    assert b"format=csv" in browser_of(takes).get(reverse("kpi:ratings")).content
    table = browser_of(takes).get(reverse("kpi:ratings"), {"format": "csv"})
    assert (table.status_code, table.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")


def test_an_export_reaches_no_further_than_its_right() -> None:
    scene = Scene()
    scene.write()
    scene.answer(now=1)
    reader = person(Right.DIALOGS_SEE, Right.DIALOGS_HISTORY, Right.REPORTS)
    role = RoleBinding.objects.get(employee=reader).role
    RoleGrant.objects.create(role=role, right=Right.EXPORT, scope=Scope.OWN)
    shown = browser_of(reader).get(reverse("kpi:ratings"), {"period": "all"}).content.decode()
    assert scene.anna.display_name in shown
    table = (
        browser_of(reader).get(reverse("kpi:ratings"), {"format": "csv", "period": "all"}).content.decode()
    )
    assert scene.anna.display_name not in table


def test_canned_replies_are_taken_away_only_with_the_right_to_export() -> None:
    replies = ReplyList.objects.create(name="Shop")
    CannedReply.objects.create(list=replies, title="Hi", text="Hi")
    address = reverse("admin:openlines_replylist_export", args=[replies.pk])
    page = reverse("admin:openlines_replylist_change", args=[replies.pk])
    changes = browser_of(person(Right.CANNED_CHANGE))
    assert (changes.get(address).status_code, address.encode() in changes.get(page).content) == (403, False)
    takes = browser_of(person(Right.CANNED_CHANGE, Right.EXPORT))
    assert (takes.get(address).status_code, address.encode() in takes.get(page).content) == (200, True)


def test_every_table_to_take_away_is_made_in_one_place() -> None:
    """Who writes another one asks for the right by using it."""
    root = Path(settings.BASE_DIR)
    found = [
        str(path.relative_to(root))
        for app in ("contactcenter", "crm", "kpi", "openlines")
        for path in (root / app).rglob("*.py")
        if "fake" not in path.parts and re.search(r"text/csv|spreadsheetml", path.read_text())
    ]
    assert found == ["contactcenter/staff/exports.py"]


# -- records in the admin


def test_the_log_of_consents_reaches_as_far_as_the_history_of_dialogs() -> None:
    sales, support = Department.objects.create(name="Sales"), Department.objects.create(name="Support")
    chief = make_employee("chief", role="supervisor", department=sales, is_staff=True)
    anna = make_employee("anna", role="operator", department=sales)
    bert = make_employee("bert", role="operator", department=support)
    line = make_line(anna, bert, **SILENT)
    page = make_connection(line)
    for name, operator in (("Carl Sales", anna), ("Dora Support", bert)):
        client = make_client(page, name=name)
        dialog = write(client).dialog
        dialogs.accept(dialog.pk, by=operator, now=at(1), may_take_over=True)
        ConsentRecord.objects.create(client=client, decision="given", how="chat", at=NOW, channel="livechat")
    address = reverse("admin:openlines_consentrecord_changelist")
    shown = browser_of(chief).get(address).content.decode()
    assert ("Carl Sales" in shown, "Dora Support" in shown) == (True, False)
    searched = browser_of(chief).get(address, {"q": "Dora"}).content.decode()
    assert "Dora Support" not in searched
    hers = ConsentRecord.objects.get(client__name="Dora Support")
    one = reverse("admin:openlines_consentrecord_change", args=[hers.pk])
    assert "Dora Support" not in browser_of(chief).get(one, follow=True).content.decode()
    everything = (
        browser_of(make_employee("boss", is_superuser=True, is_staff=True)).get(address).content.decode()
    )
    assert "Dora Support" in everything


def test_raw_deliveries_and_the_outbox_are_no_way_around_the_history() -> None:
    scene = Scene("telegram")
    scene.write("my secret")
    scene.answer("our secret", now=1)
    InboundEvent.objects.create(connection=scene.connection, key="1", received_at=NOW, body=b"my secret")
    connects = browser_of(person(Right.LINES_SEE, Right.CONNECTIONS_CHANGE))
    assert connects.get(reverse("admin:openlines_inboundevent_changelist")).status_code == 403
    assert "our secret" not in connects.get(reverse("admin:openlines_outboxitem_changelist")).content.decode()
    reads = browser_of(person(Right.LINES_SEE, Right.CONNECTIONS_CHANGE, Right.DIALOGS_HISTORY))
    assert reads.get(reverse("admin:openlines_inboundevent_changelist")).status_code == 200
    assert "our secret" in reads.get(reverse("admin:openlines_outboxitem_changelist")).content.decode()


def test_a_delivery_is_read_again_only_by_a_form_that_was_sent() -> None:
    scene = Scene("telegram")
    event = InboundEvent.objects.create(
        connection=scene.connection, key="1", received_at=NOW, body=b"{", state="parked"
    )
    browser = browser_of(make_employee("boss", is_superuser=True, is_staff=True))
    address = reverse("admin:openlines_inboundevent_replay_this", args=[event.pk])
    asks = browser.get(address)
    event.refresh_from_db()
    assert (asks.status_code, event.processed_at) == (200, None)
    assert browser.post(address).status_code == 302
    event.refresh_from_db()
    assert event.processed_at is not None


# -- to know an id is no right


def test_who_knows_the_uuid_of_a_note_or_a_strangers_message_gets_nothing() -> None:
    scene = Scene()
    scene.write()
    dialogs.accept(scene.dialog.pk, by=scene.anna, now=at(1))
    note = dialogs.reply(
        scene.dialog.pk, Reply(uuid=uuid4(), text="He is lying", is_note=True), by=scene.anna, now=at(2)
    )
    ours = scene.answer(now=3)
    theirs = write(make_client(scene.connection), "mine", now=at(4))
    for known in (note, ours, theirs):
        received = base.MessageReceived(
            base.Sender(scene.client.external_id), "", at(5), base.MessageKind.TEXT, "x"
        )
        with pytest.raises(CommandRefused) as refused:
            client_messages.receive_from(scene.connection, received, now=at(5), uuid=known.uuid)
        assert (refused.value.code, known.text in refused.value.message) == ("taken", False)
        with pytest.raises(CommandRefused):
            if known.operator_id != scene.anna.pk:
                dialogs.reply(scene.dialog.pk, Reply(uuid=known.uuid, text="y"), by=scene.anna, now=at(6))
            else:
                raise CommandRefused("own", "")


def test_another_clients_message_is_neither_quoted_nor_changed() -> None:
    scene = Scene("telegram")
    other = make_client(scene.connection)
    write(other, "mine", external_id="m1")
    quoting = scene.write("x", now=2, reply_to="m1")
    assert quoting.reply_to_id is None
    sender = base.Sender(scene.client.external_id)
    inbound_items.take(
        base.MessageEdited(sender, "m1", at(3), "forged"), scene.connection, inbound_id=None, now=at(3)
    )
    inbound_items.take(
        base.MessageDeleted(sender, ("m1",), at(3)), scene.connection, inbound_id=None, now=at(3)
    )
    untouched = Message.objects.get(external_id="m1")
    assert (untouched.text, untouched.deleted_at) == ("mine", None)


def test_a_note_is_no_message_of_ours_to_a_provider() -> None:
    scene = Scene("telegram")
    scene.write()
    note = dialogs.reply(
        scene.dialog.pk, Reply(uuid=uuid4(), text="He is lying", is_note=True), by=scene.anna, now=at(2)
    )
    said = base.StatusChanged("p1", base.DeliveryStatus.SENT, at(3), uuid=str(note.uuid))
    marks.status(scene.connection, said, now=at(3))
    note.refresh_from_db()
    assert (note.external_id, note.delivery) == (None, "")
