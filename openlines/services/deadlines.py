"""What is due happens here, exactly once with any number of workers.

A dialog's deadline is claimed by its dialog's row lock (SKIP LOCKED: who works on it now will leave the right deadlines
behind), re-read, and done. Offers and distributions are the line's business and go to ``routing``. A failing row
is pushed back with its error, and one that kills its process is found out (``taken_up.py``), so that one bad row never
stops the others.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from openlines.models import Deadline, Dialog, OpenLine
from openlines.policies import automatic_actions as actions
from openlines.policies import conversation
from openlines.policies import deadlines as policy
from openlines.policies.facts import DeadlineKind
from openlines.services import automatic_actions, guards, routing, staffing, taken_up, wakeups
from openlines.services.change import DialogChange, lock_dialog, lock_first, upsert_deadlines
from openlines.services.settings import line_settings

logger = logging.getLogger(__name__)

FIRST_BACK_OFF = timedelta(seconds=10)
LONGEST_BACK_OFF = timedelta(hours=1)
AUDIT_BATCH = 1000
AGAIN = timedelta(seconds=10)
"""When a deadline whose work was begun fires again, should that work be lost."""
LONGEST_AGAIN = timedelta(seconds=20)
"""Likewise of a connection's task, of which several in a row did not start: the task queue is full."""


@dataclass(frozen=True)
class Fired:
    """``next_due``: when the earliest pending deadline is due (past: more is waiting); None: there is none."""

    count: int
    next_due: datetime | None


def fire_due(*, now: datetime, limit: int = 200, kinds: Collection[str] | None = None) -> Fired:
    """Fire up to ``limit`` deadlines due at ``now``, oldest first; only ``kinds`` where given."""
    rows = Deadline.objects.order_by("due_at")
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    due = list(rows.filter(due_at__lte=now).select_related("dialog")[:limit])
    suspects = [deadline for deadline in due if deadline.holder is not None]
    count = _fire_together([deadline for deadline in due if deadline.holder is None], now=now)
    for deadline in suspects:
        count += _fire_together([deadline], now=now)
    return Fired(count=count, next_due=rows.values_list("due_at", flat=True).first())


def audit(*, now: datetime) -> int:
    """Q7: every open dialog has exactly the deadlines its state requires. Mends, counts and logs what was wrong."""
    suspects: list[int] = []
    last = 0
    while True:
        batch = list(
            Dialog.objects.open()
            .filter(pk__gt=last)
            .order_by("pk")
            .values_list("pk", flat=True)[:AUDIT_BATCH]
        )
        if not batch:
            break
        last = batch[-1]
        suspects += _differing(batch)
    wrong = guards.each(suspects, lambda pk: _mend(pk, now=now))
    if wrong:
        logger.warning("The audit mended the deadlines of %s dialogs", wrong)
    return wrong


def resync_line(line_id: int, *, now: datetime) -> None:
    """After a change of settings: deadlines of the line's open dialogs follow at once; running offers keep theirs."""
    for pk in Dialog.objects.open().filter(line_id=line_id).order_by("pk").values_list("pk", flat=True):
        _mend(pk, now=now)


# -- firing ---------------------------------------------------------------------------------------------------


def _fire_together(due: list[Deadline], *, now: datetime) -> int:
    if not due:
        return 0
    deaths = taken_up.take([deadline.pk for deadline in due])
    lines: dict[int, list[Deadline]] = {}
    count = 0
    for deadline in due:
        if deaths.get(deadline.pk, 0) >= taken_up.MOST_DEATHS:
            logger.error("Deadline %s is put off: its process died of it", deadline)
            _push_back(deadline, RuntimeError("the process died of it, more than once"), now=now)
        elif deadline.pk not in deaths:
            continue  # somebody changes it at this moment, or it is gone
        elif (line_id := _line_of(deadline)) is not None:
            lines.setdefault(line_id, []).append(deadline)
        else:
            count += _guarded(deadline, now=now)
    for line_id, deadlines in lines.items():
        count += _distribute(line_id, deadlines, now=now)
    taken_up.put_down(deaths)
    return count


def _line_of(deadline: Deadline) -> int | None:
    if deadline.line_id is not None:
        return deadline.line_id
    if deadline.dialog is not None and deadline.kind in (DeadlineKind.OFFER, DeadlineKind.DISTRIBUTE):
        return deadline.dialog.line_id
    return None


def _distribute(line_id: int, deadlines: list[Deadline], *, now: datetime) -> int:
    try:
        # they stay until it is done: after a crash it is done again
        ahead = Deadline.objects.filter(line_id=line_id, kind="distribute")
        ahead.filter(due_at__lte=now).update(due_at=now + AGAIN)
        routing.distribute(line_id, now=now)
        ahead.filter(due_at=now + AGAIN).delete()
    except Exception as error:  # kept with the rows, which are tried again: the other lines go on
        logger.exception("Distribution of line %s failed", line_id)
        for deadline in deadlines:
            _push_back(deadline, error, now=now)
        return 0
    for deadline in Deadline.objects.filter(pk__in=[d.pk for d in deadlines], due_at__lte=now):
        if deadline.line_id is None and not _still_right(deadline):
            deadline.delete()
        elif deadline.line_id is None:
            _push_back(deadline, RuntimeError("the distribution did not settle it"), now=now)
    return len(deadlines)


