"""The line's page "Next dialog": what would happen to a dialog that came now, by the same policy; nothing is written (Q11)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="misc,no-any-return"

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openlines import hooks, reasons
from openlines.admin.access import lines_for, may_view
from openlines.admin.block_page import tabs
from openlines.admin.durations import in_words
from openlines.explanations import Names, names_of
from openlines.models import OpenLine
from openlines.policies import routing as policy
from openlines.policies.facts import Distribution, LineSettings
from openlines.policies.routing import Member, Obstacle, Rule
from openlines.services import routing
from openlines.services.settings import line_settings


@dataclass(frozen=True)
class Place:
    """A member of the queue. ``now``: free, or why not; ``room``, ``turn``: words, empty where they do not matter;
    ``outcome``: why a free person would not get it."""

    employee_id: int
    name: str
    is_free: bool
    now: str
    room: str
    turn: str
    is_chosen: bool
    outcome: str


@dataclass(frozen=True)
class Shown:
    """``then``: what follows when it is not accepted. ``ahead``: dialogs that wait and come first."""

    at: datetime
    sentence: str
    then: str
    ahead: int
    places: tuple[Place, ...]
    has_limit: bool
    has_turns: bool
    asks_responsible: bool


def look(line: OpenLine, *, now: datetime) -> Shown:
    """The queue's present facts and what follows from them. As many statements as a distribution, none of them writing."""
    settings = line_settings(line)
    found = routing.forecast(line, now=now, settings=settings)
    names = names_of(member.employee_id for member in found.members)
    return Shown(
        at=now,
        sentence=_sentence(found.decision, names),
        then=_then(found, names, settings=settings, now=now),
        ahead=found.ahead,
        places=tuple(_place(one, found.decision, names, settings=settings, now=now) for one in found.members),
        has_limit=settings.limit is not None,
        has_turns=settings.distribution is Distribution.EVENLY,
        asks_responsible=hooks.asks_responsible(),
    )


def _sentence(decision: policy.Decision, names: Names) -> str:
    people = {"people": names.persons(decision.chosen)}
    if decision.chosen:
        return {
            Rule.LONGEST_WITHOUT: _("It would be offered to %(people)s: longest without a new dialog here."),
            Rule.FIRST_IN_ORDER: _("It would be offered to %(people)s: the first free person in the list."),
            Rule.EVERYBODY: _("It would be offered to everybody free at once: %(people)s."),
        }.get(decision.rule, _("It would be offered to %(people)s.")) % people
    if decision.rule is Rule.EMPTY_QUEUE:
        return _("It would wait: there is nobody in the queue.")
    if any(one.obstacle is Obstacle.FULL for one in decision.passed):
        return _("It would wait: whoever is available has as many dialogs as allowed.")
    return _("It would wait: nobody in the queue is available.")


def _then(found: routing.Forecast, names: Names, *, settings: LineSettings, now: datetime) -> str:
    """The next step, where it can be told: others may come and go before that."""
    chosen = found.decision.chosen
    if not chosen:
        return _("It would be offered in the same second in which somebody becomes free.")
    if settings.distribution is Distribution.TO_ALL:
        return _("The first to accept would hold it.")
    if found.ahead:
        return ""
    lapsed = policy.QueuedDialog(0, now, tried=frozenset(chosen), holders=frozenset(chosen), overdue=True)
    following = policy.plan(settings.distribution, found.members, [lapsed], now=now)[0]
    words = {
        "time": in_words(settings.idle_time),
        "people": names.persons(following.chosen or chosen),
    }
    if following.stays:
        return _("Not accepted within %(time)s, it would stay there: nobody else is free.") % words
    return _("Not accepted within %(time)s, it would go on to %(people)s.") % words


def _place(
    member: Member, decision: policy.Decision, names: Names, *, settings: LineSettings, now: datetime
) -> Place:
    why = next((one for one in decision.passed if one.employee_id == member.employee_id), None)
    return Place(
        employee_id=member.employee_id,
        name=names.person(member.employee_id),
        is_free=member.free,
        now=_("free") if member.free else _why_not(member, now=now),
        room=_room(member, settings),
        turn=_turn(member, now=now),
        is_chosen=member.employee_id in decision.chosen,
        outcome=_outcome(why, now=now) if member.free and why else "",
    )


def _why_not(member: Member, *, now: datetime) -> str:
    return reasons.obstacle(member.obstacle or Obstacle.FULL, member.detail, near=now)


def _room(member: Member, settings: LineSettings) -> str:
    if member.room is None or settings.limit is None:
        return ""
    return ngettext("%(room)d of %(limit)d left", "%(room)d of %(limit)d left", member.room) % {
        "room": member.room,
        "limit": settings.limit,
    }


def _turn(member: Member, *, now: datetime) -> str:
    if member.last_assigned_at is None:
        return _("none yet")
    return reasons.moment(member.last_assigned_at, near=now, seconds=True)


def _outcome(why: policy.PassedOver, *, now: datetime) -> str:
    """Of somebody free; the time of his last turn stands beside."""
    match why.obstacle:
        case Obstacle.FULL:
            return _("the last place goes to a dialog that waits already")
        case Obstacle.ASSIGNED_LATER:
            return _("got a dialog more recently")
        case Obstacle.LATER_IN_ORDER:
            return _("later in the list")
    return reasons.obstacle(why.obstacle, why.detail, near=now)


class ForecastPages:
    """For the lines' ModelAdmin: the page, and with ``?part=`` the fragments that it and the queue's page refresh."""

    admin_site: Any
    media: Any

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:line_id>/forecast/",
            self.admin_site.admin_view(self.forecast_view),
            name="openlines_openline_forecast",
        )
        return [page, *super().get_urls()]

    def forecast_view(self, request: HttpRequest, line_id: int) -> HttpResponse:
        line = lines_for(request, OpenLine.objects.all()).filter(pk=line_id).first()
        if line is None:
            if not may_view(request):
                raise PermissionDenied
            raise Http404(_("There is no such line, or you may not see it."))
        context = {"line": line, "forecast": look(line, now=timezone.now())}
        match request.GET.get("part"):
            case "short":
                return render(request, "admin/openlines/_forecast_short.html", context)
            case "whole":
                return render(request, "admin/openlines/_forecast.html", context)
        context |= {
            **self.admin_site.each_context(request),
            "opts": OpenLine._meta,
            "title": line.name,
            "subtitle": _("Next dialog"),
            "original": line,
            "inline_admin_formsets": [],
            "media": self.media,
            "tabs_list": tabs(line, active="forecast"),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/openlines/forecast.html", context)
