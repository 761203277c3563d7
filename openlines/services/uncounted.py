"""What comes from a client's side and is no client's message (§11): a machine's answer to something of ours, a word
that stops us, a chat that was only opened.

It is shown at its place, in the open dialog or the newest one, and marked. It starts no dialog, no clock and no
unanswered mark, leaves no wrap-up, and raises nothing in the lists.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors import base
from openlines.models import Client, Connection, Dialog, Message
from openlines.models.message import MACHINE_ANSWER
from openlines.services import clients, early_marks, files, marks, threads, wakeups
from openlines.services.change import DialogChange, NewMessage, lock_dialog

_WORDS = (base.MessageKind.OPT_OUT, base.MessageKind.OPT_IN)


def take(
    item: base.MessageReceived, connection: Connection, *, inbound_id: int | None, now: datetime
) -> str | None:
    """None: ``item`` is an ordinary message. Empty: it is shown. Else why there was nowhere to show it, for the log."""
    answers = item.is_answer or _says_what_it_answers(item)
    if answers or item.kind in _WORDS or item.kind is base.MessageKind.OPENED:
        return _take(item, connection, answers=answers, inbound_id=inbound_id, now=now)
    return None


def _says_what_it_answers(item: base.MessageReceived) -> bool:
    """Another system's machine (the API) names our message; of mails their own headers tell more."""
    return item.is_automatic and bool(item.reply_to) and not item.refers_to


def _take(
    item: base.MessageReceived,
    connection: Connection,
    *,
    answers: bool,
    inbound_id: int | None,
    now: datetime,
) -> str | None:
    answered = threads.answered(item, connection)
    client = answered.client if answered is not None else clients.find(connection, item.sender)
    is_word = item.kind in _WORDS
    may_be_ours = item.is_answer and client is not None and _wrote_to(client)
    if answers and not is_word and answered is None and not may_be_ours:
        return None  # it answers nothing of ours
    dialog = _place(client) if client is not None else None
    if client is None or dialog is None:
        if is_word:
            return _("A word that stops or allows our messages; there is no dialog to show it in.")
        return _("A client has opened the chat and written nothing yet.")
    _show(item, dialog, client, inbound_id=inbound_id, now=now)
    if item.external_id:
        early_marks.apply_after_commit(connection, item.external_id, now=now)
    return ""


def _wrote_to(client: Client) -> bool:
    """A machine that answers names our mail seldom enough; who got nothing from us cannot have answered it."""
    return Message.objects.filter(dialog__client=client, author__in=threads.OURS, is_note=False).exists()


def _place(client: Client) -> Dialog | None:
    rows = Dialog.objects.filter(client=client)
    return rows.open().first() or rows.order_by("-created_at", "-pk").first()


def _show(
    item: base.MessageReceived, dialog: Dialog, client: Client, *, inbound_id: int | None, now: datetime
) -> None:
    change = DialogChange(lock_dialog(dialog.pk), now=now)
    if marks.known(dialog.connection, item.external_id):  # told once more
        return
    is_erased = not change.dialog.is_open and not change.dialog.log_kept  # §10
    is_word = item.kind in (*_WORDS, base.MessageKind.OPENED)
    kind = str(item.kind) if is_word else MACHINE_ANSWER
    told = {} if is_erased else dict(item.data)
    if item.sender.external_id != client.external_id and not is_erased:
        told |= {"from": item.sender.email or item.sender.external_id}
    change.add_message(
        NewMessage(
            author=Message.Author.CLIENT,
            text="" if is_erased else item.text,
            kind=kind,
            external_id=item.external_id or None,
            sent_at=item.at,
            reply_to_id=marks.find_for(client.pk, dialog.connection, item.reply_to),
            reply_to_external_id=item.reply_to,
            extra={**told, **({"automatic": True} if item.is_automatic else {})},
            attachments=() if is_erased else tuple(files.received(media) for media in item.media),
            inbound_id=inbound_id,
        )
    )
    change.write()
    if not is_erased and any(media.content is None for media in item.media):
        wakeups.request("fetch", connection_id=dialog.connection_id, now=now)
