"""Changes to messages that are there already: edits, deletions, reactions, delivery marks, receipts.

They are shown, but start no dialog and no clock and leave no wrap-up (§11). Of a message that is not known (yet) they
are kept (``early_marks``).
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from openlines.connectors import base, registry
from openlines.connectors.base import StatusChanged
from openlines.models import Client, Connection, Dialog, Message, MessageMark, MessagePart, OutboxItem
from openlines.services import albums, attempts, clients, consents, early_marks, message_content, replies
from openlines.services.change import DialogChange, lock_dialog

logger = logging.getLogger(__name__)

NOBODY = base.Sender(external_id="")
"""Whoever it was is not known any more."""
ORDER = ("queued", "sending", "unknown", "sent", "delivered", "read")
"""Delivery marks only ever go up this list; *failed* wins unless the message has been delivered."""


def note_event(dialog_id: int, kind: str, *, now: datetime, **data: Any) -> None:
    """Record something that happened in the dialog without changing its state."""
    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog_id), now=now)
        change.record(kind, **data)
        change.write()


def edit(
    connection: Connection,
    item: base.MessageEdited,
    *,
    now: datetime,
    heard_at: datetime | None = None,
    inbound_id: int | None = None,
) -> None:
    """The client edited a message; earlier texts are kept. An unchanged text: nothing. Of a message that was taken back,
    or whose dialog is not kept, no word is stored again.

    ``heard_at``, here and below: when the provider told it, where that was before the message was known. ``inbound_id``:
    the raw delivery that told it.
    """
    with transaction.atomic():
        found = _locked_with_copies(
            connection, item.external_id, now=now, sender=item.sender, by_us=item.by_us
        )
        if found is None:
            return
        if not found:
            early_marks.keep(
                connection,
                item.external_id,
                "edit",
                at=item.at,
                now=now,
                text=item.text,
                inbound=inbound_id,
                by_us=item.by_us,
                sender=early_marks.names(item.sender),
            )
        for message, change in found:
            if message_content.hear(message, change.dialog, inbound_id):
                continue
            overtaken = _is_overtaken(message, "edited", at=item.at)
            text = item.text if overtaken else albums.edit(message, item.external_id, item.text)
            if message.text == text:
                continue
            if overtaken and _is_noted(message, "edited", at=item.at):
                continue  # told once more
            message_content.put_text(change, message, text, is_overtaken=overtaken)
            _note(message, "edited", at=item.at, heard_at=heard_at or now, repeats=True)
            change.write()


def delete(
    connection: Connection,
    external_id: str,
    *,
    at: datetime,
    now: datetime,
    heard_at: datetime | None = None,
    sender: base.Sender = NOBODY,
    by_us: bool = False,
) -> None:
    """The client took a message back (or one of us, in the provider's own app): the mark stays (``message_content``)."""
    with transaction.atomic():
        found = _locked_with_copies(connection, external_id, now=now, sender=sender, by_us=by_us)
        if found is None:
            return
        if not found:
            names = early_marks.names(sender)
            early_marks.keep(connection, external_id, "delete", at=at, now=now, by_us=by_us, sender=names)
        for message, change in found:
            if message.deleted_at:
                continue
            if message_content.take_part_back(change, message, external_id):
                _note(message, "edited", at=at, heard_at=heard_at or now, repeats=True)
            else:
                message_content.take_back(change, message)
                _note(message, "deleted", at=at, heard_at=heard_at or now)
            change.write()


def react(
    connection: Connection,
    item: base.ReactionChanged,
    *,
    now: datetime,
    heard_at: datetime | None = None,
    inbound_id: int | None = None,
) -> None:
    with transaction.atomic():
        message, change = _locked(connection, item.external_id, now=now)
        if message is None or change is None:
            early_marks.keep(
                connection,
                item.external_id,
                "reaction",
                at=item.at,
                now=now,
                emojis=list(item.emojis),
                inbound=inbound_id,
                sender=early_marks.names(item.sender),
            )
            return
        if not _is_by(item.sender, change.dialog.client_id, connection):
            return
        if message_content.hear(message, change.dialog, inbound_id):
            return
        if message.extra.get("reactions") == list(item.emojis):  # one taken back before it came is kept, too
            return
        if _is_overtaken(message, "reaction", at=item.at):
            return
        message.extra = {**message.extra, "reactions": list(item.emojis)}
        message.rev = change.rev
        message.save(update_fields=["extra", "rev"])
        emojis = " ".join(item.emojis)
        _note(message, "reaction", at=item.at, heard_at=heard_at or now, detail=emojis, repeats=True)
        change.write()


def status(
    connection: Connection,
    item: StatusChanged,
    *,
    now: datetime,
    heard_at: datetime | None = None,
    inbound_id: int | None = None,
) -> None:
    """The provider's word on a message of ours. Never goes down the lattice; every word is kept for its journey."""
    with transaction.atomic():
        message, change = _locked(
            connection, item.external_id, now=now, with_client=item.status == base.DeliveryStatus.FAILED
        )
        if (message is None or change is None) and item.uuid:
            message, change = _locked_by_uuid(
                connection, item.uuid, now=now, with_client=item.status == base.DeliveryStatus.FAILED
            )
            if (
                message is not None
                and item.status == base.DeliveryStatus.FAILED
                and _is_to_leave_again(message)
            ):
                return
            if message is not None and item.external_id and not message.external_id:
                message.external_id = item.external_id[:200]
                message.save(update_fields=["external_id"])
        if message is None or change is None:
            early_marks.keep(
                connection,
                item.external_id,
                "status",
                at=item.at,
                now=now,
                status=item.status,
                reason=item.reason,
                unreachable=item.unreachable,
                inbound=inbound_id if item.reason else None,
            )
            return
        if message.author == Message.Author.CLIENT:
            return
        # A provider's reason may repeat what it refused.
        is_gone = bool(item.reason) and message_content.hear(message, change.dialog, inbound_id)
        _mark(
            message,
            change,
            item.status,
            reason="" if is_gone else item.reason,
            at=item.at,
            heard_at=heard_at,
            unreachable=item.unreachable,
        )
        change.write()


def status_up_to(connection: Connection, item: base.StatusUpTo, *, now: datetime) -> None:
    """A watermark: every message of ours to this client, sent up to then."""
    client = clients.find(connection, item.client)
    if client is None:
        return
    below = ORDER[: ORDER.index(item.status)] if item.status in ORDER else ()
    rows = Message.objects.filter(
        Q(created_at__lte=item.at) | Q(external_id__in=item.external_ids),
        dialog__client=client,
        delivery__in=below,
        external_id__isnull=False,
    ).exclude(author=Message.Author.CLIENT)
    for dialog_id in sorted(set(rows.values_list("dialog_id", flat=True))):
        with transaction.atomic():
            change = DialogChange(lock_dialog(dialog_id), now=now)
            for message in rows.filter(dialog_id=dialog_id):
                _mark(message, change, item.status, at=item.at)
            change.write()


def echoed(
    connection: Connection, item: base.WrittenOutside, *, now: datetime, inbound_id: int | None = None
) -> bool:
    """The echo of a message of ours: it was taken. False where ``item.uuid`` is none of ours."""
    with transaction.atomic():
        message, change = _locked_by_uuid(connection, item.uuid, now=now)
        if message is None or change is None:
            return False
        if not message.external_id and not known(connection, item.external_id):
            message.external_id = item.external_id[:200] or None
            message.save(update_fields=["external_id"])
        message_content.hear(message, change.dialog, inbound_id)
        _mark(message, change, base.DeliveryStatus.SENT, at=item.at, word="echoed")
        change.write()
        return True


def quote(connection: Connection, external_id: str, *, message_id: int, now: datetime) -> None:
    """An answer came before what it answers, which is here now."""
    client_id = Message.objects.filter(pk=message_id).values_list("dialog__client_id", flat=True).first()
    quoted = find_for(client_id, connection, external_id) if client_id is not None else None
    if quoted is None:
        return
    with transaction.atomic():
        message, change = _lock(message_id, now=now)
        if message.reply_to_id is None and message.pk != quoted:
            message.reply_to_id, message.rev = quoted, change.rev
            message.save(update_fields=["reply_to", "rev"])
            change.write()


def known(connection: Connection, external_id: str) -> bool:
    return bool(external_id) and find(connection, external_id) is not None


def receipts(dialog_id: int, *, up_to_seq: int, read: bool, now: datetime) -> None:
    """Live chat: the client's page has got (or shown) our messages up to ``up_to_seq``."""
    wanted = Message.Delivery.READ if read else Message.Delivery.DELIVERED
    below = ORDER[: ORDER.index(wanted)]
    rows = Message.objects.filter(
        dialog_id=dialog_id, seq__lte=up_to_seq, delivery__in=below, is_note=False
    ).exclude(author=Message.Author.CLIENT)
    if not rows.exists():
        return
    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog_id), now=now)
        changed = list(rows.values_list("pk", flat=True))
        if rows.update(delivery=wanted, rev=change.rev):
            MessageMark.objects.bulk_create(
                MessageMark(message_id=pk, status=wanted, at=now, heard_at=now) for pk in changed
            )
            change.write()


