"""Connections of channels to lines (L2, L5, L6) and what their providers say: the only writer of ``Connection``'s
settings. Calls to a provider are made outside of transactions and end after ``PATIENCE``.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openlines.connectors import base, registry
from openlines.models import Connection, OpenLine
from openlines.services import cursors, guards, line_switch, outbound, pausing, provider_side, wakeups
from openlines.services.addresses import address_trouble, derived_secret
from openlines.services.addresses import webhook_url as webhook_url
from openlines.services.errors import CommandRefused
from openlines.services.patience import NoAnswer, patiently

logger = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds an administrator waits for a provider."""


def create(line: OpenLine, *, kind: str, name: str, values: Mapping[str, Any]) -> Connection:
    """``values``: credentials, base_url, options; public_id where the address was shown before. Raises ``CommandRefused``
    (``taken``) where the line has one (L2).
    """
    connection = Connection(line=line, kind=kind, name=name, **values)
    connection.credentials = _completed(kind, connection.credentials, public_id=connection.public_id)
    connection.account_key = _account_key(connection)
    with _one_of_a_kind(line, kind):
        connection.save()
    return connection


def save(connection: Connection, values: Mapping[str, Any]) -> set[str]:
    """Change settings; the names of what changed. L6: with another line open dialogs stay where they are, but come along
    as returned where the old line is off or being deleted.
    """
    values = dict(values)
    if "credentials" in values:
        values["credentials"] = _completed(
            connection.kind, values["credentials"], public_id=connection.public_id
        )
    changed = {name for name, value in values.items() if getattr(connection, name) != value}
    left = connection.line
    for name in changed:
        setattr(connection, name, values[name])
    if "credentials" in changed:
        connection.account_key = _account_key(connection)
        changed.add("account_key")
    if changed:
        with _one_of_a_kind(connection.line, connection.kind):
            connection.save(update_fields=sorted(changed))
    if "line" in changed and (not left.is_active or left.deleting_since is not None):
        line_switch.move_along(connection, to=connection.line, now=timezone.now())
    return changed


def prepared(kind: str, public_id: UUID) -> dict[str, str]:
    """What we make for a connection that is not saved yet and what its provider has to be told: shown to be copied."""
    return {
        field.name: _made(field, kind, public_id)
        for field in (registry.get(kind).credential_fields if registry.has(kind) else ())
        if field.generated and not field.secret
    }


def switch(connection: Connection, *, on: bool, now: datetime) -> base.Health | None:
    """L5: off takes the webhook away at the provider, on registers it again, without what came meanwhile. What the
    provider said, if any; where it does not play along now, it is asked again later (``provider_side``).
    """
    if on and Connection.objects.filter(pk=connection.pk, deleting_since__isnull=False).exists():
        raise CommandRefused("deleting", _("This connection is being deleted."))
    if on and not connection.is_active:
        outbound.ask_first(connection, now=now)
    Connection.objects.filter(pk=connection.pk).update(is_active=on)
    connection.is_active = on
    pausing.tell_desks(connection.pk)
    if not registry.has(connection.kind):
        return None
    if not on:
        return tear_down(connection, now=now)
    provider_side.began(connection, now=now)
    wakeups.request("drain", connection_id=connection.pk, now=now)
    cursors.forget(connection)
    if isinstance(registry.get(connection.kind), base.Holding):
        dropped = _ask(connection, "drop_held", now=now)
        if not dropped.ok:
            provider_side.asked(connection, register=True, ok=False, anew=True)
            return dropped
    return set_up(connection, now=now)


def check(connection: Connection, *, now: datetime) -> base.Health:
    """Are the credentials good, does the provider reach us? What is wrong is kept as the last error (L1)."""
    health = _ask(connection, "check", now=now)
    return base.Health(health.ok, health.detail, health.account_name, (*health.findings, *_ours(connection)))


def set_up(connection: Connection, *, now: datetime) -> base.Health:
    """Register the webhook. A paused connection whose credentials work again goes on."""
    health = _ask(connection, "set_up", now=now)
    provider_side.asked(connection, register=True, ok=health.ok)
    if health.ok and connection.paused_reason:
        outbound.resume(connection, now=now)
        connection.paused_reason = ""
    if health.ok and connection.is_active:
        cursors.begin(connection, now=now)
    return health


