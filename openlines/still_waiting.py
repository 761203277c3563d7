"""Why a dialog in the queue still waits, at this moment (Q11): nothing is stored, the policy is asked once more.

The stored decision may be an hour old: whoever was offline then may be at his limit now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines import reasons
from openlines.explanations import Names, capital, names_of
from openlines.models import Dialog, Offer
from openlines.policies import routing as policy
from openlines.policies.facts import IN_QUEUE, Distribution, LineSettings, State
from openlines.services import queue_members
from openlines.services.settings import line_settings


@dataclass(frozen=True)
class StillWaiting:
    """``since``: what its place in the queue counts from (Q7). ``title``: a sentence; ``lines``: why nobody gets it.

    ``until``: when the offer that stands goes on to somebody else, if somebody is free then.
    """

    since: datetime
    waited: timedelta
    title: str
    lines: tuple[str, ...] = ()
    until: datetime | None = None


def still_waiting(dialog: Dialog, *, now: datetime, me: Employee | None = None) -> StillWaiting | None:
    """None for a dialog that is not in the queue. Seven statements at most; ``me`` is called "you"."""
    if State(dialog.state) not in IN_QUEUE:
        return None
    since = dialog.clock_started_at or dialog.queued_at or dialog.created_at
    waited = max(now - since, timedelta())
    settings = line_settings(dialog.line)
    offers = list(Offer.objects.filter(dialog=dialog, ended_at__isnull=True).order_by("offered_at", "pk"))
    if offers:
        names = names_of([offer.employee_id for offer in offers], me=me)
        until = dialog.offer_until if dialog.offer_until and dialog.offer_until > now else None
        title = capital(_offered(offers, names, settings, goes_on=until is not None))
        return StillWaiting(since, waited, title, until=until)
    title, lines = _nobody(dialog, since, settings=settings, now=now, me=me)
    return StillWaiting(since, waited, capital(title), lines)


def _offered(offers: list[Offer], names: Names, settings: LineSettings, *, goes_on: bool) -> str:
    people = {"people": names.persons(offer.employee_id for offer in offers)}
    if offers[0].is_first:
        return _("offered to %(people)s, who is responsible for this client, and not accepted yet") % people
    if settings.distribution is Distribution.TO_ALL:
        return _("offered to everybody free at once, and nobody has accepted it yet: %(people)s") % people
    if goes_on:
        return _("offered to %(people)s and not accepted yet") % people
    return _("offered to %(people)s; it stays there, for nobody else is free") % people


def _nobody(
    dialog: Dialog, since: datetime, *, settings: LineSettings, now: datetime, me: Employee | None
) -> tuple[str, tuple[str, ...]]:
    members = queue_members.members(dialog.line_id, settings=settings, now=now)
    queued = policy.QueuedDialog(dialog.pk, since, tried=frozenset(dialog.tried))
    decision = policy.plan(settings.distribution, members, [queued], now=now)[0]
    if decision.chosen and settings.distribution is Distribution.TO_ALL and dialog.offer_until:
        return _("whoever is free has skipped it; it is offered to all again within the hour"), ()
    if decision.chosen:
        return _("it is being handed out at this moment"), ()
    names = names_of([one.employee_id for one in decision.passed], me=me)
    title = reasons.decided(
        decision.rule,
        people="",
        stays=False,
        new_round=False,
        obstacles=[one.obstacle for one in decision.passed],
    )
    return title, tuple(
        f"{capital(names.person(one.employee_id))}: {reasons.obstacle(one.obstacle, one.detail, near=now)}"
        for one in decision.passed
    )
