"""Handing out. ``distribute`` is the only verb that offers a dialog to somebody (Q2, Q3, Q7, Q8).

Under the lock of the line's queue row it works the waiting list oldest first, so that two processes never hand out at
once: that alone keeps the order, the turns and the limits. Each dialog is then locked and looked at again before the
decision is written, for accepting and finishing do not take the queue's lock.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from contactcenter.lib.commits import after_commit
from openlines import hooks
from openlines.live import publish, topics
from openlines.models import Deadline, Dialog, LineQueue, Offer, OpenLine, Turn
from openlines.policies import conversation, dealing, worktime
from openlines.policies import routing as policy
from openlines.policies.facts import IN_QUEUE, Distribution, LineSettings, State
from openlines.services import alarms, automatic_actions, guards, queue_members, whereabouts
from openlines.services.change import DialogChange, lock_dialog
from openlines.services.errors import CommandRefused
from openlines.services.settings import line_settings

logger = logging.getLogger(__name__)

NEVER = timedelta(days=400)
SOON_AGAIN = timedelta(seconds=3)
"""When what failed right after its commit is done by the ticker."""
MAX_PASSES = 5
"""Dialogs that changed between the plan and their lock are planned again, this often in one call."""


@dataclass(frozen=True)
class Forecast:
    """``members``: the queue as it expands now; ``ahead``: dialogs that wait already."""

    decision: policy.Decision
    members: tuple[policy.Member, ...]
    ahead: int


def distribute_after_commit(line_id: int, *, now: datetime) -> None:
    """Right after this transaction. A crash in between is covered by the dialog's own ``DISTRIBUTE`` deadline."""
    after_commit(distribute, line_id, now=now)


def distribute(line_id: int, *, now: datetime) -> int:
    """Offer what waits on the line to whoever is free; the number of dialogs for which something was decided."""
    decided = 0
    for _pass in range(MAX_PASSES):
        with transaction.atomic():
            line = _lock_queue(line_id)
            dialogs = _queued(line, now=now) if line and line.is_active else {}  # L4
            if line is None or not dialogs:
                return decided
            settings = line_settings(line)
            members = queue_members.members(line_id, settings=settings, now=now)
            facts = [_facts(d, settings=settings, now=now) for d in dialogs.values()]
            opens = _opens_at(settings, now=now)
            decisions = policy.plan(settings.distribution, members, facts, now=now, is_open=opens is None)
            somebody = any(member.obstacle is None for member in members)
            missed = 0
            for decision in decisions:
                planned = dialogs[decision.dialog_id]
                if _apply(decision, planned=planned, now=now, somebody=somebody, opens=opens):
                    decided += 1
                else:
                    missed += 1
        if not missed:
            break
    return decided


def skip(dialog_id: int, *, employee_id: int, now: datetime) -> None:
    """Q8: like a lapsed offer. Raises ``CommandRefused``: ``no_offer``, or ``alone`` (the dialog stays with him).

    Something else may change in the dialog between the plan and its lock (the client's page has got our greeting): then
    it is planned again.
    """
    for _pass in range(MAX_PASSES):
        if _skip(dialog_id, employee_id=employee_id, now=now):
            return
    raise CommandRefused("changed", _("Something has just happened in this dialog. Look at it again."))


def _skip(dialog_id: int, *, employee_id: int, now: datetime) -> bool:
    """False where the dialog has changed since the plan."""
    with transaction.atomic():
        line_id = Dialog.objects.values_list("line_id", flat=True).get(pk=dialog_id)
        line = _lock_queue(line_id)
        dialog = _queued(line, now=now, only=dialog_id).get(dialog_id) if line else None
        offer = Offer.objects.filter(
            dialog_id=dialog_id, employee_id=employee_id, ended_at__isnull=True
        ).first()
        if dialog is None or offer is None or dialog.line_id != line_id:
            raise _no_offer(dialog_id)
        settings = line_settings(dialog.line)
        if settings.distribution is Distribution.TO_ALL and not offer.is_first:
            _take_off_the_list(dialog, offer, now=now)
            return True
        members = queue_members.members(line_id, settings=settings, now=now)
        facts = _facts(dialog, settings=settings, now=now, overdue=True)
        opens = _opens_at(settings, now=now)
        decision = policy.plan(settings.distribution, members, [facts], now=now, is_open=opens is None)[0]
        if decision.stays:
            raise CommandRefused(
                "alone",
                _(
                    "Nobody else in the queue is free now, so the dialog stays with you. It moves on by itself."
                ),
            )
        return _apply(decision, planned=dialog, now=now, ended_as=Offer.Outcome.SKIPPED, opens=opens)


