"""An open dialog as the desk shows it: head, items, what stands before the composer, and the client's card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.models import Dialog
from openlines.policies.facts import HELD, FinishAs
from openlines.services import windows
from openlines.workspace import client_card, faces, hold_state, mail, timeline, window_state
from openlines.workspace.deeds import Deeds, deeds, may_rate


@dataclass(frozen=True)
class Finishing:
    """A finish that was asked for and can be undone ``until`` then; ``by``: empty where it was the reader."""

    until: datetime
    words: str
    by: str
    may_undo: bool


@dataclass(frozen=True)
class Head:
    dialog_id: int
    number: int
    client_name: str
    channel_kind: str
    channel_name: str
    line_name: str
    operator_name: str
    state: str
    state_label: str
    may_transfer: bool
    may_finish: bool
    may_spam: bool
    may_take_over: bool
    confirms_finish: bool
    """§10 "confirm before closing"."""
    finishing: Finishing | None
    says_outcome: bool
    """R8: the line wants to know whether it was solved."""
    ends: bool
    """Finishing would end it: in wrap-up it closes what is finished already."""
    may_pin: bool
    is_pinned: bool
    may_snooze: bool
    snoozed_until: datetime | None
    may_rate: bool
    """R6."""
    log_erased: bool
    """§10: the line keeps no messages."""


@dataclass(frozen=True)
class Gate:
    is_offered: bool
    offer_until: datetime | None
    is_held: bool
    """The offer's time is longer, for the person is writing."""
    can_accept: bool
    can_reply: bool
    can_note: bool
    can_resend: bool
    """Send again what failed; also in a dialog that is closed."""
    words: str
    window: window_state.WindowState | None
    hold: hold_state.HoldState | None
    """How long one may write freely, for who may write at all."""
    has_templates: bool
    can_template: bool
    answer: mail.Answer | None = None
    """E-mail: where an answer goes."""


@dataclass(frozen=True)
class Pane:
    """``rev``: the revision the items are complete up to."""

    rev: int
    head: Head
    gate: Gate
    items: tuple[timeline.Item, ...]
    has_earlier: bool
    card: client_card.Card


def pane(dialog: Dialog, *, me: Employee, now: datetime, since: int | None = None) -> Pane:
    """The whole dialog, or with ``since`` only the items that changed after that revision.

    ``dialog`` was read before the items: what is committed in between is in the items already and comes once more
    with the next update, which merges it by its key.
    """
    may = deeds(me, dialog)
    window = windows.of_dialog(dialog, now=now)
    if since is None:
        items, has_earlier = timeline.newest(dialog, me=me)
    else:
        items, has_earlier = timeline.since(dialog, since, me=me), False
    return Pane(
        rev=dialog.rev,
        head=_head(dialog, may, me=me, now=now),
        gate=Gate(
            is_offered=may.skip,
            offer_until=may.offer_until,
            is_held=may.is_held,
            can_accept=may.accept,
            can_reply=may.reply and window.takes(by_person=True),
            can_note=may.note,
            can_resend=may.resend,
            words=may.words,
            window=window_state.of(window, now=now) if may.reply else None,
            hold=hold_state.of(dialog, now=now),
            has_templates=window.templates,
            can_template=may.reply and window.templates,
            answer=mail.answer(dialog) if may.reply else None,
        ),
        items=tuple(items),
        has_earlier=has_earlier,
        card=client_card.card(dialog, me=me, now=now),
    )


def _head(dialog: Dialog, may: Deeds, *, me: Employee, now: datetime) -> Head:
    own = dialog.operator_id == me.pk
    until = dialog.snoozed_until
    asleep = until if until is not None and until > now else None
    return Head(
        dialog_id=dialog.pk,
        number=dialog.number,
        client_name=dialog.client.display_name,
        channel_kind=dialog.connection.kind,
        channel_name=dialog.connection.name,
        line_name=dialog.line.name,
        operator_name="" if own or dialog.operator is None else dialog.operator.display_name,
        state=dialog.state,
        state_label=faces.state_label(dialog.state),
        may_transfer=may.transfer,
        may_finish=may.finish,
        may_spam=may.spam,
        may_take_over=may.take_over,
        confirms_finish=dialog.line.confirm_finish,
        finishing=_finishing(dialog, may, me=me),
        says_outcome=dialog.line.outcome_required,
        ends=dialog.state != Dialog.State.WRAP_UP,
        may_pin=own and dialog.state in HELD,
        is_pinned=dialog.pinned_at is not None,
        may_snooze=own and dialog.state == Dialog.State.ANSWERED,
        snoozed_until=asleep if own else None,
        may_rate=may_rate(me, dialog),
        log_erased=dialog.log_erased_at is not None,
    )


def _finishing(dialog: Dialog, may: Deeds, *, me: Employee) -> Finishing | None:
    if dialog.finish_at is None or dialog.frozen_at is not None:
        return None
    words = {
        FinishAs.SOLVED: _("Finished as solved?"),
        FinishAs.NOT_SOLVED: _("Finished as not solved?"),
        FinishAs.SPAM: _("Marked as spam?"),
    }[FinishAs(dialog.finish_as)]
    other = dialog.finish_by_id if dialog.finish_by_id != me.pk else None
    by = Employee.objects.filter(pk=other).first() if other is not None else None
    return Finishing(
        until=dialog.finish_at, words=words, by=by.display_name if by else "", may_undo=may.undo_finish
    )
