"""One locked dialog and all that changes in it, written at once.

A service opens a ``DialogChange`` under the dialog's row lock, lets the life cycle decide, adds messages and events,
and calls ``write``: one INSERT a kind of row, one UPDATE of the dialog, the deadlines that differ, and the signals for
after the commit. Everything of one change carries the same ``rev``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import QuerySet

from contactcenter.lib.commits import after_commit
from openlines import lifecycle
from openlines.connectors import registry
from openlines.live import publish, topics
from openlines.models import (
    Attachment,
    Client,
    Connection,
    Deadline,
    Dialog,
    DialogEvent,
    Message,
    Offer,
    OutboxItem,
    ReactionInterval,
)
from openlines.models.dialog import FACT_FIELDS
from openlines.models.message import ANSWER, UNCOUNTED
from openlines.policies import automatic_actions as actions
from openlines.policies import capacity, worktime
from openlines.policies import deadlines as deadline_policy
from openlines.policies.facts import HELD, IN_QUEUE, DeadlineKind, DialogFacts, LineSettings
from openlines.services import wakeups
from openlines.services.settings import line_settings
from openlines.ticker import WAKE_CHANNEL

logger = logging.getLogger(__name__)

PREVIEW = 200
SOON = timedelta(seconds=1)
"""A deadline nearer than this wakes the ticker, which otherwise sleeps a second at most."""
JOIN_WAIT = timedelta(seconds=2)
"""How long an automatic text waits for others of the same moment where they go as one message."""


@dataclass(frozen=True)
class NewMessage:
    """A message to add. ``uuid`` None: a new one."""

    author: str
    text: str = ""
    kind: str = "text"
    operator_id: int | None = None
    uuid: UUID | None = None
    external_id: str | None = None
    group_key: str | None = None
    is_note: bool = False
    trigger: str = ""
    sent_at: datetime | None = None
    reply_to_id: int | None = None
    reply_to_external_id: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    created_at: datetime | None = None
    """Where it differs from the change's moment."""
    inbound_id: int | None = None


def lock_dialog(dialog_id: int) -> Dialog:
    """The dialog under its row lock, with line, connection, client and operator. Raises ``Dialog.DoesNotExist``."""
    dialog = lock_first(Dialog.objects.filter(pk=dialog_id))
    if dialog is None:
        raise Dialog.DoesNotExist(f"There is no dialog {dialog_id}.")
    return dialog


def lock_first(rows: QuerySet[Dialog], *, skip_locked: bool = False) -> Dialog | None:
    """The first of ``rows`` under its row lock; None where there is none (or, by wish, where it is locked already).

    Who waited for the lock gets the dialog's row anew, but the joined rows as they were *before* the wait: an operator
    who has just accepted would be missing, a line just transferred to would be the old one. Such are read again.
    """
    dialog = (
        rows.select_for_update(of=("self",), skip_locked=skip_locked)
        .select_related("line", "connection", "client", "operator")
        .first()
    )
    if dialog is not None:
        for name in ("line", "operator"):
            joined = dialog._state.fields_cache.get(name)
            if (joined.pk if joined is not None else None) != getattr(dialog, f"{name}_id"):
                del dialog._state.fields_cache[name]
    return dialog


