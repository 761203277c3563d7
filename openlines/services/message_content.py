"""What a message says is changed, or taken back, here and nowhere else: so every copy of it follows.

Copies are: the last words in lists and the desk's search, quotes in other messages, what a joined client's dialog took
over, notices to employees, files, what waits to be fetched or is to leave for the provider, and the raw deliveries it
came in. Callers hold the dialog's lock and write its change. A canned reply that was saved from a message is no copy: a
person chose its words.

``put_text`` is an edit. ``take_back`` is a deletion: of a client's message nothing is left but that there was one (Meta's
terms ask for that, and a client who takes a card number back means it everywhere); of one of ours the text stays in the
row for the audit, shown to nobody. ``forget`` is the erasure of whole dialogs (§10), ``forget_copies`` what goes with rows
that are deleted (L4, L7).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.db.models import FileField, Q, QuerySet
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from contactcenter.staff import notices
from openlines.models import (
    Attachment,
    Dialog,
    DialogEvent,
    EarlyMark,
    InboundEvent,
    Message,
    MessageMark,
    OutboxItem,
)
from openlines.services import albums, delivery_bodies, dialog_notices
from openlines.services.change import PREVIEW, DialogChange

logger = logging.getLogger(__name__)

COPY_OF = "copy_of"
"""In ``Message.extra``: of which message this one is a copy (``client_joins.py``)."""
_PLAIN_MARKS = ("part", "fetched", "not_fetched")
"""Marks whose detail is a number or an id of ours, no words of anybody."""


def put_text(
    change: DialogChange,
    message: Message,
    text: str,
    *,
    keeps_earlier: bool = True,
    is_overtaken: bool = False,
) -> None:
    """The new text stands. ``keeps_earlier``: somebody may have read what stood there before, so it is kept.
    ``is_overtaken``: a newer one is here already; ``text`` only joins the earlier ones.
    """
    if not is_overtaken:
        _retell(change, message, text)
        _notes_follow(change, message, text)
        _quotes_follow(change, message)
    if keeps_earlier:
        earlier = text if is_overtaken else message.text
        message.earlier_texts = [*message.earlier_texts, {"text": earlier, "until": change.now.isoformat()}]
        message.edited_at = change.now
    if not is_overtaken:
        message.text = text
    message.rev = change.rev
    message.save(update_fields=["text", "earlier_texts", "edited_at", "rev"])


def take_back(change: DialogChange, message: Message) -> None:
    """Only that there was one stays, of ours the text for the audit. Files are gone, and cannot be fetched again."""
    _retell(change, message, "")
    _notes_follow(change, message, "")
    _quotes_follow(change, message)
    message.deleted_at, message.rev = change.now, change.rev
    if message.author == Message.Author.CLIENT:
        _cut_out(message)
        message.text, message.earlier_texts, message.extra = "", [], {}
        _remove(Attachment.objects.filter(message=message))
        MessageMark.objects.filter(message=message).exclude(status__in=_PLAIN_MARKS).update(detail="")
        empty_deliveries(Q(messages=message) | Q(about=message) | Q(messages__reply_to=message))
    OutboxItem.objects.filter(message=message, state=OutboxItem.State.DONE).update(text="")
    message.save(update_fields=["text", "earlier_texts", "extra", "deleted_at", "rev", "delivery"])


def take_part_back(change: DialogChange, message: Message, external_id: str) -> bool:
    """One part of an album is taken back: its words and files go, the others stay. False where nothing would be left."""
    files = albums.take_out(message, external_id)
    if files is None:
        return False
    _remove(Attachment.objects.filter(pk__in=files))
    message.earlier_texts, message.edited_at = [], change.now
    empty_deliveries(Q(messages=message) | Q(about=message) | Q(messages__reply_to=message))
    put_text(change, message, albums.text_of(albums.parts_of(message)), keeps_earlier=False)
    return True


def forget(dialog_ids: Iterable[int]) -> None:
    """Nothing that was written in these dialogs stays readable; their messages keep times and marks."""
    ids = list(dialog_ids)
    forget_copies(ids)
    MessageMark.objects.filter(message__dialog__in=ids).exclude(status__in=_PLAIN_MARKS).update(detail="")
    for item in OutboxItem.objects.filter(dialog__in=ids):
        item.text, item.log = "", [{**entry, "detail": ""} for entry in item.log]
        item.save(update_fields=["text", "log"])
    told = DialogEvent.objects.filter(dialog__in=ids)
    for event in told.filter(Q(data__has_key="note") | Q(data__has_key="comment")):
        event.data = {name: value for name, value in event.data.items() if name not in ("note", "comment")}
        event.save(update_fields=["data"])
    Message.objects.filter(dialog__in=ids).update(text="", earlier_texts=[], extra={}, failure="")
    Dialog.objects.filter(pk__in=ids).update(last_text="", handed_note="")


def forget_copies(dialog_ids: Iterable[int]) -> None:
    """What there is of these dialogs besides their own rows. Whoever deletes the rows calls this before, in the same
    transaction: the copies are found by them.
    """
    ids = list(dialog_ids)
    notices.forget([dialog_notices.link(pk) for pk in ids])
    messages = Message.objects.filter(dialog__in=ids)
    _remove(Attachment.objects.filter(message__dialog__in=ids))
    quotes = Q(messages__reply_to__dialog__in=ids)  # the channel repeats there what was answered
    empty_deliveries(Q(messages__dialog__in=ids) | Q(about__dialog__in=ids) | quotes)
    known = messages.exclude(external_id=None).values("external_id")
    EarlyMark.objects.filter(connection__dialogs__in=ids, external_id__in=known).delete()
    quoting = Message.objects.filter(reply_to__dialog__in=ids, extra__has_key="quote")
    for one in quoting.exclude(dialog__in=ids):
        _drop_quote(one)


def empty_deliveries(which: Q) -> None:
    """Raw deliveries lose what they brought, also what else stood in them: it cannot be told apart, and what was taken
    from them is in its own rows. They are never read again.
    """
    found = InboundEvent.objects.filter(which).values("pk")
    InboundEvent.objects.filter(pk__in=found).update(
        body=b"", headers={}, reason="", emptied_at=timezone.now()
    )


def _cut_out(message: Message) -> None:
    """A delivery that tells of other messages, too, or waits to be read again, loses only what it says of this one, where
    that can be told apart. The others are emptied by the caller.
    """
    ids = [message.external_id or "", *message.parts.values_list("external_id", flat=True)]
    words = [message.text, *(one.get("text", "") for one in message.earlier_texts)]
    brought = InboundEvent.objects.filter(Q(messages=message) | Q(about=message)).distinct()
    for event in brought:
        of_event = Message.objects.filter(Q(inbound=event) | Q(heard_in=event)).exclude(pk=message.pk)
        others = of_event.filter(deleted_at__isnull=True).exclude(reply_to=message)
        if event.state != InboundEvent.State.PARKED and not others.exists():
            continue
        left = delivery_bodies.without(bytes(event.body), ids=ids, words=words)
        if left is None:
            continue
        event.body, event.reason = left, "" if any(w and w in event.reason for w in words) else event.reason
        event.save(update_fields=["body", "reason"])
        event.about.remove(message)
        Message.objects.filter(pk=message.pk, inbound=event).update(inbound=None)


def hear(message: Message, dialog: Dialog, inbound_id: int | None) -> bool:
    """One more raw delivery speaks of the message, and may hold its words: it is to be emptied together with them.

    True where these are gone already, as the message was taken back or its dialog is not kept: then the delivery loses
    its words at once, and none may be stored again.
    """
    is_gone = message.deleted_at is not None or dialog.is_forgotten
    if inbound_id is not None and is_gone:
        empty_deliveries(Q(pk=inbound_id))
    elif inbound_id is not None and inbound_id != message.inbound_id:
        through = InboundEvent.about.through
        row = through(inboundevent_id=inbound_id, message_id=message.pk)
        through._default_manager.bulk_create([row], ignore_conflicts=True)
    return is_gone


def copies_of(message_id: int) -> list[tuple[int, int]]:
    """(message, dialog) of what other dialogs of the same client took over from it."""
    clients = Dialog.objects.filter(messages=message_id).values("client")
    rows = Message.objects.filter(dialog__client__in=clients, **{f"extra__{COPY_OF}": message_id})
    return list(rows.values_list("pk", "dialog_id"))


# -- copies ---------------------------------------------------------------------------------------------------


def _retell(change: DialogChange, message: Message, text: str) -> None:
    """The lists show a dialog's last words, and search in them: they change with them."""
    if message.is_note or message.author == Message.Author.AUTOMATIC:
        return
    later = Message.objects.filter(dialog_id=message.dialog_id, seq__gt=message.seq, is_note=False)
    stands_there = bool(message.text) and change.dialog.last_text == message.text[:PREVIEW]
    if stands_there or not later.exclude(author=Message.Author.AUTOMATIC).exists():
        change.set_fields(last_text=text[:PREVIEW])


