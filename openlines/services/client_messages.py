"""A client's message finds its dialog, or opens one (spec §11 "What is a client's message").

His messages go to his open dialog, whatever line it is on; only where there is none does the connection's line get a
new one, under the client's row lock, and the database allows one open dialog a client in any case.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from openlines import lifecycle, signals
from openlines.connectors import base
from openlines.models import (
    Attachment,
    Client,
    Connection,
    Dialog,
    Message,
    MessageMark,
    MessagePart,
    OpenLine,
)
from openlines.policies import conversation
from openlines.policies.facts import State
from openlines.services import (
    albums,
    answers,
    automatic_actions,
    early_marks,
    files,
    marks,
    message_content,
    routing,
    staffing,
    wakeups,
)
from openlines.services.change import DialogChange, NewMessage, lock_first
from openlines.services.clients import find_or_create
from openlines.services.errors import CommandRefused

logger = logging.getLogger(__name__)


def receive(
    client: Client,
    connection: Connection,
    received: base.MessageReceived,
    *,
    now: datetime,
    uuid: UUID | None = None,
    stored: tuple[Attachment, ...] = (),
    inbound_id: int | None = None,
) -> Message:
    """Take one message of the client; the same one twice (``uuid`` or external id) gives the first.

    ``stored``: files that are here already (live chat uploads); ``received.media`` are fetched after the commit.
    ``inbound_id``: the raw delivery it came in.
    """
    try:
        with transaction.atomic():
            return _receive(
                client, connection, received, now=now, uuid=uuid, stored=stored, inbound_id=inbound_id
            )
    except IntegrityError:
        logger.info("Another request of client %s was quicker; this one is read again", client.pk)
    finally:
        client.is_fresh = False
    with transaction.atomic():
        return _receive(
            client, connection, received, now=now, uuid=uuid, stored=stored, inbound_id=inbound_id
        )


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
    inbound_id: int | None = None,
) -> Message:
    answered = (
        None
        if client.is_fresh
        else answers.take(client, connection, received, now=now, inbound_id=inbound_id)
    )
    if answered is not None:
        return answered
    change = _open_dialog(client, connection, now=now)
    repeated = None if client.is_fresh else _earlier(client, connection, received, uuid)
    if repeated is not None:
        if inbound_id is not None:
            message_content.hear(repeated, repeated.dialog, inbound_id)
        return repeated
    album = _album(change, received, inbound_id=inbound_id)
    if album is not None:
        return album
    away = (
        change.facts.state in (State.ANSWERED, State.WRAP_UP)
        and change.facts.frozen_at is None
        and staffing.away_from(change.dialog, now=now)
    )
    if change.dialog.from_machine != received.is_automatic:
        change.set_fields(from_machine=received.is_automatic)
        change.dialog.from_machine = received.is_automatic
    message = change.add_message(
        NewMessage(
            author=Message.Author.CLIENT,
            text=received.text,
            kind=received.kind,
            uuid=uuid,
            external_id=received.external_id or None,
            group_key=received.group_key or None,
            sent_at=received.at,
            reply_to_id=marks.find_for(change.dialog.client_id, connection, received.reply_to),
            reply_to_external_id=received.reply_to,
            extra={**received.data, **({"automatic": True} if received.is_automatic else {})},
            attachments=(*stored, *(files.received(media) for media in received.media)),
            inbound_id=inbound_id,
        )
    )
    talk = automatic_actions.talk(change, first_contact=change.is_new and _first_contact(client))
    awakes = change.dialog.is_kept and _is_on(change.dialog.line)
    decided = conversation.client_writes(
        replace(talk, client=replace(talk.client, last_wrote_at=now)),
        is_new=change.is_new,
        operator_away=away,
        awakes=awakes,
    )
    if awakes:
        change.set_fields(is_kept=False)
    automatic_actions.apply(change, decided, notes={"created": {"channel": connection.kind}})
    if change.before.state is not State.RETURNED and change.facts.state is State.RETURNED:
        change.set_fields(tried=[change.before.operator_id] if change.before.operator_id else [])
    if change.is_new:
        change.set_fields(is_kept=change.facts.frozen_at is not None)
        if not client.is_fresh:  # R5: he sends something else, so no rating is awaited any more
            Dialog.objects.filter(client=client, rating_pending_until__isnull=False).update(
                rating_pending_until=None
            )
    change.write()
    if received.reply_to and message.reply_to_id is None:
        early_marks.keep(connection, received.reply_to, "reply", at=received.at, now=now, message=message.pk)
    if any(media.content is None for media in received.media):
        wakeups.request("fetch", connection_id=connection.pk, now=now)
    if change.facts.distribute_since is not None and change.facts.frozen_at is None:
        routing.distribute_after_commit(change.dialog.line_id, now=now)
    signals.client_message_received.send(sender=Message, message=message, dialog=change.dialog, now=now)
    return message


def _open_dialog(client: Client, connection: Connection, *, now: datetime) -> DialogChange:
    """The client's open dialog under its lock, else a new one under the client's (a fresh one has none to wait for)."""
    if client.is_fresh:
        return _begin(client, connection, now=now)
    change = _existing(client, now=now)
    if change is not None:
        return change
    # NO KEY: the request that has just made the client holds no lock on him, and must pass with its foreign keys.
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    return _existing(client, now=now) or _begin(client, connection, now=now)


def _begin(client: Client, connection: Connection, *, now: datetime) -> DialogChange:
    """L4: on a line that is off it is kept for the administrator's release."""
    is_off = not _is_on(connection.line)
    return DialogChange.begin(client, connection, facts=lifecycle.begin(now=now, frozen=is_off), now=now)


