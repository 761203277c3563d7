"""Deleting a connection without its line: counted before, ordered by typing its name, done in the background as L7's.

Its dialogs go with it, on whatever line they are: they could neither be answered nor go on. Whoever wants to keep them
moves the connection to another line, or switches it off.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from contactcenter.lib.commits import after_commit
from openlines.models import Attachment, Client, Connection, Dialog, Message
from openlines.services import connections, line_deletion, provider_side
from openlines.services.errors import CommandRefused

logger = logging.getLogger(__name__)


def count(connection: Connection) -> dict[str, int]:
    """What will go."""
    dialogs = Dialog.objects.filter(connection=connection)
    return {
        "dialogs": dialogs.count(),
        "open": dialogs.open().count(),
        "messages": Message.objects.filter(dialog__in=dialogs).count(),
        "files": Attachment.objects.filter(message__dialog__in=dialogs).count(),
        "clients": Client.objects.filter(connection=connection).count(),
    }


def order(connection: Connection, *, typed_name: str, now: datetime) -> None:
    """Switch it off, with its webhook taken away at the provider, and have the rest done in the background.

    Raises ``CommandRefused`` (``name``, ``line_deleting``, ``deleting``).
    """
    if typed_name.strip() != connection.name:
        raise CommandRefused("name", _("The name is not the connection's. Type it exactly as it is written."))
    if connection.line.deleting_since is not None:
        raise CommandRefused(
            "line_deleting", _("Its line is being deleted, and the connection goes with it.")
        )
    connections.switch(connection, on=False, now=now)
    if not Connection.objects.filter(pk=connection.pk, deleting_since=None).update(deleting_since=now):
        raise CommandRefused("deleting", _("This connection is being deleted already."))
    after_commit(async_task, "openlines.tasks.delete_connection", connection.pk, save=False)


def go_on(connection_id: int, *, now: datetime, batches: int = 10_000) -> bool:
    """Delete what is left, a batch a transaction; True when it is gone. Safe to repeat, to stop and to run twice."""
    connection = Connection.objects.select_related("line").filter(pk=connection_id).first()
    if connection is None or connection.deleting_since is None:
        return connection is None
    for _batch in range(batches):
        if not _delete_batch(connection_id):
            break
    else:
        return False
    line_deletion.delete_rows(Q(connection_id=connection_id))
    if provider_side.is_left(connection):  # the provider was down when it was switched off
        connections.tear_down(connection, now=now)
    with transaction.atomic():
        Connection.objects.filter(pk=connection_id, deleting_since__isnull=False).delete()
    return True


def sweep(*, now: datetime) -> int:
    """Deletions that stopped go on; the number that are finished now."""
    done = 0
    for pk in Connection.objects.filter(deleting_since__isnull=False).values_list("pk", flat=True):
        try:
            done += go_on(pk, now=now)
        except Exception as error:
            logger.exception("The deletion of connection %s stopped", pk)
            Connection.objects.filter(pk=pk).update(last_error=f"{type(error).__name__}: {error}"[:2000])
    return done


def _delete_batch(connection_id: int) -> bool:
    """False where nothing is left."""
    with transaction.atomic():
        rows = Dialog.objects.select_for_update(skip_locked=True).filter(connection_id=connection_id)
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[: line_deletion.BATCH])
        if not ids:
            return Dialog.objects.filter(connection_id=connection_id).exists()
        line_deletion.delete_dialogs(ids)
    return True
