"""The installation that is measured: lines, operators, customers, a hundred thousand closed dialogs.

People's dialogs come about by the services; multitudes are copies of one such row, made by the database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, Final
from uuid import uuid4

import psycopg
from django.db import connection, models
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.connectors import base
from openlines.models import (
    Client,
    Connection,
    Dialog,
    DialogEvent,
    Message,
    Offer,
    OpenLine,
    QueueEntry,
)
from openlines.services import client_messages, clients, lines
from openlines.widget import visitors
from openlines.widget.answers import TOKEN_HEADER
from tests.load.bench import load
from tests.load.bench.capture import MARKED

OPERATORS: Final = 5
TEXT: Final = "Good morning, where is my parcel? The shop says it left on Monday."
_MARKED_TABLES: Final = (Client, Dialog, Message, DialogEvent, Offer)
_SEQ, _REV = MARKED + 600_000_000, MARKED + 700_000_000
_names = count(1)


@dataclass(frozen=True)
class Customer:
    """Somebody with a live chat in his browser. ``request`` sends one message."""

    host: str
    chat: Connection
    visitor: visitors.Visitor

    @property
    def path(self) -> str:
        return f"/chat/{self.chat.public_id}/messages/"

    def body(self, text: str = TEXT) -> dict[str, str]:
        return {"uuid": str(uuid4()), "text": text, "language": "en", "page": "https://shop.example/parcels"}

    def request(self, text: str = TEXT) -> bytes:
        content = json.dumps(self.body(text)).encode()
        return load.post(self.host, self.path, content, f"{TOKEN_HEADER}: {self.visitor.token}")


@dataclass
class Scene:
    """``existing``: the chat of the line with open dialogs; ``new``: of the line where dialogs are opened."""

    dsn: str
    address: str
    existing: Connection
    new: Connection
    operators: list[Employee]
    administrator: Employee
    _own: list[psycopg.Connection[Any]] = field(default_factory=list, repr=False)

    @property
    def sql(self) -> psycopg.Connection[Any]:
        """A bare connection, in autocommit."""
        if not self._own:
            self._own.append(psycopg.connect(self.dsn, autocommit=True))
        return self._own[0]

    def close(self) -> None:
        """Leave the database; the next question connects again."""
        while self._own:
            self._own.pop().close()
        connection.close()

    @property
    def host(self) -> str:
        return self.address.removeprefix("http://")

    def newcomer(self) -> Customer:
        return Customer(self.host, self.new, visitors.new(self.new))

    def talking(self, number: int) -> list[Customer]:
        """Customers with an open dialog on ``existing``, which waits for an operator."""
        found = []
        for _ in range(number):
            customer = Customer(self.host, self.existing, visitors.new(self.existing))
            write(customer)
            found.append(customer)
        # Numbers that a replay has to count on from, not to repeat.
        Dialog.objects.filter(connection=self.existing, last_seq__lt=_SEQ).update(last_seq=_SEQ, rev=_REV)
        return found

    def close_new(self) -> None:
        """Dialogs opened meanwhile on the ``new`` line are over: the next round finds an empty queue again."""
        self.sql.execute(
            "DELETE FROM openlines_deadline d USING openlines_dialog WHERE openlines_dialog.id = d.dialog_id"
            " AND openlines_dialog.line_id = %s",
            [self.new.line_id],
        )
        self.sql.execute(
            "UPDATE openlines_offer SET ended_at = now() WHERE line_id = %s AND ended_at IS NULL",
            [self.new.line_id],
        )
        self.sql.execute(
            "UPDATE openlines_dialog SET state = 'closed', closed_at = now(), clock_started_at = NULL"
            " WHERE line_id = %s AND state <> 'closed'",
            [self.new.line_id],
        )
        self.sql.execute("VACUUM openlines_dialog, openlines_offer, openlines_deadline")


def build(*, dsn: str, address: str) -> Scene:
    """The lines and people; marks the numbers (see ``capture``)."""
    for model in _MARKED_TABLES:
        _mark(model, MARKED + 100_000_000 * (1 + _MARKED_TABLES.index(model)))
    operators = [_employee(f"bench-{next(_names)}") for _ in range(OPERATORS)]
    return Scene(
        dsn=dsn,
        address=address,
        existing=make_chat("Existing", operators),
        new=make_chat("New", operators),
        operators=operators,
        administrator=_employee(f"bench-{next(_names)}", is_superuser=True),
    )


def make_chat(name: str, operators: list[Employee], **values: Any) -> Connection:
    """A line with a live chat. Offers stand for hours and nothing is marked or closed while we measure."""
    calm = {"idle_time": timedelta(hours=12), "unanswered_after": timedelta(days=7)}
    line = lines.create(name=name, by=None, values=calm | values)
    for position, operator in enumerate(operators):
        QueueEntry.objects.create(line=line, employee=operator, position=position)
    return Connection.objects.create(line=line, kind="livechat", name=f"{name} chat")


def write(customer: Customer, text: str = TEXT) -> Message:
    """A message of his by the services, not by HTTP."""
    now = timezone.now()
    sender = base.Sender(external_id=customer.visitor.external_id, language="en")
    client = clients.find_or_create(customer.chat, sender, now=now)
    Client.objects.filter(pk=client.pk).update(page_url=customer.body()["page"])
    received = base.MessageReceived(
        sender=sender, external_id="", at=now, kind=base.MessageKind.TEXT, text=text
    )
    return client_messages.receive(client, customer.chat, received, now=now, uuid=uuid4())


# -- multitudes -----------------------------------------------------------------------------------------------


def closed_dialogs(chat: Connection, operators: list[Employee], *, number: int) -> None:
    """Dialogs of the last 90 days, five a client, finished by one of ``operators``."""
    now = timezone.now()
    client = Client(connection=chat, external_id="template", created_at=now, language="en")
    client.save()
    _copy(client, number // 5, {"external_id": "'closed-' || n", "name": "'Customer ' || n"})
    first = Client.objects.get(connection=chat, external_id="closed-1").pk
    dialog = Dialog(
        line_id=chat.line_id,
        connection=chat,
        client=client,
        created_at=now,
        state=Dialog.State.CLOSED,
        operator=operators[0],
        reaction_count=2,
        reaction_max=timedelta(minutes=1),
        message_count=6,
        client_message_count=3,
        last_text=TEXT,
        last_author="operator",
    )
    dialog.save()
    start = f"(now() - interval '90 days' * n / {number})"
    people = ",".join(str(one.pk) for one in operators)
    _copy(
        dialog,
        number,
        {
            "client_id": f"{first} + n % {max(number // 5, 1)}",
            "operator_id": f"(ARRAY[{people}])[1 + n % {len(operators)}]",
            "created_at": start,
            "first_client_message_at": start,
            "accepted_at": f"{start} + interval '20 s'",
            "first_reply_at": f"{start} + interval '1 s' * (30 + n % 300)",
            "last_message_at": f"{start} + interval '20 min'",
            "finished_at": f"{start} + interval '30 min'",
            "closed_at": f"{start} + interval '40 min'",
            "first_reaction": "interval '1 s' * (30 + n % 300)",
            "reaction_total": "interval '1 s' * (60 + n % 900)",
            "reaction_max": "interval '1 s' * (40 + n % 600)",
        },
    )


def answered_dialogs(chat: Connection, *, number: int) -> None:
    """Open dialogs, each with the deadline that the life cycle gives it: to close by itself, much later."""
    now = timezone.now()
    template = _template(chat, first_reply_at=now, last_activity_at=now)
    _open_dialogs(template, number, {"state": "'answered'"})
    line = OpenLine.objects.get(pk=chat.line_id)
    _deadlines(line, "answered", kind="auto_close", since="last_activity_at", after=line.auto_close_after)


def waiting_dialogs(chat: Connection, *, number: int, over: float, lead: float) -> None:
    """Dialogs to be marked unanswered one after the other within ``over`` seconds, ``lead`` seconds from now."""
    line = OpenLine.objects.get(pk=chat.line_id)
    start = timezone.now() + timedelta(seconds=lead) - line.unanswered_after
    waits = f"timestamptz '{start.isoformat()}' + interval '1 s' * {over} * n / {number}"
    template = _template(chat, last_activity_at=start)
    changes = {"state": "'waiting'", "unanswered_since": waits, "clock_started_at": waits}
    _open_dialogs(template, number, changes)
    _deadlines(line, "waiting", kind="unanswered", since="unanswered_since", after=line.unanswered_after)


def _template(chat: Connection, **values: Any) -> Dialog:
    """A closed dialog of a client of its own, to be copied."""
    now = timezone.now()
    client = Client.objects.create(connection=chat, external_id=f"open{next(_names)}", created_at=now)
    return Dialog.objects.create(
        line_id=chat.line_id,
        connection=chat,
        client=client,
        created_at=now,
        state=Dialog.State.CLOSED,
        **values,
    )


def _open_dialogs(template: Dialog, number: int, changes: Mapping[str, str]) -> None:
    """Each of a client of its own, who can have only one."""
    name = template.client.external_id
    _copy(template.client, number, {"external_id": f"'{name}-' || n"})
    first = Client.objects.get(connection=template.connection, external_id=f"{name}-1").pk
    _copy(template, number, {"client_id": f"{first} + n - 1", **changes})


def _deadlines(line: OpenLine, state: str, *, kind: str, since: str, after: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO openlines_deadline (dialog_id, kind, due_at, attempts, error)"
            f" SELECT id, %s, {since} + interval '1 s' * %s, 0, '' FROM openlines_dialog"
            " WHERE line_id = %s AND state = %s",
            [kind, after.total_seconds(), line.pk, state],
        )


def _copy(template: models.Model, number: int, changes: Mapping[str, str]) -> None:
    """``number`` copies of a saved row; ``changes``: column → SQL, in which ``n`` counts from 1."""
    table = template._meta.db_table
    columns = [
        str(one.column) for one in template._meta.concrete_fields if not (one.primary_key or one.generated)
    ]
    wanted = ", ".join(changes.get(one, f"t.{one}") for one in columns)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no check of each foreign key
        try:
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)})"
                f" SELECT {wanted} FROM {table} t, generate_series(1, {number}) n"
                f" WHERE t.id = {template.pk} ORDER BY n"
            )
        finally:
            cursor.execute("SET session_replication_role = origin")


def settle() -> None:
    """As after a night: statistics and free space are known, nothing waits to be written."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


# -- numbers --------------------------------------------------------------------------------------------------


def _mark(model: type[models.Model], start: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [model._meta.db_table, start])


def _employee(name: str, **values: Any) -> Employee:
    return Employee.objects.create_user(username=name, first_name="Anna", last_name=name.title(), **values)
