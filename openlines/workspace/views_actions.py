"""What one does at the desk. Each view checks the right, gives the command to a service and says what came of it.

A script gets JSON ({"words"}), or for a reply the fragment with what is new; 409 says that somebody was quicker,
422 that the request itself cannot be carried out. Nothing of what was written is lost: the page keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contactcenter.lib.parameters import storable, whole_number
from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require_right
from openlines import permissions
from openlines.live import publish, topics
from openlines.models import Connection, Dialog, Message, OpenLine
from openlines.policies.facts import IN_QUEUE, State
from openlines.services import courtesies, dialogs, files, onlookers, routing
from openlines.services.errors import CommandRefused
from openlines.workspace import canned
from openlines.workspace import transfer as transfers
from openlines.workspace.access import (
    by_script,
    dialog_to_act_on,
    dialog_to_read,
    employee_of,
    known_of,
    not_found,
    refused,
)
from openlines.workspace.deeds import deeds
from openlines.workspace.pane import pane

MOST_FILES = 10
LONGEST_TEXT = 20_000
LONGEST_NOTE = 2_000

Deed = Callable[[Dialog, Employee], str]
"""Does it, and returns what to tell the person (empty: nothing, he sees it)."""


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """``with=pane``: a script gets the conversation, in the same request."""

    def deed(dialog: Dialog, me: Employee) -> str:
        leads = permissions.may_take_over(me, dialog)
        dialogs.accept(dialog.pk, by=me, now=timezone.now(), may_take_over=leads)
        return ""

    answer = carry_out(request, pk, deed)
    wants_pane = by_script(request) and request.POST.get("with") == "pane"
    return opened(request, pk) if wants_pane and answer.status_code == 200 else answer


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    def deed(dialog: Dialog, me: Employee) -> str:
        routing.skip(dialog.pk, employee_id=me.pk, now=timezone.now())
        return ""

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.DIALOGS_JOIN)
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    def deed(dialog: Dialog, me: Employee) -> str:
        if not permissions.may_take_over(me, dialog):
            raise PermissionDenied(_("Your role does not let you take over this dialog."))
        dialogs.take_over(dialog.pk, by=me, now=timezone.now())
        return ""

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def transfer(request: HttpRequest, pk: int) -> HttpResponse:
    note = storable(request.POST.get("note", "")).strip()[:LONGEST_NOTE]

    def deed(dialog: Dialog, me: Employee) -> str:
        now = timezone.now()
        to = transfers.target(request.POST.get("to", ""))
        # of a dialog in wrap-up it says itself why not
        require(deeds(me, dialog).transfer or State(dialog.state) is State.WRAP_UP, dialog)
        seen, leads = dialog.operator_id, permissions.may_take_over(me, dialog)
        if isinstance(to, Employee):
            dialogs.transfer_to_colleague(
                dialog.pk, to=to, by=me, note=note, now=now, expects=seen, may_take_over=leads
            )
            return _("Transferred to %(name)s.") % {"name": to.display_name}
        if isinstance(to, OpenLine):
            dialogs.transfer_to_line(
                dialog.pk, to=to, by=me, note=note, now=now, expects=seen, may_take_over=leads
            )
            return _("Transferred to the line %(name)s.") % {"name": to.name}
        dialogs.back_to_queue(dialog.pk, by=me, note=note, now=now, expects=seen, may_take_over=leads)
        return _("Given back to the queue of %(line)s.") % {"line": dialog.line.name}

    return carry_out(request, pk, deed)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """A reply or a note; the composer's UUID makes a repeated request harmless. Answers with what is new."""
    me = employee_of(request)

    def deed(dialog: Dialog, me: Employee) -> str:
        leads = permissions.may_take_over(me, dialog)
        composed = _composed(request, dialog)
        dialogs.reply(
            dialog.pk,
            composed,
            by=me,
            now=timezone.now(),
            may_take_over=leads,
            may_join=leads,
            known=known_of(request),
        )
        return ""

    answer = carry_out(request, pk, deed)
    return updated(request, pk, me=me) if answer.status_code == 200 else answer


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """He has the conversation before his eyes, down to the message ``last``."""
    last = whole_number(request.POST.get("last", ""))
    try:
        dialog = dialog_to_read(request, pk)
        dialogs.mark_seen(dialog, by=employee_of(request), now=timezone.now(), last=last)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    return HttpResponse(status=204)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def typing(request: HttpRequest, pk: int) -> HttpResponse:
    """An answer is being written: shown on the client's page, or by their provider (a note is not), and to colleagues."""
    try:
        dialog = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    me, now = employee_of(request), timezone.now()
    onlookers.look(dialog.pk, by=me, now=now, writing=True)
    holds = dialog.operator_id == me.pk
    if holds:  # A8: who is writing keeps it open
        dialogs.typing(dialog.pk, by=me, now=now)
    elif State(dialog.state) in IN_QUEUE:
        dialogs.hold_offer(dialog.pk, by=me, now=now)
    is_chat = dialog.connection.kind == Connection.Kind.LIVECHAT
    if dialog.is_open and (is_chat or holds) and deeds(me, dialog).reply:
        if is_chat:
            publish.signal(topics.client(dialog.client_id), "typing", dialog=dialog.pk)
        else:
            courtesies.typing(dialog, by_id=me.pk, now=now)
    return HttpResponse(status=204)


