"""What a routing decision does to a dialog and to its offers (Q2, Q3, Q8). Pure.

``policies/routing.py`` decides who; here is what follows. The live service writes it, the sandbox plays it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from openlines import lifecycle
from openlines.lifecycle import Event, Step
from openlines.policies.facts import DialogFacts, Distribution, LineSettings
from openlines.policies.routing import Decision, Member, QueuedDialog, Rule


@dataclass(frozen=True)
class Standing:
    """An offer that stands. ``is_first``: C5's. ``lapsed``: its time is over, but it stays (Q3)."""

    employee_id: int
    is_first: bool = False
    lapsed: bool = False


@dataclass(frozen=True)
class Dealt:
    """``ended``: offers that end now; ``lapsed``: the standing ones stay beyond their time; ``offered``: new offers, each
    ``until``; ``tried``: who was asked in this round.
    """

    facts: DialogFacts
    tried: tuple[int, ...]
    step: Step | None = None
    ended: tuple[int, ...] = ()
    lapsed: bool = False
    offered: tuple[int, ...] = ()
    until: datetime | None = None
    is_first: bool = False


def queued(
    dialog_id: int,
    facts: DialogFacts,
    *,
    standing: Sequence[Standing],
    tried: Iterable[int],
    created_at: datetime,
    now: datetime,
    overdue: bool = False,
    responsible: Member | None = None,
) -> QueuedDialog:
    """The dialog as the routing policy wants it. ``overdue``: moves whatever its offer's time says (a skip)."""
    holders = frozenset(offer.employee_id for offer in standing)
    over = bool(holders) if facts.offer_until is None else facts.offer_until <= now
    return QueuedDialog(
        dialog_id=dialog_id,
        waiting_since=facts.clock_started_at or facts.queued_at or created_at,
        tried=frozenset(tried),
        holders=holders,
        overdue=overdue or over,
        runs=facts.offer_until is not None,
        asked_alone=any(offer.is_first and not offer.lapsed for offer in standing),
        responsible=responsible,
    )


def nothing_new(
    decision: Decision, facts: DialogFacts, standing: Sequence[Standing], *, now: datetime
) -> bool:
    """It waits, or stays with its holder, and that is known already: nothing is written, nobody is told."""
    over = facts.offer_until is not None and facts.offer_until <= now
    if decision.chosen or over or facts.distribute_since is not None:
        return False
    if decision.stays:
        return all(offer.lapsed for offer in standing)
    return True


def deal(
    decision: Decision,
    facts: DialogFacts,
    *,
    standing: Sequence[Standing],
    tried: Iterable[int],
    settings: LineSettings,
    now: datetime,
    opens: datetime | None = None,
    skipped: bool = False,
) -> Dealt:
    """``opens``: when the line opens again, None while it is open (Q3). ``skipped``: the standing offer's holder did it."""
    if not decision.chosen:
        return _left(decision, facts, tried=tuple(tried), settings=settings, now=now, opens=opens)
    is_first = decision.rule is Rule.RESPONSIBLE
    until = now + (settings.first_offer_time if is_first else settings.reoffer_every)
    adds = settings.distribution is Distribution.TO_ALL and not any(offer.is_first for offer in standing)
    asked = set() if decision.new_round else set(tried)
    step: Step | None = None
    ended: tuple[int, ...] = ()
    if standing and not adds:
        step = lifecycle.step(
            facts, Event.SKIP if skipped else Event.OFFER_LAPSES, settings=settings, now=now
        )
        facts = step.after
        ended = tuple(offer.employee_id for offer in standing)
        if not decision.new_round:
            asked |= set(ended)
    return Dealt(
        facts=lifecycle.offered(facts, until=until),
        tried=tuple(sorted(asked)),
        step=step,
        ended=ended,
        offered=decision.chosen,
        until=until,
        is_first=is_first,
    )


def _left(
    decision: Decision,
    facts: DialogFacts,
    *,
    tried: tuple[int, ...],
    settings: LineSettings,
    now: datetime,
    opens: datetime | None,
) -> Dealt:
    if not decision.stays:
        # "to all": nobody came within the hour, so the round is over
        left = () if facts.offer_until is not None else tried
        return Dealt(facts=lifecycle.left_waiting(facts), tried=left)
    if settings.distribution is Distribution.TO_ALL:
        until: datetime | None = now + settings.reoffer_every
    else:
        until = opens if decision.rule is Rule.RESTS else None  # Q3: rests until the line opens
    return Dealt(facts=lifecycle.offered(facts, until=until), tried=tried, lapsed=True)
