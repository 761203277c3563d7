"""How a message came to us: sent, received, found genuine, stored. A client's, or one written in the provider's own app."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from openlines.connectors import base, registry
from openlines.journey.rows import Rows
from openlines.journey.steps import Id, Step, Tone
from openlines.models import Connection, Message

AT_ONCE = timedelta(seconds=1)


def steps(rows: Rows) -> list[Step]:
    message, event = rows.message, rows.message.inbound
    received_at = event.received_at if event else message.created_at
    found = [
        Step(
            at=received_at,
            title=_received(message.connection),
            ids=(Id(_("key of the delivery"), event.key),) if event else (),
            delivery_id=event.pk if event else None,
        ),
        Step(at=received_at, title=_("Found genuine"), detail=_proof(message), tone=Tone.GOOD),
        _stored(rows, late=message.created_at - received_at >= AT_ONCE),
    ]
    if message.sent_at and message.connection.kind != Connection.Kind.LIVECHAT:
        channel = message.connection.get_kind_display()
        sent = Step(
            at=message.sent_at,
            title=_sent(message),
            detail=_("By the clock of %(channel)s.") % {"channel": channel},
            by_channel=True,
        )
        found.insert(0, sent)
    return found


def _sent(message: Message) -> str:
    if message.author == Message.Author.OUTSIDE:
        return _("Written by one of us in the provider's own app")
    return _("%(name)s sent it") % {"name": message.dialog.client.display_name}


def _received(connection: Connection) -> str:
    if connection.kind == Connection.Kind.LIVECHAT:
        return _("Came from the chat page")
    if registry.has(connection.kind) and isinstance(registry.get(connection.kind), base.Polling):
        return _("Read from the mailbox %(name)s") % {"name": connection.name}
    channel = connection.get_kind_display()
    return _("Received from %(channel)s, %(name)s") % {"channel": channel, "name": connection.name}


def _proof(message: Message) -> str:
    connection = message.connection
    if connection.kind == Connection.Kind.LIVECHAT:
        return _("The chat page showed the visitor's own signed key.")
    if registry.has(connection.kind):
        connector = registry.get(connection.kind)
        if isinstance(connector, base.Reconciling) and _was_asked_for(message):
            return _("It had not come by itself: found in the provider's list, which we ask now and then.")
        if isinstance(connector, base.Proven):
            return str(connector.proof)
    return _("The connector checked that it comes from the provider.")


def _was_asked_for(message: Message) -> bool:
    """A call from outside has headers; erasing takes them away."""
    event = message.inbound
    return event is not None and not event.headers and event.emptied_at is None


def _stored(rows: Rows, *, late: bool) -> Step:
    message = rows.message
    ids = [Id(_("our id"), str(message.uuid))]
    if message.external_id:
        ids.append(Id(_("id at the provider"), message.external_id))
    ids += [Id(_("further id at the provider"), part.external_id) for part in rows.parts]
    numbers = {"seq": message.seq, "number": message.dialog_id}
    return Step(
        at=message.created_at,
        title=_("Stored as message %(seq)s of dialog No. %(number)s") % numbers,
        detail=_("It could not be read when it came, and was read again later.") if late else "",
        tone=Tone.DOUBT if late else Tone.GOOD,
        ids=tuple(ids),
    )
