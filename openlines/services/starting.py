"""Writing to a client first (§11 "Starting"): where one may, to whom, why not, and the dialog with its first message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee, Right, Scope
from contactcenter.staff.roles import department_of_scope, scope
from openlines import permissions
from openlines import search as find
from openlines.connectors import base, registry
from openlines.models import Client, Connection, Dialog, Message
from openlines.policies import starting as policy
from openlines.policies.starting import Chance, Obstacle
from openlines.policies.window import Window, look
from openlines.services import clients, dialogs, line_switch, windows
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from openlines.services.queue_members import lines_of

FOUND: Final = 8
"""Clients that a search shows."""


@dataclass(frozen=True)
class Outlook:
    """Whether one may write to a client (None: to anybody new) on a connection. ``why_not``: in words; empty: he may."""

    why_not: str
    window: Window

    @property
    def needs_template(self) -> bool:
        return policy.needs_template(self.window)


@dataclass(frozen=True)
class Begun:
    """``is_new`` False: he had an open dialog, and nothing was sent."""

    dialog: Dialog
    is_new: bool


def may_start(by: Employee) -> bool:
    return by.has_right(Right.DIALOGS_START_SPAM)


def connections_for(by: Employee) -> QuerySet[Connection]:
    """Those that work, on lines that are his to write for (§12)."""
    working = Connection.objects.filter(
        is_active=True, paused_reason="", line__is_active=True, line__deleting_since__isnull=True
    )
    return _his(working, by).select_related("line").order_by("line__name", "kind", "name")


def clients_for(by: Employee) -> QuerySet[Client]:
    """Known ones on those connections, within what he may see."""
    found = Client.objects.filter(connection__in=connections_for(by)).select_related("connection__line")
    if scope(by, Right.DIALOGS_HISTORY) is Scope.ALL:
        return found
    seen = permissions.visible_dialogs(by).filter(client=OuterRef("pk"))
    return found.filter(Exists(seen))


def search(by: Employee, query: str) -> Sequence[Client]:
    """By name, user name, phone or e-mail: every word somewhere. The newest first; nothing for a single letter."""
    wanted = find.read(query)
    if wanted.is_empty or len(query.strip()) < 2:
        return []
    rows = clients_for(by).filter(wanted.in_client())
    return list(rows.order_by("-pk")[:FOUND])


def open_dialog(client: Client) -> Dialog | None:
    return Dialog.objects.open().filter(client=client).select_related("operator", "line").first()


def outlook(connection: Connection, client: Client | None, *, now: datetime) -> Outlook:
    """``connection`` with its line at hand."""
    wrote_at = windows.client_wrote_at(client.pk) if client is not None else None
    window = look(windows.rules_of(connection), wrote_at=wrote_at, now=now)
    known = registry.has(connection.kind)
    chance = Chance(
        line_on=connection.line.is_active and connection.line.deleting_since is None,
        connection_on=connection.is_active,
        paused=bool(connection.paused_reason),
        reachable=client is None or client.is_reachable,
        # a visitor of the live chat is known by his page, written or not
        reaches_anybody=registry.get(connection.kind).features.can_start if known else client is not None,
        wrote=wrote_at is not None,
        window=window,
    )
    found = policy.obstacle(chance)
    return Outlook(_words(found, connection) if found else "", window)


def why_not(client: Client, *, by: Employee, now: datetime) -> str:
    """For the button at a client; empty: one may, or he has an open dialog to be opened. ``client`` with connection and
    line at hand.
    """
    found = outlook(client.connection, client, now=now)
    if found.why_not and open_dialog(client) is None:
        return found.why_not
    if not _his(Connection.objects.filter(pk=client.connection_id), by).exists():
        return _("The line “%(line)s” is not yours to write for.") % {"line": client.connection.line.name}
    return ""


def begin(connection: Connection, to: Client | str, message: Reply, *, by: Employee, now: datetime) -> Begun:
    """The dialog and its first message, or the open one that he has. ``to``: a client of the connection, or an address.

    Raises ``CommandRefused`` (``address``, ``start``, ``window``, ``empty`` …); then nothing is stored. ``message.uuid``:
    the same one twice begins one dialog.
    """
    with transaction.atomic():
        client = to if isinstance(to, Client) else _addressed(connection, to, now=now)
        Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
        earlier = Message.objects.filter(uuid=message.uuid, operator=by).select_related("dialog").first()
        if earlier is not None:
            return Begun(earlier.dialog, is_new=True)
        existing = open_dialog(client)
        if existing is not None:
            line_switch.show(existing, now=now)
            existing.refresh_from_db()
            dialogs.guard_frozen(existing)
            return Begun(existing, is_new=False)
        found = outlook(connection, client, now=now)
        if found.why_not:
            raise CommandRefused("start", found.why_not)
        dialog = dialogs.start(client.pk, by=by, now=now)
        sent = dialogs.reply(dialog.pk, message, by=by, now=now)
        return Begun(sent.dialog, is_new=True)


def _addressed(connection: Connection, address: str, *, now: datetime) -> Client:
    if not address.strip():
        raise CommandRefused("address", _("Say whom you write to."))
    known_only = CommandRefused(
        "address",
        _(
            "Here you can write only to clients who wrote before. Search for a client and choose them in the list."
        ),
    )
    if not registry.has(connection.kind):
        raise known_only
    connector = registry.get(connection.kind)
    if not isinstance(connector, base.Addressable):
        raise known_only
    try:
        sender = connector.sender_for(address, connection.account())
    except ValueError as error:
        raise CommandRefused("address", str(error)) from None
    return clients.addressed(connection, sender, now=now)


def _his(rows: QuerySet[Connection], by: Employee) -> QuerySet[Connection]:
    reach = scope(by, Right.DIALOGS_START_SPAM)
    if reach is Scope.ALL:
        return rows
    if reach is Scope.NOTHING:
        return rows.none()
    lines = permissions.member_lines(by)
    if reach is Scope.DEPARTMENT:
        lines = [*lines, *lines_of(department_of_scope(by))]
    return rows.filter(line__in=lines)


def _words(why: Obstacle, connection: Connection) -> str:
    words = {
        Obstacle.LINE_OFF: _("The line “%(line)s” is switched off."),
        Obstacle.CONNECTION_OFF: _("The connection “%(connection)s” is switched off."),
        Obstacle.PAUSED: _(
            "The connection “%(connection)s” does not work now; an administrator has been told."
        ),
        Obstacle.BLOCKED: _(
            "The client has blocked messages from us. You can write again when the client writes first."
        ),
        Obstacle.NEVER_WROTE: _("On this channel only clients who wrote before can be written to."),
        Obstacle.WINDOW_OVER: _(
            "The client's last message is too long ago. You can write when the client writes again."
        ),
    }
    return words[why] % {"line": connection.line.name, "connection": connection.name}
