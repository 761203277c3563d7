"""Our own addresses, as providers know them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from openlines.connectors import registry
from openlines.models import Connection


def webhook_url(connection: Connection) -> str:
    """Where the provider delivers; empty for a kind that nobody delivers to (live chat)."""
    if not registry.has(connection.kind):
        return ""
    return f"{settings.PUBLIC_URL}{reverse('openlines:hook', args=[connection.kind, connection.public_id])}"


def address_trouble() -> str:
    """Why providers cannot reach this installation at ``PUBLIC_URL``, with what to do; empty where nothing speaks
    against it.
    """
    parts = urlsplit(settings.PUBLIC_URL)
    host = parts.hostname or ""
    if _is_private(host):
        return _(
            "This installation is known as %(address)s, which exists only here: providers on the internet cannot reach "
            "it. Set PUBLIC_URL to its public https address and start it again."
        ) % {"address": settings.PUBLIC_URL}
    if parts.scheme != "https":
        return _(
            "This installation is known as %(address)s: most providers deliver to https addresses only. Set PUBLIC_URL "
            "to an https address and start it again."
        ) % {"address": settings.PUBLIC_URL}
    return ""


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan", ".test"))


def derived_secret(public_id: UUID, name: str) -> str:
    """A value of our making that can be told before the connection is saved, and again afterwards."""
    return salted_hmac(f"openlines.connection.{name}", str(public_id), algorithm="sha256").hexdigest()[:32]
