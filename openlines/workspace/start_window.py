"""The window that starts a dialog: where one may write, the clients that a search finds, and what each can be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.connectors import registry
from openlines.models import Client, Connection
from openlines.services import starting
from openlines.workspace import faces
from openlines.workspace.template_choices import Choices, choices


@dataclass(frozen=True)
class Way:
    """A connection to write through. ``address``: ``email``, ``phone``, or empty where only known clients can be written
    to; ``help``: what to type, in words."""

    pk: int
    kind: str
    label: str
    address: str
    templates: bool
    help: str


@dataclass(frozen=True)
class Person:
    """A known client. ``why_not``: empty where he can be written to; ``free``: by a text, else by template."""

    pk: int
    way: Way
    name: str
    address: str
    initials: str
    tone: str
    why_not: str
    free: bool
    open_number: int | None


@dataclass(frozen=True)
class StartWindow:
    """``person``: written to from his card, else he is chosen here; ``templates``: where they are needed at once."""

    ways: tuple[Way, ...]
    person: Person | None
    templates: Choices | None
    wants_subject: bool


def window(me: Employee, *, now: datetime) -> StartWindow:
    ways = tuple(_way(connection) for connection in starting.connections_for(me).defer("credentials"))
    only = ways[0] if len(ways) == 1 else None
    listed = None
    if only is not None and only.templates:
        listed = choices(Connection.objects.get(pk=only.pk), client_name="", now=now)
    return StartWindow(ways, None, listed, wants_subject=only is not None and only.address == "email")


def window_for(client: Client, *, now: datetime) -> StartWindow:
    """``client`` with connection and line at hand."""
    who = person(client, now=now)
    listed = None
    if not who.free and not who.why_not and who.open_number is None:
        listed = choices(client.connection, client_name=client.name, now=now)
    return StartWindow((who.way,), who, listed, wants_subject=who.way.address == "email")


def people(found: Sequence[Client], *, now: datetime) -> tuple[Person, ...]:
    return tuple(person(client, now=now) for client in found)


def person(client: Client, *, now: datetime) -> Person:
    outlook = starting.outlook(client.connection, client, now=now)
    standing = starting.open_dialog(client)
    return Person(
        pk=client.pk,
        way=_way(client.connection),
        name=client.display_name,
        address=client.email or client.phone or (f"@{client.username}" if client.username else ""),
        initials=faces.initials(client.display_name),
        tone=faces.tone(client.pk),
        why_not="" if standing else outlook.why_not,
        free=not outlook.needs_template,
        open_number=standing.number if standing else None,
    )


def _way(connection: Connection) -> Way:
    features = registry.get(connection.kind).features if registry.has(connection.kind) else None
    address = features.address if features and features.can_start else ""
    words = {
        "email": _("A client’s name, or an e-mail address: anna@example.com"),
        "phone": _("A client’s name, or a number with its country code: +48 600 100 200"),
        "": _("Only clients who wrote before: type a name and choose."),
    }
    return Way(
        pk=connection.pk,
        kind=connection.kind,
        label=f"{connection.name} · {faces.channel_label(connection.kind)} · {connection.line.name}",
        address=address,
        templates=bool(features and features.templates),
        help=words[address],
    )
