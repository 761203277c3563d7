"""The demo's bots and the fake Telegram: a new fake knows nothing, so it is told all at each start."""

from __future__ import annotations

from datetime import datetime

import httpx
from django.urls import reverse

from contactcenter.demo import cast
from openlines.connectors import registry
from openlines.models import Client, Connection
from openlines.services import outbound


class NotConnected(Exception):
    """Why, in the connector's words."""


def connect(telegram: str, *, hooks: str, now: datetime) -> None:
    """Register the webhooks at ``telegram`` (``hooks``: where it reaches us) and tell it who the customers are.

    What waits in the outbox goes out then. Raises ``NotConnected``.
    """
    tokens = {line.bot: line.token for line in cast.LINES}
    for connection in Connection.objects.filter(public_id__in=tokens, is_active=True):
        Connection.objects.filter(pk=connection.pk).update(base_url=telegram)
        connection.base_url = telegram
        hook = hooks + reverse("openlines:hook", args=[connection.kind, connection.public_id])
        health = registry.get(connection.kind).set_up(connection.account(webhook_url=hook))
        if not health.ok:
            raise NotConnected(health.detail)
        _introduce(connection, telegram, bot=int(tokens[connection.public_id].partition(":")[0]))
        outbound.resume(connection, now=now)


def _introduce(connection: Connection, telegram: str, *, bot: int) -> None:
    with httpx.Client(base_url=telegram, timeout=10) as fake:
        for client in Client.objects.filter(connection=connection).order_by("pk"):
            told = {
                "bot": bot,
                "chat": int(client.external_id),
                "name": client.name,
                "language": client.language,
            }
            fake.post("/customers/meet", json=told).raise_for_status()
            if not client.is_reachable:
                blocked = {"bot": bot, "chat": int(client.external_id), "blocked": True}
                fake.post("/customers/block", json=blocked).raise_for_status()
