"""Clients as connections know them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Q

from openlines.connectors.base import IdentityChanged, Sender
from openlines.models import Client, ClientAlias, Connection
from openlines.policies.names import readable
from openlines.services import client_joins


def find(connection: Connection, sender: Sender) -> Client | None:
    """The client with this id on the connection, or one of its other names."""
    client = Client.objects.filter(connection=connection, external_id=sender.external_id).first()
    if client is not None or not connection_has_aliases(connection):
        return client
    ids = [sender.external_id, *sender.aliases]
    found = (
        Client.objects.filter(connection=connection)
        .filter(Q(external_id__in=ids) | Q(aliases__connection=connection, aliases__external_id__in=ids))
        .order_by("pk")
    )
    return found.first()


def connection_has_aliases(connection: Connection) -> bool:
    """Only WhatsApp knows a person by two ids; the others need no second look."""
    return connection.kind == Connection.Kind.WHATSAPP


def change_identity(connection: Connection, item: IdentityChanged, *, now: datetime) -> None:
    """The same person under a new id: he keeps his conversation and is found by either."""
    client = find(connection, Sender(external_id=item.previous))
    if client is None:
        return
    _one_of_all(
        client,
        connection,
        replace(item.current, aliases=(*item.current.aliases, item.current.external_id)),
        now=now,
    )
    # The old id may be given to somebody else one day (a phone number): it finds him no more.
    ClientAlias.objects.filter(connection=connection, external_id=item.previous).delete()
    fresh = {"external_id": item.current.external_id[:200]}
    if item.current.phone:
        fresh["phone"] = item.current.phone[:50]
    taken = Client.objects.filter(connection=connection, external_id=item.current.external_id)
    if not taken.exclude(pk=client.pk).exists():
        Client.objects.filter(pk=client.pk).update(**fresh)


def _one_of_all(client: Client, connection: Connection, sender: Sender, *, now: datetime) -> Client:
    """Whoever is known by one of the sender's ids is this client; others are joined to him (§11)."""
    ids = {sender.external_id, *sender.aliases} - {""}
    others = Client.objects.filter(connection=connection).filter(
        Q(external_id__in=ids) | Q(aliases__connection=connection, aliases__external_id__in=ids)
    )
    for other in others.exclude(pk=client.pk).order_by("pk").distinct():
        client_joins.join(keep=client, gone=other, now=now)
    ClientAlias.objects.bulk_create(
        [
            ClientAlias(connection=connection, external_id=one[:200], client=client)
            for one in sorted(ids - {client.external_id})
        ],
        ignore_conflicts=True,
    )
    return client


def find_or_create(connection: Connection, sender: Sender, *, now: datetime) -> Client:
    """The client behind ``sender``; what the channel tells anew is taken over, what it leaves out stays.

    He wrote, so he can be reached.
    """
    known = {
        "name": readable(sender.name)[:200],
        "username": readable(sender.username)[:200],
        "language": sender.language[:10],
        "phone": sender.phone[:50],
        "email": sender.email[:254],
        "page_url": sender.page,
    }
    client = find(connection, sender)
    if client is None:
        client = _insert(connection, sender.external_id, known, now=now) or Client.objects.get(
            connection=connection, external_id=sender.external_id
        )
    if sender.aliases:
        client = _one_of_all(client, connection, sender, now=now)
    if client.is_fresh:
        return client
    fresh: dict[str, Any] = {
        name: value for name, value in known.items() if value and getattr(client, name) != value
    }
    if not client.is_reachable:
        fresh["is_reachable"] = True
    if fresh:
        Client.objects.filter(pk=client.pk).update(**fresh)
        for name, value in fresh.items():
            setattr(client, name, value)
    return client


def answered_as(client_id: int, connection: Connection, sender: Sender, *, now: datetime) -> None:
    """The provider's answer to our call tells the client by another id than we dialled (a number's older spelling).

    What they write comes under that id: it is this client's from here, and whoever had it is joined (§11).
    """
    ids = {sender.external_id, *sender.aliases} - {""}
    with transaction.atomic():
        client = Client.objects.filter(pk=client_id).first()
        if client is None or not ids:
            return
        known = set(client.aliases.filter(external_id__in=ids).values_list("external_id", flat=True))
        if ids <= known | {client.external_id}:
            return
        if connection_has_aliases(connection):
            _one_of_all(client, connection, sender, now=now)
        else:
            previous = client.external_id
            change_identity(connection, IdentityChanged(previous, sender, now), now=now)


def addressed(connection: Connection, sender: Sender, *, now: datetime) -> Client:
    """The client whom we write to first. Unlike with ``find_or_create`` nothing new is known of one who is here already:
    he did not write, and stays blocked where he has blocked us.
    """
    client = find(connection, sender)
    if client is not None:
        return client
    known = {
        "name": readable(sender.name)[:200],
        "username": "",
        "language": "",
        "phone": sender.phone[:50],
        "email": sender.email[:254],
        "page_url": "",
    }
    return _insert(connection, sender.external_id, known, now=now) or Client.objects.get(
        connection=connection, external_id=sender.external_id
    )


_INSERT = """
INSERT INTO openlines_client
    (connection_id, external_id, name, username, language, phone, email, page_url, is_reachable,
     created_at, consent_state)
VALUES (%(connection)s, %(external_id)s, %(name)s, %(username)s, %(language)s, %(phone)s, %(email)s, %(page_url)s,
    true, %(now)s, '')
ON CONFLICT (connection_id, external_id) DO NOTHING RETURNING id
"""


def _insert(
    connection: Connection, external_id: str, known: dict[str, str], *, now: datetime
) -> Client | None:
    """A new client; None where another request was quicker. One statement, and no savepoint as in ``get_or_create``."""
    with database.cursor() as cursor:
        cursor.execute(
            _INSERT, {**known, "connection": connection.pk, "external_id": external_id, "now": now}
        )
        row = cursor.fetchone()
    if row is None:
        return None
    client = Client(pk=row[0], connection=connection, external_id=external_id, created_at=now, **known)
    client._state.adding = False
    client.is_fresh = True
    return client
