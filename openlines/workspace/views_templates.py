"""Templates at the desk: the window that lists them, and sending one as a reply."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contactcenter.lib.parameters import storable
from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require_right
from openlines import permissions
from openlines.models import Connection, Dialog
from openlines.services import dialogs, templates
from openlines.services.errors import CommandRefused
from openlines.workspace.access import dialog_to_read, known_of, not_found, refused
from openlines.workspace.template_choices import choices, named
from openlines.workspace.views_actions import carry_out

MOST_VALUES = 50


@require_GET
@require_right(Right.DIALOGS_HISTORY)
def window(request: HttpRequest, pk: int) -> HttpResponse:
    """``refresh``: ask the provider again. ``uuid`` is the message's: one window sends one message."""
    try:
        dialog = dialog_to_read(request, pk)
    except Http404 as error:
        return not_found(request, error, dialog_id=pk)
    if not templates.has_templates(dialog.connection):
        why = CommandRefused("template", _("This channel has no templates. Write a text."))
        return refused(request, why, dialog_id=pk)
    found = choices(
        dialog.connection,
        client_name=dialog.client.name,
        now=timezone.now(),
        afresh=bool(request.GET.get("refresh")),
    )
    context = {"dialog": dialog, "templates": found, "uuid": uuid4()}
    return render(request, "workspace/_templates.html", context)


@require_POST
@require_right(Right.DIALOGS_HISTORY)
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """A reply as any other (§11), whose text is the template with its values."""

    def deed(dialog: Dialog, me: Employee) -> str:
        now = timezone.now()
        filled = filled_in(request, dialog.connection)
        reply = dialogs.Reply(uuid=uuid_of(request), text=filled.text, template=filled.template)
        leads = permissions.may_take_over(me, dialog)
        known = known_of(request)
        dialogs.reply(dialog.pk, reply, by=me, now=now, may_take_over=leads, may_join=leads, known=known)
        return ""

    return carry_out(request, pk, deed)


def filled_in(request: HttpRequest, connection: Connection) -> templates.Filled:
    """The template that was chosen in a window's form. May ask the provider: never within a transaction. Raises
    ``CommandRefused``.
    """
    name, language = named(storable(request.POST.get("template", "")))
    if not name:
        raise CommandRefused("template", _("Choose a template."))
    values = [storable(value) for value in request.POST.getlist("value")[:MOST_VALUES]]
    return templates.fill(connection, name=name, language=language, values=values, now=timezone.now())


def uuid_of(request: HttpRequest) -> UUID:
    """Raises ``CommandRefused``."""
    try:
        return UUID(request.POST.get("uuid", ""))
    except ValueError:
        raise CommandRefused("empty", _("The page is too old. Reload it and try again.")) from None
