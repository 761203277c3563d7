"""How a message of ours leaves: written, queued, each attempt with the provider's answer; changes of it likewise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from openlines.journey.rows import Rows
from openlines.journey.steps import Id, Step, Tone
from openlines.models import Connection, LineText, Message, OutboxItem
from openlines.services import attempts

_TONES = {
    "Sent": Tone.GOOD,
    "TryLater": Tone.DOUBT,
    "Unknown": Tone.DOUBT,
    attempts.BEGUN: Tone.DOUBT,
    attempts.INTERRUPTED: Tone.DOUBT,
    "Failed": Tone.BAD,
    "Broken": Tone.BAD,
}


def steps(rows: Rows) -> list[Step]:
    message = rows.message
    found = [_written(message)]
    if message.is_note:
        return found
    if message.connection.kind == Connection.Kind.LIVECHAT:
        words = _("Laid ready for the chat page, which takes what is new while it is open")
        found.append(Step(at=message.created_at, title=words))
    elif not rows.items and message.delivery == Message.Delivery.FAILED:
        blocked = _("The client has blocked messages from us, or left the channel.")
        found.append(Step(at=message.created_at, title=_("Not sent"), detail=blocked, tone=Tone.BAD))
    for item in rows.items:
        found += _of_item(item, rows)
    return found


def _written(message: Message) -> Step:
    detail = ""
    if message.author == Message.Author.OPERATOR:
        name = message.operator.display_name if message.operator else _("somebody")
        title = _("Note by %(name)s") if message.is_note else _("Written by %(name)s")
        title %= {"name": name}
        if message.is_note:
            detail = _("Only colleagues see it: it never leaves.")
    elif message.author == Message.Author.AUTOMATIC:
        labels = dict(LineText.Trigger.choices)
        title = _("Automatic text of the line %(line)s") % {"line": message.dialog.line.name}
        detail = str(labels.get(message.trigger, message.trigger))
    else:
        title = _("Said by the bot")
    ids = (Id(_("our id"), str(message.uuid)),)
    return Step(at=message.created_at, title=title, detail=detail, ids=ids)


def _of_item(item: OutboxItem, rows: Rows) -> list[Step]:
    """``OutboxItem.created_at`` of a message that is sent again is the time of that: it was queued with the message."""
    sends = item.action == OutboxItem.Action.SEND
    found = [
        Step(at=rows.message.created_at if sends else item.created_at, title=_asked(item.action)),
    ]
    number = 0
    for position, entry in enumerate(item.log):
        is_call = "ms" in entry or entry.get("outcome") == attempts.BEGUN
        number += is_call
        ended = position + 1 < len(item.log) or item.state == OutboxItem.State.DONE
        found.append(_attempt(entry, item, rows, number=number if is_call else 0, ended=ended))
    return found


def _asked(action: str) -> str:
    if action == OutboxItem.Action.EDIT:
        return _("A change of its text was asked for")
    if action == OutboxItem.Action.DELETE:
        return _("It was to be taken back")
    return _("Put into the outbox")


def _attempt(entry: Mapping[str, Any], item: OutboxItem, rows: Rows, *, number: int, ended: bool) -> Step:
    channel = rows.message.connection.get_kind_display()
    outcome = str(entry.get("outcome", ""))
    title = _outcome(outcome, entry, rows, channel=channel, asked="ms" in entry, ended=ended)
    if number:
        title = _("Attempt %(number)s: %(what)s") % {"number": number, "what": title}
    ids = tuple(Id(_("id at the provider"), str(one)) for one in entry.get("ids", ()))
    return Step(
        at=_at(entry, item),
        title=title,
        detail=_detail(entry),
        tone=_TONES.get(outcome, Tone.PLAIN),
        took=timedelta(milliseconds=entry["ms"]) if "ms" in entry else None,
        ids=ids,
    )


def _outcome(
    outcome: str, entry: Mapping[str, Any], rows: Rows, *, channel: str, asked: bool, ended: bool
) -> str:
    match outcome:
        case "Sent":
            words = _("accepted by %(channel)s")
        case "TryLater":
            words = _("%(channel)s did not take it for now")
        case "Failed":
            words = (
                _("refused by %(channel)s")
                if asked
                else _("Not sent: decided here, %(channel)s was not asked")
            )
        case "Broken":
            words = _("%(channel)s does not let us in")
        case "Unknown" if asked:
            words = _("no clear answer from %(channel)s: it may have been taken")
        case "Unknown":
            words = _("The answer of %(channel)s is not known")
        case attempts.BEGUN if ended:
            words = _("begun, but the worker ended before %(channel)s answered")
        case attempts.BEGUN:
            words = _("%(channel)s is being called")
        case attempts.INTERRUPTED:
            words = _("The worker ended before it left: it is queued again")
        case attempts.WITHDRAWN:
            words = _("Withdrawn by its author before it left")
        case attempts.AGAIN:
            name = rows.people.get(entry.get("by") or 0) or _("somebody")
            return _("%(name)s had it sent again") % {"name": name}
        case _:
            words = _("something happened that this version has no words for")
    return words % {"channel": channel}


def _detail(entry: Mapping[str, Any]) -> str:
    statuses = ", ".join(str(status) for status in entry.get("http", ()))
    words = [
        str(entry.get("detail", "")),
        _("HTTP status: %(status)s.") % {"status": statuses} if statuses else "",
        _("Together with other texts of the same moment, as one message.") if entry.get("together") else "",
    ]
    return " ".join(filter(None, words))


def _at(entry: Mapping[str, Any], item: OutboxItem) -> datetime:
    try:
        return datetime.fromisoformat(str(entry["at"]))
    except (KeyError, ValueError):  # of an older version
        return item.created_at
