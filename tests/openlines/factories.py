"""Lines, connections, clients and dialogs for tests. Dialogs come about as they do live: by the services."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from contactcenter.staff.models import Employee
from openlines.connectors import base
from openlines.models import Client, Connection, Dialog, Message, OpenLine, QueueEntry
from openlines.services import client_messages, clients, dialogs, lines
from openlines.services.dialogs import Reply

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""A Monday."""
_numbers = itertools.count(1)


def at(seconds: float) -> datetime:
    """``NOW`` plus seconds: the tests' virtual clock."""
    return NOW + timedelta(seconds=seconds)


def make_operator(name: str = "", **fields: Any) -> Employee:
    number = next(_numbers)
    return Employee.objects.create_user(
        username=f"operator{number}", first_name=name or f"Operator{number}", last_name="Test", **fields
    )


def make_line(*operators: Employee, **values: Any) -> OpenLine:
    line = lines.create(name=values.pop("name", f"Line {next(_numbers)}"), by=None, values=values)
    for position, operator in enumerate(operators):
        QueueEntry.objects.create(line=line, employee=operator, position=position)
    return line


def make_connection(line: OpenLine, kind: str = "livechat", **fields: Any) -> Connection:
    return Connection.objects.create(
        line=line, kind=kind, name=fields.pop("name", f"{kind} of {line}"), **fields
    )


def make_client(connection: Connection, external_id: str = "", **fields: Any) -> Client:
    sender = base.Sender(external_id=external_id or f"client-{next(_numbers)}", **fields)
    return clients.find_or_create(connection, sender, now=NOW)


def write(client: Client, text: str = "Hello?", *, now: datetime = NOW, **fields: Any) -> Message:
    """The client writes, as a live-chat page would have it."""
    received = base.MessageReceived(
        sender=base.Sender(external_id=client.external_id),
        external_id=fields.pop("external_id", ""),
        at=now,
        kind=fields.pop("kind", base.MessageKind.TEXT),
        text=text,
        **fields,
    )
    return client_messages.receive(client, client.connection, received, now=now, uuid=uuid4())


def answer(dialog: Dialog, by: Employee, text: str = "Good morning", *, now: datetime = NOW) -> Message:
    return dialogs.reply(dialog.pk, Reply(uuid=uuid4(), text=text), by=by, now=now)
