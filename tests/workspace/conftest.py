"""A line with two operators at the desk, and a client who writes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.test import Client as Browser

from contactcenter.staff.models import Employee
from openlines.models import Client, Connection, Dialog, OpenLine
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write


@dataclass
class Scene:
    anna: Employee
    bert: Employee
    line: OpenLine
    connection: Connection
    client: Client

    def dialog(self) -> Dialog:
        """A new dialog; on_commit distribution offers it to Anna, who is first in the queue."""
        return write(self.client, "Where is my parcel?").dialog


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    anna = make_employee("anna", role="operator", first_name="Anna", last_name="Nowak")
    bert = make_employee("bert", role="operator", first_name="Bert", last_name="Lis")
    line = make_line(anna, bert, name="Shop")
    connection = make_connection(line)
    return Scene(anna, bert, line, connection, make_client(connection, name="Carl Żółć"))


def browser_of(employee: Employee) -> Browser:
    browser = Browser(headers={"x-requested-with": "fetch"})
    browser.force_login(employee)
    return browser
