"""Asks first where somebody wrote since the person who answers last looked (``policies/stale_view.py``)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Message
from openlines.policies import stale_view as policy
from openlines.policies.stale_view import Known, Side, Written
from openlines.services.errors import StaleView

MOST_SHOWN: Final = 3
LONGEST_SHOWN: Final = 200

_SIDES = {
    Message.Author.CLIENT: Side.CLIENT,
    Message.Author.OPERATOR: Side.COLLEAGUE,
    Message.Author.OUTSIDE: Side.COLLEAGUE,
}


def guard(dialog: Dialog, known: Known | None, *, by: Employee, now: datetime) -> None:
    """Under the dialog's lock. Raises ``StaleView``. No statement where nothing came since; None: nothing is asked."""
    if known is None or policy.is_current(known, rev=dialog.rev, last_seq=dialog.last_seq):
        return
    if known.position is None:
        known = replace(known, begun=_position(dialog, known))
    unseen = policy.unseen(known, _written(dialog, after=known.position or 0), by=by.pk)
    if unseen:
        raise StaleView(words(unseen, now=now), seq=dialog.last_seq, written=unseen)


def words(unseen: tuple[Written, ...], *, now: datetime) -> str:
    """Who wrote what, and how long ago: a line a message, the newest ones."""
    more = len(unseen) - MOST_SHOWN
    lines = [
        _("%(name)s wrote %(when)s: “%(text)s”")
        % {"name": one.name, "when": _ago(one.at, now=now), "text": one.text}
        for one in unseen[-MOST_SHOWN:]
    ]
    if more > 0:
        said = ngettext("%(count)s earlier message came too.", "%(count)s earlier messages came too.", more)
        lines.append(said % {"count": more})
    return "\n".join(lines)


def _position(dialog: Dialog, known: Known) -> int:
    """The newest message that stood there at the revision: what has not changed since it was there already."""
    rows = Message.objects.filter(dialog=dialog, rev__lte=known.rev or 0)
    return int(rows.aggregate(newest=Max("seq"))["newest"] or 0)


def _written(dialog: Dialog, *, after: int) -> list[Written]:
    rows = Message.objects.filter(
        dialog=dialog, seq__gt=after, is_note=False, deleted_at__isnull=True, author__in=list(_SIDES)
    ).select_related("operator")
    return [
        Written(
            seq=message.seq,
            at=message.created_at,
            side=_SIDES[Message.Author(message.author)],
            text=_short(message.text) or _("a file, or something without text"),
            operator_id=message.operator_id,
            name=_name(message, dialog),
        )
        for message in rows.defer("extra").order_by("seq")
    ]


def _name(message: Message, dialog: Dialog) -> str:
    if message.author == Message.Author.CLIENT:
        return dialog.client.display_name
    if message.operator is not None:
        return message.operator.display_name
    return _("Somebody of us, in the channel's own app,")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _ago(at: datetime, *, now: datetime) -> str:
    gone = max(now - at, timedelta(seconds=1))
    if gone < timedelta(minutes=1):
        return _("%(seconds)s s ago") % {"seconds": int(gone.total_seconds())}
    if gone < timedelta(hours=1):
        return _("%(minutes)s min ago") % {"minutes": int(gone.total_seconds() // 60)}
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