def _is_on(line: OpenLine) -> bool:
    return line.is_active and line.deleting_since is None


def _existing(client: Client, *, now: datetime) -> DialogChange | None:
    dialog = lock_first(Dialog.objects.open().filter(client=client))
    return DialogChange(dialog, now=now) if dialog is not None else None


def _earlier(
    client: Client, connection: Connection, received: base.MessageReceived, uuid: UUID | None
) -> Message | None:
    """Raises ``CommandRefused`` (``taken``) where ``uuid`` is of another's message: nobody is told what that says."""
    if uuid is not None:
        found = Message.objects.select_related("dialog").filter(uuid=uuid).first()
        if found is not None and not _is_of(found, client):
            raise CommandRefused("taken", _("This message could not be sent. Please write it again."))
        return found
    if not received.external_id:
        return None
    rows = Message.objects.filter(connection=connection)
    found = rows.filter(external_id=received.external_id).first()
    if found is None and received.group_key:  # a further file of an album, delivered or read once more
        found = rows.filter(parts__external_id=received.external_id).first()
    return found


def _is_of(message: Message, client: Client) -> bool:
    return message.dialog.client_id == client.pk and message.author == Message.Author.CLIENT


def _album(change: DialogChange, received: base.MessageReceived, *, inbound_id: int | None) -> Message | None:
    """Further files of an album join its first message."""
    if not received.group_key or change.is_new:
        return None
    message = Message.objects.filter(dialog=change.dialog, group_key=received.group_key).first()
    if message is None:
        return None
    is_gone = message_content.hear(message, change.dialog, inbound_id)
    if received.external_id and not is_gone:
        part = albums.Part(received.external_id[:200], received.text, len(received.media))
        albums.add(message, part)
        message.save(update_fields=["extra"])
    for media in () if is_gone else received.media:
        attachment = files.received(media)
        attachment.message = message
        attachment.save()
    if received.external_id:
        MessagePart.objects.create(
            connection_id=message.connection_id, external_id=received.external_id, message=message
        )
    MessageMark.objects.create(
        message=message, status="part", at=received.at, heard_at=change.now, detail=received.external_id
    )
    if received.text and not is_gone:
        text = "\n".join(part for part in (message.text, received.text) if part)
        message_content.put_text(change, message, text, keeps_earlier=False)
    else:
        Message.objects.filter(pk=message.pk).update(rev=change.rev)
    change.write()
    wakeups.request("fetch", connection_id=change.dialog.connection_id, now=change.now)
    return message


def _first_contact(client: Client) -> bool:
    """A1: no earlier dialog of this client on this connection, spam aside."""
    return (
        client.is_fresh or not Dialog.objects.filter(client=client).exclude(state=Dialog.State.SPAM).exists()
    )
