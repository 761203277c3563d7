"""Why a row that somebody has before them is not in their list any more, in the few words that fit the row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Offer
from openlines.permissions import member_lines, visible_dialogs
from openlines.policies.facts import IN_QUEUE, State


@dataclass(frozen=True)
class Gone:
    """``is_own``: by what the person did, or it stands elsewhere in the list; nobody has to be told for long."""

    key: str
    words: str
    is_own: bool = False


def gone(employee: Employee, keys: Iterable[str], *, only_unanswered: bool = False) -> tuple[Gone, ...]:
    """``keys`` as in the list: a dialog's id, with "o" before it for an offer. Few statements, none without keys.

    ``only_unanswered``: the list shows no others.
    """
    ids = {key: int(key.removeprefix("o")) for key in keys}
    if not ids:
        return ()
    known = Dialog.objects.filter(pk__in=ids.values()).select_related("operator", "line")
    dialogs = {dialog.pk: dialog for dialog in known}
    offers = Offer.objects.filter(employee=employee, dialog__in=dialogs).order_by("offered_at", "pk")
    last = {offer.dialog_id: offer for offer in offers}
    served = set(member_lines(employee))
    told = set(visible_dialogs(employee).filter(pk__in=dialogs).values_list("pk", flat=True))
    told |= {pk for pk, dialog in dialogs.items() if pk in last or dialog.line_id in served}
    return tuple(
        _why(key, dialogs[pk], last.get(pk), employee, only_unanswered=only_unanswered)
        if pk in told
        else Gone(key=key, words=_("No longer here"))
        for key, pk in ids.items()
    )


def _why(key: str, dialog: Dialog, offer: Offer | None, employee: Employee, *, only_unanswered: bool) -> Gone:
    state = State(dialog.state)
    holds = dialog.operator_id == employee.pk
    if state is State.SPAM:
        return Gone(key=key, words=_("Spam"), is_own=holds)
    if not dialog.is_open or state is State.WRAP_UP:
        return Gone(key=key, words=_("Finished"), is_own=holds)
    if only_unanswered and not dialog.is_unanswered and not key.startswith("o"):
        return Gone(key=key, words=_("Answered"), is_own=holds)
    if holds:
        return Gone(key=key, words=_("Yours now"), is_own=True)
    if dialog.operator is not None:
        return Gone(key=key, words=_("Taken by %(name)s") % {"name": dialog.operator.display_name})
    if offer is not None and offer.ended_at is None:
        return Gone(key=key, words=_("Offered to you"), is_own=True)
    if key.startswith("o") and offer is not None:
        return _offer_over(key, offer)
    if state in IN_QUEUE:
        return Gone(key=key, words=_("Offered to a colleague"))
    return Gone(key=key, words=_("No longer here"))


def _offer_over(key: str, offer: Offer) -> Gone:
    if offer.outcome == Offer.Outcome.SKIPPED:
        return Gone(key=key, words=_("Skipped"), is_own=True)
    if offer.outcome == Offer.Outcome.LAPSED:
        return Gone(key=key, words=_("Lapsed"))
    return Gone(key=key, words=_("No longer offered to you"))