class DialogChange:
    def __init__(self, dialog: Dialog, *, now: datetime) -> None:
        self.dialog = dialog
        self.now = now
        self.settings: LineSettings = line_settings(dialog.line)
        self._line_before: int = dialog.line_id
        self._settings_before = self.settings
        self.is_new = dialog.pk is None
        self.before: DialogFacts = dialog.facts()
        self.facts: DialogFacts = self.before
        self.rev = dialog.rev + 1
        self._due_before = {} if self.is_new else deadline_policy.due(self.before, self.settings)
        self._fields: dict[str, Any] = {}
        self._messages: list[Message] = []
        self._attachments: list[Attachment] = []
        self._events: list[DialogEvent] = []
        self._reactions: list[ReactionInterval] = []
        self._leaves_queue = False
        self._frees_a_slot = False
        self._listeners: set[str] = {topics.line(dialog.line_id)}

    @classmethod
    def begin(
        cls, client: Client, connection: Connection, *, facts: DialogFacts, now: datetime
    ) -> DialogChange:
        """A dialog that does not exist yet; ``write`` inserts it."""
        dialog = Dialog(
            line=connection.line, connection=connection, client=client, created_at=now, state=facts.state
        )
        for name in FACT_FIELDS:
            setattr(dialog, name, getattr(facts, name))
        change = cls(dialog, now=now)
        change.set_fields(in_working_time=worktime.look(change.settings.working_time, now).is_open)
        return change

    # -- what changes -----------------------------------------------------------------------------------------

    def step(self, event: lifecycle.Event, *, actor_id: int | None = None, **details: Any) -> lifecycle.Step:
        """Let ``event`` happen. Raises ``lifecycle.Refused``. ``details`` go to ``lifecycle.step``."""
        step = lifecycle.step(self.facts, event, settings=self.settings, now=self.now, **details)
        self.take(step, actor_id=actor_id)
        return step

    def take(self, step: lifecycle.Step, *, actor_id: int | None = None) -> None:
        """A step that a policy has made from these facts."""
        self.facts = step.after
        self._leaves_queue = self._leaves_queue or step.leaves_queue
        if step.reaction:
            self._reactions.append(
                ReactionInterval(
                    started_at=step.reaction.started_at,
                    ended_at=step.reaction.ended_at,
                    operator_id=(actor_id or step.after.operator_id) if step.reaction.answered else None,
                )
            )

    @property
    def messages(self) -> tuple[Message, ...]:
        """Those added so far."""
        return tuple(self._messages)

    def set_facts(self, facts: DialogFacts) -> None:
        """For decisions that are no event of the life cycle: offers, the unanswered mark."""
        self.facts = facts

    def set_fields(self, **values: Any) -> None:
        """Other columns of the dialog."""
        self._fields |= values

    def move_to_line(self, line: Any) -> None:
        """The settings of the new line hold from here (Q10)."""
        self._listeners.add(topics.line(line.pk))
        self._fields["line_id"] = line.pk
        self.dialog.line = line
        self.settings = line_settings(line)

    def record(self, kind: str, *, actor_id: int | None = None, **data: Any) -> None:
        self._events.append(DialogEvent(kind=kind, at=self.now, actor_id=actor_id, data=data, rev=self.rev))

    def offers_ended(self) -> None:
        """Standing offers were taken from their holders: whose load is less has room again (Q5, Q7)."""
        self._frees_a_slot = self._frees_a_slot or self._settings_before.limit is not None

    def tell(self, *employee_ids: int | None) -> None:
        """These employees' screens look again, whatever lines they watch."""
        self._listeners |= {topics.employee(pk) for pk in employee_ids if pk}

    def add_message(self, new: NewMessage) -> Message:
        dialog = self.dialog
        dialog.last_seq += 1
        from_client = new.author == Message.Author.CLIENT
        message = Message(
            connection_id=dialog.connection_id,
            seq=dialog.last_seq,
            rev=self.rev,
            author=new.author,
            operator_id=new.operator_id,
            kind=new.kind,
            text=new.text,
            external_id=new.external_id,
            group_key=new.group_key,
            is_note=new.is_note,
            trigger=new.trigger,
            sent_at=new.sent_at,
            reply_to_id=new.reply_to_id,
            reply_to_external_id=new.reply_to_external_id,
            extra=new.extra,
            created_at=new.created_at or self.now,
            inbound_id=new.inbound_id,
            delivery="" if from_client or new.is_note else self._first_delivery(new.author),
        )
        if new.uuid:
            message.uuid = new.uuid
        if message.delivery == Message.Delivery.FAILED:
            message.failure = "unreachable"
        for attachment in new.attachments:
            attachment.message = message
            self._attachments.append(attachment)
        self._messages.append(message)
        self._fields["last_seq"] = dialog.last_seq
        if new.kind == ANSWER:  # no message of the client's (§11), but to the channel's window it is one
            self._fields["last_client_message_at"] = self.now
        elif not new.is_note and new.kind not in UNCOUNTED:
            self._count(message, from_client=from_client)
        return message

    def _count(self, message: Message, *, from_client: bool) -> None:
        dialog = self.dialog
        dialog.message_count += 1
        dialog.client_message_count += from_client
        self._fields |= {
            "message_count": dialog.message_count,
            "client_message_count": dialog.client_message_count,
            "last_message_at": self.now,
        }
        if from_client:
            self._fields["last_client_message_at"] = self.now
        if message.author != Message.Author.AUTOMATIC:  # in lists the client's words, not our greeting
            self._fields |= {"last_text": message.text[:PREVIEW], "last_author": message.author}

    def _first_delivery(self, author: str) -> str:
        if author == Message.Author.OUTSIDE:
            return Message.Delivery.SENT
        if not self.dialog.client.is_reachable:
            return Message.Delivery.FAILED
        return Message.Delivery.QUEUED if self.goes_by_outbox else Message.Delivery.SENT

    @property
    def goes_by_outbox(self) -> bool:
        """Live chat needs no sending: the client's page asks for what is new."""
        return registry.has(self.dialog.connection.kind)

    # -- writing ----------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Send it all to the database, inside the caller's transaction."""
        self._tell_of_finish()
        self._write_dialog()
        if self._messages:
            for message in self._messages:
                message.dialog = self.dialog
                if self.is_new and message.author == Message.Author.AUTOMATIC:
                    message.text = message.text.replace("#DIALOG#", str(self.dialog.number))
            Message.objects.bulk_create(self._messages)
        if self._attachments:
            for attachment in self._attachments:
                attachment.message_id = attachment.message.pk
            Attachment.objects.bulk_create(self._attachments)
        self._queue_outgoing()
        if self._events:
            for event in self._events:
                event.dialog_id = self.dialog.pk
            DialogEvent.objects.bulk_create(self._events)
        if self._reactions:
            reply = next(
                (m for m in self._messages if m.author == Message.Author.OPERATOR and not m.is_note), None
            )
            for reaction in self._reactions:
                reaction.dialog_id = self.dialog.pk
                reaction.reply = reply
            ReactionInterval.objects.bulk_create(self._reactions)
        if self._leaves_queue:
            self._withdraw_offers()
        write_deadlines(
            self.dialog.pk,
            before=self._due_before,
            after=deadline_policy.due(self.facts, self.settings),
            now=self.now,
        )
        if self._frees_a_slot or capacity.may_free_a_slot(self.before, self.facts, self._settings_before):
            after_commit(_slot_freed, self._line_before, now=self.now)
        self._signal()

    def _tell_of_finish(self) -> None:
        """Something came while a finish could be undone: the dialog stays, and who asked for it is told."""
        asked_by = self.before.finish_by_id
        called_off = self.before.finish_at is not None and self.facts.finish_at is None
        ended = self.facts.state not in HELD and self.facts.state not in IN_QUEUE
        if (
            asked_by is None
            or not called_off
            or ended
            or any(e.kind == "finish_undone" for e in self._events)
        ):
            return
        self.record("finish_called_off", actor_id=asked_by)
        self.tell(asked_by)
        told = {"dialog": self.dialog.pk, "number": self.dialog.number}
        publish.signal(topics.employee(asked_by), "finish_called_off", **told)

    def _write_dialog(self) -> None:
        dialog = self.dialog
        ends = self.before.is_open and not self.facts.is_open
        if ends and dialog.is_kept:  # L4: there is nothing to release any more
            self.facts = replace(self.facts, frozen_at=None)
            self._fields["is_kept"] = False
        changed = {
            name: getattr(self.facts, name)
            for name in FACT_FIELDS
            if self.is_new or getattr(self.facts, name) != getattr(self.before, name)
        }
        values = {**changed, **self._fields, "rev": self.rev}
        is_forgotten = not self.is_new and not dialog.log_kept
        if is_forgotten and self._messages:
            values |= {"log_erased_at": None, "last_text": ""}
        if ends and not self.settings.keep_log:
            values["log_kept"] = False
        if values.get("log_kept") is False or (is_forgotten and self._messages):
            after_commit(_erase, dialog.pk, now=self.now)
        holder = self.facts.operator_id
        if holder is not None and holder not in dialog.held_by:
            values["held_by"] = [*dialog.held_by, holder]
        quiet = actions.quiet_until(self.settings, self.facts, now=self.now)
        if quiet != dialog.quiet_until and self.facts.state in lifecycle.QUIET_ON_CLIENT_MESSAGE:
            values["quiet_until"] = quiet
        for name, value in values.items():
            setattr(dialog, name, value)
        if self.is_new:
            dialog.save(force_insert=True)
        else:
            Dialog.objects.filter(pk=dialog.pk).update(**values)

    def _queue_outgoing(self) -> None:
        outgoing = [m for m in self._messages if m.delivery == Message.Delivery.QUEUED]
        if not outgoing:
            return
        OutboxItem.objects.bulk_create(
            OutboxItem(
                connection_id=self.dialog.connection_id,
                dialog_id=self.dialog.pk,
                message=message,
                created_at=self.now,
                next_attempt_at=self.now + self._join_wait(message),
            )
            for message in outgoing
        )
        wait = min(self._join_wait(message) for message in outgoing)
        if wait:
            after_commit(wakeups.again, "drain", connection_id=self.dialog.connection_id, at=self.now + wait)
        else:
            wakeups.request("drain", connection_id=self.dialog.connection_id, now=self.now)

    def _join_wait(self, message: Message) -> timedelta:
        """§6: texts due at the same moment go as one message on e-mail and SMS; the distribution may add one."""
        joins = registry.get(self.dialog.connection.kind).features.joins_texts
        return JOIN_WAIT if joins and message.author == Message.Author.AUTOMATIC else timedelta()

    def _withdraw_offers(self) -> None:
        """Who accepted is in ``facts.operator_id``; the others see who (Q2 "to all")."""
        holder = self.facts.operator_id
        standing = Offer.objects.filter(dialog_id=self.dialog.pk, ended_at__isnull=True)
        for offer in standing:
            self.tell(offer.employee_id)
            if offer.employee_id == holder:
                offer.outcome = Offer.Outcome.ACCEPTED
            else:
                offer.outcome = Offer.Outcome.TAKEN if holder else Offer.Outcome.WITHDRAWN
                self.offers_ended()
            offer.ended_at = self.now
            offer.save(update_fields=["outcome", "ended_at"])

    def _signal(self) -> None:
        self.tell(self.before.operator_id, self.facts.operator_id)
        data = {"dialog": self.dialog.pk, "rev": self.rev, "line": self.dialog.line_id}
        for topic in sorted(self._listeners):
            publish.signal(topic, "dialog", **data)
        if not self.goes_by_outbox:
            publish.signal(
                topics.client(self.dialog.client_id), "messages", dialog=self.dialog.pk, rev=self.rev
            )