def carry_out(request: HttpRequest, pk: int, deed: Deed) -> HttpResponse:
    try:
        words = deed(dialog_to_act_on(request, pk), employee_of(request))
    except CommandRefused as error:
        return refused(request, error, dialog_id=pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    if by_script(request):
        return JsonResponse({"words": words})
    if words:
        messages.success(request, words)
    return redirect("workspace:dialog", pk)


def opened(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole dialog, as the desk shows it."""
    now = timezone.now()
    shown = pane(dialog_to_read(request, pk), me=employee_of(request), now=now)
    return render(request, "workspace/_pane.html", {"pane": shown, "now": now})


def updated(request: HttpRequest, pk: int, *, me: Employee) -> HttpResponse:
    """What changed ``since`` the revision that the screen knows."""
    since = whole_number(request.POST.get("since", "")) or 0
    dialog, now = dialog_to_read(request, pk), timezone.now()
    shown = pane(dialog, me=me, now=now, since=since)
    return render(request, "workspace/_update.html", {"pane": shown, "now": now})


def require(allowed: bool, dialog: Dialog) -> None:
    """Raises ``taken`` where it is another's. A dialog that is over is the service's to refuse."""
    if not allowed and dialog.is_open:
        raise dialogs.taken(dialog)


def _composed(request: HttpRequest, dialog: Dialog) -> dialogs.Reply:
    try:
        uuid = UUID(request.POST.get("uuid", ""))
    except ValueError:
        raise CommandRefused("empty", _("The page is too old. Reload it; your text is kept.")) from None
    text = storable(request.POST.get("text", ""))
    if len(text) > LONGEST_TEXT:
        raise CommandRefused(
            "too_large", _("The text is longer than 20,000 characters. Send it in parts, or as a file.")
        )
    uploads = request.FILES.getlist("files")
    copied = canned.files_of(request, dialog)
    if len(uploads) + len(copied) > MOST_FILES:
        raise CommandRefused("too_large", _("At most 10 files go with one message."))
    quoted = whole_number(request.POST.get("reply_to", ""))
    quotes = Message.objects.filter(dialog=dialog, is_note=False, pk=quoted or 0)
    return dialogs.Reply(
        uuid=uuid,
        text=text,
        is_note=bool(request.POST.get("is_note")),
        reply_to_id=quotes.values_list("pk", flat=True).first(),
        attachments=(*copied, *(files.upload(upload) for upload in uploads)),
        canned=canned.used(request, dialog),
    )