def _notes_follow(change: DialogChange, message: Message, text: str) -> None:
    """A note stands also in notices to employees; one of a transfer in the list's row and in what is told of it, too."""
    if not message.is_note or not message.text:
        return
    dialog = change.dialog
    dialog_notices.retell(dialog, message.text, text)
    short = dialog_notices.SHORT_NOTE
    if dialog.handed_note == message.text[:short]:
        change.set_fields(handed_note=text[:short])
    for event in DialogEvent.objects.filter(dialog_id=dialog.pk, data__has_key="note"):
        if event.data["note"].strip() == message.text:
            event.data = {**event.data, "note": text}
            event.save(update_fields=["data"])


def _quotes_follow(change: DialogChange, message: Message) -> None:
    """Who quotes it shows it anew; the channel's own words of the quote are dropped."""
    quoting = Message.objects.filter(reply_to=message)
    quoting.filter(dialog_id=message.dialog_id).update(rev=change.rev)
    for one in quoting.filter(extra__has_key="quote"):
        _drop_quote(one)


def _drop_quote(message: Message) -> None:
    extra: dict[str, Any] = {name: value for name, value in message.extra.items() if name != "quote"}
    Message.objects.filter(pk=message.pk).update(extra=extra)


def _remove(attachments: QuerySet[Attachment]) -> None:
    """The files, then the rows that lead to them: what stops in between finds them again, and no link, however old, finds
    a file afterwards.
    """
    fields = [field.name for field in Attachment._meta.get_fields() if isinstance(field, FileField)]
    for attachment in attachments:
        for name in fields:
            _delete(getattr(attachment, name))
    attachments.delete()


def _delete(file: FieldFile) -> None:
    if file:
        try:
            file.storage.delete(str(file.name))
        except OSError:
            logger.exception("A file of a message that was taken back could not be removed")
