"""A reply counts when it is given; one that fails for good is taken back (§11 "What is a reply")."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from openlines import lifecycle
from openlines.lifecycle import Event
from openlines.models import Message, ReactionInterval
from openlines.policies.facts import DialogFacts, State
from openlines.services import dialog_notices
from openlines.services.change import DialogChange

_LOST = (Message.Delivery.FAILED, "")
"""Empty: its author took it back before it left."""


def undo(change: DialogChange, message: Message) -> None:
    """The operator's ``message`` failed for good: it is no answer (``take_back``), and the operator is told."""
    if message.author != Message.Author.OPERATOR or message.is_note:
        return
    change.record("reply_failed", actor_id=message.operator_id, message=message.pk)
    change.tell(change.facts.operator_id, message.operator_id)
    if change.facts.state is not State.SPAM:  # there it is meant not to arrive
        people = {pk for pk in (change.facts.operator_id, message.operator_id) if pk is not None}
        dialog_notices.reply_failed(change.dialog, to=people, reason=message.failure, now=change.now)
    take_back(change, message)


def take_back(change: DialogChange, message: Message) -> None:
    """The client never got the operator's ``message``: if no other of the same turn arrived, the clock runs on from its
    old start, and the dialog goes back to waiting. Writes nothing but interval rows itself.
    """
    interval = _interval(message)
    if interval is None or _others_arrived(message):
        return
    remaining = list(ReactionInterval.objects.filter(dialog_id=message.dialog_id).exclude(pk=interval.pk))
    facts = _recount(change.facts, remaining)
    interval.delete()
    if facts.first_reply_at is None and facts.marked_unanswered_at is not None and facts.is_open:
        facts = replace(facts, is_unanswered=True)  # A4: the reply that cleared the mark never was one
    if facts.state is State.ANSWERED:
        change.set_facts(facts)
        change.step(Event.REPLY_FAILS, first_message_at=interval.started_at)
    elif facts.state is State.WAITING:
        change.set_facts(replace(facts, clock_started_at=interval.started_at))
    elif facts.state in (State.WRAP_UP, State.CLOSED) and facts.finished_at:
        _no_answer(change, facts, interval)


def redo(change: DialogChange, message: Message) -> None:
    """A failed reply that was sent again has arrived: it is the answer the client waited for."""
    if message.author != Message.Author.OPERATOR or message.is_note:
        return
    if change.facts.state in (State.ACCEPTED, State.WAITING):
        change.step(Event.REPLY, actor_id=message.operator_id, operator_id=message.operator_id)


def _turn(message: Message) -> list[Message]:
    """Operators' messages between the client's messages around it."""
    rows = Message.objects.filter(dialog_id=message.dialog_id)
    from_client = rows.from_client()
    start = (
        from_client.filter(seq__lt=message.seq).order_by("-seq").values_list("seq", flat=True).first() or 0
    )
    end = from_client.filter(seq__gt=message.seq).order_by("seq").values_list("seq", flat=True).first()
    turn = rows.filter(author=Message.Author.OPERATOR, is_note=False, seq__gt=start)
    return list(turn.filter(seq__lt=end) if end else turn)


def _interval(message: Message) -> ReactionInterval | None:
    return ReactionInterval.objects.filter(reply__in=[m.pk for m in _turn(message)]).first()


def _others_arrived(message: Message) -> bool:
    """*Unknown* and what is still on its way count as given."""
    return any(m.pk != message.pk and m.delivery not in _LOST for m in _turn(message))


def _recount(facts: DialogFacts, intervals: list[ReactionInterval]) -> DialogFacts:
    """Figures from the runs that remain; the first reply's time too."""
    out = replace(
        facts,
        first_reaction=None,
        reaction_total=timedelta(),
        reaction_max=None,
        reaction_count=0,
        first_reply_at=None,
    )
    for one in intervals:
        answered = one.reply_id is not None
        out = lifecycle.count_reaction(out, lifecycle.Reaction(one.started_at, one.ended_at, answered))
        if answered and out.first_reply_at is None:
            out = replace(out, first_reply_at=one.ended_at)
    return out


def _no_answer(change: DialogChange, facts: DialogFacts, interval: ReactionInterval) -> None:
    """The dialog has ended meanwhile: the run counts as "no answer" up to its end."""
    ended = facts.finished_at or change.now
    ReactionInterval.objects.create(
        dialog_id=interval.dialog_id, started_at=interval.started_at, ended_at=ended
    )
    change.set_facts(
        lifecycle.count_reaction(facts, lifecycle.Reaction(interval.started_at, ended, answered=False))
    )