def sweep(*, now: datetime) -> int:
    """Q7's net: lines on which a dialog waits for a distribution that has not come; finds nothing unless one was lost."""
    standing = Offer.objects.filter(dialog_id=OuterRef("pk"), ended_at__isnull=True)
    waiting = Dialog.objects.in_queue().filter(
        ~Exists(standing) | Q(offer_until__isnull=True), frozen_at__isnull=True
    )
    lost = waiting.filter(distribute_since__lt=now - policy.LOST_AFTER).count()
    if lost:
        logger.warning("The distribution sweep found %s dialogs whose distribution was lost", lost)
    guards.each(set(waiting.values_list("line_id", flat=True)), lambda line_id: distribute(line_id, now=now))
    return lost


def forecast(line: OpenLine, *, now: datetime, settings: LineSettings | None = None) -> Forecast:
    """What would happen to a dialog of a new client that came now: the same policy on the present facts, nothing written.

    Dialogs that wait already are dealt before it, as they would be. ``settings``: others than the saved ones, to try.
    """
    settings = settings or line_settings(line)
    members = queue_members.members(line.pk, settings=settings, now=now)
    waiting = _queued(line, now=now).values()
    facts = [_facts(dialog, settings=settings, now=now, ask=False) for dialog in waiting]
    newcomer = policy.QueuedDialog(dialog_id=0, waiting_since=now)
    is_open = _opens_at(settings, now=now) is None
    decisions = policy.plan(settings.distribution, members, [*facts, newcomer], now=now, is_open=is_open)
    decision = next(one for one in decisions if one.dialog_id == 0)
    ahead = sum(1 for fact in facts if not fact.holders)
    return Forecast(decision=decision, members=tuple(members), ahead=ahead)


# -- facts ----------------------------------------------------------------------------------------------------


def _lock_queue(line_id: int) -> OpenLine | None:
    row = (
        LineQueue.objects.select_for_update(of=("self",))
        .select_related("line")
        .filter(line_id=line_id)
        .first()
    )
    return row.line if row else None


def _queued(line: OpenLine, *, now: datetime, only: int | None = None) -> dict[int, Dialog]:
    """Dialogs of the line that may move, with their standing offers; not locked yet.

    An offer to one person that still runs is left out; "to all" looks at every dialog, for somebody may have come.
    """
    rows = Dialog.objects.in_queue().filter(line_id=line.pk, frozen_at__isnull=True)
    if only is not None:
        rows = rows.filter(pk=only)
    elif line.distribution != Distribution.TO_ALL:
        rows = rows.filter(Q(offer_until__isnull=True) | Q(offer_until__lte=now))
    dialogs = {dialog.pk: dialog for dialog in rows.select_related("connection", "client")}
    for dialog in dialogs.values():
        dialog.line = line
    # What nobody has looked at since it came to the queue has no offer: to come there ends them.
    looked_at = [pk for pk, dialog in dialogs.items() if dialog.distribute_since is None]
    offers = Offer.objects.filter(dialog_id__in=looked_at, ended_at__isnull=True) if looked_at else ()
    standing: dict[int, list[Offer]] = {}
    for offer in offers:
        standing.setdefault(offer.dialog_id, []).append(offer)
    for dialog in dialogs.values():
        dialog.standing = standing.get(dialog.pk, [])  # type: ignore[attr-defined]
    return dialogs


def _opens_at(settings: LineSettings, *, now: datetime) -> datetime | None:
    """Q3: when the line opens again; None while it is open. A line that never opens: a far day."""
    if worktime.look(settings.working_time, now).is_open:
        return None
    return worktime.next_change(settings.working_time, now) or now + NEVER


