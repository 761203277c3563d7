"""The line's page "Try it": an administrator talks to the line as a customer, on a virtual clock.

The page holds the script of what was done; each answer plays it again with the policies that run live. No dialog, no
CRM record, no message: nothing here writes. Changes that are not saved yet come from a block page as a signed draft.
"""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="misc,no-any-return"

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings as project
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.admin.access import lines_for, may_view
from openlines.admin.block_page import tabs
from openlines.connectors import registry
from openlines.models import Connection, OpenLine
from openlines.policies import worktime
from openlines.policies.conversants import Channel
from openlines.policies.facts import IN_QUEUE, OPEN, LineSettings, State
from openlines.sandbox import draft as drafts
from openlines.sandbox import script, telling
from openlines.sandbox.draft import Draft
from openlines.sandbox.script import Deed, Played, Unreadable
from openlines.sandbox.world import Person, World
from openlines.services import queue_members
from openlines.services.automatic_actions import channel_of

WAITS = (60, 300, 900, 3600, 4 * 3600, 24 * 3600)
CHANNELS = ("livechat", "telegram", "sms")
"""What the channels' differences come down to: a chat of our own, buttons, plain text."""


@dataclass(frozen=True)
class Setup:
    """What the customer is like. ``start``: where the virtual clock begins."""

    channel: str
    language: str
    known: bool
    start: datetime


class TryPages:
    """For the lines' ModelAdmin: GET the page, POST a deed; with ``X-Requested-With`` only the part that changes."""

    admin_site: Any
    media: Any

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:line_id>/try/",
            self.admin_site.admin_view(self.try_view),
            name="openlines_openline_try",
        )
        return [page, *super().get_urls()]

    def try_view(self, request: HttpRequest, line_id: int) -> HttpResponse:
        line = lines_for(request, OpenLine.objects.all()).filter(pk=line_id).first()
        if line is None:
            if not may_view(request):
                raise PermissionDenied
            raise Http404(_("There is no such line, or you may not see it."))
        return page(self.admin_site, request, line, media=self.media)


def page(
    admin_site: Any, request: HttpRequest, line: OpenLine, *, draft: Draft | None = None, media: Any = ""
) -> HttpResponse:
    """``draft``: unsaved changes of a block page that the request has just brought; else what the page carries."""
    posted = request.POST if request.method == "POST" and draft is None else {}
    draft = draft or drafts.load(str(posted.get("draft", "")))
    settings = drafts.settings_of(line, draft)
    zone = ZoneInfo(settings.working_time.zone if settings.working_time else project.TIME_ZONE)
    setup = _setup(posted, zone=zone)
    try:
        deeds = script.read(str(posted.get("script", "")))
        deed = _deed(posted, zone=zone)
        if posted.get("do") == "undo":
            deeds = deeds[:-1]
        elif posted.get("do") == "restart":
            deeds = []
        elif deed:
            deeds = [*deeds, deed]
        played = script.play(_world(line, settings, draft, setup), deeds)
    except (Unreadable, ValueError, TypeError):
        return HttpResponseBadRequest(_("This page is out of order. Load it again."))
    context = {
        "line": line,
        **_shown(played, setup, settings, zone=zone),
        "draft": drafts.dump(draft),
        "tries_draft": bool(draft),
        "draft_page": _draft_page(line, draft),
    }
    if request.headers.get("X-Requested-With") == "fetch":
        return render(request, "admin/openlines/_try.html", context)
    context |= {
        **admin_site.each_context(request),
        "opts": OpenLine._meta,
        "title": line.name,
        "subtitle": _("Try it"),
        "original": line,
        "inline_admin_formsets": [],
        "media": media,
        "tabs_list": tabs(line, active="try"),
    }
    request.current_app = admin_site.name
    return TemplateResponse(request, "admin/openlines/try.html", context)


def _setup(posted: Any, *, zone: ZoneInfo) -> Setup:
    channel = str(posted.get("channel", ""))
    language = str(posted.get("language", ""))
    try:
        start = datetime.fromisoformat(str(posted.get("start", "")))
    except ValueError:
        start = timezone.now().replace(second=0, microsecond=0)
    if start.tzinfo is None:
        start = start.replace(tzinfo=zone)
    return Setup(
        channel=channel if channel in CHANNELS else CHANNELS[0],
        language=language if language in dict(project.LANGUAGES) else "",
        known=posted.get("known") == "1",
        start=start,
    )


