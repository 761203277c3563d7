"""What happened in a dialog, and why it went where it went (Q11), in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.lifecycle import Event
from openlines.models import DialogEvent, OpenLine
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
class _Names:
    people: Mapping[int, str]
    lines: Mapping[int, str]

    def person(self, pk: int | None) -> str:
        return self.people.get(pk or 0) or _("somebody")

    def line(self, pk: int | None) -> str:
        return self.lines.get(pk or 0) or _("another line")


def explain(events: Iterable[DialogEvent], *, me: Employee | None = None) -> list[Explanation]:
    """Each event in words, in the order given. Two statements at most, however many events.

    ``me``: the reader, who is called "you".
    """
    events = list(events)
    names = _names(events, me=me)
    return [
        Explanation(
            event_id=event.pk,
            at=event.at,
            kind=event.kind,
            title=_capital(_sentence(event, names)),
            lines=tuple(_passed(one, names) for one in event.data.get("passed") or ()),
            actor=names.person(event.actor_id) if event.actor_id else "",
        )
        for event in events
    ]


def _names(events: Iterable[DialogEvent], *, me: Employee | None) -> _Names:
    people: set[int] = set()
    lines: set[int] = set()
    for event in events:
        data = event.data
        people |= {pk for pk in (event.actor_id, data.get("to"), data.get("earlier")) if pk}
        people |= set(data.get("chosen") or ())
        people |= {one["employee_id"] for one in data.get("passed") or ()}
        lines |= {pk for pk in (data.get("to_line"), data.get("earlier_line")) if pk}
    known = {me.pk: _("you")} if me else {}
    asked = people - set(known)
    found = {one.pk: one.display_name for one in Employee.objects.filter(pk__in=asked)} if asked else {}
    named = dict(OpenLine.objects.filter(pk__in=lines).values_list("pk", "name")) if lines else {}
    return _Names(people=found | known, lines=named)


def _capital(words: str) -> str:
    """A sentence begins with a capital, whoever did it."""
    return words[:1].upper() + words[1:]


def _sentence(event: DialogEvent, names: _Names) -> str:
    data = event.data
    if event.kind in ROUTING:
        return _decision(data, names)
    if event.kind == "text_dropped":
        return _dropped(data)
    kind = event.kind
    if kind == "created" and data.get("by_operator"):
        kind = "created_by_operator"
    if kind == Event.TRANSFER and data.get("earlier") not in (None, event.actor_id):
        kind = "transfer_of_another"
    words = _events().get(kind)
    if words is None:
        return kind.replace("_", " ")
    return words % {
        "who": names.person(event.actor_id),
        "to": names.person(data.get("to")),
        "earlier": names.person(data.get("earlier")),
        "line": names.line(data.get("to_line")),
    }


def _events() -> dict[str, str]:
    return {
        "created": _("the client began a dialog"),
        "created_by_operator": _("started by %(who)s"),
        "dealt_anew": _("the queue was changed: offers are dealt anew"),
        "marked_unanswered": _("marked as unanswered"),
        "reply_failed": _("a reply did not reach the client (by %(who)s)"),
        "client_blocked": _("the client has blocked us"),
        "client_reachable": _("the client can be reached again"),
        "transfer_of_another": _("transferred by %(who)s from %(earlier)s to %(to)s"),
        Event.CLIENT_WRITES: _("the client wrote again"),
        Event.HAND_OVER: _("the bot handed over to people"),
        Event.BOT_FINISHES: _("the bot finished"),
        Event.ACCEPT: _("accepted by %(who)s"),
        Event.TAKE_OVER: _("taken over by %(who)s"),
        Event.TRANSFER: _("transferred by %(who)s to %(to)s"),
        Event.TRANSFER_TO_LINE: _("transferred by %(who)s to the line %(line)s"),
        Event.BACK_TO_QUEUE: _("given back to the queue by %(who)s"),
        Event.OPERATOR_LOST: _("back to the queue: %(earlier)s is away"),
        Event.OFFER_LAPSES: _("the offer lapsed"),
        Event.SKIP: _("skipped by %(who)s"),
        Event.FINISH: _("finished by %(who)s"),
        Event.AUTO_CLOSE: _("closed by itself: the client has not written for a long time"),
        Event.TIME_OVER: _("fully closed"),
        Event.RATED_AND_CLOSED: _("closed by the client's rating"),
        Event.SPAM: _("marked as spam by %(who)s"),
    }


def _dropped(data: Mapping[str, Any]) -> str:
    if data.get("reason") == "late":
        return _("an automatic text was not sent: it was too late for it")
    return _("an automatic text was not sent: the client cannot be reached")


# -- routing (Q11) --------------------------------------------------------------------------------------------


def _decision(data: Mapping[str, Any], names: _Names) -> str:
    people = {"people": ", ".join(names.person(pk) for pk in data.get("chosen") or ())}
    words = {
        Rule.LONGEST_WITHOUT: _("offered to %(people)s: longest without a new dialog on this line"),
        Rule.FIRST_IN_ORDER: _("offered to %(people)s: the first free person in the order of the queue"),
        Rule.EVERYBODY: _("offered to everybody free at once: %(people)s"),
        Rule.RESPONSIBLE: _("offered to %(people)s first: responsible for this client"),
        Rule.STAYS_ALONE: _("stays where it is: nobody else is free"),
        Rule.NOBODY_FREE: _("waits: nobody in the queue is free"),
        Rule.EMPTY_QUEUE: _("waits: there is nobody in the queue"),
    }.get(_known(Rule, data.get("rule")), _("offered to %(people)s"))
    if data.get("new_round"):
        words += " " + _("(everybody free had been asked, so a new round began)")
    return words % people


def _passed(one: Mapping[str, Any], names: _Names) -> str:
    """As in: Anna: offline (since 09:14)."""
    words = {
        Obstacle.DISMISSED: _("no longer works here"),
        Obstacle.ON_LEAVE: _("on leave"),
        Obstacle.ON_BREAK: _("on a break"),
        Obstacle.DAY_NOT_STARTED: _("the work day has not begun"),
        Obstacle.OFFLINE: _("offline"),
        Obstacle.FULL: _("as many dialogs as allowed"),
        Obstacle.TRIED: _("offered already in this round"),
        Obstacle.HOLDS_OFFER: _("it is offered here now"),
        Obstacle.LATER_IN_ORDER: _("stands later in the queue"),
        Obstacle.ASSIGNED_LATER: _("got a dialog more recently"),
    }.get(_known(Obstacle, one.get("obstacle")), str(one.get("obstacle", "")))
    detail = f" ({_detail(one['detail'])})" if one.get("detail") else ""
    return f"{_capital(names.person(one.get('employee_id')))}: {words}{detail}"


def _detail(detail: str) -> str:
    """A time is said in the reader's zone, with the day unless it is today; anything else as it is ("5/5")."""
    try:
        at = timezone.localtime(datetime.fromisoformat(detail))
    except ValueError:
        return detail
    return date_format(at, "H:i" if at.date() == timezone.localdate() else "j M H:i")


def _known(kind: type[Rule] | type[Obstacle], value: object) -> Any:
    """The member, or None for what an older or newer version has written."""
    return next((member for member in kind if member == value), None)
