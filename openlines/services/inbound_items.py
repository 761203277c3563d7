"""What each kind of event of a channel does: a message, an echo, a status, a new identity …

Called by ``services/inbound.py`` under the savepoint of one stored delivery.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors import base
from openlines.lifecycle import Event, allowed
from openlines.models import Client, Connection, Dialog, Message
from openlines.policies.facts import State
from openlines.services import (
    client_messages,
    clients,
    connection_test,
    early_marks,
    files,
    marks,
    message_content,
    threads,
    uncounted,
    wakeups,
)
from openlines.services.change import DialogChange, NewMessage, lock_dialog, lock_first


def take(item: base.InboundItem, connection: Connection, *, inbound_id: int | None, now: datetime) -> str:
    """Do what ``item`` asks for; a reason where it was understood and is not for us, else empty."""
    match item:
        case base.MessageReceived():
            return _message(item, connection, inbound_id=inbound_id, now=now)
        case base.WrittenOutside():
            return _written_outside(item, connection, inbound_id=inbound_id, now=now)
        case base.MessageEdited():
            marks.edit(connection, item, now=now, inbound_id=inbound_id)
        case base.MessageDeleted():
            for external_id in item.external_ids:
                marks.delete(
                    connection, external_id, at=item.at, now=now, sender=item.sender, by_us=item.by_us
                )
        case base.ReactionChanged():
            marks.react(connection, item, now=now, inbound_id=inbound_id)
        case base.StatusChanged():
            marks.status(connection, item, now=now, inbound_id=inbound_id)
        case base.StatusUpTo():
            marks.status_up_to(connection, item, now=now)
        case base.IdentityChanged():
            clients.change_identity(connection, item, now=now)
        case base.AccountNotice():
            _account_notice(item, connection)
        case base.ReachabilityChanged():
            _reachability(connection, item, now=now)
        case base.NotSupported() | base.Malformed():
            return item.reason
    return ""


def _message(
    item: base.MessageReceived, connection: Connection, *, inbound_id: int | None, now: datetime
) -> str:
    told = uncounted.take(item, connection, inbound_id=inbound_id, now=now)
    if told is not None:
        return told
    client = threads.client_of(item, connection)
    if client is None:
        client = clients.find_or_create(connection, item.sender, now=now)
    else:  # somebody else writes in their conversation: said beside the message
        item = replace(item, data={**item.data, "from": item.sender.email or item.sender.external_id})
    client_messages.receive(client, connection, item, now=now, inbound_id=inbound_id)
    if item.external_id:
        early_marks.apply_after_commit(connection, item.external_id, now=now)
    return ""


def _written_outside(
    item: base.WrittenOutside, connection: Connection, *, inbound_id: int | None, now: datetime
) -> str:
    """§11: shown, stops the clock, moves accepted and waiting to answered, leaves new and returned in the queue."""
    if item.uuid and marks.echoed(connection, item, now=now, inbound_id=inbound_id):
        return ""
    known = marks.find(connection, item.external_id)
    if known is not None:
        message = Message.objects.select_related("dialog").get(pk=known)
        message_content.hear(message, message.dialog, inbound_id)
        return ""
    if connection_test.is_echo(connection, external_id=item.external_id, uuid=item.uuid):
        return "a test message of ours"
    client = clients.find(connection, item.client)
    dialog = lock_first(Dialog.objects.open().filter(client=client)) if client else None
    if dialog is None:
        if item.must_be_shown:
            raise base.Unreadable(
                _(
                    "Written by our side to %(client)s, who has no open dialog. Answer from here, or read it in the mailbox."
                )
                % {"client": item.client.external_id}
            )
        return "written outside, to somebody without an open dialog"
    is_proven = not item.needs_proof or threads.continues(item, dialog)
    change = DialogChange(dialog, now=now)
    change.add_message(
        NewMessage(
            author=Message.Author.OUTSIDE,
            text=item.text,
            kind=item.kind,
            external_id=item.external_id or None,
            sent_at=item.at,
            extra={**item.data, **({} if is_proven else {"unproven": True})},
            attachments=tuple(files.received(media) for media in item.media),
            inbound_id=inbound_id,
        )
    )
    if is_proven and change.facts.frozen_at is None and allowed(State(dialog.state), Event.WRITTEN_OUTSIDE):
        change.step(Event.WRITTEN_OUTSIDE)
        change.record(Event.WRITTEN_OUTSIDE)
    change.write()
    if any(media.content is None for media in item.media):
        wakeups.request("fetch", connection_id=connection.pk, now=now)
    return ""


def _account_notice(item: base.AccountNotice, connection: Connection) -> None:
    values = {"notice": item.text[:2000]}
    if item.is_error:
        values |= {"last_error": item.text[:2000], "last_error_at": item.at}  # type: ignore[dict-item]
    Connection.objects.filter(pk=connection.pk).update(**values)


def _reachability(connection: Connection, item: base.ReachabilityChanged, *, now: datetime) -> None:
    """Blocked or joined: shown in the open dialog, starts none."""
    client = clients.find(connection, item.sender)
    if client is None:
        return
    Client.objects.filter(pk=client.pk).update(is_reachable=item.reachable)
    dialog = Dialog.objects.open().filter(client=client).first()
    if dialog is not None:
        change = DialogChange(lock_dialog(dialog.pk), now=now)
        change.record("client_reachable" if item.reachable else "client_blocked")
        change.write()
