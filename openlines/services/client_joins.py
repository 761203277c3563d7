"""Two clients of one connection turn out to be one person (§11): they become one, and so do their open dialogs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from openlines.lifecycle import Event
from openlines.models import Client, ClientAlias, Dialog, Message
from openlines.policies.facts import HELD, IN_QUEUE, State
from openlines.services import consents, files, message_content, routing, wakeups
from openlines.services.change import DialogChange, NewMessage, lock_dialog


def join(*, keep: Client, gone: Client, now: datetime) -> None:
    """``gone``'s dialogs, messages, names and consents go to ``keep``; nothing is lost, and his old ids still find him.

    Of two open dialogs the one held by an operator stays, else the older; the other closes as "continued in No. …"
    without texts, and its waiting messages start the clock in the one that stays. One that stands still (L4) never stays
    for one that is shown: the client would vanish from the desk.
    """
    with transaction.atomic():
        rows = Client.objects.select_for_update(no_key=True).filter(pk__in=[keep.pk, gone.pk])
        if len(list(rows.order_by("pk"))) < 2:
            return
        _join_open_dialogs(keep, gone, now=now)
        Dialog.objects.filter(client=gone).update(client=keep)
        consents.join(keep=keep, gone=gone)
        ClientAlias.objects.filter(client=gone).update(client=keep)
        known = {
            name: getattr(gone, name)
            for name in ("name", "username", "language", "phone", "email", "page_url")
            if getattr(gone, name) and not getattr(keep, name)
        }
        old_id = gone.external_id
        connection = gone.connection
        gone.delete()
        ClientAlias.objects.get_or_create(
            connection=connection, external_id=old_id, defaults={"client": keep}
        )
        if known:
            Client.objects.filter(pk=keep.pk).update(**known)
            for name, value in known.items():
                setattr(keep, name, value)


def _join_open_dialogs(keep: Client, gone: Client, *, now: datetime) -> None:
    both = list(Dialog.objects.open().filter(Q(client=keep) | Q(client=gone)).order_by("pk"))
    if len(both) < 2:
        return
    stays = min(both, key=_rank)
    (ends,) = (dialog for dialog in both if dialog.pk != stays.pk)
    for pk in sorted((stays.pk, ends.pk)):
        Dialog.objects.select_for_update().get(pk=pk)
    ending = DialogChange(lock_dialog(ends.pk), now=now)
    waiting = list(_waiting(ending.dialog))
    if ending.facts.state is State.WRAP_UP:
        ending.step(Event.TIME_OVER)
    else:
        ending.step(Event.FINISH, reachable=False)
    ending.record("continued", number=stays.pk)
    ending.write()
    staying = DialogChange(lock_dialog(stays.pk), now=now)
    if waiting:
        staying.step(Event.CLIENT_WRITES)
        for message in waiting:
            staying.add_message(
                NewMessage(
                    author=Message.Author.CLIENT,
                    text=message.text,
                    kind=message.kind,
                    sent_at=message.sent_at,
                    created_at=message.created_at,
                    extra={
                        message_content.COPY_OF: message.pk,
                        **message.extra,
                        "continued_from": ends.pk,
                    },
                    attachments=files.copies(message),
                )
            )
        wakeups.request("fetch", connection_id=stays.connection_id, now=now)
    staying.record("continues", number=ends.pk)
    staying.write()
    if staying.facts.state in IN_QUEUE and staying.facts.distribute_since is not None:
        routing.distribute_after_commit(staying.dialog.line_id, now=now)


def _rank(dialog: Dialog) -> tuple[bool, bool, datetime, int]:
    return dialog.frozen_at is not None, State(dialog.state) not in HELD, dialog.created_at, dialog.pk


def _waiting(dialog: Dialog) -> list[Message]:
    """The client's messages that nobody has answered."""
    if dialog.clock_started_at is None:
        return []
    rows = Message.objects.filter(dialog=dialog).from_client()
    waiting = rows.filter(created_at__gte=dialog.clock_started_at).order_by("seq")
    return list(waiting.prefetch_related("attachments"))
