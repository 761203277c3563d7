"""What was told about a message after it was stored or sent: delivered, read, changed, taken back, its files."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from openlines.journey.rows import Rows
from openlines.journey.steps import Step, Tone
from openlines.models import Connection, Message, MessageMark
from openlines.services import courtesies

SAME = timedelta(seconds=1)
"""A channel's time nearer than this to ours tells nothing new."""
_TONES = {
    "delivered": Tone.GOOD,
    "read": Tone.GOOD,
    "sent": Tone.GOOD,
    "echoed": Tone.GOOD,
    "failed": Tone.BAD,
    "not_fetched": Tone.BAD,
}


def steps(rows: Rows) -> list[Step]:
    """``Step.delivery_id`` only where one raw delivery, and no other, came at that moment."""
    moments = Counter(event.received_at for event in rows.deliveries)
    events = {event.received_at: event.pk for event in rows.deliveries if moments[event.received_at] == 1}
    return [_step(mark, rows, delivery_id=events.get(mark.heard_at)) for mark in rows.marks]


def _step(mark: MessageMark, rows: Rows, *, delivery_id: int | None) -> Step:
    title, detail = _words(mark, rows)
    if _is_early(mark, rows):
        early = _("It came before the message was known here; it was kept, and applied with the message.")
        detail = f"{detail} {early}".strip()
    differs = abs(mark.at - mark.heard_at) >= SAME
    return Step(
        at=mark.heard_at,
        title=title,
        detail=detail,
        tone=_TONES.get(mark.status, Tone.PLAIN),
        told_at=mark.at if differs else None,
        delivery_id=delivery_id,
    )


def _is_early(mark: MessageMark, rows: Rows) -> bool:
    return mark.heard_at < known_since(rows)


def known_since(rows: Rows) -> datetime:
    """From when on the channel's words could find the message: it was stored, or its id was."""
    message = rows.message
    if message.author == Message.Author.CLIENT:
        return message.created_at
    sent = [entry for item in rows.items for entry in item.log if entry.get("ids")]
    if not sent:
        return message.created_at
    begun = datetime.fromisoformat(sent[0]["at"])
    return begun + timedelta(milliseconds=sent[0].get("ms", 0))


def _words(mark: MessageMark, rows: Rows) -> tuple[str, str]:
    message = rows.message
    channel = message.connection.get_kind_display()
    chat = message.connection.kind == Connection.Kind.LIVECHAT
    by_client = message.author == Message.Author.CLIENT
    match mark.status:
        case "sent":
            return _("%(channel)s confirms that it has taken it") % {"channel": channel}, mark.detail
        case "echoed":
            return _("%(channel)s sent us its copy: it has taken it") % {"channel": channel}, mark.detail
        case "delivered" if chat:
            return _("The client's chat page has fetched it"), ""
        case "delivered":
            return _("Delivered to the client's device"), mark.detail
        case "read" if chat:
            return _("Shown on the client's chat page"), ""
        case "read":
            return _("The client has read it"), mark.detail
        case courtesies.TOLD:
            return _("%(channel)s was asked to show the client that it is read") % {"channel": channel}, ""
        case "failed":
            return _("%(channel)s reports that it could not be delivered") % {"channel": channel}, mark.detail
        case "edited":
            return (_("The client changed it") if by_client else _("The new text stands")), ""
        case "deleted":
            return (_("The client took it back") if by_client else _("Taken back")), ""
        case "reaction" if mark.detail:
            return _("The client put %(emojis)s under it") % {"emojis": mark.detail}, ""
        case "reaction":
            return _("The client changed their reaction"), ""
        case "part":
            return _("A further file of the album came"), ""
        case "fetched":
            return _("File fetched: %(name)s") % {"name": _file(mark, rows)}, ""
        case "not_fetched":
            return _("File not to be had: %(name)s") % {"name": _file(mark, rows)}, _failure(mark, rows)
    return _("%(channel)s says: %(word)s") % {"channel": channel, "word": mark.status}, mark.detail


def _file(mark: MessageMark, rows: Rows) -> str:
    names = {str(one.pk): one.name for one in rows.attachments}
    return names.get(mark.detail) or _("a file")


def _failure(mark: MessageMark, rows: Rows) -> str:
    return next((one.failure for one in rows.attachments if str(one.pk) == mark.detail), "")
