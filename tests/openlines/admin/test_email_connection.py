"""The set-up page of a mailbox: what has choices is chosen, and both log-ins are tried when it is saved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from contactcenter.staff.models import Employee
from openlines.models import Connection, OpenLine
from tests.fakes.mail_servers import MailServers, running
from tests.openlines.connectors.email.building import mail

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def servers() -> Iterator[MailServers]:
    with running() as found:
        yield found


def test_a_mailbox_is_set_up_and_begins(
    client: Client, administrator: Employee, line: OpenLine, servers: MailServers
) -> None:
    servers.put(mail("old"))
    page = f"{reverse('admin:openlines_connection_add')}?kind=email"
    shown = client.get(page).content.decode()
    assert '<option value="starttls" selected>' in shown
    assert '<option value="ssl" selected>' in shown
    entered = {f"credential_{name}": value for name, value in servers.credentials().items()}
    choices = {"login": "password", "smtp_login": "same", "after_reading": "nothing", "reply_token": "no"}
    entered |= {f"credential_{name}": value for name, value in choices.items()}
    answer = client.post(page, {"name": "Post", "line": line.pk, **entered}, follow=True)
    made = Connection.objects.get()
    assert made.credentials["imap_security"] == "none"
    assert made.last_error == ""
    assert made.cursor["uid"] == 1
    assert "can be read" in answer.content.decode()
    assert "s3cret" not in answer.content.decode()