def _still_right(deadline: Deadline) -> bool:
    dialog = Dialog.objects.select_related("line").filter(pk=deadline.dialog_id or 0).first()
    return dialog is not None and DeadlineKind(deadline.kind) in policy.due(
        dialog.facts(), line_settings(dialog.line)
    )


def _guarded(deadline: Deadline, *, now: datetime) -> int:
    try:
        if deadline.employee_id is not None:
            return _look_at_employee(deadline, deadline.employee_id, now=now)
        with transaction.atomic():
            return _fire(deadline, now=now)
    except Exception as error:  # kept with the row, which is tried again: the others go on
        logger.exception("Deadline %s failed", deadline)
        _push_back(deadline, error, now=now)
        return 0


def _look_at_employee(deadline: Deadline, employee_id: int, *, now: datetime) -> int:
    """Dialogs are taken from him one by one, each with its lock, and handed out under the queue's: so in no transaction
    around. The row stays until that is done, a minute ahead: after a crash it fires again.
    """
    again = now + AGAIN
    if not Deadline.objects.filter(pk=deadline.pk, due_at__lte=now).update(due_at=again):
        return 0
    staffing.due(employee_id, deadline.kind, now=now)
    Deadline.objects.filter(pk=deadline.pk, due_at=again).delete()
    return 1


def _fire(deadline: Deadline, *, now: datetime) -> int:
    if deadline.connection_id is not None:
        wait = min(wakeups.NET * 2 ** min(deadline.attempts, 4), LONGEST_AGAIN)
        again = Deadline.objects.filter(pk=deadline.pk, due_at__lte=now).update(
            due_at=now + wait, attempts=F("attempts") + 1
        )
        if again:
            wakeups.enqueue(deadline.kind, connection_id=deadline.connection_id)
        return again
    dialog = lock_first(Dialog.objects.filter(pk=deadline.dialog_id or 0), skip_locked=True)
    if dialog is None:
        return 0
    due = Deadline.objects.filter(pk=deadline.pk, due_at__lte=now).values("due_at", "was_due_at").first()
    if due is None:
        return 0
    change = DialogChange(dialog, now=now)
    kind = DeadlineKind(deadline.kind)
    required = policy.due(change.facts, change.settings).get(kind)
    if required is None or required > now:
        Deadline.objects.filter(pk=deadline.pk).delete()
        if required is not None:
            upsert_deadlines([Deadline(dialog_id=dialog.pk, kind=kind, due_at=required)])
        return 0
    decided = conversation.deadline(automatic_actions.talk(change), kind, due_at=required)
    if kind is DeadlineKind.FINISH:
        automatic_actions.apply(change, decided, actor_id=change.before.finish_by_id)
    else:
        automatic_actions.apply(change, decided)
    change.write()
    return 1


def _push_back(deadline: Deadline, error: Exception, *, now: datetime) -> None:
    """Try again later; the error is kept with the row."""
    wait = min(FIRST_BACK_OFF * 2 ** min(deadline.attempts, 10), LONGEST_BACK_OFF)
    Deadline.objects.filter(pk=deadline.pk).update(
        due_at=now + wait,
        was_due_at=deadline.was_due_at or deadline.due_at,
        attempts=F("attempts") + 1,
        deaths=0,
        error=f"{type(error).__name__}: {error}"[:2000],
    )


# -- audit ----------------------------------------------------------------------------------------------------


def _differing(dialog_ids: list[int]) -> list[int]:
    """Dialogs whose pending deadlines are not those of their facts; read without locks, so only suspects."""
    dialogs = Dialog.objects.filter(pk__in=dialog_ids)
    lines = OpenLine.objects.in_bulk()
    pending: dict[int, dict[str, datetime]] = {}
    for dialog_id, kind, at, moved in Deadline.objects.filter(dialog_id__in=dialog_ids).values_list(
        "dialog_id", "kind", "due_at", "was_due_at"
    ):
        if dialog_id is not None:
            pending.setdefault(dialog_id, {})[kind] = moved or at
    return [
        dialog.pk
        for dialog in dialogs
        if _required(dialog, lines[dialog.line_id]) != pending.get(dialog.pk, {})
    ]


def _required(dialog: Dialog, line: OpenLine) -> dict[str, datetime]:
    return {str(kind): at for kind, at in policy.due(dialog.facts(), line_settings(line)).items()}


def _mend(dialog_id: int, *, now: datetime) -> int:
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        rows = {d.kind: d for d in Deadline.objects.filter(dialog_id=dialog_id)}
        required = _required(dialog, dialog.line)
        _stay_quiet(dialog, now=now)
        pending = {kind: row.was_due_at or row.due_at for kind, row in rows.items()}
        if required == pending:
            return 0
        extra = pending.keys() - required.keys()
        Deadline.objects.filter(dialog_id=dialog_id, kind__in=extra).delete()
        missing = [
            Deadline(dialog_id=dialog_id, kind=kind, due_at=at)
            for kind, at in required.items()
            if pending.get(kind) != at
        ]
        if missing:
            upsert_deadlines(missing)
        return 1


def _stay_quiet(dialog: Dialog, *, now: datetime) -> None:
    """The short way of a further message asks ``quiet_until``, which follows from the working hours."""
    quiet = actions.quiet_until(line_settings(dialog.line), dialog.facts(), now=now)
    if quiet != dialog.quiet_until:
        Dialog.objects.filter(pk=dialog.pk).update(quiet_until=quiet)
