"""Deleting a line (L7): counted before, ordered by typing its name, done in the background, going on where it stopped."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from contactcenter.lib.commits import after_commit
from contactcenter.staff.models import Employee
from openlines.models import (
    Attachment,
    Client,
    Connection,
    Deadline,
    Dialog,
    InboundEvent,
    LineDeletion,
    Message,
    Offer,
    OpenLine,
    OutboxItem,
)
from openlines.services import connections, guards, lines, message_content, provider_side
from openlines.services.errors import CommandRefused

logger = logging.getLogger(__name__)

BATCH = 200
"""Dialogs deleted in one transaction."""
DELETE = "delete"
"""What happens to a connection: this, or the number of the line it moves to."""


def count(line: OpenLine) -> dict[str, int]:
    """What will go, if no connection is moved."""
    dialogs = Dialog.objects.filter(_of(line.pk))
    return {
        "dialogs": dialogs.count(),
        "messages": Message.objects.filter(dialog__in=dialogs).count(),
        "files": Attachment.objects.filter(message__dialog__in=dialogs).count(),
        "connections": Connection.objects.filter(line=line).count(),
    }


def _of(line_id: int) -> Q:
    """The line's dialogs, and those of its connections on other lines: these lose their channel."""
    return Q(line_id=line_id) | Q(connection__line_id=line_id)


def order(
    line: OpenLine, *, typed_name: str, fates: Mapping[int, str], by: Employee, now: datetime
) -> LineDeletion:
    """Switch it off, move or delete its connections, and have the rest done in the background.

    ``fates``: connection → ``DELETE`` or a line's number. Raises ``CommandRefused`` (``name``, ``taken``, ``fate``).
    """
    if typed_name.strip() != line.name:
        raise CommandRefused("name", _("The name is not the line's. Type it exactly as it is written."))
    targets: dict[int, OpenLine | None] = {}
    for connection in Connection.objects.filter(line=line):
        fate = fates.get(connection.pk, "")
        target = None
        if fate != DELETE:
            others = OpenLine.objects.filter(deleting_since__isnull=True).exclude(pk=line.pk)
            target = others.filter(pk=int(fate)).first() if fate.isdecimal() and len(fate) < 18 else None
            if target is None:
                raise CommandRefused("fate", _("Say for each connection whether it is moved or deleted."))
            if Connection.objects.filter(line=target, kind=connection.kind).exists():
                raise CommandRefused("taken", connections.refusal(target, connection.kind))
        targets[connection.pk] = target
    lines.save_block(line.pk, {"is_active": False}, now=now)
    # Nothing is lost where this stops half way: until the line is marked below it is merely off.
    for connection in Connection.objects.filter(line=line).select_related("line"):
        target = targets.get(connection.pk)
        if target is not None:
            connections.save(connection, {"line": target})
        else:
            connections.switch(connection, on=False, now=now)
    with transaction.atomic():
        locked = lines.locked(line.pk)
        if locked.deleting_since is not None:
            return LineDeletion.objects.get(line_id=line.pk)
        if locked.is_active or Connection.objects.filter(line=line).exclude(pk__in=targets).exists():
            raise CommandRefused("stale", _("Somebody has just changed this line. Look at it again."))
        OpenLine.objects.filter(pk=line.pk).update(deleting_since=now, version=locked.version + 1)
        deletion = LineDeletion.objects.create(
            line_id=line.pk, name=line.name, requested_by=by, requested_at=now, to_delete=count(line)
        )
    after_commit(async_task, "openlines.tasks.delete_line", line.pk, save=False)
    return deletion


def go_on(line_id: int, *, now: datetime, batches: int = 10_000) -> bool:
    """Delete what is left, a batch a transaction; True when the line is gone. Safe to repeat, to stop and to run twice."""
    deletion = LineDeletion.objects.filter(line_id=line_id, finished_at__isnull=True).first()
    if deletion is None:
        return True
    for _batch in range(batches):
        with guards.guarded(guards.Kind.LINE, line_id, now=now) as deaths:
            # what a process died of (too much at once) is gone through in ever smaller pieces
            left = _delete_batch(line_id, most=max(BATCH >> (2 * deaths), 1))
        if not left:
            break
    else:
        return False
    delete_rows(Q(connection__line_id=line_id))
    for connection in Connection.objects.filter(line_id=line_id).select_related("line"):
        if provider_side.is_left(connection):  # the provider was down when it was switched off
            connections.tear_down(connection, now=now)
    with transaction.atomic():
        for connection in Connection.objects.filter(line_id=line_id):
            connection.delete()
        _count(line_id, "connections", deletion.to_delete.get("connections", 0))
        OpenLine.objects.filter(pk=line_id).delete()
        LineDeletion.objects.filter(line_id=line_id).update(finished_at=now, error="")
    return True


def sweep(*, now: datetime) -> int:
    """Deletions that stopped go on; the number that are finished now. Those that a process died of come last."""
    done = 0
    waiting = LineDeletion.objects.filter(finished_at__isnull=True).order_by("pk")
    died = guards.died_of(guards.Kind.LINE)
    for line_id in sorted(waiting.values_list("line_id", flat=True), key=lambda pk: str(pk) in died):
        try:
            done += go_on(line_id, now=now)
        except (
            Exception
        ) as error:  # kept with the deletion, where the administrator reads it: the others go on
            logger.exception("The deletion of line %s stopped", line_id)
            LineDeletion.objects.filter(line_id=line_id).update(
                error=f"{type(error).__name__}: {error}"[:2000]
            )
    return done


def _delete_batch(line_id: int, *, most: int) -> bool:
    """False where nothing is left."""
    with transaction.atomic():
        rows = Dialog.objects.select_for_update(skip_locked=True).filter(_of_locked(line_id))
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:most])
        if not ids:
            return Dialog.objects.filter(_of(line_id)).exists()
        for what, number in delete_dialogs(ids).items():
            _count(line_id, what, number)
    return True


def delete_dialogs(ids: list[int]) -> dict[str, int]:
    """With all that is in them, under their locks and in the caller's transaction; how many of what."""
    gone = {
        "dialogs": len(ids),
        "messages": Message.objects.filter(dialog__in=ids).count(),
        "files": Attachment.objects.filter(message__dialog__in=ids).count(),
    }
    message_content.forget_copies(ids)
    OutboxItem.objects.filter(dialog__in=ids).delete()
    Offer.objects.filter(dialog__in=ids).delete()
    Deadline.objects.filter(dialog__in=ids).delete()
    Message.objects.filter(dialog__in=ids).delete()
    Dialog.objects.filter(pk__in=ids).delete()
    return gone


def _of_locked(line_id: int) -> Q:
    """As ``_of``, without a join: rows of a join cannot all be locked."""
    return Q(line_id=line_id) | Q(connection__in=Connection.objects.filter(line_id=line_id))


def delete_rows(of: Q) -> None:
    """What is left of connections when their dialogs are gone."""
    for model in (InboundEvent, Client):
        rows = model._default_manager.filter(of)
        while ids := list(rows.order_by("pk").values_list("pk", flat=True)[: 5 * BATCH]):
            model._default_manager.filter(pk__in=ids).delete()


def _count(line_id: int, what: str, number: int) -> None:
    deletion = LineDeletion.objects.select_for_update().get(line_id=line_id)
    deletion.deleted = {**deletion.deleted, what: deletion.deleted.get(what, 0) + number}
    deletion.save(update_fields=["deleted"])