def _deed(posted: Any, *, zone: ZoneInfo) -> Deed | None:
    """What was pressed, as the script keeps it. A value in the button says with whom or how much: ``reply:12``."""
    what, _colon, value = str(posted.get("do", "")).partition(":")
    text = str(posted.get("text", "")).strip()
    match what:
        case "write":
            return {"do": "write", "text": text} if text else None
        case "reply":
            return {"do": "reply", "who": int(value), "text": text or _("Good morning, how can I help?")}
        case "accept" | "type" | "skip" | "back" | "away" | "here":
            return {"do": what, "who": int(value)}
        case "finish":
            who, _colon, outcome = value.partition(":")
            return {"do": "finish", "who": int(who), "value": outcome or "solved"}
        case "press":
            return {"do": "press", "text": value}
        case "rate" | "consent":
            return {"do": what, "value": int(value)}
        case "wait":
            return {"do": "wait", "seconds": int(value)}
        case "until":
            at = value or str(posted.get("at", ""))
            moment = datetime.fromisoformat(at)
            return {
                "do": "until",
                "at": (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat(),
            }
    return None


def _world(line: OpenLine, settings: LineSettings, draft: Draft, setup: Setup) -> World:
    if setup.channel == "livechat":
        channel = Channel(is_chat=True, buttons=True)
    elif registry.has(setup.channel):
        channel = channel_of(Connection(kind=setup.channel))
    else:
        channel = Channel()
    return World(
        settings,
        _people(line, settings, draft),
        now=setup.start,
        channel=channel,
        language=setup.language or settings.language,
        known_client=setup.known,
    )


def _people(line: OpenLine, settings: LineSettings, draft: Draft) -> list[Person]:
    """The queue, everybody available and without other dialogs: the page can send them away."""
    ids = list(draft.members) if draft.members is not None else queue_members.employee_ids(line.pk)
    found = Employee.objects.filter(pk__in=ids, is_active=True).in_bulk()
    return [Person(pk, found[pk].display_name) for pk in ids if pk in found]


def _shown(played: Played, setup: Setup, settings: LineSettings, *, zone: ZoneInfo) -> dict[str, Any]:
    world = played.world
    dialog = world.open_dialog()
    now = world.now.astimezone(zone)
    look = worktime.look(settings.working_time, world.now)
    change = worktime.next_change(settings.working_time, world.now)
    over = bool(world.dialogs) and not (dialog and dialog.facts.state in OPEN - {State.WRAP_UP})
    rated = world.channel.is_chat and world.dialogs and world.dialogs[-1].facts.first_reply_at is not None
    return {
        "script": json.dumps(played.deeds),
        "setup": setup,
        "start": setup.start.astimezone(zone).isoformat(),
        "now": now,
        "is_open": look.is_open,
        "hours_rule": look.rule,
        "has_hours": settings.working_time is not None,
        "opens_at": None if look.is_open or change is None else change.isoformat(),
        "closes_at": change.isoformat() if look.is_open and change is not None else None,
        "next_sunday": _next_sunday(now).isoformat(),
        "state": telling.state_in_words(world),
        "story": telling.tell(world, zone=zone),
        "coming": telling.coming(world, zone=zone),
        "refusal": telling.refused(played.refusal) if played.refusal else "",
        "people": _staff(world),
        "waits": [(seconds, _span(seconds)) for seconds in WAITS],
        "asks_consent": world.channel.is_chat and world.consent_is_due(),
        "may_rate": bool(rated) and (over or settings.rating_in_dialog) and settings.rating,
        "channels": _channels(),
        "languages": project.LANGUAGES,
        "has_deeds": bool(played.deeds),
    }


def _staff(world: World) -> list[dict[str, Any]]:
    """Each of the queue, and what he can do with the dialog now."""
    dialog = world.open_dialog()
    state = dialog.facts.state if dialog else None
    offered = {offer.employee_id for offer in dialog.standing} if dialog else set()
    found = []
    for person in world.people.values():
        holds = dialog is not None and dialog.facts.operator_id == person.employee_id
        has_offer = state in IN_QUEUE and person.employee_id in offered
        found.append(
            {
                "pk": person.employee_id,
                "name": person.name,
                "is_away": person.obstacle is not None,
                "holds": holds,
                "has_offer": has_offer,
                "may_accept": has_offer or (state in IN_QUEUE and not offered),
                "may_finish": holds or has_offer,
                "may_give_back": holds and state is not State.WRAP_UP,
            }
        )
    return found


def _channels() -> list[tuple[str, str]]:
    return [
        ("livechat", _("Live chat")),
        ("telegram", _("A messenger, such as Telegram")),
        ("sms", _("Plain text, such as SMS")),
    ]


def _span(seconds: int) -> str:
    return {
        60: _("1 minute"),
        300: _("5 minutes"),
        900: _("15 minutes"),
        3600: _("1 hour"),
        4 * 3600: _("4 hours"),
    }.get(seconds, _("1 day"))


def _next_sunday(now: datetime) -> datetime:
    """The coming Sunday at noon."""
    days = (6 - now.weekday()) % 7
    at = (now + timedelta(days=days)).replace(hour=12, minute=0, second=0, microsecond=0)
    return at if at > now else at + timedelta(days=7)


def _draft_page(line: OpenLine, draft: Draft) -> str:
    return reverse(f"admin:openlines_{draft.block}_change", args=[line.pk]) if draft.block else ""
