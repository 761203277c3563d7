"""Who gets a dialog, and why (Q1–Q3, Q7, Q8). Pure: the same code runs live, in tests and in "what would happen".

``plan`` works a line's waiting list oldest first and returns one ``Decision`` for each dialog that something was
decided for. Every decision carries what Q11 shows: who was considered, who was passed over and for what reason,
the rule that chose, and why a dialog still waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from openlines.policies.facts import Distribution


class Obstacle(StrEnum):
    """Why a queue member is not a candidate now, or was passed over."""

    DISMISSED = "dismissed"
    ON_LEAVE = "on_leave"
    ON_BREAK = "on_break"
    DAY_NOT_STARTED = "day_not_started"
    OFFLINE = "offline"
    FULL = "full"
    TRIED = "tried"
    HOLDS_OFFER = "holds_offer"
    LATER_IN_ORDER = "later_in_order"
    ASSIGNED_LATER = "assigned_later"


class Rule(StrEnum):
    LONGEST_WITHOUT = "longest_without"
    FIRST_IN_ORDER = "first_in_order"
    EVERYBODY = "everybody"
    RESPONSIBLE = "responsible"
    STAYS_ALONE = "stays_alone"
    RESTS = "rests"
    """Outside working time everybody has been asked once: it rests with the last one until the line opens."""
    NOBODY_FREE = "nobody_free"
    EMPTY_QUEUE = "empty_queue"


@dataclass(frozen=True)
class Member:
    """A queue member at his place. ``obstacle`` None: free. ``room``: dialogs he may still get; None: no limit."""

    employee_id: int
    obstacle: Obstacle | None = None
    detail: str = ""
    last_assigned_at: datetime | None = None
    room: int | None = None

    @property
    def free(self) -> bool:
        return self.obstacle is None and (self.room is None or self.room > 0)


@dataclass(frozen=True)
class QueuedDialog:
    """A dialog in the queue. ``tried``: who lapsed or skipped in this round; ``holders``: whose offers stand now.

    ``overdue``: the offer's time is over, it may move; a dialog with holders that is not overdue is left alone
    (but "to all" also goes to whoever has come since).
    """

    dialog_id: int
    waiting_since: datetime
    tried: frozenset[int] = frozenset()
    holders: frozenset[int] = frozenset()
    overdue: bool = False
    runs: bool = False
    """To all: it was offered in this round, and the time until the next re-offer runs, whoever has skipped it."""
    asked_alone: bool = False
    """C5: the one offer stands with the responsible, and nobody else is asked before it is over."""
    responsible: Member | None = None
    """C5: who is to be asked first, at the dialog's first distribution; need not be in the queue."""


@dataclass(frozen=True)
class PassedOver:
    employee_id: int
    obstacle: Obstacle
    detail: str = ""


@dataclass(frozen=True)
class Decision:
    """``chosen`` empty with ``stays``: the offer stays with its holder; empty without: the dialog waits.

    ``new_round``: everybody free had been tried, so all are asked again.
    """

    dialog_id: int
    rule: Rule
    chosen: tuple[int, ...] = ()
    stays: bool = False
    new_round: bool = False
    passed: tuple[PassedOver, ...] = field(default=())
    assigned_at: datetime | None = None
    """With an automatic offer to one person: his new place in "evenly" (Q2)."""


def plan(
    mode: Distribution,
    members: Sequence[Member],
    dialogs: Iterable[QueuedDialog],
    *,
    now: datetime,
    is_open: bool = True,
) -> list[Decision]:
    """Decisions for a line's queue, oldest first (Q7); each takes the earlier ones into account.

    ``is_open`` False: outside working time one round is made, then a dialog rests with the last one (Q3).
    """
    roster = {member.employee_id: member for member in members}
    found = []
    for dialog in sorted(dialogs, key=lambda d: (d.waiting_since, d.dialog_id)):
        if dialog.asked_alone and not dialog.overdue:
            continue
        first = _responsible(list(roster.values()), dialog)
        if first is not None:
            found.append(first)
            _take_room(roster, first, mode=mode)
            continue
        if mode is Distribution.TO_ALL:
            decision = _to_all(list(roster.values()), dialog)
        else:
            decision = _to_one(mode, list(roster.values()), dialog, is_open=is_open)
        if decision is None:
            continue
        found.append(decision)
        if mode is not Distribution.TO_ALL:
            for employee_id in decision.chosen:
                member = roster[employee_id]
                at = _next_turn(roster.values(), now=now)
                room = member.room - 1 if member.room is not None else None
                roster[employee_id] = replace(member, last_assigned_at=at, room=room)
                found[-1] = replace(decision, assigned_at=at)
    return found


def _responsible(members: list[Member], dialog: QueuedDialog) -> Decision | None:
    """C5: available, where the check is on; the limit does not apply, and it is nobody's turn."""
    person = dialog.responsible
    if person is None or person.obstacle is not None or dialog.holders:
        return None
    return Decision(dialog_id=dialog.dialog_id, rule=Rule.RESPONSIBLE, chosen=(person.employee_id,))


