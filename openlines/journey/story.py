"""The whole journey, made of what is known. Pure: rows in, words out."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openlines.connectors import registry
from openlines.journey import incoming, outgoing, told
from openlines.journey.rows import Rows
from openlines.journey.steps import Journey, Step, Tone, in_order
from openlines.journey.waiting import waits
from openlines.models import Message
from openlines.services import inbound

_COMES_IN = (Message.Author.CLIENT, Message.Author.OUTSIDE)


def build(rows: Rows, *, now: datetime) -> Journey:
    message = rows.message
    came = message.author in _COMES_IN
    found = incoming.steps(rows) if came else outgoing.steps(rows)
    found += told.steps(rows)
    found += [
        Step(
            at=look.at,
            title=_("On the screen of %(name)s") % {"name": look.employee.display_name},
            tone=Tone.GOOD,
        )
        for look in rows.looks
    ]
    verdict, tone = _of_client(rows) if message.author == Message.Author.CLIENT else _of_ours(message)
    return Journey(
        seq=message.seq,
        verdict=verdict,
        tone=tone,
        steps=in_order(found),
        waits=waits(rows, now=now),
        notes=tuple(_notes(rows, now=now)),
    )


def _of_client(rows: Rows) -> tuple[str, Tone]:
    if rows.message.deleted_at is not None:
        return _("Received; the client has taken it back."), Tone.PLAIN
    if not rows.looks:
        return _("Received and stored; nobody has had it on the screen yet."), Tone.DOUBT
    words = ngettext(
        "Received; %(n)d person has had it on the screen.",
        "Received; %(n)d people have had it on the screen.",
        len(rows.looks),
    )
    return words % {"n": len(rows.looks)}, Tone.GOOD


def _of_ours(message: Message) -> tuple[str, Tone]:
    if message.is_note:
        return _("A note for colleagues."), Tone.PLAIN
    if message.deleted_at is not None:
        return _("Taken back."), Tone.PLAIN
    channel = message.connection.get_kind_display()
    match message.delivery:
        case Message.Delivery.QUEUED:
            return _("It has not left yet."), Tone.DOUBT
        case Message.Delivery.SENDING:
            return _("It is leaving at this moment."), Tone.DOUBT
        case Message.Delivery.SENT if message.author == Message.Author.OUTSIDE:
            return _("Written outside, not through us."), Tone.PLAIN
        case Message.Delivery.SENT if not registry.has(message.connection.kind):
            return _("Ready for the client's chat page."), Tone.GOOD
        case Message.Delivery.SENT:
            return _("%(channel)s has accepted it.") % {"channel": channel}, Tone.GOOD
        case Message.Delivery.DELIVERED:
            return _("Delivered to the client."), Tone.GOOD
        case Message.Delivery.READ:
            return _("The client has read it."), Tone.GOOD
        case Message.Delivery.UNKNOWN:
            words = _("It may have arrived; nobody confirmed it, and it is not sent twice by itself.")
            return words, Tone.DOUBT
    return _("It did not reach the client."), Tone.BAD


def _notes(rows: Rows, *, now: datetime) -> list[str]:
    message = rows.message
    found = []
    if message.dialog.log_erased_at is not None:
        found.append(_("By setting of the line its text and files were erased; times and marks stay."))
    has_connector = registry.has(message.connection.kind)
    if message.author in _COMES_IN and has_connector and message.inbound is None:
        if now - message.created_at > inbound.KEEP:
            days = {"days": inbound.KEEP.days}
            found.append(
                _("What the provider delivered is kept for %(days)s days, and is gone by now.") % days
            )
        else:
            found.append(_("What the provider delivered for it is not in the inbound log."))
    if message.reply_to_external_id and message.reply_to is None:
        words = _("It answers a message that is not known here (id at the provider: %(id)s).")
        found.append(words % {"id": message.reply_to_external_id})
    if (
        message.delivery == Message.Delivery.SENT
        and has_connector
        and message.author != Message.Author.OUTSIDE
    ):
        receipts = registry.get(message.connection.kind).features.receipts
        channel = {"channel": message.connection.get_kind_display()}
        found.append(
            _("%(channel)s has not told yet whether it was delivered.") % channel
            if receipts
            else _("%(channel)s tells nothing after it has accepted a message.") % channel
        )
    return found