def _facts(
    dialog: Dialog, *, settings: LineSettings, now: datetime, overdue: bool = False, ask: bool = True
) -> policy.QueuedDialog:
    return dealing.queued(
        dialog.pk,
        dialog.facts(),
        standing=_as_facts(dialog),
        tried=dialog.tried,
        created_at=dialog.created_at,
        now=now,
        overdue=overdue,
        responsible=_responsible(dialog, settings=settings, now=now) if ask else None,
    )


def _responsible(dialog: Dialog, *, settings: LineSettings, now: datetime) -> policy.Member | None:
    """C5, asked once a dialog; a question that fails leaves the dialog to the queue, and its event says so."""
    if dialog.responsible_asked or not hooks.asks_responsible():
        return None
    try:
        employee_id = hooks.responsible_for(dialog.client_id, now=now)
    except hooks.HookFailed as failure:
        dialog.hook_failure = str(failure)  # type: ignore[attr-defined]
        return None
    return queue_members.member_outside(employee_id, settings=settings, now=now) if employee_id else None


def _standing(dialog: Dialog) -> list[Offer]:
    offers: list[Offer] = getattr(dialog, "standing", [])
    return offers


def _as_facts(dialog: Dialog) -> list[dealing.Standing]:
    return [
        dealing.Standing(offer.employee_id, offer.is_first, offer.lapsed_at is not None)
        for offer in _standing(dialog)
    ]


# -- writing a decision ---------------------------------------------------------------------------------------


def _apply(
    decision: policy.Decision,
    *,
    planned: Dialog,
    now: datetime,
    ended_as: str = Offer.Outcome.LAPSED,
    somebody: bool = True,
    opens: datetime | None = None,
) -> bool:
    """Write one decision; False where the dialog has changed since the plan.

    ``somebody``: a queue member is available, full or not (W5). ``opens``: None while the line is open (Q3).
    """
    if dealing.nothing_new(decision, planned.facts(), _as_facts(planned), now=now):
        return True
    if not _locked_as_planned(planned):
        return False
    change = DialogChange(planned, now=now)
    first_look = planned.distribute_since is not None
    dealt = dealing.deal(
        decision,
        change.facts,
        standing=_as_facts(planned),
        tried=planned.tried,
        settings=change.settings,
        now=now,
        opens=opens,
        skipped=ended_as == Offer.Outcome.SKIPPED,
    )
    _write(dealt, decision, change, planned, ended_as=ended_as)
    change.set_fields(responsible_asked=True)
    reasons = _reasons(decision)
    if failure := getattr(planned, "hook_failure", ""):
        reasons["hook_failure"] = failure
    change.record("offered" if decision.chosen else "waits", **reasons)
    if decision.rule is policy.Rule.EMPTY_QUEUE:
        alarms.queue_is_empty(planned.line, now=now)
    told = conversation.distributed(
        automatic_actions.talk(change),
        somebody_available=somebody or decision.rule is policy.Rule.RESPONSIBLE,
        first_look=first_look,
    )
    automatic_actions.apply(change, told)
    change.write()
    return True


def _locked_as_planned(planned: Dialog) -> bool:
    """Its row lock, where nothing has changed since the plan: every change moves ``rev``, so no column is read again."""
    row = Dialog.objects.select_for_update().filter(pk=planned.pk, rev=planned.rev, state__in=IN_QUEUE)
    return row.order_by().values_list("pk", flat=True).first() is not None


def _write(
    dealt: dealing.Dealt, decision: policy.Decision, change: DialogChange, planned: Dialog, *, ended_as: str
) -> None:
    """Rows and signals of what was dealt."""
    now = change.now
    if dealt.step is not None:
        change.take(dealt.step)
    for offer in _standing(planned):
        if offer.employee_id in dealt.ended:
            offer.ended_at, offer.outcome = now, ended_as
            offer.save(update_fields=["ended_at", "outcome"])
            change.tell(offer.employee_id)
        elif dealt.lapsed:
            change.tell(offer.employee_id)
    if dealt.lapsed:
        pks = [offer.pk for offer in _standing(planned)]
        Offer.objects.filter(pk__in=pks, lapsed_at__isnull=True).update(lapsed_at=now, until=None)
    Offer.objects.bulk_create(
        Offer(
            dialog=planned,
            line_id=planned.line_id,
            employee_id=pk,
            offered_at=now,
            until=dealt.until,
            is_first=dealt.is_first,
        )
        for pk in dealt.offered
    )
    if decision.assigned_at:
        Turn.objects.bulk_create(
            [
                Turn(
                    line_id=planned.line_id,
                    employee_id=decision.chosen[0],
                    last_assigned_at=decision.assigned_at,
                )
            ],
            update_conflicts=True,
            unique_fields=["line", "employee"],
            update_fields=["last_assigned_at"],
        )
    change.set_facts(dealt.facts)
    change.set_fields(tried=list(dealt.tried))
    change.tell(*dealt.offered)
    for employee_id in dealt.offered:
        publish.signal(
            topics.employee(employee_id),
            "offer",
            dialog=planned.pk,
            until=dealt.until.isoformat() if dealt.until else "",
        )


