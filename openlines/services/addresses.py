"""Our own addresses, as providers know them."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from openlines.connectors import registry
from openlines.models import Connection


def webhook_url(connection: Connection) -> str:
    """Where the provider delivers; empty for a kind that nobody delivers to (live chat)."""
    if not registry.has(connection.kind):
        return ""
    return f"{settings.PUBLIC_URL}{reverse('openlines:hook', args=[connection.kind, connection.public_id])}"
