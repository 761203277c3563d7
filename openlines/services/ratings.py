"""Ratings by clients and supervisors (R1–R7)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Rating
from openlines.policies import conversation
from openlines.policies.facts import OPEN, State
from openlines.services import automatic_actions, dialog_notices
from openlines.services.change import DialogChange, lock_dialog
from openlines.services.errors import CommandRefused

MAX_STARS = 5
LONGEST_COMMENT = 2000


def take(change: DialogChange, *, value: int) -> bool:
    """The client's rating within ``change``, which the caller writes; False where it is not stored: its time is over
    (R4), or none is taken here.
    """
    if not conversation.takes_rating(change.facts, change.settings):
        return False
    in_time = conversation.rates_in_time(change.facts, change.settings, now=change.now)
    late = change.facts.state not in OPEN
    decided = conversation.rate(automatic_actions.talk(change), value=value, in_time=in_time)
    automatic_actions.apply(change, decided)
    if in_time:
        _store(
            change,
            source=Rating.Source.CLIENT,
            value=value,
            by=None,
            comment="",
            late=late,
        )
    return in_time


def rate_in_chat(dialog_id: int, *, value: int, comment: str = "", now: datetime) -> Dialog:
    """R2: the live chat's own buttons, during the dialog or after it. Raises ``CommandRefused`` (``late``, ``not_yet``,
    ``off``, ``value``). The same value once more, with a ``comment``, only adds the reason: nothing is said again.
    """
    if value not in (0, 1):
        raise CommandRefused("value", _("A rating is good or bad."))
    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog_id), now=now)
        if not conversation.takes_rating(change.facts, change.settings):
            raise CommandRefused("off", _("This conversation cannot be rated."))
        if change.facts.state in OPEN - {State.WRAP_UP} and not change.settings.rating_in_dialog:
            raise CommandRefused("off", _("You can rate this conversation when it is over."))
        if change.facts.first_reply_at is None:
            raise CommandRefused("not_yet", _("Nobody has answered yet, so there is nothing to rate."))
        is_reason = bool(comment.strip()) and change.facts.client_rating == value
        if is_reason and not conversation.rates_in_time(change.facts, change.settings, now=now):
            raise CommandRefused("late", _("The time for rating this conversation is over."))
        if not is_reason and not take(change, value=value):
            change.write()
            raise CommandRefused("late", _("The time for rating this conversation is over."))
        _explain(change, comment)
        change.write()
        return change.dialog


def _explain(change: DialogChange, comment: str) -> None:
    """The client's reason, beside the rating; §10: not where the dialog's texts have been erased."""
    reason = comment.strip()[:LONGEST_COMMENT]
    if not reason or change.dialog.log_erased_at is not None:
        return
    Rating.objects.filter(dialog=change.dialog, source=Rating.Source.CLIENT).update(comment=reason)
    change.record("rating_explained", value=change.facts.client_rating)


def rate_by_supervisor(
    dialog_id: int, *, stars: int, comment: str = "", by: Employee, now: datetime
) -> Rating:
    """R6: 1–5 stars and a comment; the operator is told. Raises ``CommandRefused`` (``value``, ``own``).

    The right to rate is asked by the view.
    """
    if not 1 <= stars <= MAX_STARS:
        raise CommandRefused("value", _("Give one to five stars."))
    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog_id), now=now)
        if change.dialog.operator_id == by.pk:
            raise CommandRefused("own", _("You cannot rate your own dialog."))
        rating = _store(
            change,
            source=Rating.Source.SUPERVISOR,
            value=stars,
            by=by,
            comment=comment.strip()[:LONGEST_COMMENT],
            late=change.facts.state not in OPEN,
        )
        change.set_fields(supervisor_rating=stars)
        change.record("rated_by_supervisor", actor_id=by.pk, value=stars, comment=rating.comment)
        change.write()
        if rating.operator_id:
            dialog_notices.rated(change.dialog, to=rating.operator_id, by=by, stars=stars, now=now)
        return rating


def _store(
    change: DialogChange, *, source: str, value: int, by: Employee | None, comment: str, late: bool
) -> Rating:
    """A later answer replaces an earlier one (R4); it goes to the operator at the finish (§11)."""
    dialog = change.dialog
    rating, _created = Rating.objects.update_or_create(
        dialog=dialog,
        source=source,
        defaults={
            "value": value,
            "comment": comment,
            "at": change.now,
            "by": by,
            "operator_id": change.before.operator_id,
            "line_id": dialog.line_id,
            "connection_id": dialog.connection_id,
            "is_late": late,
        },
    )
    return rating
