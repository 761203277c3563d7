"""Finishing that can be undone: asked for, and done a few seconds later unless it is undone or something comes meanwhile.

Until then nothing is sent and the state stays as it is; the dialog carries who asked, and its deadline does it, whether the
person's browser is still there or not. Whatever else happens in the dialog calls it off (``lifecycle.step``), and the
person is told (``DialogChange.write``). ``dialogs.finish`` and ``dialogs.spam`` do it at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines import lifecycle
from openlines.models import Dialog
from openlines.policies.facts import HELD, IN_QUEUE, FinishAs, Outcome, State
from openlines.policies.stale_view import Known
from openlines.services import dialogs, stale_view, whereabouts
from openlines.services.change import DialogChange, lock_dialog
from openlines.services.errors import CommandRefused

UNDO_FOR: Final = timedelta(seconds=5)


def ask(
    dialog_id: int,
    *,
    by: Employee,
    now: datetime,
    as_: FinishAs | None,
    expects: int | None = dialogs.ANYBODY,
    may_take_over: bool = False,
    known: Known | None = None,
) -> Dialog:
    """It ends in ``UNDO_FOR``. A dialog in the queue is accepted for ``by`` at once; one in wrap-up, where nothing is to be
    said any more, closes at once. ``as_`` None: "solved", unless the line requires that it is said.

    Raises ``CommandRefused`` as ``dialogs.finish`` (``outcome``, ``taken``, ``stale`` …).
    """
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        dialogs.guard_holder(dialog, expects)
        dialogs.guard_frozen(dialog)
        if not dialog.is_open:
            raise whereabouts.refusal(dialog)
        if State(dialog.state) in IN_QUEUE:
            dialogs.guard_queue(dialog, by, may_take_over=may_take_over, now=now)
        stale_view.guard(dialog, known, by=by, now=now)
        if State(dialog.state) is not State.WRAP_UP:
            return _ask(DialogChange(dialog, now=now), by=by, as_=as_, may_take_over=may_take_over)
    if as_ is FinishAs.SPAM:
        return dialogs.spam(dialog_id, by=by, now=now, expects=expects, may_take_over=may_take_over)
    return dialogs.finish(dialog_id, by=by, now=now, expects=expects, may_take_over=may_take_over)


def undo(dialog_id: int, *, by: Employee, now: datetime) -> Dialog:
    """By whoever may act in it. Undone twice is no error. Raises ``CommandRefused`` where it is finished already."""
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        change = DialogChange(dialog, now=now)
        if change.facts.finish_at is not None:
            change.set_facts(lifecycle.without_finish(change.facts))
            change.record("finish_undone", actor_id=by.pk)
            change.write()
        elif change.facts.state not in HELD:
            raise CommandRefused(
                "too_late",
                _("It is finished already, and what is to be said has been sent. Reply to reopen it."),
            )
        return dialog


def _ask(change: DialogChange, *, by: Employee, as_: FinishAs | None, may_take_over: bool) -> Dialog:
    if as_ is None:
        if change.settings.outcome_required:
            raise CommandRefused("outcome", _("Say whether it was solved, then finish."))
        as_ = FinishAs(Outcome.SOLVED)
    dialogs.accept_to_finish(change, by=by, may_take_over=may_take_over)
    change.set_facts(lifecycle.finishing(change.facts, at=change.now + UNDO_FOR, by=by.pk, as_=as_))
    change.write()
    return change.dialog