def rises(current: str, new: str) -> bool:
    if new == Message.Delivery.FAILED:
        return current not in (Message.Delivery.DELIVERED, Message.Delivery.READ, Message.Delivery.FAILED)
    if current == Message.Delivery.FAILED:
        return new in (Message.Delivery.DELIVERED, Message.Delivery.READ)
    return ORDER.index(new) > (ORDER.index(current) if current in ORDER else -1)


def _mark(
    message: Message,
    change: DialogChange,
    new: str,
    *,
    at: datetime,
    heard_at: datetime | None = None,
    reason: str = "",
    word: str = "",
    unreachable: bool = False,
) -> None:
    """One word of the provider on a message under its dialog's lock; ``change`` is written by the caller."""
    _note(message, word or new, at=at, heard_at=heard_at or change.now, detail=reason)
    if not rises(message.delivery, new):
        return
    if message.delivery == Message.Delivery.FAILED:
        consents.heard(change, message)
    message.delivery, message.failure, message.rev = new, reason, change.rev
    message.save(update_fields=["delivery", "failure", "rev"])
    if new == Message.Delivery.FAILED:
        if unreachable:
            Client.objects.filter(pk=change.dialog.client_id).update(is_reachable=False)
            change.record("client_blocked")
        replies.undo(change, message)
        consents.unheard(change, message)


