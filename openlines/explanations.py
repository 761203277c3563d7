"""What happened in a dialog, and why it went where it went (Q11), in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines import reasons
from openlines.lifecycle import Event
from openlines.models import DialogEvent, OpenLine
from openlines.policies.automatic_actions import Why
from openlines.policies.routing import Obstacle, Rule

ROUTING = frozenset({"offered", "waits"})
"""Kinds of events that are decisions of the queue."""


@dataclass(frozen=True)
class Explanation:
    """``title``: a sentence; ``lines``: its reasons (who was passed over, and why); ``actor``: who did it, or empty."""

    event_id: int
    at: datetime
    kind: str
    title: str
    lines: tuple[str, ...]
    actor: str

    @property
    def is_routing(self) -> bool:
        return self.kind in ROUTING


@dataclass(frozen=True)
class Names:
    people: Mapping[int, str]
    lines: Mapping[int, str]

    def person(self, pk: int | None) -> str:
        return self.people.get(pk or 0) or _("somebody")

    def persons(self, pks: Iterable[int]) -> str:
        return ", ".join(self.person(pk) for pk in pks)

    def line(self, pk: int | None) -> str:
        return self.lines.get(pk or 0) or _("another line")


def explain(events: Iterable[DialogEvent], *, me: Employee | None = None) -> list[Explanation]:
    """Each event in words, in the order given. Two statements at most, however many events.

    ``me``: the reader, who is called "you". Earlier events among those given say when somebody was asked before, and
    with whom an offer stays.
    """
    events = list(events)
    names = _names(events, me=me)
    history = sorted(events, key=lambda event: event.pk or 0)
    return [
        Explanation(
            event_id=event.pk,
            at=event.at,
            kind=event.kind,
            title=capital(_sentence(event, names, history)),
            lines=_reasons(event, names, history),
            actor=names.person(event.actor_id) if event.actor_id else "",
        )
        for event in events
    ]


def names_of(
    people: Iterable[int | None], lines: Iterable[int | None] = (), *, me: Employee | None = None
) -> Names:
    """One statement for the people, one for the lines; none where nobody is asked for."""
    known = {me.pk: _("you")} if me else {}
    asked = {pk for pk in people if pk} - set(known)
    of_lines = {pk for pk in lines if pk}
    found = {one.pk: one.display_name for one in Employee.objects.filter(pk__in=asked)} if asked else {}
    named = dict(OpenLine.objects.filter(pk__in=of_lines).values_list("pk", "name")) if of_lines else {}
    return Names(people=found | known, lines=named)


def capital(words: str) -> str:
    """A sentence begins with a capital, whoever did it."""
    return words[:1].upper() + words[1:]


def _names(events: Iterable[DialogEvent], *, me: Employee | None) -> Names:
    people: set[int | None] = set()
    lines: set[int | None] = set()
    for event in events:
        data = event.data
        people |= {event.actor_id, data.get("to"), data.get("earlier")}
        people |= set(data.get("chosen") or ())
        people |= {one["employee_id"] for one in data.get("passed") or ()}
        lines |= {data.get("to_line"), data.get("earlier_line")}
    return names_of(people, lines, me=me)


# -- what people and the client did ---------------------------------------------------------------------------


def _sentence(event: DialogEvent, names: Names, history: Sequence[DialogEvent]) -> str:
    data = event.data
    if event.kind in ROUTING:
        return _decision(event, names, history)
    if event.kind == "text_dropped":
        return _dropped(data)
    words = _events().get(_variant(event))
    if words is None:
        return _("something happened that this version has no words for")
    sentence = words % {
        "who": names.person(event.actor_id),
        "to": names.person(data.get("to")),
        "earlier": names.person(data.get("earlier")),
        "line": names.line(data.get("to_line")),
        "stars": data.get("value", ""),
        "number": data.get("number", ""),
        "until": _moment(data.get("until")),
    }
    if event.kind == Event.OPERATOR_LOST and data.get("why"):
        return f"{sentence}: {_lost_because(event)}"
    return sentence


def _variant(event: DialogEvent) -> str:
    """The key of the sentence: some kinds have several."""
    kind, data = event.kind, event.data
    if kind == "created" and data.get("by_operator"):
        return "created_by_operator"
    if kind == Event.TRANSFER and data.get("earlier") not in (None, event.actor_id):
        return "transfer_of_another"
    if kind == Event.TAKE_OVER and data.get("earlier"):
        return "take_over_from"
    if kind == Event.ACCEPT and data.get("by_reply"):
        return "accept_by_reply"
    if kind == Event.ACCEPT and data.get("by_finish"):
        return "accept_by_finish"
    if kind == Event.OPERATOR_LOST and not data.get("why"):
        return "operator_away"
    if kind == Event.FINISH and data.get("outcome") == "not_solved":
        return "finish_not_solved"
    if kind == Event.FINISH and data.get("consent_refused"):
        return "finish_by_refusal"
    if kind == "released" and data.get("by_client"):
        return "released_by_client"
    if kind == "rated":
        return "rated_good" if data.get("value") else "rated_bad"
    if kind == "consent":
        return f"consent_{data.get('decision')}_{data.get('how')}"
    return kind


def _events() -> dict[str, str]:
    return {
        "created": _("the client began a dialog"),
        "created_by_operator": _("started by %(who)s"),
        "dealt_anew": _("the queue was changed: offers are dealt anew"),
        "offer_held": _("the offer is held while an answer is written (by %(who)s)"),
        "finish_undone": _("%(who)s undid the finishing"),
        "finish_called_off": _("not finished after all, for something came meanwhile"),
        "marked_unanswered": _("marked as unanswered"),
        "reply_failed": _("a reply did not reach the client (by %(who)s)"),
        "reply_withdrawn": _("%(who)s took a reply back before it left"),
        "client_blocked": _("the client has blocked us"),
        "client_reachable": _("the client can be reached again"),
        "transfer_of_another": _("transferred by %(who)s from %(earlier)s to %(to)s"),
        "take_over_from": _("taken over by %(who)s from %(earlier)s"),
        "accept_by_reply": _("accepted by %(who)s with a reply"),
        "accept_by_finish": _("accepted by %(who)s to finish it"),
        "rated_good": _("the client rated it: good"),
        "rated_bad": _("the client rated it: bad"),
        "rated_by_supervisor": _("rated by %(who)s: %(stars)s of 5"),
        "rating_explained": _("the client said why they rated it so"),
        "consent_given_writing": _("the client consented by writing on"),
        "consent_given_button": _("the client consented"),
        "consent_refused_button": _("the client refused consent"),
        "consent_refused_operator": _("%(who)s noted that the client refuses consent"),
        "consent_withdrawn_operator": _("%(who)s withdrew the client's consent at the client's request"),
        "pinned": _("pinned by %(who)s: it does not close by itself so soon"),
        "unpinned": _("no longer pinned"),
        "snoozed": _("put aside by %(who)s until %(until)s"),
        "awake": _("no longer put aside"),
        "frozen": _("the line was switched off: everything stands still"),
        "resumed": _("the line was switched on again"),
        "continued": _("continued in No. %(number)s: it is the same person"),
        "continues": _("continues No. %(number)s: it is the same person"),
        "released": _("released after the line was off"),
        "released_by_client": _("the client wrote again, so what had waited is shown"),
        "finish_not_solved": _("finished by %(who)s: not solved"),
        "finish_by_refusal": _("finished without texts, because consent was refused"),
        "operator_away": _("taken back from %(earlier)s: away, or no longer in the queue"),
        Event.CLIENT_WRITES: _("the client wrote again"),
        Event.BOT_ANSWERS: _("the bot answered"),
        Event.HAND_OVER: _("the bot handed over to people"),
        Event.BOT_FINISHES: _("the bot finished"),
        Event.ACCEPT: _("accepted by %(who)s"),
        Event.TAKE_OVER: _("taken over by %(who)s"),
        Event.TRANSFER: _("transferred by %(who)s to %(to)s"),
        Event.REPLY: _("answered by %(who)s"),
        Event.REPLY_FAILS: _("a reply failed for good, so the client waits again"),
        Event.WRITTEN_OUTSIDE: _("answered outside, in the channel's own app"),
        Event.TRANSFER_TO_LINE: _("transferred by %(who)s to the line %(line)s"),
        Event.BACK_TO_QUEUE: _("given back to the queue by %(who)s"),
        Event.OPERATOR_LOST: _("taken back from %(earlier)s"),
        Event.OFFER_LAPSES: _("the offer lapsed"),
        Event.SKIP: _("skipped by %(who)s"),
        Event.FINISH: _("finished by %(who)s"),
        Event.AUTO_CLOSE: _("closed by itself: the client has not written for a long time"),
        Event.TIME_OVER: _("fully closed"),
        Event.RATED_AND_CLOSED: _("closed by the client's rating"),
        Event.SPAM: _("marked as spam by %(who)s"),
    }


def _lost_because(event: DialogEvent) -> str:
    """Q9. ``why``: an obstacle, or that he is not in the queue any more."""
    if event.data["why"] == "left_queue":
        return _("no longer in the queue")
    return reasons.obstacle(event.data["why"], event.data.get("detail") or "", near=event.at)


def _dropped(data: Mapping[str, Any]) -> str:
    """§6: what was due, and why it was not sent."""
    return _("an automatic text was not sent: %(why)s") % {"why": dropped_because(str(data.get("reason")))}


def dropped_because(reason: str) -> str:
    words: dict[str, str] = {
        str(Why.LATE): _("it was too late for it"),
        str(Why.OUTDATED): _("it was no longer true"),
        str(Why.WINDOW_OVER): _("the channel allows none so long after the client's last message"),
        str(Why.MACHINE): _("the client's message was written by a machine"),
        str(Why.TOO_MANY): _("this sender has had so many of them within an hour that it may be a machine"),
        str(Why.LINE_OFF): _("the line is switched off"),
    }
    return words.get(reason, _("the client cannot be reached"))


def _moment(value: object) -> str:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return ""
    return str(date_format(timezone.localtime(at), "DATETIME_FORMAT"))


# -- routing --------------------------------------------------------------------------------------------------


def _decision(event: DialogEvent, names: Names, history: Sequence[DialogEvent]) -> str:
    data = event.data
    people = names.persons(data.get("chosen") or _holders(event, history))
    words = reasons.decided(
        data.get("rule"),
        people=people if data.get("chosen") or _stays(data) else "",
        stays=bool(data.get("stays")),
        new_round=bool(data.get("new_round")),
        obstacles=[one.get("obstacle") for one in data.get("passed") or ()],
    )
    if data.get("hook_failure"):
        words += " " + _("(who is responsible for the client could not be found out)")
    return words


def _stays(data: Mapping[str, Any]) -> bool:
    return bool(data.get("stays")) or data.get("rule") in (Rule.STAYS_ALONE, Rule.RESTS)


def _holders(event: DialogEvent, history: Sequence[DialogEvent]) -> list[int]:
    """With whom an offer stays: who is said to hold it, else whom the last decision before chose."""
    if not _stays(event.data):
        return []
    said = [
        one["employee_id"]
        for one in event.data.get("passed") or ()
        if one.get("obstacle") == Obstacle.HOLDS_OFFER
    ]
    if said:
        return said
    chosen = [
        one.data.get("chosen") for one in history if one.kind == "offered" and (one.pk or 0) < (event.pk or 0)
    ]
    return list(chosen[-1] or ()) if chosen else []


def _reasons(event: DialogEvent, names: Names, history: Sequence[DialogEvent]) -> tuple[str, ...]:
    """As in: Anna: offline since 09:14. Whom the offer stays with counts as full by it (Q5): that is no reason."""
    holders = set(_holders(event, history))
    return tuple(
        f"{capital(names.person(one.get('employee_id')))}: {_reason(one, event, history, holders)}"
        for one in event.data.get("passed") or ()
    )


def _reason(
    one: Mapping[str, Any], event: DialogEvent, history: Sequence[DialogEvent], holders: Collection[int]
) -> str:
    pk, kind, detail = one.get("employee_id"), one.get("obstacle"), one.get("detail") or ""
    if kind == Obstacle.TRIED:
        return _tried(pk, event, history, detail)
    if kind == Obstacle.FULL and pk in holders:
        return reasons.obstacle(Obstacle.HOLDS_OFFER, near=event.at)
    if kind == Obstacle.HOLDS_OFFER and event.data.get("chosen"):
        return _("had the offer until now, and did not accept it")
    return reasons.obstacle(kind, detail, near=event.at)


def _tried(pk: int | None, event: DialogEvent, history: Sequence[DialogEvent], detail: str) -> str:
    """When he was asked before, or how he came to have had it."""
    for earlier in reversed(history):
        if (earlier.pk or 0) >= (event.pk or 0):
            continue
        when = {"when": reasons.moment(earlier.at, near=event.at)}
        if earlier.kind == Event.BACK_TO_QUEUE and earlier.actor_id == pk:
            return _("gave it back at %(when)s") % when
        if earlier.kind == Event.OPERATOR_LOST and earlier.data.get("earlier") == pk:
            return _("had it until %(when)s") % when
        if earlier.kind == "offered" and pk in (earlier.data.get("chosen") or ()):
            return reasons.obstacle(Obstacle.TRIED, earlier.at.isoformat(), near=event.at)
    return reasons.obstacle(Obstacle.TRIED, detail, near=event.at)
