"""Files: fetched from providers after the commit, and uploads of operators and live-chat clients."""

from __future__ import annotations

import logging
import mimetypes
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from contactcenter.lib.parameters import storable
from openlines.connectors import base, registry
from openlines.models import Attachment, Connection, Dialog, Message, MessageMark
from openlines.policies.file_types import HEAD, picture_type
from openlines.policies.names import readable
from openlines.services import guards, wakeups
from openlines.services.change import DialogChange, lock_dialog, lock_first
from openlines.services.errors import CommandRefused

logger = logging.getLogger(__name__)

MAX_BYTES = 20 * 1024 * 1024
BATCH = 50
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 60, 180, 360, 720))
"""How long a file that could not be fetched waits for its next attempt; after the last one it is given up. A day in all:
an outage of a provider loses nothing that he still keeps.
"""


def upload(file: UploadedFile[Any]) -> Attachment:
    """A file to go with a message, not saved yet. Raises ``CommandRefused`` (``too_large``, ``empty_file``)."""
    size = file.size or 0
    if size > MAX_BYTES:
        raise CommandRefused(
            "too_large", _("The file is larger than 20 MB. Send a smaller one, or a link to it.")
        )
    if not size:
        raise CommandRefused("empty_file", _("The file is empty."))
    name = readable((file.name or "").replace("\\", "/").rsplit("/", 1)[-1])[:255] or _("file")
    mime = storable(file.content_type or mimetypes.guess_type(name)[0] or "application/octet-stream")[:100]
    mime = picture_type(mime, file.read(HEAD))
    file.seek(0)
    return Attachment(
        kind=kind_of(mime), name=name, mime=mime, size=size, file=file, state=Attachment.State.STORED
    )


def received(media: base.Media) -> Attachment:
    """A client's file, not saved yet: to be fetched, or, where the delivery itself holds it, stored with the message."""
    attachment = Attachment(
        kind=media.kind,
        name=readable(media.name)[:255],
        mime=media.mime[:100],
        size=media.size,
        reference=media.content_id[:500] if media.content is not None else media.reference,
        state=Attachment.State.PENDING,
    )
    if media.content is not None:
        if len(media.content) > MAX_BYTES:
            attachment.state = Attachment.State.FAILED
            attachment.failure = _("The file is larger than 20 MB.")
        else:
            attachment.size = len(media.content)
            mime = attachment.mime or mimetypes.guess_type(media.name)[0] or "application/octet-stream"
            attachment.mime = picture_type(mime, media.content[:HEAD])
            attachment.file.save("file", ContentFile(media.content), save=False)
            attachment.state = Attachment.State.STORED
    return attachment


def copies(message: Message) -> tuple[Attachment, ...]:
    """The message's files for another message, not saved yet: those that are here as files of their own, so that either
    message may be erased; those still at the provider as to be fetched. What is lost is passed over.
    """
    copied = []
    for one in message.attachments.all():
        another = Attachment(
            kind=one.kind,
            name=one.name,
            mime=one.mime,
            size=one.size,
            state=one.state,
            reference=one.reference,
        )
        if one.state == Attachment.State.STORED:
            if not one.file.storage.exists(one.file.name or ""):
                continue
            with one.file.open("rb") as content:
                another.file.save("file", ContentFile(content.read()), save=False)
        copied.append(another)
    return tuple(copied)


def kind_of(mime: str) -> str:
    main = mime.split("/", 1)[0]
    return main if main in ("image", "video", "audio") and mime != "image/svg+xml" else base.MediaKind.FILE


def fetch(connection_id: int, *, now: datetime) -> int:
    """Get the connection's files that are due; the number stored. What fails for now comes again after ``BACK_OFF``.

    Another fetch at work: 0.
    """
    stored = 0
    pending = Attachment.objects.filter(message__connection_id=connection_id, state=Attachment.State.PENDING)
    with wakeups.working("fetch", connection_id=connection_id, now=now) as lease:
        if lease is None:
            return 0
        connection = Connection.objects.get(pk=connection_id)
        due = pending.filter(Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now))
        for attachment in due.select_related("message").order_by("attempts", "pk")[:BATCH]:
            lease.renew()
            stored += _fetch_one(attachment, connection, now=now)
    waits = pending.order_by(F("next_attempt_at").asc(nulls_first=True))
    for at in waits.values_list("next_attempt_at", flat=True)[:1]:
        wakeups.again("fetch", connection_id=connection_id, at=max(at or now, now + timedelta(seconds=1)))
    return stored


