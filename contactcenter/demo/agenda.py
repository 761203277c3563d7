"""A virtual clock for the services: visits wake up at their times, and between them everything due happens.

All of it is one transaction, so that a history is there as a whole or not at all. What services leave for after their
commit is done right after each deed; what they would have the task queue do (send, fetch files), the agenda does.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import Final

from django.db import connection as database
from django.db import transaction

from openlines.models import Attachment, Connection, OutboxItem
from openlines.policies.facts import DeadlineKind
from openlines.services import deadlines, files, outbound, wakeups

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

Visit = Generator[datetime, datetime, None]
"""Yields when it wants to go on; is sent that very time."""

KINDS: Final = (*map(str, DeadlineKind), "distribute")
"""Of deadlines: those of dialogs and lines. Those of connections wake up tasks, and here is no task queue."""


class Agenda:
    """``until``: nothing happens after it; visits that would go on later stay as they are then."""

    def __init__(self, connections: Sequence[Connection], *, until: datetime) -> None:
        self._until = until
        self._outgoing = [one for one in connections if one.kind != Connection.Kind.LIVECHAT]
        self._visits: list[tuple[datetime, int, Visit]] = []
        self._numbers = itertools.count()

    def add(self, visit: Visit) -> None:
        self._later(visit, next(visit))

    def play(self) -> None:
        with transaction.atomic():
            for connection, kind in self._tasks():
                self._claim(kind, connection)
            while self._visits:
                at, _number, visit = heapq.heappop(self._visits)
                self._let_due(at)
                try:
                    again = visit.send(at)
                except StopIteration:
                    pass
                else:
                    self._later(visit, max(again, at))
                self._settle(at)
            self._let_due(self._until)
            for connection, kind in self._tasks():
                wakeups.begun(kind, connection_id=connection)

    def _tasks(self) -> list[tuple[int, str]]:
        return [(connection.pk, kind) for connection in self._outgoing for kind in wakeups.TASKS]

    def _later(self, visit: Visit, at: datetime) -> None:
        if at <= self._until:
            heapq.heappush(self._visits, (at, next(self._numbers), visit))

    def _let_due(self, at: datetime) -> None:
        """Fire what is due up to ``at``, each at its own time."""
        due = deadlines.fire_due(now=at, limit=0, kinds=KINDS).next_due
        while due is not None and due <= at:
            fired = deadlines.fire_due(now=due, kinds=KINDS)
            self._settle(due)
            if not fired.count and fired.next_due == due:
                raise RuntimeError(f"A deadline due at {due} does not fire")
            due = fired.next_due

    def _settle(self, now: datetime) -> None:
        while database.run_on_commit:
            hooks, database.run_on_commit = database.run_on_commit, []
            for hook in hooks:
                hook[1]()
        queued = OutboxItem.objects.filter(state=OutboxItem.State.QUEUED)
        for connection_id in set(queued.values_list("connection_id", flat=True)):
            outbound.drain(connection_id, now=now)
            self._claim("drain", connection_id)
        pending = Attachment.objects.filter(state=Attachment.State.PENDING)
        for connection_id in set(pending.values_list("message__connection_id", flat=True)):
            files.fetch(connection_id, now=now)
            self._claim("fetch", connection_id)

    def _claim(self, kind: str, connection_id: int) -> None:
        """As though a task of this kind were on its way for long: so nobody queues one."""
        wakeups.again(kind, connection_id=connection_id, at=LONG_AGO)