def tear_down(connection: Connection, *, now: datetime) -> base.Health:
    health = _ask(connection, "tear_down", now=now)
    provider_side.asked(connection, register=False, ok=health.ok)
    return health


def mend(*, now: datetime) -> int:
    """What a provider did not do at the time, because it was down: asked again; the number that is done now."""
    return guards.each(provider_side.open_wishes(), lambda connection: _mended(connection, now=now))


def _mended(connection: Connection, *, now: datetime) -> bool:
    if connection.is_active and provider_side.is_anew(connection):
        return bool((health := switch(connection, on=True, now=now)) and health.ok)
    return (set_up if connection.is_active else tear_down)(connection, now=now).ok


def _ours(connection: Connection) -> tuple[base.Finding, ...]:
    """What only we know: whether our own address can be reached, and when something came last."""
    if not registry.has(connection.kind) or cursors.connector_of(connection) is not None:
        return ()
    trouble = address_trouble()
    return (base.Finding(_("Address of this installation"), None, trouble),) if trouble else ()


def _ask(connection: Connection, question: str, *, now: datetime) -> base.Health:
    if not registry.has(connection.kind):
        return base.Health(True, _("This channel is part of the product: there is no provider to ask."))
    connector = registry.get(connection.kind)
    account = connection.account(webhook_url=webhook_url(connection))
    health = _answer(lambda: getattr(connector, question)(account), connection)
    failure = "" if health.ok else health.detail
    error = {"last_error": failure, "last_error_at": now if failure else connection.last_error_at}
    checked = {} if failure else {"checked_at": now}
    Connection.objects.filter(pk=connection.pk).update(**error, **checked)
    connection.last_error, connection.last_error_at = failure, error["last_error_at"]
    return health


def _answer(call: Any, connection: Connection) -> base.Health:
    try:
        found: base.Health = patiently(call, seconds=PATIENCE)
    except NoAnswer:
        return base.Health(
            False,
            _("The provider has not answered within %(seconds)d seconds. Try again in a moment.")
            % {"seconds": PATIENCE},
        )
    except Exception:  # a connector's own mistake is told, too
        logger.exception("Asking the provider of connection %s failed", connection.pk)
        return base.Health(
            False,
            _("Something went wrong here while the provider was asked; the log of the server says what."),
        )
    return found


def _completed(kind: str, credentials: Mapping[str, str], *, public_id: UUID) -> dict[str, str]:
    """With what is entered left out where the kind has a value of its own: a secret of our making, a default."""
    completed = {name: value for name, value in credentials.items() if value}
    for field in registry.get(kind).credential_fields if registry.has(kind) else ():
        if not completed.get(field.name) and (field.generated or field.default):
            completed[field.name] = _made(field, kind, public_id) if field.generated else field.default
    return completed


def _made(field: base.CredentialField, kind: str, public_id: UUID) -> str:
    """Where the provider asks by GET whether the address is ours, the answer is known before anything is saved."""
    if isinstance(registry.get(kind), base.Handshaking) and not field.secret:
        return derived_secret(public_id, field.name)
    return field.make() if field.make else secrets.token_urlsafe(32)


def _account_key(connection: Connection) -> str:
    connector = registry.get(connection.kind) if registry.has(connection.kind) else None
    return connector.account_key(connection.credentials)[:200] if isinstance(connector, base.Shared) else ""


@contextmanager
def _one_of_a_kind(line: OpenLine, kind: str) -> Iterator[None]:
    """Saves under a savepoint and tells the database's refusal in words (L2)."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "one_connection_of_a_kind" not in str(error):
            raise
        raise CommandRefused("taken", refusal(line, kind)) from error


def refusal(line: OpenLine, kind: str) -> str:
    """L2 in words: why this line takes no further connection of the kind."""
    return _(
        "“%(line)s” already has a connection of the kind %(kind)s, and a line holds one of each. "
        "Choose another line or create one."
    ) % {"line": line.name, "kind": Connection.Kind(kind).label}
