"""The reasons of the queue in plain words (Q11): the rule that chose, and why each of the others was passed over.

Used for what was decided (``explanations``), for what still waits (``still_waiting``) and for what would be decided
(``admin/forecast``). Sentences carry no name as their subject, so that "you" can stand in the place of any name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import TypeVar

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openlines.policies.routing import Obstacle, Rule

Kind = TypeVar("Kind", Rule, Obstacle)

WAITS = frozenset({Rule.NOBODY_FREE, Rule.EMPTY_QUEUE})
"""Rules by which a dialog waits with nobody."""


def known(kind: type[Kind], value: object) -> Kind | None:
    """The member, or None for what an older or newer version has written."""
    return next((member for member in kind if member == value), None)


def moment(value: datetime | str, *, near: datetime, seconds: bool = False) -> str:
    """A time in the reader's zone: ``09:14`` on the day of ``near``, else with its day; a midnight is its day alone.

    ``value`` may be ISO text; what is neither comes back as it is.
    """
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError:
        return str(value)
    if timezone.is_naive(instant):
        instant = timezone.make_aware(instant)
    at, beside = timezone.localtime(instant), timezone.localtime(near)
    day = _("j M") if at.year == beside.year else _("j M Y")
    if at.time() == time():
        return date_format(at, day)
    if at.date() == beside.date():
        return date_format(at, "H:i:s" if seconds else "H:i")
    return date_format(at, f"{day} H:i")


# -- who was passed over --------------------------------------------------------------------------------------


def obstacle(kind: object, detail: str = "", *, near: datetime) -> str:
    """Why somebody is no candidate or was not chosen, as in "on leave since 2 Mar"; ``detail`` as routing stores it.

    ``near``: when it was decided.
    """
    member = known(Obstacle, kind)
    if member is None:
        words = _("passed over for a reason that this version does not know")
        return f"{words} ({moment(detail, near=near)})" if detail else words
    if member is Obstacle.FULL:
        return _full(detail)
    if detail and member in _dated():
        return _dated()[member] % {"when": moment(detail, near=near)}
    return _bare()[member]


def _full(detail: str) -> str:
    """``detail``: counted/limit (Q5); empty where an older dialog takes the last place in the same distribution."""
    counted, _slash, limit = detail.partition("/")
    if counted.isdigit() and limit.isdigit():
        return _("at the limit: %(counted)s of %(limit)s dialogs") % {"counted": counted, "limit": limit}
    return _("as many dialogs as allowed")


def _bare() -> dict[Obstacle, str]:
    return {
        Obstacle.DISMISSED: _("no longer works here"),
        Obstacle.ON_LEAVE: _("on leave"),
        Obstacle.ON_BREAK: _("on a break"),
        Obstacle.DAY_NOT_STARTED: _("the work day has not begun"),
        Obstacle.OFFLINE: _("offline, not seen at the desk yet"),
        Obstacle.TRIED: _("asked already in this round"),
        Obstacle.HOLDS_OFFER: _("the offer stands there now"),
        Obstacle.LATER_IN_ORDER: _("free, but later in the list"),
        Obstacle.ASSIGNED_LATER: _("free, but got a dialog more recently"),
    }


def _dated() -> dict[Obstacle, str]:
    return {
        Obstacle.ON_LEAVE: _("on leave since %(when)s"),
        Obstacle.ON_BREAK: _("on a break since %(when)s"),
        Obstacle.OFFLINE: _("offline since %(when)s"),
        Obstacle.TRIED: _("asked already in this round, at %(when)s"),
        Obstacle.ASSIGNED_LATER: _("free, but got a dialog more recently, at %(when)s"),
    }


# -- the rule -------------------------------------------------------------------------------------------------


def decided(
    rule: object, *, people: str, stays: bool, new_round: bool, obstacles: Iterable[object] = ()
) -> str:
    """What was decided, as in "offered to Anna: longest without a new dialog on this line".

    ``people``: those it went to or stays with, joined; may be empty where nobody knows. ``obstacles``: of those who
    were passed over.
    """
    member = known(Rule, rule)
    if stays or member in (Rule.STAYS_ALONE, Rule.RESTS):
        return _stays(member, people)
    if member in WAITS or not people:
        return _waits(member, obstacles)
    words = {
        Rule.LONGEST_WITHOUT: _("offered to %(people)s: longest without a new dialog on this line"),
        Rule.FIRST_IN_ORDER: _("offered to %(people)s: the first free person in the order of the queue"),
        Rule.EVERYBODY: _("offered to everybody free at once: %(people)s"),
        Rule.RESPONSIBLE: _("offered to %(people)s first: responsible for this client"),
    }.get(member or Rule.STAYS_ALONE, _("offered to %(people)s")) % {"people": people}
    if not new_round:
        return words
    if member is Rule.EVERYBODY:
        return words + " " + _("(also to who had skipped it)")
    return words + " " + _("(everybody free had been asked, so a new round began)")


def _stays(rule: Rule | None, people: str) -> str:
    if rule is Rule.EVERYBODY:
        return _("stays offered to everybody free: nobody has accepted it yet")
    if rule is Rule.RESTS:
        return _(
            "rests with %(people)s until the line opens: outside working hours everybody is asked once, "
            "and anybody of the queue may accept it"
        ) % {"people": people or _("the last one asked")}
    if people:
        return _("stays with %(people)s: nobody else is free") % {"people": people}
    return _("stays where it is: nobody else is free")


def _waits(rule: Rule | None, obstacles: Iterable[object]) -> str:
    if rule is Rule.EMPTY_QUEUE:
        return _("waits: there is nobody in the queue")
    found = {known(Obstacle, one) for one in obstacles}
    if Obstacle.FULL in found:
        return _("waits: whoever is available has as many dialogs as allowed")
    if found:
        return _("waits: nobody in the queue is available")
    return _("waits: nobody in the queue is free")
