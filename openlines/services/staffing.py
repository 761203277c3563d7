"""What follows when employees come and go (Q7, Q9): their dialogs go back to the queue, what waits is offered to them.

Staff announces what people do (a day started, a break, dismissal). What time alone brings (a leave that begins at
midnight, a page that no longer answers) is found by a deadline of the employee's and by the minute's sweep.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from contactcenter.lib.commits import after_commit
from contactcenter.staff.availability import next_change
from contactcenter.staff.models import WorkDay
from openlines.lifecycle import Event
from openlines.models import Deadline, Dialog, DialogEvent, Offer, OpenLine, QueueEntry
from openlines.policies.availability import OFFLINE_PATIENCE, Presence, away_since, is_away, obstacle
from openlines.policies.facts import HELD, IN_QUEUE, Distribution, State
from openlines.policies.routing import Obstacle
from openlines.services import guards, queue_members, routing
from openlines.services.change import DialogChange, lock_dialog

OFFLINE = "offline"
"""Deadline of an employee: look whether his page has been silent for five minutes."""
LEFT_QUEUE: Mapping[str, Any] = {"why": "left_queue"}
ABSENCE = "absence"
"""Deadline of an employee: a leave of his begins or ends."""

_UPSERT = """
INSERT INTO openlines_deadline (employee_id, kind, due_at, attempts, error) VALUES (%s, %s, %s, 0, '')
ON CONFLICT (employee_id, kind) WHERE employee_id IS NOT NULL DO UPDATE SET due_at = EXCLUDED.due_at
"""


def came(employee_id: int, *, now: datetime) -> None:
    """He is a candidate again: what waits on his lines is offered after this transaction."""
    watch(employee_id, OFFLINE, at=now + OFFLINE_PATIENCE)
    for line_id in lines_of(employee_id):
        routing.distribute_after_commit(line_id, now=now)


def went(employee_id: int, *, now: datetime) -> None:
    """He is away, for whatever reason; each line decides whether that matters there (Q4, Q9)."""
    after_commit(look, employee_id, now=now)


def watch(employee_id: int, kind: str, *, at: datetime) -> None:
    with database.cursor() as cursor:
        cursor.execute(_UPSERT, [employee_id, kind, at])


def watch_absences(employee_id: int, *, now: datetime) -> None:
    """His absences were changed: the next moment at which one begins or ends."""
    at = next_change([employee_id], now=now)
    Deadline.objects.filter(employee_id=employee_id, kind=ABSENCE).delete()
    if at is not None:
        watch(employee_id, ABSENCE, at=at)


def look(employee_id: int, *, now: datetime, is_net: bool = False) -> int:
    """Take from him what must not wait for him; the number of dialogs that went back to a queue.

    ``is_net``: nothing has happened just now. A leave then counts on lines with the check only: on the others he may be
    offered dialogs during his leave (Q4). What he has got since he is away is his: accepted in a break, or handed to him
    by a colleague, who is not asked whether he is there (Q10).
    """
    presence = queue_members.presences([employee_id], now=now)[employee_id]
    got_before = None
    if is_net and not presence.dismissed:
        presence = replace(presence, leave_whole_day=False)
        got_before = away_since(presence) or _last_day_ended(employee_id)
    moved = 0
    offers = Offer.objects.filter(employee_id=employee_id, ended_at__isnull=True)
    held = Dialog.objects.filter(operator_id=employee_id, state__in=HELD)
    # Not joined: every offer of a line would meet every dialog of it.
    lines = Q(pk__in=offers.values("line")) | Q(pk__in=held.values("line"))
    for line in OpenLine.objects.filter(lines):
        if is_away(presence, check=line.check_availability, now=now):
            moved += take_back(
                employee_id,
                line_id=line.pk,
                now=now,
                everything=presence.dismissed,
                got_before=got_before,
                why=_why(presence, check=line.check_availability),
            )
    return moved


def _why(presence: Presence, *, check: bool) -> dict[str, str]:
    """For the event (Q11): what keeps him from his dialogs, and since when."""
    reason, since = obstacle(presence, check=check)
    if reason is None and presence.leave_since is not None:  # of a whole day, on a line without the check
        reason, since = Obstacle.ON_LEAVE, presence.leave_since.isoformat()
    return {"why": reason, "detail": since} if reason else {}


def due(employee_id: int, kind: str, *, now: datetime) -> None:
    """A deadline of an employee's has come. Not within a transaction: dialogs are locked, and after them queues."""
    if kind == ABSENCE:
        look(employee_id, now=now)
        for line_id in lines_of(employee_id):
            routing.distribute_after_commit(line_id, now=now)
        watch_absences(employee_id, now=now)
    else:
        _offline_due(employee_id, now=now)


def _offline_due(employee_id: int, *, now: datetime) -> None:
    """Five minutes may have passed since his page last answered."""
    presence = queue_members.presences([employee_id], now=now)[employee_id]
    if presence.seen_at is None:
        return
    silent_from = presence.seen_at + OFFLINE_PATIENCE
    if silent_from > now:
        watch(employee_id, OFFLINE, at=silent_from)
    else:
        look(employee_id, now=now)


def sweep(*, now: datetime) -> int:
    """The net, and what time alone brings: everybody with an offer or a dialog that waits for him is looked at."""
    offered = Offer.objects.filter(ended_at__isnull=True).values_list("employee_id", flat=True)
    holding = Dialog.objects.filter(state__in=[State.ACCEPTED, State.WAITING]).values_list(
        "operator_id", flat=True
    )
    people = {pk for pk in (*offered.distinct(), *holding.order_by().distinct()) if pk}
    presences = queue_members.presences(people, now=now)
    away = [pk for pk in people if is_away(presences[pk], check=True, now=now)]
    return _outsiders(now=now) + guards.each(away, lambda pk: look(pk, now=now, is_net=True))


