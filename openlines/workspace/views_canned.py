"""Canned replies at the desk (A10): the list behind “/”, and a message saved as one."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from contactcenter.lib.parameters import storable, whole_number
from contactcenter.staff.models import Employee, Right, Scope
from contactcenter.staff.roles import require, require_right
from openlines.models import Attachment, CannedReply, Dialog, Message, ReplyFile, ReplyList
from openlines.policies import reply_search
from openlines.services import canned_replies, reply_lists
from openlines.services.errors import CommandRefused
from openlines.workspace.access import dialog_to_read, employee_of, not_found

LONGEST_QUERY = 100


@dataclass(frozen=True)
class Draft:
    """A message as the reply that it may become."""

    dialog_id: int
    message_id: int
    list: ReplyList
    shortcut: str
    title: str
    text: str
    files: tuple[Attachment, ...]


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def replies(request: HttpRequest, pk: int) -> HttpResponse:
    """All of the line's list, ready to be sent; of a very long one what ``q`` finds."""
    try:
        dialog = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    me = employee_of(request)
    query = storable(request.GET.get("q", "")).strip()[:LONGEST_QUERY]
    found = canned_replies.find(dialog, me=me, query=query)
    context = {"found": found, "line": dialog.line, "edit_url": _edit_url(me, dialog), "query": query}
    return render(request, "workspace/_canned.html", context)


@require_http_methods(["GET", "POST"])
@require_right(Right.DIALOGS_HISTORY)
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """A message of ours as a reply: the window, and what comes of it. Takes the right to change canned replies."""
    me = employee_of(request)
    require(me, Right.CANNED_CHANGE)
    try:
        dialog = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    source = request.POST if request.method == "POST" else request.GET
    message = _message(dialog, source.get("message", ""))
    if message is None:
        return JsonResponse({"words": _("This message is not there any more.")}, status=404)
    chosen = dialog.line.reply_list
    if request.method == "GET":
        context = {
            "draft": _draft(dialog, message, chosen, me=me) if chosen else None,
            "edit_url": _edit_url(me, dialog),
            "line": dialog.line,
        }
        return render(request, "workspace/_canned_save.html", context)
    if chosen is None:
        return JsonResponse({"words": _no_list(dialog)}, status=422)
    try:
        reply = _save(request, chosen, message, me=me)
    except CommandRefused as refused:
        return JsonResponse({"words": refused.message, "code": refused.code}, status=422)
    return JsonResponse({"words": _("Saved. Type /%(shortcut)s to use it.") % {"shortcut": reply.shortcut}})


def _save(request: HttpRequest, chosen: ReplyList, message: Message, *, me: Employee) -> CannedReply:
    section = whole_number(request.POST.get("section", ""))
    wanted = {whole_number(value) for value in request.POST.getlist("files")}
    copies: list[ReplyFile] = [
        reply_lists.copy_of(attachment) for attachment in _files(message) if attachment.pk in wanted
    ]
    return reply_lists.create(
        chosen,
        shortcut=request.POST.get("shortcut", ""),
        title=request.POST.get("title", ""),
        text=request.POST.get("text", ""),
        section=chosen.sections.filter(pk=section or 0).first(),
        by=me,
        new_files=copies,
    )


def _draft(dialog: Dialog, message: Message, chosen: ReplyList, *, me: Employee) -> Draft:
    text = canned_replies.with_macros(message.text, dialog, me=message.operator or me)
    taken = CannedReply.objects.filter(list=chosen).values_list("shortcut", flat=True)
    return Draft(
        dialog_id=dialog.pk,
        message_id=message.pk,
        list=chosen,
        shortcut=reply_search.free_shortcut(text, list(taken)),
        title=reply_search.title_of(text),
        text=text,
        files=tuple(_files(message)),
    )


def _message(dialog: Dialog, named: str) -> Message | None:
    found = Message.objects.filter(
        dialog=dialog,
        pk=whole_number(named) or 0,
        author__in=[Message.Author.OPERATOR, Message.Author.OUTSIDE],
        is_note=False,
        deleted_at__isnull=True,
    )
    return found.select_related("operator").first()


def _files(message: Message) -> list[Attachment]:
    """Those that are there to be copied."""
    return [
        attachment
        for attachment in message.attachments.filter(state=Attachment.State.STORED)
        if attachment.file.storage.exists(attachment.file.name or "")
    ]


def _edit_url(me: Employee, dialog: Dialog) -> str:
    """Where he may change the line's replies, or give the line a list; empty where he may not."""
    may_change = me.has_right(Right.CANNED_CHANGE, Scope.ALL)
    if dialog.line.reply_list_id:
        return (
            reverse("admin:openlines_replylist_change", args=[dialog.line.reply_list_id])
            if may_change
            else ""
        )
    if me.has_perm("openlines.change_openline"):
        return reverse("admin:openlines_automaticactionssettings_change", args=[dialog.line_id])
    return reverse("admin:openlines_replylist_changelist") if may_change else ""


def _no_list(dialog: Dialog) -> str:
    return _("The line %(line)s has no list of canned replies.") % {"line": dialog.line.name}
