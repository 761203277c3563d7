"""A client's message finds its dialog, or opens one (spec §11 "What is a client's message").

His messages go to his open dialog, whatever line it is on; only where there is none does the connection's line get a
new one, under the client's row lock, and the database allows one open dialog a client in any case.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from openlines import lifecycle, signals
from openlines.connectors import base
from openlines.lifecycle import Event
from openlines.models import Attachment, Client, Connection, Dialog, Message
from openlines.policies import automatic_actions as policy
from openlines.policies.facts import State, TextTrigger
from openlines.services import automatic_actions, routing, staffing, wakeups
from openlines.services.change import DialogChange, NewMessage, lock_first
from openlines.services.clients import find_or_create

logger = logging.getLogger(__name__)


def receive(
    client: Client,
    connection: Connection,
    received: base.MessageReceived,
    *,
    now: datetime,
    uuid: UUID | None = None,
    stored: tuple[Attachment, ...] = (),
) -> Message:
    """Take one message of the client; the same one twice (``uuid`` or external id) gives the first.

    ``stored``: files that are here already (live chat uploads); ``received.media`` are fetched after the commit.
    """
    try:
        with transaction.atomic():
            return _receive(client, connection, received, now=now, uuid=uuid, stored=stored)
    except IntegrityError:
        logger.info("Another request of client %s was quicker; this one is read again", client.pk)
    finally:
        client.is_fresh = False
    with transaction.atomic():
        return _receive(client, connection, received, now=now, uuid=uuid, stored=stored)


def receive_from(
    connection: Connection,
    received: base.MessageReceived,
    *,
    now: datetime,
    uuid: UUID | None = None,
    stored: tuple[Attachment, ...] = (),
) -> Message:
    """As ``receive``, with the client found or made from ``received.sender`` in the same transaction."""
    try:
        with transaction.atomic():
            client = find_or_create(connection, received.sender, now=now)
            return _receive(client, connection, received, now=now, uuid=uuid, stored=stored)
    except IntegrityError:
        logger.info("Another request was quicker; this one is read again")
    with transaction.atomic():
        client = find_or_create(connection, received.sender, now=now)
        client.is_fresh = False  # new or not: look at everything
        return _receive(client, connection, received, now=now, uuid=uuid, stored=stored)


def _receive(
    client: Client,
    connection: Connection,
    received: base.MessageReceived,
    *,
    now: datetime,
    uuid: UUID | None,
    stored: tuple[Attachment, ...],
) -> Message:
    change = _open_dialog(client, connection, now=now)
    repeated = None if client.is_fresh else _earlier(connection, received, uuid)
    if repeated is not None:
        return repeated
    album = _album(change, received)
    if album is not None:
        return album
    attachments = (*stored, *(_pending(media) for media in received.media))
    away = change.facts.state in (State.ANSWERED, State.WRAP_UP) and staffing.away_from(
        change.dialog, now=now
    )
    change.step(Event.CLIENT_WRITES, operator_away=away)
    if away and change.facts.state is State.WAITING:
        change.step(Event.OPERATOR_LOST)
        change.record(Event.OPERATOR_LOST, earlier=change.before.operator_id)
    if change.before.state is not State.RETURNED and change.facts.state is State.RETURNED:
        change.set_fields(tried=[change.before.operator_id] if change.before.operator_id else [])
    message = change.add_message(
        NewMessage(
            author=Message.Author.CLIENT,
            text=received.text,
            kind=received.kind,
            uuid=uuid,
            external_id=received.external_id or None,
            group_key=received.group_key or None,
            sent_at=received.at,
            reply_to_id=_quoted(connection, received.reply_to),
            reply_to_external_id=received.reply_to,
            extra=dict(received.data),
            attachments=attachments,
        )
    )
    if change.is_new:
        change.record("created", channel=connection.kind)
        if policy.greets(change.settings, first_contact=_first_contact(client)):
            automatic_actions.say(change, TextTrigger.GREETING)
    elif change.before.state != change.facts.state:
        change.record(Event.CLIENT_WRITES, state=change.facts.state)
    change.write()
    if received.media:
        wakeups.request("fetch", connection_id=connection.pk, now=now)
    if change.facts.distribute_since is not None:
        routing.distribute_after_commit(change.dialog.line_id, now=now)
    signals.client_message_received.send(sender=Message, message=message, dialog=change.dialog, now=now)
    return message


def _open_dialog(client: Client, connection: Connection, *, now: datetime) -> DialogChange:
    """The client's open dialog under its lock, else a new one under the client's (a fresh one has none to wait for)."""
    if client.is_fresh:
        return DialogChange.begin(client, connection, facts=lifecycle.begin(now=now), now=now)
    change = _existing(client, now=now)
    if change is not None:
        return change
    # NO KEY: the request that has just made the client holds no lock on him, and must pass with its foreign keys.
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    return _existing(client, now=now) or DialogChange.begin(
        client, connection, facts=lifecycle.begin(now=now), now=now
    )


def _existing(client: Client, *, now: datetime) -> DialogChange | None:
    dialog = lock_first(Dialog.objects.open().filter(client=client))
    return DialogChange(dialog, now=now) if dialog is not None else None


def _earlier(connection: Connection, received: base.MessageReceived, uuid: UUID | None) -> Message | None:
    if uuid is not None:
        return Message.objects.filter(uuid=uuid).first()
    if received.external_id:
        return Message.objects.filter(connection=connection, external_id=received.external_id).first()
    return None


def _album(change: DialogChange, received: base.MessageReceived) -> Message | None:
    """Further files of an album join its first message."""
    if not received.group_key or change.is_new:
        return None
    message = Message.objects.filter(dialog=change.dialog, group_key=received.group_key).first()
    if message is None:
        return None
    for media in received.media:
        attachment = _pending(media)
        attachment.message = message
        attachment.save()
    text = "\n".join(part for part in (message.text, received.text) if part)
    Message.objects.filter(pk=message.pk).update(rev=change.rev, text=text)
    change.write()
    wakeups.request("fetch", connection_id=change.dialog.connection_id, now=change.now)
    return message


def _pending(media: base.Media) -> Attachment:
    return Attachment(
        kind=media.kind,
        name=media.name[:255],
        mime=media.mime[:100],
        size=media.size,
        reference=media.reference,
        state=Attachment.State.PENDING,
    )


def _quoted(connection: Connection, external_id: str) -> int | None:
    if not external_id:
        return None
    return (
        Message.objects.filter(connection=connection, external_id=external_id)
        .values_list("pk", flat=True)
        .first()
    )


def _first_contact(client: Client) -> bool:
    """A1: no earlier dialog of this client on this connection, spam aside."""
    return (
        client.is_fresh or not Dialog.objects.filter(client=client).exclude(state=Dialog.State.SPAM).exists()
    )
