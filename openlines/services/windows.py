"""The window of a dialog's channel (``policies/window.py``): looked up, and told in words.

It counts from when the client's message *reached* us. The provider counts from when he sent it: what came late closes
a little earlier than shown, and the message then fails with the provider's reason.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors import registry
from openlines.models import Client, Connection, Dialog
from openlines.policies.window import Rules, Window, look
from openlines.services.errors import CommandRefused


def rules_of(connection: Connection) -> Rules:
    if not registry.has(connection.kind):
        return Rules()
    features = registry.get(connection.kind).features
    return Rules(free=features.window, late=features.late_window, templates=features.templates)


def of_dialog(dialog: Dialog, *, now: datetime) -> Window:
    """``dialog`` with its connection at hand. A statement only where the channel has a window and he has not yet written
    in this dialog, or it is over."""
    rules = rules_of(dialog.connection)
    return look(rules, wrote_at=last_wrote_at(dialog) if rules.free else None, now=now)


def of_client(client: Client, *, now: datetime) -> Window:
    """``client`` with his connection at hand."""
    rules = rules_of(client.connection)
    return look(rules, wrote_at=client_wrote_at(client.pk) if rules.free else None, now=now)


def last_wrote_at(dialog: Dialog) -> datetime | None:
    """In this dialog while it is open, else in his newest one: the provider knows of no dialogs."""
    here = dialog.last_client_message_at if dialog.is_open else None
    return here or client_wrote_at(dialog.client_id)


def client_wrote_at(client_id: int) -> datetime | None:
    """When he last wrote on his connection; None: never."""
    rows = Dialog.objects.filter(client_id=client_id, last_client_message_at__isnull=False)
    return rows.order_by("-created_at").values_list("last_client_message_at", flat=True).first()


def require_free(window: Window) -> None:
    """A person's free text. Raises ``CommandRefused`` (``window``)."""
    if not window.takes(by_person=True):
        raise CommandRefused("window", why_over(window))


def why_over(window: Window) -> str:
    """For who wants to write a free text, with what to do."""
    if window.templates:
        return _("The client's last message is too long ago for a free text. Send one of the templates.")
    return _("The client's last message is too long ago. You can write when the client writes again.")
