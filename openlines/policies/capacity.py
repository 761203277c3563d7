"""Q5: how many dialogs an operator has on a line, as the limit counts them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from openlines.policies.facts import DialogFacts, LimitLeavesOut, LineSettings, State


@dataclass(frozen=True)
class Load:
    """An operator's dialogs on one line. ``offers``: standing ones, those of "to all" not among them.

    ``accepted`` and ``waiting`` are the states of those names; ``answered_before``: of these, the ones he has replied
    in at least once. ``answered``: the ball is with the client.
    """

    offers: int = 0
    accepted: int = 0
    waiting: int = 0
    answered: int = 0
    answered_before: int = 0


def counted(load: Load, leaves_out: LimitLeavesOut) -> int:
    """What counts against the limit; wrap-up never does."""
    held = load.accepted + load.waiting
    match leaves_out:
        case LimitLeavesOut.ANSWERED:
            held -= load.answered_before
        case LimitLeavesOut.CLOSED:
            held += load.answered
        case LimitLeavesOut.WAITING:
            pass
    return load.offers + held


def room(load: Load, settings: LineSettings) -> int | None:
    """Dialogs that automatic distribution may still give him; None: no limit. Lowering it takes nothing away."""
    if settings.limit is None:
        return None
    return max(settings.limit - counted(load, settings.limit_leaves_out), 0)


def may_free_a_slot(before: DialogFacts, after: DialogFacts, settings: LineSettings) -> bool:
    """Whether this change can leave somebody with fewer counted dialogs (Q7: offered the moment a slot frees)."""
    if settings.limit is None or before.state is State.WITH_BOT:
        return False
    if before.operator_id not in (None, after.operator_id):
        return True
    if before.offer_until is not None and before.offer_until != after.offer_until:
        return True
    return before.state != after.state and after.state in (
        State.ANSWERED,
        State.WRAP_UP,
        State.CLOSED,
        State.SPAM,
    )
