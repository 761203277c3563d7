"""Clients as connections know them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
    }
    client = Client.objects.filter(connection=connection, external_id=sender.external_id).first()
    if client is None:
        client, _created = Client.objects.get_or_create(
            connection=connection, external_id=sender.external_id, defaults={**known, "created_at": now}
        )
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
