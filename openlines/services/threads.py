"""Which dialog a client's message goes back to: by the mail of ours, or the message of ours, that it answers."""

from __future__ import annotations

from collections.abc import Iterable

from openlines.connectors import base
from openlines.models import Client, Connection, Dialog, Message
from openlines.services import outgoing

OURS = (Message.Author.OPERATOR, Message.Author.AUTOMATIC, Message.Author.BOT)


def answered(item: base.MessageReceived, connection: Connection) -> Dialog | None:
    """Only our own unguessable ids and tokens count, never the subject alone."""
    return _named((*item.refers_to, item.reply_to), connection)


def continues(item: base.WrittenOutside, dialog: Dialog) -> bool:
    """Whether it goes back to a mail of the dialog, the client's or ours: who only knows two addresses cannot say so."""
    named = [one for one in item.refers_to if one]
    if not named:
        return False
    ours = _named(named, dialog.connection)
    if ours is not None and ours.client_id == dialog.client_id:
        return True
    of_the_client = Message.objects.filter(dialog__client=dialog.client_id, author=Message.Author.CLIENT)
    return of_the_client.filter(extra__message_id__in=named).exists()


def _named(references: Iterable[str], connection: Connection) -> Dialog | None:
    for reference in dict.fromkeys(filter(None, references)):
        dialog_id = outgoing.dialog_of_token(reference)
        rows = (
            Dialog.objects.filter(pk=dialog_id, client__connection=connection)
            if dialog_id
            else Dialog.objects.filter(
                client__connection=connection,
                messages__external_id=reference,
                messages__author__in=OURS,
            )
        )
        dialog = rows.select_related("client").first()
        if dialog is not None:
            return dialog
    return None


def client_of(item: base.MessageReceived, connection: Connection) -> Client | None:
    """E-mail: an answer to a mail of ours belongs to whom we wrote, whatever address it comes from.

    Who has a conversation of their own here goes on with that.
    """
    if not item.refers_to:
        return None
    if Client.objects.filter(connection=connection, external_id=item.sender.external_id).exists():
        return None
    dialog = answered(item, connection)
    return dialog.client if dialog is not None else None
