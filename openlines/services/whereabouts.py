"""Where a dialog is now, in words for who came too late: held, offered on, waiting, ended (§11 "Races")."""

from __future__ import annotations

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openlines.lifecycle import Event
from openlines.models import Dialog, DialogEvent, Offer
from openlines.policies.facts import State
from openlines.services.errors import CommandRefused

_GIVES = (Event.ACCEPT, Event.TAKE_OVER, Event.TRANSFER)
"""Events after which somebody holds it."""


def refusal(dialog: Dialog) -> CommandRefused:
    """What to tell who lost a race for it. ``holder``: the operator's name, or empty."""
    state = State(dialog.state)
    if dialog.frozen_at is not None:
        return line_off()
    if not dialog.is_open:
        return CommandRefused("closed", ended(dialog))
    if dialog.operator is not None:
        return held(dialog, name=dialog.operator.display_name)
    if state is State.WITH_BOT:
        return CommandRefused("not_allowed", _("The bot speaks with the client now."))
    if state is State.WRAP_UP:
        return finished()
    return CommandRefused("not_allowed", in_queue(dialog))


def in_queue(dialog: Dialog) -> str:
    """Whom a dialog without an operator is offered to, or that it waits."""
    standing = Offer.objects.filter(dialog=dialog, ended_at__isnull=True).select_related("employee")
    people = ", ".join(offer.employee.display_name for offer in standing.order_by("offered_at", "pk"))
    if people:
        return _("This dialog is offered to %(people)s now.") % {"people": people}
    return _("Nobody holds this dialog now; it waits in the queue of %(line)s.") % {"line": dialog.line.name}


def ended(dialog: Dialog) -> str:
    """How a dialog that is not open any more came to its end."""
    if dialog.state == Dialog.State.SPAM:
        return _("This dialog was marked as spam. Nothing more is sent in it.")
    joined = DialogEvent.objects.filter(dialog=dialog, kind="continued").order_by("-pk").first()
    if joined is not None:
        return _("This dialog goes on in No. %(number)s: it is the same person.") % {
            "number": joined.data.get("number", "")
        }
    return _("This dialog is closed. Start a new one with the client.")


def finished() -> CommandRefused:
    return CommandRefused("wrap_up", _("This dialog is finished. Reply to reopen it, or start a new one."))


def line_off() -> CommandRefused:
    """L4."""
    return CommandRefused(
        "line_off", _("This line is switched off. The dialog goes on when it is switched on again.")
    )


def held(dialog: Dialog, *, name: str) -> CommandRefused:
    """``name`` is the operator's: it is or was theirs."""
    given = DialogEvent.objects.filter(dialog=dialog, kind__in=_GIVES).order_by("-pk").first()
    since = given.at if given is not None else dialog.accepted_at
    words = _("%(name)s holds this dialog now.") % {"name": name}
    if since is not None:
        when = date_format(timezone.localtime(since), "DATETIME_FORMAT")
        words += " " + _("Since %(when)s.") % {"when": when}
    return CommandRefused("taken", words, holder=name)