def _take_off_the_list(dialog: Dialog, offer: Offer, *, now: datetime) -> None:
    """Q8 "to all": it leaves his list until the next re-offer."""
    locked = lock_dialog(dialog.pk)
    standing = Offer.objects.filter(pk=offer.pk, ended_at__isnull=True)
    if not standing.update(ended_at=now, outcome=Offer.Outcome.SKIPPED):
        raise _no_offer(dialog.pk)
    change = DialogChange(locked, now=now)
    change.set_fields(tried=sorted({*locked.tried, offer.employee_id}))
    change.record("skip", actor_id=offer.employee_id)
    change.tell(offer.employee_id)
    change.write()


def _no_offer(dialog_id: int) -> CommandRefused:
    dialog = Dialog.objects.select_related("line", "operator").get(pk=dialog_id)
    where = whereabouts.refusal(dialog)
    words = _("This dialog is not offered to you any more.")
    return CommandRefused("no_offer", f"{words} {where.message}", holder=where.holder)


def _reasons(decision: policy.Decision) -> dict[str, Any]:
    """Q11: what ``workspace`` and the dialog's page put into words."""
    return {
        "rule": decision.rule,
        "chosen": list(decision.chosen),
        "stays": decision.stays,
        "new_round": decision.new_round,
        "passed": [asdict(one) for one in decision.passed],
    }


def deal_anew(line_id: int, *, now: datetime) -> None:
    """Q1, on a change of mode: unaccepted offers are withdrawn and dealt again. Inside the caller's transaction."""
    _lock_queue(line_id)
    for pk in Dialog.objects.in_queue().filter(line_id=line_id).order_by("pk").values_list("pk", flat=True):
        dialog = lock_dialog(pk)
        if State(dialog.state) not in IN_QUEUE or dialog.frozen_at is not None:
            continue
        change = DialogChange(dialog, now=now)
        offers = list(Offer.objects.filter(dialog_id=pk, ended_at__isnull=True))
        if any(offer.is_first for offer in offers):
            continue
        for offer in offers:
            offer.ended_at, offer.outcome = now, Offer.Outcome.WITHDRAWN
            offer.save(update_fields=["ended_at", "outcome"])
            change.tell(offer.employee_id)
        change.set_facts(replace(change.facts, offer_until=None, offer_held_from=None, distribute_since=now))
        change.set_fields(tried=[])
        change.record("dealt_anew")
        change.write()
    request(line_id, now=now)


def wake_resting(line_id: int, *, now: datetime) -> None:
    """The working hours were changed: what rests until the line opens (Q3) is looked at again."""
    resting = Offer.objects.filter(line_id=line_id, ended_at__isnull=True, lapsed_at__isnull=False)
    Dialog.objects.in_queue().filter(pk__in=resting.values("dialog"), offer_until__gt=now).update(
        offer_until=now
    )


def request(line_id: int, *, now: datetime) -> None:
    """Something of the line changed (its queue grew, a mode changed): distribute after the commit, crash or not."""
    Deadline.objects.get_or_create(line_id=line_id, kind="distribute", defaults={"due_at": now})
    after_commit(_requested, line_id, now=now)


def _requested(line_id: int, *, now: datetime) -> None:
    # It goes when the work is done: what fails or dies here is done within seconds by the ticker.
    later = now + SOON_AGAIN
    ahead = Deadline.objects.filter(line_id=line_id, kind="distribute")
    ahead.update(due_at=later)
    distribute(line_id, now=now)
    ahead.filter(due_at=later).delete()
