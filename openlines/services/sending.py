"""One item of the outbox: prepared, sent, and what came of it written.

An item is *claimed* while it is prepared and becomes *sending* in the moment in which the connector makes its call
(``contactcenter/lib/calls.py``). So whatever stops us before, be it a mistake of ours or the death of the process, is
known to have reached nobody: it is shown as failed, or sent again; only what stops us within the call is *unknown*.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection as database
from django.utils.translation import gettext as _

from contactcenter.lib import calls
from contactcenter.lib.passing import is_passing
from openlines.connectors import registry
from openlines.connectors.base import Failed, Outcome, TryLater, Unknown
from openlines.models import Connection, Dialog, Message, OutboxItem
from openlines.policies.deadlines import LATE_TEXT
from openlines.services import attempts, outcomes, outgoing, sent_changes
from openlines.services.addresses import webhook_url
from openlines.services.change import JOIN_WAIT

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(hours=24)
MOST_TRIES = 5
"""Attempts that may end in such a trouble before the item counts as failed."""
MOST_DEATHS = 2
"""So often an item may be what the process died of before it is not taken up again by itself."""
WRITE_WAITS = (0.2, 1.0, 3.0, 5.0)
"""Seconds between the tries to write down an outcome while the database is away."""

State = OutboxItem.State


class DatabaseWasAway(Exception):
    """The outcome was written on a new connection to the database: what was locked on the old one no longer is."""


class _Calling:
    """Listens to the calls of one attempt and writes down, before it is made, that one begins."""

    def __init__(self, items: Sequence[OutboxItem], *, now: datetime) -> None:
        self._items = items
        self._now = now
        self.is_logged = False
        """A call was begun in this attempt."""
        self.is_begun = False
        """A call was begun of which no answer was told."""
        self.ids: list[str] = []
        """Of the parts that were accepted."""

    def begin(self) -> None:
        if self.is_begun:
            return
        rows = OutboxItem.objects.filter(pk__in=[item.pk for item in self._items])
        if self.is_logged:
            rows.update(state=State.SENDING)
        else:
            rows.update(state=State.SENDING, log=attempts.begun(now=self._now))
            for item in self._items:
                item.log = [*item.log, *attempts.begun_entry(now=self._now)]
        self.is_logged = self.is_begun = True

    def taken(self, ids: Sequence[str]) -> None:
        self.ids += ids
        item = self._items[0]
        accepted = [*item.accepted_ids, *self.ids]
        OutboxItem.objects.filter(pk=item.pk).update(state=State.CLAIMED, accepted_ids=accepted)
        self.is_begun = False


def attempt(item: OutboxItem, connection: Connection, *, now: datetime) -> int:
    """One attempt and its outcome; the number of messages and changes that have come to an end.

    ``item`` has been claimed. Raises ``DatabaseWasAway``.
    """
    joined: list[OutboxItem] = []
    with attempts.watched() as watch:
        calling = _Calling([item], now=now)
        try:
            if item.action == OutboxItem.Action.SEND:
                if registry.get(connection.kind).features.joins_texts:
                    joined = _joined(item, now=now)
                    calling = _Calling([item, *joined], now=now)
                outcome = _send(item, joined, connection, calling, now=now)
            else:
                outcome = _change(item, connection, calling, now=now)
        except Exception as error:
            # It may have happened before the call, after it, or between two: the outcome says which, the log the rest.
            logger.exception("Item %s of the outbox of %s failed", item.pk, connection)
            outcome = _after_mistake(error, item, calling)
            _show_mistake(connection, outcome, now=now)
    done, away = _write(item, outcome, now=now, call=watch.call() if calling.is_logged else None)
    for one in joined if calling.is_logged else ():
        call = watch.call(together=item.message_id)
        also, gone = _write(one, replace(outcome, external_ids=()), now=now, call=call)
        done, away = done + also, away or gone
    if away:
        raise DatabaseWasAway
    return done


def settle_interrupted(connection: Connection, *, now: datetime) -> None:
    """What a drain that died has left: what was not begun, or may be called twice, is queued again; the rest is
    *unknown*. One that cannot be settled stops no other.
    """
    rows = OutboxItem.objects.filter(connection=connection, state__in=(State.CLAIMED, State.SENDING))
    for item in rows.select_related("connection", "message", "dialog__client").order_by("pk"):
        try:
            _settle(item, connection, now=now)
        except Exception as error:
            if is_passing(error):
                raise
            logger.exception(
                "Item %s of the outbox of %s is closed without its consequences", item.pk, connection
            )
            OutboxItem.objects.filter(pk=item.pk).update(state=State.DONE)
            if item.action == OutboxItem.Action.SEND:
                unknown = {"delivery": Message.Delivery.UNKNOWN, "failure": _cut_off().reason}
                Message.objects.filter(pk=item.message_id).update(**unknown)
            _show_mistake(connection, _cut_off(), now=now)


def _settle(item: OutboxItem, connection: Connection, *, now: datetime) -> None:
    is_change = item.action != OutboxItem.Action.SEND
    repeats = registry.get(connection.kind).features.repeats and not is_change
    if item.state == State.SENDING and not repeats:
        outcomes.write(item, sent_changes.interrupted() if is_change else _cut_off(), now=now)
    elif attempts.deaths(item.log) < MOST_DEATHS:
        again = attempts.interrupted(item.log, now=now)
        OutboxItem.objects.filter(pk=item.pk).update(state=State.QUEUED, log=again)
    else:
        logger.error("Item %s of the outbox of %s is given up: the process died of it", item.pk, connection)
        outcome = Failed(
            _(
                "Not sent: the program stopped each time it prepared this message. "
                "Change it (another file, a shorter text) or send it again."
            )
        )
        outcomes.write(item, outcome, now=now)
        _show_mistake(connection, outcome, now=now)


# -- one attempt ----------------------------------------------------------------------------------------------


def _send(
    item: OutboxItem,
    joined: Sequence[OutboxItem],
    connection: Connection,
    calling: _Calling,
    *,
    now: datetime,
) -> Outcome:
    if (reason := _no_longer(item, now=now)) is not None:
        return Failed(reason)
    composed = outgoing.compose(item, tuple(one.message for one in joined), now=now)
    if isinstance(composed, outgoing.Forbidden):
        return Failed(composed.reason)
    account = connection.account(webhook_url=webhook_url(connection))
    with calls.told_to(calling):
        return registry.get(connection.kind).send(composed, account)


def _no_longer(item: OutboxItem, *, now: datetime) -> str | None:
    """Why it is not to leave any more."""
    message = item.message
    if message.author == Message.Author.AUTOMATIC and now - item.created_at > LATE_TEXT:
        return _("Not sent: the text was due more than 15 minutes ago.")
    if outgoing.outdated(item, now=now):
        return _("Not sent: it was no longer true when its turn came.")
    if item.dialog.state == Dialog.State.SPAM:
        return _("Not sent: the dialog was marked as spam.")
    if now - item.created_at > GIVE_UP_AFTER:
        return _("Not sent: it has waited for 24 hours. If it is still right, send it again.")
    return None


def _change(item: OutboxItem, connection: Connection, calling: _Calling, *, now: datetime) -> Outcome:
    if now - item.created_at > GIVE_UP_AFTER:
        return Failed(_("It has waited for 24 hours. If it is still right, do it again."))
    if item.dialog.state == Dialog.State.SPAM and item.action == OutboxItem.Action.EDIT:
        return Failed(_("Not sent: the dialog was marked as spam."))
    with calls.told_to(calling):
        return sent_changes.call(item, connection, now=now)


def _joined(item: OutboxItem, *, now: datetime) -> list[OutboxItem]:
    """§6: automatic texts of the same moment that stand right behind ``item`` go with it as one message."""
    if (
        item.message.author != Message.Author.AUTOMATIC
        or item.accepted_ids
        or item.message.extra.get("buttons")
    ):
        return []
    rows = (
        OutboxItem.objects.filter(dialog=item.dialog, pk__gt=item.pk, state=State.QUEUED)
        .select_related("connection", "message__operator", "dialog__client", "dialog__line")
        .order_by("pk")[:5]
    )
    found = []
    for one in rows:
        near = one.created_at - item.created_at <= JOIN_WAIT
        if one.message.author != Message.Author.AUTOMATIC or not near:
            break
        if not outgoing.outdated(one, now=now):
            found.append(one)
    return found


# -- what came of it ------------------------------------------------------------------------------------------


def _after_mistake(error: Exception, item: OutboxItem, calling: _Calling) -> Outcome:
    """A mistake of ours. Parts that were accepted stay so: what comes later goes on behind them."""
    said, ids = f"{type(error).__name__}: {error}"[:300], tuple(calling.ids)
    if calling.is_begun:
        if item.action != OutboxItem.Action.SEND:
            return sent_changes.interrupted()
        return Unknown(_("The client may or may not have got this message (%(why)s).") % {"why": said}, ids)
    if _passes(error) and item.attempts < MOST_TRIES:
        return TryLater(_("Something here did not work (%(why)s).") % {"why": said}, external_ids=ids)
    return Failed(
        _(
            "Not sent, because of a mistake in this program (%(why)s). "
            "Send it again; if it happens again, tell your administrator."
        )
        % {"why": said},
        external_ids=ids,
    )


def _passes(error: Exception) -> bool:
    """A trouble of this machine, not of the item."""
    return is_passing(error) or isinstance(error, OSError | MemoryError)


def _cut_off() -> Unknown:
    return Unknown(_("Sending was interrupted: the client may or may not have got this message."))


def _show_mistake(connection: Connection, outcome: Outcome, *, now: datetime) -> None:
    """The connection's health tells of it, until something leaves again."""
    reason = getattr(outcome, "reason", "")
    Connection.objects.filter(pk=connection.pk).update(last_error=reason, last_error_at=now)


def _write(
    item: OutboxItem, outcome: Outcome, *, now: datetime, call: attempts.Call | None
) -> tuple[int, bool]:
    """As ``outcomes.write``, and again while the database is away: what the provider said is known only here.

    The second value: it was written on a new connection.
    """
    waits = iter(WRITE_WAITS)
    before = database.connection
    while True:
        try:
            done = outcomes.write(item, outcome, now=now, call=call)
            return done, database.connection is not before
        except Exception as error:
            wait = next(waits, None)
            if wait is None or database.in_atomic_block or not is_passing(error):
                raise
            logger.warning("The outcome of item %s of the outbox is written again", item.pk, exc_info=True)
            time.sleep(wait)
            if not database.is_usable():
                database.close()