def _erase(dialog_id: int, *, now: datetime) -> None:
    """§10: the line keeps no messages. What waits to be sent first is left to the hourly net."""
    from openlines.services import erasure

    erasure.erase(dialog_id, now=now)


def _slot_freed(line_id: int, *, now: datetime) -> None:
    """Q7: somebody has room again: what waits on the line is offered at once."""
    from openlines.services import routing  # it hands out by changes like this one

    routing.distribute(line_id, now=now)


def write_deadlines(
    dialog_id: int,
    *,
    before: dict[DeadlineKind, datetime],
    after: dict[DeadlineKind, datetime],
    now: datetime,
) -> None:
    """Set and withdraw exactly what differs (§11); no statement where nothing does."""
    to_set, to_withdraw = deadline_policy.changed(before, after)
    if to_withdraw or to_set:
        with database.cursor() as cursor:
            cursor.execute(
                _CHANGE,
                {
                    "dialog": dialog_id,
                    "withdrawn": [str(kind) for kind in to_withdraw],
                    "kinds": [str(kind) for kind in to_set],
                    "times": list(to_set.values()),
                },
            )
    if to_set:
        wake_ticker(min(to_set.values()), now=now)


_CHANGE = """
WITH withdrawn AS (
    DELETE FROM openlines_deadline WHERE dialog_id = %(dialog)s AND kind = ANY(%(withdrawn)s::text[])
)
INSERT INTO openlines_deadline (dialog_id, kind, due_at, attempts, error)
SELECT %(dialog)s, kind, due_at, 0, '' FROM unnest(%(kinds)s::text[], %(times)s::timestamptz[]) AS d (kind, due_at)
ON CONFLICT (dialog_id, kind) WHERE dialog_id IS NOT NULL
DO UPDATE SET due_at = EXCLUDED.due_at, was_due_at = NULL, attempts = 0, error = ''
"""
_UPSERT = """
INSERT INTO openlines_deadline (dialog_id, kind, due_at, attempts, error)
SELECT dialog_id, kind, due_at, 0, '' FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS d (dialog_id, kind, due_at)
ON CONFLICT (dialog_id, kind) WHERE dialog_id IS NOT NULL
DO UPDATE SET due_at = EXCLUDED.due_at, was_due_at = NULL, attempts = 0, error = ''
"""


def upsert_deadlines(rows: list[Deadline]) -> None:
    """Deadlines of dialogs; the unique indexes are partial, which the ORM's upsert does not know."""
    with database.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [[row.dialog_id for row in rows], [row.kind for row in rows], [row.due_at for row in rows]],
        )


def wake_ticker(due_at: datetime, *, now: datetime) -> None:
    """After the commit: a sleeping ticker would look again within a second, which is too late for what is due now."""
    if due_at - now < SOON:
        after_commit(_notify_ticker)


def _notify_ticker() -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [WAKE_CHANNEL])