def _outsiders(*, now: datetime) -> int:
    """Q1: a department was changed, and somebody with an offer is in the queue no longer. C5's may be a stranger."""
    standing: dict[int, set[int]] = {}
    offers = Offer.objects.filter(ended_at__isnull=True, is_first=False).values_list("line_id", "employee_id")
    for line_id, employee_id in offers.distinct():
        standing.setdefault(line_id, set()).add(employee_id)
    moved = 0
    for line_id, people in standing.items():
        for employee_id in sorted(people - set(queue_members.employee_ids(line_id))):
            moved += take_back(employee_id, line_id=line_id, now=now, offers_only=True)
    return moved


def departments_changed(*, now: datetime) -> None:
    """Q1: somebody came to a department or left it. Who is in the queue no longer loses his offers; what waits goes to
    who has come.
    """
    _outsiders(now=now)
    for line_id in (
        QueueEntry.objects.filter(department__isnull=False)
        .order_by()
        .values_list("line_id", flat=True)
        .distinct()
    ):
        routing.distribute(line_id, now=now)


def _last_day_ended(employee_id: int) -> datetime:
    """The beginning of all times for who never had a day."""
    ended: datetime | None = WorkDay.objects.filter(employee=employee_id).aggregate(at=Max("ended_at"))["at"]
    return ended or datetime.min.replace(tzinfo=UTC)


def take_back(
    employee_id: int,
    *,
    line_id: int,
    now: datetime,
    everything: bool = False,
    offers_only: bool = False,
    got_before: datetime | None = None,
    why: Mapping[str, Any] = LEFT_QUEUE,
) -> int:
    """Q9: their offers, accepted and waiting dialogs on the line go back to its queue; pinned and answered ones and
    wrap-up stay.

    ``everything``: they are dismissed, and pinned and answered ones go too. ``offers_only``: what they accepted stays.
    ``got_before``: dialogs that he got later stay. ``why``: what the dialogs' events tell.
    """
    states = HELD if everything else frozenset({State.ACCEPTED, State.WAITING})
    if offers_only:
        states = frozenset()
    dialogs = Dialog.objects.filter(line_id=line_id)
    held = dialogs.filter(operator_id=employee_id, state__in=states).values_list("pk", flat=True)
    if got_before is not None:
        held = held.exclude(Exists(_got_it(employee_id).filter(at__gte=got_before)))
    offered = dialogs.filter(offers__employee_id=employee_id, offers__ended_at__isnull=True).values_list(
        "pk", flat=True
    )
    moved = 0
    for dialog_id in sorted({*held, *offered}):
        moved += _take_back_one(dialog_id, employee_id, states=states, pinned=everything, why=why, now=now)
    if moved:
        routing.distribute(line_id, now=now)
    return moved


def lines_of(employee_id: int) -> list[int]:
    """Lines whose queue he is in, by himself or through a department."""
    return queue_members.lines_of({employee_id})


def away_from(dialog: Dialog, *, now: datetime) -> bool:
    """Whether the dialog's operator would not see a message that comes now (Q9, and §11's wrap-up)."""
    if dialog.operator_id is None:
        return False
    presence = queue_members.presences([dialog.operator_id], now=now)[dialog.operator_id]
    return is_away(presence, check=dialog.line.check_availability, now=now)


def _take_back_one(
    dialog_id: int,
    employee_id: int,
    *,
    states: Collection[State],
    pinned: bool,
    why: Mapping[str, Any],
    now: datetime,
) -> int:
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        change = DialogChange(dialog, now=now)
        stays = dialog.pinned_at is not None and not pinned
        if dialog.operator_id == employee_id and State(dialog.state) in states and not stays:
            change.step(Event.OPERATOR_LOST)
            change.set_fields(tried=_tried(change, employee_id, earlier=()))
        elif State(dialog.state) in IN_QUEUE:
            if not _withdraw(change, employee_id):
                return 0
        else:
            return 0
        change.record(Event.OPERATOR_LOST, earlier=employee_id, **why)
        change.tell(employee_id)
        change.write()
        return 1


def _withdraw(change: DialogChange, employee_id: int) -> bool:
    """His offer ends; with the last one the dialog looks for somebody again."""
    standing = Offer.objects.filter(dialog_id=change.dialog.pk, ended_at__isnull=True)
    if not standing.filter(employee_id=employee_id).update(
        ended_at=change.now, outcome=Offer.Outcome.WITHDRAWN
    ):
        return False
    if not standing.exists():
        change.step(Event.OFFER_LAPSES)
        change.set_fields(tried=_tried(change, employee_id, earlier=change.dialog.tried))
    return True


def _tried(change: DialogChange, employee_id: int, *, earlier: Collection[int]) -> list[int]:
    """He counts as asked, so that others come first. "To all" leaves it to the check: once back, he is a newcomer."""
    if change.settings.distribution is Distribution.TO_ALL and change.settings.check_availability:
        return sorted(earlier)
    return sorted({*earlier, employee_id})


def _got_it(employee_id: int) -> QuerySet[DialogEvent]:
    """How a dialog comes to an operator: he takes it, or a colleague hands it to him."""
    taken = Q(kind__in=[Event.ACCEPT, Event.TAKE_OVER, "created"], actor_id=employee_id)
    return DialogEvent.objects.filter(
        taken | Q(kind=Event.TRANSFER, data__to=employee_id), dialog=OuterRef("pk")
    )
