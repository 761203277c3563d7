"""Clients as connections know them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection as database

from openlines.connectors.base import Sender
from openlines.models import Client, Connection


def find_or_create(connection: Connection, sender: Sender, *, now: datetime) -> Client:
    """The client behind ``sender``; what the channel tells anew is taken over, what it leaves out stays.

    He wrote, so he can be reached.
    """
    known = {
        "name": sender.name[:200],
        "username": sender.username[:200],
        "language": sender.language[:10],
        "phone": sender.phone[:50],
        "email": sender.email[:254],
        "page_url": sender.page,
    }
    rows = Client.objects.filter(connection=connection, external_id=sender.external_id)
    client = rows.first()
    if client is None:
        client = _insert(connection, sender.external_id, known, now=now) or rows.get()
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