def _is_noted(message: Message, status: str, *, at: datetime) -> bool:
    return MessageMark.objects.filter(message=message, status=status, at=at).exists()


def _is_to_leave_again(message: Message) -> bool:
    """A person had it sent once more and it has not left yet: that it failed is a word about the sending before."""
    item = OutboxItem.objects.filter(message=message, action=OutboxItem.Action.SEND).first()
    return item is not None and item.last_outcome == attempts.AGAIN


def _is_overtaken(message: Message, status: str, *, at: datetime) -> bool:
    """A later change of the same kind is here already: deliveries come in any order. By the provider's clock alone."""
    return MessageMark.objects.filter(message=message, status=status, at__gt=at).exists()


def _note(
    message: Message,
    status: str,
    *,
    at: datetime,
    heard_at: datetime,
    detail: str = "",
    repeats: bool = False,
) -> None:
    """``repeats``: it can happen again; else the same word said twice is one station."""
    same = MessageMark.objects.filter(message=message, status=status, detail=detail)
    if repeats or not same.exists():
        MessageMark.objects.create(message=message, status=status, at=at, heard_at=heard_at, detail=detail)


def find(connection: Connection, external_id: str) -> int | None:
    """The message with this id at the provider, or with a part of this id. Two look-ups by index, and no OR: with one
    PostgreSQL reads the whole table.
    """
    if not external_id:
        return None
    named = {"connection": connection, "external_id": external_id}
    own = Message.objects.filter(**named).values_list("pk", flat=True).first()
    if own is not None:
        return own
    return MessagePart.objects.filter(**named).values_list("message_id", flat=True).first()


