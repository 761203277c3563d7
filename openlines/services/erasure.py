"""§10 "keep the messages" off: texts and files of a fully closed dialog are erased; its figures, marks and ratings stay.

What comes later for such a dialog (an edit, a reaction, a provider's word on a failure) brings no words back:
``Dialog.is_forgotten`` is asked before any are stored. Where a message must be added (a late rating and our thanks for it)
the dialog is to be erased once more (``DialogChange.write``).
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from openlines.live import publish, topics
from openlines.models import Dialog, Message, OutboxItem
from openlines.policies.facts import OPEN, State
from openlines.services import guards, message_content

logger = logging.getLogger(__name__)

BATCH = 200


def erase(dialog_id: int, *, now: datetime) -> bool:
    """False where it must wait: something of it is still to be sent, or the dialog is open again."""
    with transaction.atomic():
        dialog = Dialog.objects.select_for_update().get(pk=dialog_id)
        if dialog.log_kept or dialog.log_erased_at is not None or State(dialog.state) in OPEN:
            return False
        if OutboxItem.objects.filter(dialog=dialog).exclude(state=OutboxItem.State.DONE).exists():
            return False
        message_content.forget([dialog_id])
        rev = dialog.rev + 1
        Message.objects.filter(dialog=dialog).update(rev=rev)
        Dialog.objects.filter(pk=dialog_id).update(log_erased_at=now, rev=rev)
        publish.signal(topics.line(dialog.line_id), "dialog", dialog=dialog_id, rev=rev, line=dialog.line_id)
    return True


def sweep(*, now: datetime) -> int:
    """Dialogs whose erasing could not happen at once; the number erased."""
    waiting = Dialog.objects.filter(log_kept=False, log_erased_at__isnull=True, closed_at__isnull=False)
    return sum(
        _erased(pk, now=now) for pk in waiting.order_by("closed_at").values_list("pk", flat=True)[:BATCH]
    )


def _erased(dialog_id: int, *, now: datetime) -> bool:
    """One that cannot be erased does not keep the others: the log says which, and why."""
    with guards.guarded(guards.Kind.ERASURE, dialog_id, now=now) as deaths:
        if deaths >= guards.MOST_DEATHS:
            logger.error("Dialog %s is not erased: the process died of it", dialog_id)
            return False
        try:
            return erase(dialog_id, now=now)
        except Exception:
            logger.exception("Dialog %s could not be erased", dialog_id)
            return False
