"""The page "Other" (§10), and from there what waited (L4) and the deletion (L7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contactcenter.staff.models import Employee, Installation
from openlines.models import Connection, Dialog, LineDeletion, OpenLine
from openlines.services import line_deletion, lines
from openlines.services.errors import CommandRefused
from tests.factories import make_employee
from tests.openlines.factories import NOW, at, make_client, make_connection, make_line, write

pytestmark = pytest.mark.django_db(transaction=True)

Page = Callable[[str, OpenLine], str]
Filled = Callable[..., dict[str, Any]]


def kept_dialog(line: OpenLine, *texts: str) -> None:
    """The line goes off, and somebody writes."""
    connection = make_connection(line)
    lines.save_block(line.pk, {"is_active": False}, now=NOW)
    connection = Connection.objects.select_related("line").get(pk=connection.pk)
    person = make_client(connection)
    person.connection = connection
    for number, text in enumerate(texts):
        write(person, text, now=at(number))


def test_a_signature_with_an_unknown_macro_is_refused_by_name(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("other", line)
    refused = client.post(address, filled(address, email_signature="#OPERATOR#, #CLIENT#")).text
    assert "#CLIENT# is not known here. These are: #OPERATOR#, #LINE#." in refused
    client.post(address, filled(address, email_signature="#OPERATOR#, #LINE#"))
    line.refresh_from_db()
    assert line.email_signature == "#OPERATOR#, #LINE#"


def test_switched_off_here_the_lines_dialogs_stand_still(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    write(make_client(make_connection(line)), now=NOW)
    address = page_of("other", line)
    page = client.post(address, filled(address, is_active=None), follow=True).text
    assert "The line is switched off" in page
    assert Dialog.objects.get().frozen_at is not None
    client.post(address, filled(address, is_active="on"))
    assert Dialog.objects.get().frozen_at is None


def test_every_page_of_the_line_says_how_much_waits(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page
) -> None:
    kept_dialog(line, "first", "second")
    for block in ("queue", "workingtime", "consent", "automaticactions", "quality", "other"):
        page = client.get(page_of(block, line)).text
        assert "1 dialog waits from the time when the line was off." in page, block
    lines.save_block(line.pk, {"is_active": True}, now=at(60))
    kept = client.get(reverse("admin:openlines_openline_kept", args=[line.pk])).text
    assert "1 dialog, 2 messages" in kept


def test_what_waited_is_released_or_discarded_after_a_question(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    kept_dialog(line, "first")
    address = reverse("admin:openlines_openline_kept", args=[line.pk])
    assert "Switch the line on first" in client.post(address, {"do": "release"}, follow=True).text
    assert "Really discard them?" in client.post(address, {"do": "discard"}).text
    assert Dialog.objects.filter(is_kept=True).count() == 1
    lines.save_block(line.pk, {"is_active": True}, now=at(60))
    assert "1 dialog released." in client.post(address, {"do": "release"}, follow=True).text
    assert Dialog.objects.get().is_kept is False
    lines.save_block(line.pk, {"is_active": False}, now=at(90))
    write_another = Connection.objects.select_related("line").get()
    person = make_client(write_another)
    person.connection = write_another
    write(person, now=at(95))
    told = client.post(address, {"do": "discard", "sure": "1"}, follow=True).text
    assert "1 dialog discarded." in told
    assert Dialog.objects.count() == 1


def test_who_may_not_change_the_line_neither_releases_nor_deletes(client: Client, line: OpenLine) -> None:
    kept_dialog(line, "first")
    client.force_login(make_employee(role="supervisor"))
    for name in ("kept", "deletion"):
        address = reverse(f"admin:openlines_openline_{name}", args=[line.pk])
        assert client.get(address).status_code == 403
        assert client.post(address, {"do": "discard", "sure": "1", "name": line.name}).status_code == 403
    assert Dialog.objects.exists()
    assert not LineDeletion.objects.exists()


def test_a_line_is_deleted_after_its_name_is_typed_and_nobody_can_choose_it_meanwhile(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    connection = make_connection(line)
    write(make_client(connection), now=NOW)
    address = reverse("admin:openlines_openline_deletion", args=[line.pk])
    assert "1 dialog" in client.get(address).text
    wrong = client.post(address, {"name": "Shop!", f"connection_{connection.pk}": "delete"})
    assert "Type it exactly as it is written." in wrong.text
    assert not LineDeletion.objects.exists()
    told = client.post(address, {"name": line.name, f"connection_{connection.pk}": "delete"}, follow=True)
    assert "The line “Shop”" in told.text
    new = client.get(reverse("admin:openlines_connection_add"), {"kind": "livechat"})
    assert str(line.pk) not in dict(new.context["form"].fields["line"].choices)
    line_deletion.go_on(line.pk, now=at(10))
    done = client.get(reverse("admin:openlines_openline_deleting", args=[line.pk])).text
    assert "The line “Shop” is deleted." in done
    assert "dialogs 1, messages 2" in done
    assert not OpenLine.objects.filter(pk=line.pk).exists()
    assert OpenLine.history.filter(id=line.pk).exists()


def test_a_move_that_is_refused_deletes_nothing(administrator: Employee, line: OpenLine) -> None:
    connection = make_connection(line)
    write(make_client(connection), now=NOW)
    full = make_line(administrator)
    make_connection(full)
    with pytest.raises(CommandRefused) as refused:
        line_deletion.order(
            line,
            typed_name=line.name,
            fates={connection.pk: str(full.pk)},
            by=administrator,
            now=at(5),
        )
    assert refused.value.code == "taken"
    line.refresh_from_db()
    assert (line.is_active, line.deleting_since) == (True, None)


def test_the_company_of_texts_is_set_on_the_installations_page(
    client: Client, administrator: Employee
) -> None:
    address = reverse("admin:staff_installation_change", args=[1])
    client.get(reverse("admin:staff_installation_changelist"))
    assert 'name="company"' in client.get(address).text
    client.post(address, {"company": "Teapots Ltd"})
    assert Installation.current().company == "Teapots Ltd"