def find_for(client_id: int, connection: Connection, external_id: str) -> int | None:
    """As ``find``, of this client's conversation alone and no note: what they may quote."""
    found = find(connection, external_id)
    if found is None:
        return None
    own = Message.objects.filter(pk=found, dialog__client=client_id, is_note=False)
    return found if own.exists() else None


def _locked(
    connection: Connection, external_id: str, *, now: datetime, with_client: bool = False
) -> tuple[Message | None, DialogChange | None]:
    """The message under its dialog's lock."""
    found = find(connection, external_id)
    return _lock(found, now=now, with_client=with_client) if found is not None else (None, None)


def _locked_with_copies(
    connection: Connection, external_id: str, *, now: datetime, sender: base.Sender, by_us: bool
) -> list[tuple[Message, DialogChange]] | None:
    """The message and what other dialogs took over from it, under the dialogs' locks, taken in their order. None where it
    is not the sender's: it stands in another client's conversation, or one of us has written it here. Whoever names its
    id does not own it. ``by_us``: done in the provider's own app by one of us.
    """
    found = find(connection, external_id)
    if found is None:
        return []
    row = Message.objects.values_list("dialog_id", "dialog__client_id", "author").get(pk=found)
    dialog_id, client_id, author = row
    if not _is_by(sender, client_id, connection):
        return None
    if author not in (Message.Author.CLIENT, Message.Author.OUTSIDE) and sender.external_id and not by_us:
        logger.warning("A client asked to change message %s, which one of us has written", found)
        return None
    wanted = sorted([(dialog_id, found), *((dialog, pk) for pk, dialog in message_content.copies_of(found))])
    return [_lock(pk, now=now) for _dialog, pk in wanted]


def _is_by(sender: base.Sender, client_id: int, connection: Connection) -> bool:
    """Whether the one who changes or marks a message is the client of its dialog. A stranger to the connection is not;
    the live chat, which is ours, names nobody.
    """
    if not sender.external_id:
        return True
    owner = clients.find(connection, sender)
    if owner.pk == client_id if owner is not None else not registry.has(connection.kind):
        return True
    logger.warning("Somebody else than client %s told of a change of that client's messages", client_id)
    return False


def _locked_by_uuid(
    connection: Connection, uuid: str, *, now: datetime, with_client: bool = False
) -> tuple[Message | None, DialogChange | None]:
    try:
        wanted = UUID(uuid)
    except ValueError:  # somebody else's metadata
        return None, None
    rows = Message.objects.filter(connection=connection, uuid=wanted, is_note=False).exclude(
        author=Message.Author.CLIENT
    )
    found = rows.values_list("pk", flat=True).first()
    return _lock(found, now=now, with_client=with_client) if found is not None else (None, None)


def _lock(message_id: int, *, now: datetime, with_client: bool = False) -> tuple[Message, DialogChange]:
    """``with_client``: he is written to, and his row comes before the dialog's."""
    rows = Message.objects.values_list("dialog_id", "dialog__client_id")
    dialog_id, client_id = rows.get(pk=message_id)
    if with_client:
        Client.objects.select_for_update(no_key=True).get(pk=client_id)
    dialog: Dialog = lock_dialog(dialog_id)
    return Message.objects.get(pk=message_id), DialogChange(dialog, now=now)
