"""Further deeds at the desk: pin, put aside, consent, a lost file, and a supervisor's rating. As ``views_actions``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contactcenter.lib.parameters import storable, whole_number
from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require_right
from openlines.models import Attachment, Dialog, Rating
from openlines.services import consents, dialogs, files, ratings
from openlines.services.errors import CommandRefused
from openlines.workspace.access import dialog_to_read, employee_of, not_found
from openlines.workspace.deeds import deeds, may_rate
from openlines.workspace.views_actions import carry_out

LONGEST_SNOOZE = timedelta(days=90)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    on = request.POST.get("on") == "1"

    def deed(dialog: Dialog, me: Employee) -> str:
        dialogs.pin(dialog.pk, by=me, on=on, now=timezone.now())
        return _("Pinned.") if on else _("No longer pinned.")

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """``until``: ``hour``, ``tomorrow`` (9:00), a date and time of the person's own clock, or empty: back again."""

    def deed(dialog: Dialog, me: Employee) -> str:
        now = timezone.now()
        until = _until(request.POST.get("until", ""), me, now=now)
        dialogs.snooze(dialog.pk, by=me, until=until, now=now)
        if until is None:
            return _("Back among yours.")
        when = date_format(until.astimezone(me.zone), "DATETIME_FORMAT")
        return _("Put aside until %(when)s, or until the client writes.") % {"when": when}

    return carry_out(request, pk, deed)


def _until(value: str, me: Employee, *, now: datetime) -> datetime | None:
    if not value:
        return None
    if value == "hour":
        return now + timedelta(hours=1)
    if value == "tomorrow":
        return _tomorrow(me, now=now)
    try:
        chosen = datetime.fromisoformat(value)
    except ValueError:
        raise CommandRefused("past", _("Choose a date and a time.")) from None
    chosen = chosen if chosen.tzinfo else chosen.replace(tzinfo=me.zone)
    if chosen - now > LONGEST_SNOOZE:
        raise CommandRefused("past", _("A dialog can be put aside for 90 days at most."))
    return chosen


def _tomorrow(me: Employee, *, now: datetime) -> datetime:
    """9:00 by the person's own clock."""
    day = now.astimezone(me.zone) + timedelta(days=1)
    return day.replace(hour=9, minute=0, second=0, microsecond=0)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def consent(request: HttpRequest, pk: int) -> HttpResponse:
    """P2, P3: ``do`` is ``refuse`` (ends the dialog without texts) or ``withdraw``."""

    def deed(dialog: Dialog, me: Employee) -> str:
        if not (deeds(me, dialog).finish or dialog.operator_id == me.pk):
            raise dialogs.taken(dialog)
        now = timezone.now()
        if request.POST.get("do") == "withdraw":
            consents.withdraw(dialog.client, by_id=me.pk, now=now)
            return _("The consent is withdrawn. The client is asked again with their next message.")
        dialogs.refuse_consent(dialog.pk, by=me, now=now)
        return _("The refusal is noted, and the dialog is finished without texts.")

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.SUPERVISOR_RATING)
def rate(request: HttpRequest, pk: int) -> HttpResponse:
    """R6."""

    def deed(dialog: Dialog, me: Employee) -> str:
        if not may_rate(me, dialog):
            raise PermissionDenied(_("Your role does not let you rate this dialog."))
        stars = whole_number(request.POST.get("stars", "")) or 0
        comment = storable(request.POST.get("comment", ""))
        ratings.rate_by_supervisor(dialog.pk, stars=stars, comment=comment, by=me, now=timezone.now())
        return _("Rated. The operator is told.")

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def fetch_file(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    """A client's file that the provider did not give us: asked for once more, by whoever may see the dialog."""

    def deed(dialog: Dialog, me: Employee) -> str:
        rows = Attachment.objects.select_related("message").filter(message__dialog=dialog)
        attachment = rows.filter(public_id=public_id).first()
        if attachment is None or not files.fetch_again(attachment, now=timezone.now()):
            raise CommandRefused("no_file", _("This file is here, on its way, or was never the channel’s."))
        return _("The channel is asked for the file once more.")

    return carry_out(request, pk, deed)


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def finish_window(request: HttpRequest, pk: int) -> HttpResponse:
    """R8: asks where the line wants to know."""
    return _window(request, pk, "workspace/_finish.html")


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def snooze_window(request: HttpRequest, pk: int) -> HttpResponse:
    """For a time of one's own choice; it begins with tomorrow morning."""
    me = employee_of(request)
    proposed = _tomorrow(me, now=timezone.now()).strftime("%Y-%m-%dT%H:%M")
    return _window(request, pk, "workspace/_snooze.html", proposed=proposed)


@require_GET
@require_right(Right.SUPERVISOR_RATING)
def rate_window(request: HttpRequest, pk: int) -> HttpResponse:
    """With the rating given before, which a new one replaces."""
    given = Rating.objects.filter(dialog_id=pk, source=Rating.Source.SUPERVISOR).first()
    return _window(request, pk, "workspace/_rate.html", given=given, stars=range(1, ratings.MAX_STARS + 1))


def _window(request: HttpRequest, pk: int, template: str, **more: Any) -> HttpResponse:
    try:
        dialog = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    return render(request, template, {"dialog": dialog, **more})
