"""What a message waits for now."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openlines.journey.rows import Rows
from openlines.journey.steps import Tone, Wait
from openlines.models import Attachment, Connection, Message, OutboxItem
from openlines.policies.facts import IN_QUEUE


def waits(rows: Rows, *, now: datetime) -> tuple[Wait, ...]:
    found = [_file(one) for one in rows.attachments if one.state == Attachment.State.PENDING]
    item = next((one for one in rows.items if one.state != OutboxItem.State.DONE), None)
    if item is not None:
        found += _leaving(item, rows, now=now)
    elif _is_for_chat_page(rows.message):
        found.append(
            Wait(
                _("The chat page has not fetched it yet: it gets it when the client has the page open."),
                tone=Tone.PLAIN,
            )
        )
    elif rows.message.author == Message.Author.CLIENT and not rows.looks:
        found.append(_unseen(rows.message))
    return tuple(found)


def _leaving(item: OutboxItem, rows: Rows, *, now: datetime) -> list[Wait]:
    """Each thing that holds it: mending one does not help while another is left."""
    connection, dialog = rows.message.connection, rows.message.dialog
    if item.state in (OutboxItem.State.CLAIMED, OutboxItem.State.SENDING):
        words = _("%(channel)s is being called at this moment.")
        return [Wait(words % {"channel": connection.get_kind_display()}, tone=Tone.PLAIN)]
    found = []
    if dialog.frozen_at is not None:
        words = _("The line “%(line)s” is switched off: nothing leaves until it is switched on again.")
        found.append(Wait(words % {"line": dialog.line.name}, since=dialog.frozen_at, tone=Tone.BAD))
    if not connection.is_active:
        words = _("The connection “%(name)s” is switched off: nothing leaves until it is switched on again.")
        found.append(Wait(words % {"name": connection.name}, tone=Tone.BAD))
    elif connection.paused_reason:
        found.append(_paused(connection))
    elif connection.held_until and connection.held_until > now:
        words = _("%(channel)s asked us to slow down: all messages of this connection wait.")
        found.append(Wait(words % {"channel": connection.get_kind_display()}, until=connection.held_until))
    if rows.ahead is not None:
        words = _("Message %(seq)s of this dialog has to leave first: the order is kept.")
        ahead = rows.ahead.message
        found.append(Wait(words % {"seq": ahead.seq}, behind=ahead.pk))
    elif item.next_attempt_at > now:
        words = _("The next attempt.") if item.log else _("Held back for a moment, before it leaves.")
        found.append(Wait(words, until=item.next_attempt_at, tone=Tone.DOUBT if item.log else Tone.PLAIN))
    return found or [_in_turn(rows.ahead_on_connection)]


def _in_turn(ahead: int) -> Wait:
    if not ahead:
        return Wait(_("It is next, and leaves within seconds."), tone=Tone.PLAIN)
    words = ngettext(
        "%(n)d message of this connection is before it.",
        "%(n)d messages of this connection are before it.",
        ahead,
    )
    return Wait(words % {"n": ahead}, tone=Tone.PLAIN)


def _paused(connection: Connection) -> Wait:
    words = _(
        "The connection is paused: %(reason)s An administrator has been told; everything leaves when it is mended."
    )
    reason = connection.paused_reason.strip()
    return Wait(
        words % {"reason": reason if reason.endswith((".", "!", "?")) else f"{reason}."},
        since=connection.paused_since,
        tone=Tone.BAD,
    )


def _file(attachment: Attachment) -> Wait:
    words = _("The file %(name)s is still being fetched.") % {"name": attachment.name or _("without a name")}
    if attachment.failure:
        last = _("The last attempt failed: %(reason)s") % {"reason": attachment.failure}
        words = f"{words} {last}"
    return Wait(words, until=attachment.next_attempt_at)


def _is_for_chat_page(message: Message) -> bool:
    ours = message.author != Message.Author.CLIENT and not message.is_note
    chat = message.connection.kind == Connection.Kind.LIVECHAT
    return ours and chat and message.delivery == Message.Delivery.SENT and message.deleted_at is None


def _unseen(message: Message) -> Wait:
    dialog = message.dialog
    if dialog.is_kept and dialog.line.is_active:
        words = _(
            "It came while the line “%(line)s” was off: nobody is shown the dialog until an administrator releases it, or "
            "the client writes again."
        )
        return Wait(words % {"line": dialog.line.name}, since=dialog.frozen_at, tone=Tone.BAD)
    if dialog.frozen_at is not None:
        words = _("The line “%(line)s” is switched off: nobody is shown the dialog until it is switched on.")
        return Wait(words % {"line": dialog.line.name}, since=dialog.frozen_at, tone=Tone.BAD)
    if dialog.operator is not None:
        words = _("%(name)s holds the dialog, but has not had this message on the screen yet.")
        return Wait(words % {"name": dialog.operator.display_name})
    if dialog.state in IN_QUEUE:
        words = _("The dialog waits in the queue of “%(line)s”; nobody has had it on the screen yet.")
        return Wait(words % {"line": dialog.line.name})
    return Wait(_("Nobody has had it on the screen yet."))
