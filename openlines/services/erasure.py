"""§10 "keep the messages" off: texts and files of a fully closed dialog are erased; its figures, marks and ratings stay."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from openlines.live import publish, topics
from openlines.models import (
    Attachment,
    Dialog,
    DialogEvent,
    InboundEvent,
    Message,
    MessageMark,
    OutboxItem,
)
from openlines.policies.facts import OPEN, State

logger = logging.getLogger(__name__)

BATCH = 200


def erase(dialog_id: int, *, now: datetime) -> bool:
    """False where it must wait: something of it is still to be sent, or the dialog is open again.

    Files go after the commit: a crash in between leaves orphans on the disk, never rows without their files.
    """
    with transaction.atomic():
        dialog = Dialog.objects.select_for_update().get(pk=dialog_id)
        if dialog.log_kept or dialog.log_erased_at is not None or State(dialog.state) in OPEN:
            return False
        if OutboxItem.objects.filter(dialog=dialog).exclude(state=OutboxItem.State.DONE).exists():
            return False
        messages = Message.objects.filter(dialog=dialog)
        attachments = Attachment.objects.filter(message__dialog=dialog)
        files = [one.file for one in attachments if one.file]
        attachments.delete()
        InboundEvent.objects.filter(messages__dialog=dialog).update(body=b"", headers={})
        MessageMark.objects.filter(message__dialog=dialog, status="reaction").update(detail="")
        rev = dialog.rev + 1
        OutboxItem.objects.filter(dialog=dialog).update(text="")
        messages.update(text="", earlier_texts=[], extra={}, failure="", rev=rev)
        for event in DialogEvent.objects.filter(dialog=dialog, data__has_key="note"):
            event.data.pop("note")
            event.save(update_fields=["data"])
        Dialog.objects.filter(pk=dialog_id).update(log_erased_at=now, last_text="", rev=rev)
        transaction.on_commit(lambda: _remove(files))
        publish.signal(topics.line(dialog.line_id), "dialog", dialog=dialog_id, rev=rev, line=dialog.line_id)
    return True


def sweep(*, now: datetime) -> int:
    """Dialogs whose erasing could not happen at once; the number erased."""
    waiting = Dialog.objects.filter(log_kept=False, log_erased_at__isnull=True, closed_at__isnull=False)
    return sum(
        erase(pk, now=now) for pk in waiting.order_by("closed_at").values_list("pk", flat=True)[:BATCH]
    )


def _remove(files: Sequence[object]) -> None:
    for file in files:
        try:
            file.delete(save=False)  # type: ignore[attr-defined]
        except OSError:
            logger.exception("A file of an erased dialog could not be removed")