def _take_room(roster: dict[int, Member], decision: Decision, *, mode: Distribution) -> None:
    """The offer to the responsible counts, too, for the dialogs after it (Q5)."""
    for employee_id in decision.chosen if mode is not Distribution.TO_ALL else ():
        member = roster.get(employee_id)
        if member is not None and member.room is not None:
            roster[employee_id] = replace(member, room=member.room - 1)


def _next_turn(members: Iterable[Member], *, now: datetime) -> datetime:
    """Every automatic offer is an assignment (Q2). No two share a time, or list order would favour the first again."""
    latest = max((m.last_assigned_at for m in members if m.last_assigned_at), default=now)
    return max(now, latest + timedelta(microseconds=1))


def _to_one(
    mode: Distribution, members: list[Member], dialog: QueuedDialog, *, is_open: bool
) -> Decision | None:
    if dialog.holders and not dialog.overdue:
        return None
    others = [m for m in members if m.free and m.employee_id not in dialog.holders]
    if not others:
        return _nobody(members, dialog)
    if not is_open and dialog.holders and all(m.employee_id in dialog.tried for m in others):
        return replace(_nobody(members, dialog), rule=Rule.RESTS)
    untried = [m for m in others if m.employee_id not in dialog.tried]
    candidates = untried or others
    if mode is Distribution.EVENLY:
        best = min(candidates, key=_assigned_longest_ago)
        rule = Rule.LONGEST_WITHOUT
    else:
        best = candidates[0]
        rule = Rule.FIRST_IN_ORDER
    tried = dialog.tried if untried else frozenset()
    return Decision(
        dialog_id=dialog.dialog_id,
        rule=rule,
        chosen=(best.employee_id,),
        new_round=not untried,
        passed=_passed(members, dialog, tried=tried, but={best.employee_id}, mode=mode),
    )


def _assigned_longest_ago(member: Member) -> tuple[bool, float]:
    """Never assigned is oldest; ``min`` keeps list order among equals."""
    at = member.last_assigned_at
    return (at is not None, at.timestamp() if at else 0.0)


def _to_all(members: list[Member], dialog: QueuedDialog) -> Decision | None:
    """Everybody free; again when the hour is over, or when somebody has come who was not asked yet (Q3, Q8).

    At first whoever gave the dialog back is left out, unless nobody else is free (Q10).
    """
    free = [m.employee_id for m in members if m.free]
    newcomers = [e for e in free if e not in dialog.holders | dialog.tried]
    is_offered = bool(dialog.holders) or dialog.runs
    if not free:
        return None if dialog.holders and not dialog.overdue else _nobody(members, dialog)
    if is_offered and not dialog.overdue and not newcomers:
        return None
    asked = free if is_offered else newcomers or free
    chosen = tuple(e for e in asked if e not in dialog.holders)
    return Decision(
        dialog_id=dialog.dialog_id,
        rule=Rule.EVERYBODY,
        chosen=chosen,
        stays=not chosen,
        new_round=not dialog.tried.isdisjoint(asked) or (is_offered and bool(dialog.tried)),
        passed=_passed(members, dialog, tried=dialog.tried - set(asked), but=set(asked)),
    )


def _nobody(members: list[Member], dialog: QueuedDialog) -> Decision:
    stays = bool(dialog.holders)
    nobody = Rule.NOBODY_FREE if members else Rule.EMPTY_QUEUE
    rule = Rule.STAYS_ALONE if stays else nobody
    return Decision(
        dialog_id=dialog.dialog_id,
        rule=rule,
        stays=stays,
        passed=_passed(members, dialog, tried=dialog.tried, but=set()),
    )


def _passed(
    members: list[Member],
    dialog: QueuedDialog,
    *,
    tried: frozenset[int],
    but: set[int],
    mode: Distribution = Distribution.STRICTLY,
) -> tuple[PassedOver, ...]:
    """Everybody who was not chosen, with the reason that comes first."""
    out = []
    for member in members:
        if member.employee_id in but:
            continue
        if member.obstacle:
            obstacle, detail = member.obstacle, member.detail
        elif not member.free:
            obstacle, detail = Obstacle.FULL, member.detail
        elif member.employee_id in dialog.holders:
            obstacle, detail = Obstacle.HOLDS_OFFER, ""
        elif member.employee_id in tried:
            obstacle, detail = Obstacle.TRIED, ""
        elif mode is Distribution.EVENLY and member.last_assigned_at:
            obstacle, detail = Obstacle.ASSIGNED_LATER, member.last_assigned_at.isoformat()
        else:
            obstacle, detail = Obstacle.LATER_IN_ORDER, ""
        out.append(PassedOver(member.employee_id, obstacle, detail))
    return tuple(out)


LOST_AFTER = timedelta(seconds=30)
"""A dialog that came to the queue longer ago and was not looked at: its distribution was lost (Q7's sweep)."""
