"""What the saved settings of a block do, in whole sentences; and warnings where they cannot work."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openlines.admin.durations import in_words
from openlines.models import OpenLine
from openlines.models.blocks import AutomaticActionsBlock, QueueBlock


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
            "goes back to the queue; what is answered stays."
        )
    return _(
        "What waits with somebody who goes on leave for a day or longer, or leaves the queue, goes back to the queue; "
        "what is answered stays."
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
        _unanswered(line),
        _finish(line),
        _auto_close(line),
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


def _unanswered(line: OpenLine) -> str:
    after = in_words(line.unanswered_after)
    if line.unanswered_text_enabled:
        return _(
            "A dialog without an answer is marked as unanswered after %(time)s, and the client gets a text then."
        ) % {"time": after}
    return _("A dialog without an answer is marked as unanswered after %(time)s; the client is not told.") % {
        "time": after
    }


def _finish(line: OpenLine) -> str:
    """A7: where there is nothing to say (and nothing to rate) there is no time to wait for either."""
    if not line.finish_text_enabled:
        return _("When the operator finishes, the dialog is closed at once, without a text.")
    if line.wrap_up <= timedelta():
        return _("When the operator finishes, the client gets a text and the dialog is closed at once.")
    return _(
        "When the operator finishes, the client gets a text and has %(time)s to write again in the same dialog; "
        "then it is closed."
    ) % {"time": in_words(line.wrap_up)}


def _auto_close(line: OpenLine) -> str:
    after = in_words(line.auto_close_after)
    if line.auto_close_text_enabled:
        return _("An answered dialog closes by itself when nothing happens for %(time)s, with a text.") % {
            "time": after
        }
    return _("An answered dialog closes by itself when nothing happens for %(time)s, without a text.") % {
        "time": after
    }


def people_in_words(names: list[str], *, most: int = 6) -> str:
    """``Anna, Ben and 3 more``."""
    shown = names[:most]
    more = len(names) - len(shown)
    text = ", ".join(shown)
    if more:
        text += " " + ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    return text
