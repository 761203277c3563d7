"""What a connection's page shows beside its form: how to connect it, how it does, what a check and a test message said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

from openlines.connectors import base, registry
from openlines.models import Connection
from openlines.services import connection_test, connections, health
from openlines.services.addresses import address_trouble

REMEMBERED = "openlines_connections"
SHOWN_FOR = timedelta(hours=1)
"""What a check or a test said is shown to who asked for it, so long."""


def guide(connection: Connection, *, may_save: bool) -> dict[str, Any]:
    """The steps, and what is to be copied from here; also before the connection is saved. Keys only for who sets it up."""
    if not registry.has(connection.kind):
        return {"steps": _live_chat_steps()}
    connector = registry.get(connection.kind)
    is_polled = isinstance(connector, base.Polling)
    is_new = connection._state.adding
    values = connections.prepared(connection.kind, connection.public_id)
    # what only its own system may know is made when it is saved
    is_known = not is_new or isinstance(connector, base.Handshaking)
    return {
        "steps": connector.guide,
        "copies": [
            (str(field.label), connection.credentials.get(field.name, values[field.name] if is_new else ""))
            for field in connector.credential_fields
            if may_save and is_known and field.name in values
        ],
        "webhook_url": "" if is_polled else connections.webhook_url(connection),
        "registers_webhook": connector.registers_webhook,
        "address_trouble": "" if is_polled else address_trouble(),
    }


def _live_chat_steps() -> list[str]:
    return [
        _("Give the chat a name and a line, choose how it looks, and save."),
        _(
            "Put the code that then stands on this page into your site, or give your customers the direct link."
        ),
        _("Open the direct link yourself and write something to try it."),
    ]


def facts(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    """Of a saved connection."""
    now = timezone.now()
    found: dict[str, Any] = {
        "report": health.report([connection], now=now)[connection.pk],
        "has_provider": registry.has(connection.kind),
        "may_read_log": request.user.has_perm("openlines.view_inboundevent"),
        "checked": _remembered(request, connection, "check", now=now),
        "tested": _remembered(request, connection, "test", now=now),
    }
    if found["has_provider"]:
        found |= {
            "test_address": connection_test.address_of(connection),
            "test_clients": connection_test.recent_clients(connection),
            "nobody": connection_test.nobody(),
            "input_classes": " ".join(INPUT_CLASSES),
            "select_classes": " ".join(SELECT_CLASSES),
        }
    else:
        loader = settings.PUBLIC_URL + reverse("widget:loader", args=[connection.public_id])
        found["embed_code"] = f'<script async src="{loader}"></script>'
        found["direct_link"] = settings.PUBLIC_URL + reverse("widget:direct", args=[connection.public_id])
    return found


# -- answers, over the redirect that follows a button -----------------------------------------------------------


def remember_check(request: HttpRequest, connection: Connection, told: base.Health, *, now: datetime) -> None:
    findings = [{"what": one.what, "ok": one.ok, "detail": one.detail} for one in told.findings]
    _remember(
        request, connection, "check", {"ok": told.ok, "words": told.detail, "findings": findings}, now=now
    )


def remember_test(
    request: HttpRequest, connection: Connection, told: connection_test.Tested, *, to: str, now: datetime
) -> None:
    _remember(request, connection, "test", {"ok": told.ok, "words": told.words, "to": to[:200]}, now=now)


def forget(request: HttpRequest, connection: Connection) -> None:
    """Other credentials: what was said of the old ones is no longer true."""
    request.session[REMEMBERED] = {
        name: value
        for name, value in request.session.get(REMEMBERED, {}).items()
        if not name.endswith(f":{connection.pk}")
    }


def _remember(
    request: HttpRequest, connection: Connection, what: str, told: dict[str, Any], *, now: datetime
) -> None:
    kept = list(request.session.get(REMEMBERED, {}).items())[-20:]
    request.session[REMEMBERED] = {**dict(kept), f"{what}:{connection.pk}": {**told, "at": now.isoformat()}}


def _remembered(
    request: HttpRequest, connection: Connection, what: str, *, now: datetime
) -> dict[str, Any] | None:
    told = request.session.get(REMEMBERED, {}).get(f"{what}:{connection.pk}")
    at = parse_datetime(told["at"]) if told else None
    if told is None or at is None or now - at > SHOWN_FOR:
        return None
    return {**told, "at": at}
