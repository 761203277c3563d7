"""What the saved settings of a block do, in whole sentences; and warnings where they cannot work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openlines import lifecycle
from openlines.admin.durations import in_words
from openlines.lifecycle import Event
from openlines.models import OpenLine
from openlines.models.blocks import AutomaticActionsBlock, QueueBlock, WorkingTimeBlock
from openlines.policies.facts import DialogFacts, LineSettings, State, TextTrigger


def queue(line: OpenLine, *, people: int) -> list[str]:
    return [
        *_distribution(line, alone=people == 1),
        *_who_may_be_offered(line),
        _who_goes_away(line),
        _whom_clients_see(line),
    ]


def _who_may_be_offered(line: OpenLine) -> list[str]:
    """Q4, Q5."""
    found = []
    if line.check_availability:
        found.append(_("Only who is available is asked: not on leave or on a break, and at work or online."))
    else:
        found.append(_("Everybody in the queue is asked, present or not."))
    if line.limit_enabled:
        left_out = QueueBlock.LimitLeavesOut(line.limit_leaves_out).label
        found.append(
            ngettext(
                "Nobody gets a new dialog who has %(count)d already; not counted: %(left_out)s.",
                "Nobody gets a new dialog who has %(count)d already; not counted: %(left_out)s.",
                line.limit,
            )
            % {"count": line.limit, "left_out": left_out}
        )
    return found


def _who_goes_away(line: OpenLine) -> str:
    """Q9."""
    if line.check_availability:
        return _(
            "What waits with somebody whose work day ends, who goes on a break or on leave, or is offline for 5 minutes "
            "goes back to the queue; what is pinned or answered stays."
        )
    return _(
        "What waits with somebody who goes on leave for a day or longer, or leaves the queue, goes back to the queue; "
        "what is pinned or answered stays."
    )


def _distribution(line: OpenLine, *, alone: bool) -> list[str]:
    idle = in_words(line.idle_time)
    match line.distribution:
        case QueueBlock.Distribution.TO_ALL:
            return [
                _(
                    "A new dialog is offered to everybody in the queue at once; whoever accepts it first holds it."
                ),
                _("Until then it is offered again each hour, and whenever somebody becomes available."),
            ]
        case QueueBlock.Distribution.EVENLY:
            first = _("A new dialog goes to the person who has waited longest for one.")
        case _:
            first = _("A new dialog goes to the first person in the list.")
    if alone:
        return [
            _("Every new dialog goes to the one person in the queue and stays there until it is accepted.")
        ]
    return [
        first,
        _(
            "After %(idle)s without being accepted it goes on to the next; when all have been tried, "
            "the round begins again."
        )
        % {"idle": idle},
        *_at_rest(line),
    ]


def _at_rest(line: OpenLine) -> list[str]:
    """Q3."""
    if not line.working_time_enabled:
        return []
    return [
        _(
            "Outside working hours one round is made; then the dialog rests with the last one, and anybody in the "
            "queue may accept it until the line opens."
        )
    ]


def _whom_clients_see(line: OpenLine) -> str:
    """Q6."""
    match line.identity:
        case QueueBlock.Identity.PROFILE:
            return _("Clients see the name and the photo of who answers.")
        case QueueBlock.Identity.ENTRIES:
            return _("Clients see the names, positions and photos entered below.")
    if line.identity_first_name:
        return _("Clients see the first name of who answers, and one shared picture.")
    return _("Clients do not learn who answers.")


def automatic_actions(line: OpenLine) -> list[str]:
    return [
        _greeting(line),
        *_unanswered(line),
        *_finish(line),
        *_auto_close(line),
        _("The operator reads along while a live-chat client types.")
        if line.live_typing
        else _("The operator sees that a live-chat client types, but not what."),
    ]


def other(line: OpenLine) -> list[str]:
    language = dict(settings.LANGUAGES).get(line.text_language, line.text_language)
    found = [
        _(
            "Clients know this line as “%(name)s”; where their language is not known, texts are sent in: %(language)s."
        )
        % {"name": line.name, "language": language}
    ]
    if line.confirm_finish:
        found.append(_("An operator who finishes a dialog is asked first whether it is meant."))
    else:
        found.append(_("A dialog is finished with one click, without a question."))
    if not line.keep_log:
        found.append(
            _("Texts and files of a dialog are erased when it is closed completely; its figures stay.")
        )
    if not line.is_active:
        found.append(
            _("The line is switched off: clients can write, but nothing is shown, distributed or sent.")
        )
    return found


def queue_warnings(*, people: int) -> list[str]:
    if people:
        return []
    return [
        _(
            "Nobody is in the queue at the moment: the people were dismissed, or the departments have no active "
            "members. Dialogs wait until somebody is added."
        )
    ]


TEXT_SWITCHES: dict[str, tuple[str, str]] = {
    "greeting": ("greeting_enabled", "greeting_rule"),
    "unanswered": ("unanswered_text_enabled", "unanswered_after"),
    "finished": ("finish_text_enabled", "wrap_up"),
    "auto_closed": ("auto_close_text_enabled", "auto_close_after"),
}
"""Trigger of a text → (the switch that sends it, the setting that says when)."""


def _greeting(line: OpenLine) -> str:
    if not line.greeting_enabled:
        return _("Clients are not greeted.")
    if line.greeting_rule == AutomaticActionsBlock.GreetingRule.FIRST_CONTACT:
        return _("A client is greeted once, when writing for the first time.")
    return _("A client is greeted at the start of every dialog.")


def _unanswered(line: OpenLine) -> list[str]:
    """A4, A5, W6."""
    after = {"time": in_words(line.unanswered_after)}
    if not line.unanswered_text_enabled:
        return [
            _("A dialog without an answer is marked as unanswered after %(time)s; the client is not told.")
            % after
        ]
    found = [
        _(
            "A dialog without an answer is marked as unanswered after %(time)s, and the client gets a text then."
        )
        % after
    ]
    off_hours = line.working_time_enabled and line.off_hours_rule == WorkingTimeBlock.OffHoursRule.TEXT
    if off_hours or (line.check_availability and line.unavailable_text_enabled):
        found.append(_("Who was told already that nobody is there does not get that text, too."))
    return found


@dataclass(frozen=True)
class _End:
    """What one way of ending does: ``waits``: there is a time to rate or write again."""

    text: bool
    rating: bool
    waits: bool


def _end(line: OpenLine, event: Event, *, replied: bool) -> _End:
    """As the life cycle has it, so that the sentences cannot say something else."""
    settings_ = LineSettings(
        line_id=0,
        version=0,
        finish_text=line.finish_text_enabled,
        auto_close_text=line.auto_close_text_enabled,
        wrap_up=line.wrap_up,
        rating=line.rating_enabled,
    )
    at = datetime(2000, 1, 1, tzinfo=UTC)
    dialog = DialogFacts(
        state=State.ANSWERED,
        operator_id=1,
        first_client_message_at=at,
        first_reply_at=at if replied else None,
    )
    step = lifecycle.step(dialog, event, settings=settings_, now=at)
    rating = TextTrigger.RATING_REQUEST in step.texts
    return _End(text=len(step.texts) > rating, rating=rating, waits=step.after.state is State.WRAP_UP)


def _finish(line: OpenLine) -> list[str]:
    """A6, A7, R1."""
    end = _end(line, Event.FINISH, replied=True)
    time = {"time": in_words(line.wrap_up)}
    match end:
        case _End(text=False, rating=False):
            return [_("When the operator finishes, the dialog is closed at once, without a text.")]
        case _End(text=True, rating=False, waits=False):
            return [_("When the operator finishes, the client gets a text and the dialog is closed at once.")]
        case _End(text=True, rating=False):
            return [
                _(
                    "When the operator finishes, the client gets a text and has %(time)s to write again in the same "
                    "dialog; then it is closed."
                )
                % time
            ]
        case _End(text=True, waits=True):
            found = _(
                "When the operator finishes, the client gets a text, is asked for a rating and has %(time)s to answer "
                "or write again in the same dialog; then it is closed."
            )
        case _End(text=False, waits=True):
            found = _(
                "When the operator finishes, the client is asked for a rating and has %(time)s to answer or write "
                "again in the same dialog; then it is closed."
            )
        case _End(text=True):
            found = _(
                "When the operator finishes, the client gets a text and is asked for a rating, and the dialog is "
                "closed at once; it can still be rated."
            )
        case _:
            found = _(
                "When the operator finishes, the client is asked for a rating and the dialog is closed at once; it "
                "can still be rated."
            )
    unanswered = _end(line, Event.FINISH, replied=False)
    if end.waits and not unanswered.waits:
        return [found % time, _("Where nobody has replied, nothing is asked and there is no such time.")]
    return [found % time, _("Where nobody has replied, no rating is asked.")]


def _auto_close(line: OpenLine) -> list[str]:
    """A8, A9, R1."""
    end = _end(line, Event.AUTO_CLOSE, replied=True)
    after = {"time": in_words(line.auto_close_after)}
    if end.text and end.rating:
        found = _(
            "An answered dialog closes by itself when nothing happens for %(time)s, with a text and the request for a "
            "rating."
        )
    elif end.rating:
        found = _(
            "An answered dialog closes by itself when nothing happens for %(time)s, with the request for a rating."
        )
    elif end.text:
        found = _("An answered dialog closes by itself when nothing happens for %(time)s, with a text.")
    else:
        found = _("An answered dialog closes by itself when nothing happens for %(time)s, without a text.")
    if not end.waits:
        return [found % after]
    return [
        found % after,
        _("Then, too, the client has %(time)s to write again in it.") % {"time": in_words(line.wrap_up)},
    ]


def people_in_words(names: list[str], *, most: int = 6) -> str:
    """``Anna, Ben and 3 more``."""
    shown = names[:most]
    more = len(names) - len(shown)
    text = ", ".join(shown)
    if more:
        text += " " + ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    return text
