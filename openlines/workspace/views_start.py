"""Starting a dialog at the desk (§11): the window, the clients and templates that it asks for, and what comes of it."""

from __future__ import annotations

from uuid import uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contactcenter.lib.parameters import storable, whole_number
from contactcenter.staff.models import Employee, Right
from contactcenter.staff.roles import require_right
from openlines import permissions
from openlines.models import Client, Connection
from openlines.services import starting
from openlines.services.dialogs import Reply, taken
from openlines.services.errors import CommandRefused
from openlines.services.starting import Begun
from openlines.workspace import start_window
from openlines.workspace.access import employee_of
from openlines.workspace.template_choices import choices
from openlines.workspace.views_actions import LONGEST_TEXT
from openlines.workspace.views_templates import filled_in, uuid_of

LONGEST_QUERY = 100
LONGEST_ADDRESS = 254
LONGEST_SUBJECT = 200


@require_GET
@require_right(Right.DIALOGS_START_SPAM)
def window(request: HttpRequest) -> HttpResponse:
    """``client``: written to from his card."""
    me, now = employee_of(request), timezone.now()
    if "client" not in request.GET:
        shown = start_window.window(me, now=now)
    else:
        try:
            shown = start_window.window_for(_client(me, request.GET["client"]), now=now)
        except CommandRefused as error:
            return _refused(error)
    return render(request, "workspace/_start.html", {"start": shown, "uuid": uuid4()})


@require_GET
@require_right(Right.DIALOGS_START_SPAM)
def people(request: HttpRequest) -> HttpResponse:
    """Known clients that ``q`` finds, as options."""
    query = storable(request.GET.get("q", "")).strip()[:LONGEST_QUERY]
    found = start_window.people(starting.search(employee_of(request), query), now=timezone.now())
    return render(request, "workspace/_start_people.html", {"people": found})


@require_GET
@require_right(Right.DIALOGS_START_SPAM)
def templates(request: HttpRequest) -> HttpResponse:
    """The list of the ``connection``, for ``client`` where one is chosen."""
    me = employee_of(request)
    try:
        connection = _connection(me, request.GET.get("connection", ""))
    except CommandRefused as error:
        return _refused(error)
    known = starting.clients_for(me).filter(pk=whole_number(request.GET.get("client", "")) or 0).first()
    found = choices(connection, client_name=known.name if known else "", now=timezone.now())
    return render(request, "workspace/_template_list.html", {"templates": found})


@require_POST
@require_right(Right.DIALOGS_START_SPAM)
def start(request: HttpRequest) -> HttpResponse:
    """Answers with the dialog to open, and with the text that is now its draft where it was there already."""
    me = employee_of(request)
    try:
        begun = _begin(request, me)
        if not permissions.may_see(me, begun.dialog):
            raise taken(begun.dialog)
    except CommandRefused as error:
        return _refused(error)
    answer = {"words": "", "url": reverse("workspace:dialog", args=[begun.dialog.pk]), "draft": ""}
    if not begun.is_new:
        answer["draft"] = _text(request).strip()
        answer["words"] = _(
            "The client has an open dialog, No. %(number)s. Nothing was sent; it is open here, with what you wrote."
        ) % {"number": begun.dialog.number}
    return JsonResponse(answer)


def _begin(request: HttpRequest, me: Employee) -> Begun:
    """Everything that may be asked of a provider comes before the transaction. Raises ``CommandRefused``."""
    now = timezone.now()
    to: Client | str
    if request.POST.get("client"):
        to = _client(me, request.POST["client"])
        connection = to.connection
    else:
        to = storable(request.POST.get("to", "")).strip()[:LONGEST_ADDRESS]
        connection = _connection(me, request.POST.get("connection", ""))
    if request.POST.get("template"):
        filled = filled_in(request, connection)
        message = Reply(uuid=uuid_of(request), text=filled.text, template=filled.template)
    else:
        subject = " ".join(storable(request.POST.get("subject", "")).split())[:LONGEST_SUBJECT]
        message = Reply(uuid=uuid_of(request), text=_text(request), subject=subject)
    return starting.begin(connection, to, message, by=me, now=now)


def _text(request: HttpRequest) -> str:
    text = storable(request.POST.get("text", ""))
    if len(text) > LONGEST_TEXT:
        raise CommandRefused(
            "too_large", _("The text is longer than 20,000 characters. Send it in parts, or as a file.")
        )
    return text


def _connection(me: Employee, named: str) -> Connection:
    found = starting.connections_for(me).filter(pk=whole_number(named) or 0).first()
    if found is None:
        raise CommandRefused(
            "connection",
            _("Choose what the message goes through: this does not work now, or it is not yours."),
        )
    return found


def _client(me: Employee, named: str) -> Client:
    """A known one whom he may write to. Raises ``CommandRefused``, with the reason where he may see the client."""
    pk = whole_number(named) or 0
    found = starting.clients_for(me).filter(pk=pk).first()
    if found is not None:
        return found
    seen = (
        permissions.visible_dialogs(me).filter(client=pk).select_related("client__connection__line").first()
    )
    why = starting.outlook(seen.client.connection, seen.client, now=timezone.now()).why_not if seen else ""
    raise CommandRefused("start", why or _("This client is not yours to write to."))


def _refused(error: CommandRefused) -> JsonResponse:
    status = 409 if error.code in ("taken", "not_allowed") else 422
    return JsonResponse({"words": error.message, "code": error.code}, status=status)