def fetch_again(attachment: Attachment, *, now: datetime) -> bool:
    """A file that was given up, because a person asks for it; False where there is nothing to fetch."""
    with transaction.atomic():
        change = DialogChange(lock_dialog(attachment.message.dialog_id), now=now)
        rows = Attachment.objects.filter(pk=attachment.pk, state=Attachment.State.FAILED).exclude(
            reference=""
        )
        if attachment.message.deleted_at or change.dialog.is_forgotten:
            return False
        if not rows.update(state=Attachment.State.PENDING, attempts=0, next_attempt_at=None, failure=""):
            return False
        Message.objects.filter(pk=attachment.message_id).update(rev=change.rev)
        change.write()
        wakeups.request("fetch", connection_id=attachment.message.connection_id, now=now)
    return True


def _fetch_one(attachment: Attachment, connection: Connection, *, now: datetime) -> bool:
    with guards.guarded(guards.Kind.FILE, attachment.pk, now=now) as deaths:
        if deaths >= guards.MOST_DEATHS:
            reason = _("The program was stopped each time it fetched this file (too much memory or time).")
            logger.error("File %s is given up: the process died of it", attachment.pk)
            return _store(attachment, None, failure=reason, is_final=True, now=now)
        return _fetched(attachment, connection, now=now)


def _fetched(attachment: Attachment, connection: Connection, *, now: datetime) -> bool:
    media = base.Media(
        kind=base.MediaKind(attachment.kind),
        reference=attachment.reference,
        name=attachment.name,
        mime=attachment.mime,
        size=attachment.size,
    )
    try:
        content = registry.get(connection.kind).fetch(media, connection.account(), max_bytes=MAX_BYTES)
        return _store(attachment, content, now=now)
    except base.MediaUnavailable as error:
        return _store(attachment, None, failure=str(error), is_final=not error.temporary, now=now)
    except Exception as error:  # of this file: the others are fetched, and it comes again with its reason
        logger.exception("A file of message %s could not be fetched", attachment.message_id)
        return _store(attachment, None, failure=f"{type(error).__name__}: {error}", now=now)


def _store(
    attachment: Attachment,
    content: bytes | None,
    *,
    failure: str = "",
    is_final: bool = False,
    now: datetime,
) -> bool:
    with transaction.atomic():
        dialog = lock_first(Dialog.objects.filter(pk=attachment.message.dialog_id))
        current = Attachment.objects.filter(pk=attachment.pk).first()
        if dialog is None or current is None:  # taken back or erased while it was fetched
            return False
        if current.state == Attachment.State.STORED:
            return True
        change = DialogChange(dialog, now=now)
        current.attempts += 1
        current.failure = failure
        if content is not None:
            mime = current.mime or mimetypes.guess_type(current.name)[0] or "application/octet-stream"
            current.mime = picture_type(mime, content[:HEAD])
            current.size = len(content)
            current.file.save("file", ContentFile(content), save=False)
            current.state = Attachment.State.STORED
        elif is_final or current.attempts > len(BACK_OFF):
            current.state = Attachment.State.FAILED
        else:
            current.next_attempt_at = now + BACK_OFF[current.attempts - 1]
        current.save()
        if current.state != Attachment.State.PENDING:
            stored = current.state == Attachment.State.STORED
            word = "fetched" if stored else "not_fetched"
            MessageMark.objects.create(
                message_id=current.message_id, status=word, at=now, heard_at=now, detail=str(current.pk)
            )
        Message.objects.filter(pk=current.message_id).update(rev=change.rev)
        change.write()
    return content is not None
