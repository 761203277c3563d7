"""What people do with a dialog: accept, reply, note, transfer, give back, take over, finish, spam, start.

Every command locks the dialog, re-reads it, lets the life cycle decide and writes. Who loses a race gets
``CommandRefused`` with the holder's name and keeps what he wrote. Rights to give a command at all are asked by the
views (``openlines.permissions``); here only what the dialog itself allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines import lifecycle
from openlines.connectors.base import Template
from openlines.lifecycle import Event
from openlines.live import publish, topics
from openlines.models import Attachment, Client, Dialog, Message, Offer, OpenLine, Seen
from openlines.policies import conversation, offers
from openlines.policies.deadlines import kept_open_by_typing, put_aside
from openlines.policies.dealing import Standing
from openlines.policies.facts import HELD, IN_QUEUE, OPEN, DialogFacts, Outcome, State
from openlines.policies.stale_view import Known
from openlines.services import (
    automatic_actions,
    canned_replies,
    courtesies,
    dialog_notices,
    line_switch,
    looks,
    queue_members,
    resting,
    routing,
    stale_view,
    whereabouts,
    windows,
)
from openlines.services.change import DialogChange, NewMessage, lock_dialog
from openlines.services.errors import CommandRefused
from openlines.services.settings import line_settings

ANYBODY = -1
"""``expects``: the operator whom the giver of a command saw, None for nobody; this: he does not care. Where another
holds the dialog by the time of the lock, the command loses the race.
"""


@dataclass(frozen=True)
class Reply:
    """What an operator wrote. ``uuid`` is his composer's: the same one twice gives one message. ``canned``: the
    replies (A10) that it was made of. ``template``: what is sent in the place of ``text``, which is how it reads;
    ``subject``: of a mail that begins a thread.
    """

    uuid: UUID
    text: str
    reply_to_id: int | None = None
    attachments: tuple[Attachment, ...] = ()
    is_note: bool = False
    canned: tuple[int, ...] = ()
    template: Template | None = None
    subject: str = ""

    @property
    def extra(self) -> dict[str, Any]:
        """As ``outgoing.compose`` reads it."""
        extra: dict[str, Any] = {}
        if self.template is not None:
            extra["template"] = {
                "name": self.template.name,
                "language": self.template.language,
                "parameters": list(self.template.parameters),
            }
        if self.subject:
            extra["subject"] = self.subject
        return extra


def accept(dialog_id: int, *, by: Employee, now: datetime, may_take_over: bool = False) -> Dialog:
    """By hand: from an offer, or from the waiting list. Twice by the same person is no error."""
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        if dialog.operator_id == by.pk and dialog.is_open:
            return dialog
        guard_queue(dialog, by, may_take_over=may_take_over, now=now)
        change = DialogChange(dialog, now=now)
        _step(change, Event.ACCEPT, by=by)
        change.record(Event.ACCEPT, actor_id=by.pk)
        change.write()
        return dialog


def take_over(dialog_id: int, *, by: Employee, now: datetime) -> Dialog:
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        if dialog.operator_id == by.pk and dialog.is_open:
            return dialog
        change = DialogChange(dialog, now=now)
        earlier = dialog.operator_id
        _step(change, Event.TAKE_OVER, by=by)
        change.record(Event.TAKE_OVER, actor_id=by.pk, earlier=earlier)
        change.write()
        return dialog


def reply(
    dialog_id: int,
    reply: Reply,
    *,
    by: Employee,
    now: datetime,
    may_take_over: bool = False,
    may_join: bool = False,
    known: Known | None = None,
) -> Message:
    """A person's message. In a dialog without an operator it accepts; it stops the clock (K2).

    ``may_join``: he may write into a colleague's dialog (the operator stays). A note reaches nobody outside and
    changes no state. ``known``: what the writer knew of the dialog; None: nothing is asked. Raises ``CommandRefused``
    (``taken``, ``lapsed``, ``closed``, ``empty``, ``unreachable``, ``window``, ``stale``).
    """
    if not reply.text.strip() and not reply.attachments:
        raise CommandRefused("empty", _("The message is empty. Write something or attach a file."))
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        earlier = Message.objects.filter(uuid=reply.uuid).first()
        if earlier is not None and (earlier.dialog_id, earlier.operator_id) == (dialog.pk, by.pk):
            return earlier
        if earlier is not None:  # of another dialog, or a client's
            raise CommandRefused("uuid", _("This message could not be sent. Please write it again."))
        change = DialogChange(dialog, now=now)
        if not reply.is_note:
            guard_reply(dialog, by, may_take_over=may_take_over, may_join=may_join, now=now)
            stale_view.guard(dialog, known, by=by, now=now)
            _guard_window(dialog, reply, now=now)
            _step(change, Event.REPLY, by=by)
            if dialog.handed_by_id is not None:  # the next operator has seen to it
                change.set_fields(handed_by_id=None, handed_note="")
            if change.before.operator_id is None:
                change.record(Event.ACCEPT, actor_id=by.pk, by_reply=True)
        message = change.add_message(
            NewMessage(
                author=Message.Author.OPERATOR,
                operator_id=by.pk,
                text=reply.text.strip(),
                kind="media" if reply.attachments and not reply.text.strip() else "text",
                uuid=reply.uuid,
                is_note=reply.is_note,
                reply_to_id=reply.reply_to_id,
                attachments=reply.attachments,
                extra=reply.extra,
            )
        )
        change.write()
        if reply.is_note:
            dialog_notices.mentioned(dialog, reply.text, by=by, now=now)
        else:
            canned_replies.count_uses(reply.canned, now=now)
        return message


def transfer_to_colleague(
    dialog_id: int,
    *,
    to: Employee,
    by: Employee,
    note: str = "",
    now: datetime,
    expects: int | None = ANYBODY,
    may_take_over: bool = True,
) -> Dialog:
    """Q10: accepted on his behalf; no availability or limit check. Not to oneself, not to a dismissed person."""
    if to.pk == by.pk:
        raise CommandRefused("self", _("You cannot transfer a dialog to yourself. Choose a colleague."))
    if not to.is_active:
        raise CommandRefused(
            "dismissed", _("%(name)s no longer works here. Choose somebody else.") % {"name": to.display_name}
        )

    def apply(change: DialogChange) -> None:
        if change.before.operator_id == to.pk:
            raise CommandRefused("same", _("%(name)s holds this dialog already.") % {"name": to.display_name})
        _step(change, Event.TRANSFER, by=to)
        change.record(Event.TRANSFER, actor_id=by.pk, to=to.pk, earlier=change.before.operator_id, note=note)
        dialog_notices.transferred(change.dialog, to=to, by=by, note=note, now=now)

    return _hand_on(dialog_id, apply, by=by, note=note, now=now, expects=expects, may_take_over=may_take_over)


def transfer_to_line(
    dialog_id: int,
    *,
    to: OpenLine,
    by: Employee,
    note: str = "",
    now: datetime,
    expects: int | None = ANYBODY,
    may_take_over: bool = True,
) -> Dialog:
    """Q10: to another line's queue; that line's settings hold from here. Not to a line that is off."""
    if not OpenLine.objects.filter(pk=to.pk, is_active=True).exists():
        raise CommandRefused(
            "no_target", _("The line “%(line)s” is switched off. Choose another one.") % {"line": to.name}
        )

    def apply(change: DialogChange) -> None:
        earlier = change.dialog.line_id
        if earlier == to.pk:
            raise CommandRefused(
                "same", _("The dialog is on this line already. Give it back to the queue instead.")
            )
        _end_offers(change, outcome=Offer.Outcome.WITHDRAWN)
        _step(change, Event.TRANSFER_TO_LINE, by=None)
        change.move_to_line(to)
        change.set_fields(tried=[])
        change.record(Event.TRANSFER_TO_LINE, actor_id=by.pk, to_line=to.pk, earlier_line=earlier, note=note)
        routing.distribute_after_commit(to.pk, now=now)

    return _hand_on(dialog_id, apply, by=by, note=note, now=now, expects=expects, may_take_over=may_take_over)


def back_to_queue(
    dialog_id: int,
    *,
    by: Employee,
    note: str = "",
    now: datetime,
    expects: int | None = ANYBODY,
    may_take_over: bool = True,
) -> Dialog:
    """Q10: the sender is left out of this round unless he is alone."""

    def apply(change: DialogChange) -> None:
        _step(change, Event.BACK_TO_QUEUE, by=None)
        change.set_fields(tried=[by.pk])
        change.record(Event.BACK_TO_QUEUE, actor_id=by.pk, note=note)
        routing.distribute_after_commit(change.dialog.line_id, now=now)

    return _hand_on(dialog_id, apply, by=by, note=note, now=now, expects=expects, may_take_over=may_take_over)


def finish(
    dialog_id: int,
    *,
    by: Employee,
    now: datetime,
    expects: int | None = ANYBODY,
    may_take_over: bool = False,
    outcome: Outcome | None = None,
    known: Known | None = None,
) -> Dialog:
    """A6, A7, R1, R8. A dialog in the queue is accepted for him first; finished again in wrap-up it closes.

    ``outcome`` None: "solved", unless the line requires that he says it (``CommandRefused``: ``outcome``).
    """
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        guard_holder(dialog, expects)
        if State(dialog.state) in IN_QUEUE:
            guard_queue(dialog, by, may_take_over=may_take_over, now=now)
        stale_view.guard(dialog, known, by=by, now=now)
        change = DialogChange(dialog, now=now)
        if outcome is None and State(dialog.state) is not State.WRAP_UP:
            if change.settings.outcome_required:
                raise CommandRefused("outcome", _("Say whether it was solved, then finish."))
            outcome = Outcome.SOLVED
        _apply(change, lambda talk: conversation.finish(talk, by=by.pk, outcome=outcome), by=by)
        change.write()
        return dialog


def accept_to_finish(change: DialogChange, *, by: Employee, may_take_over: bool) -> None:
    """A dialog without an operator is accepted first for who finishes it."""
    if change.facts.state in IN_QUEUE or change.facts.state is State.WITH_BOT:
        guard_queue(change.dialog, by, may_take_over=may_take_over, now=change.now)
        _step(change, Event.ACCEPT, by=by)
        change.record(Event.ACCEPT, actor_id=by.pk, by_finish=True)


def refuse_consent(dialog_id: int, *, by: Employee, now: datetime) -> Dialog:
    """P2: the client refused in words: his consent is taken back, and the dialog finishes without texts."""
    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog_id), now=now)
        _apply(change, lambda talk: conversation.answer_consent(talk, given=False, by=by.pk), by=by)
        change.write()
        return change.dialog


def pin(dialog_id: int, *, by: Employee, on: bool, now: datetime) -> Dialog:
    """The operator's own mark: A8 leaves the dialog open for at least 7 days; Q9 leaves it with him."""

    def mark(change: DialogChange) -> DialogFacts:
        return replace(change.facts, pinned_at=(change.facts.pinned_at or now) if on else None)

    return _put(dialog_id, mark, by=by, now=now, kind="pinned" if on else "unpinned")


def snooze(dialog_id: int, *, by: Employee, until: datetime | None, now: datetime) -> Dialog:
    """Out of "Mine" until then or the client's next message; A8 stands still, and its rest runs on afterwards. None:
    awake again.
    """
    if until is not None and until <= now:
        raise CommandRefused("past", _("Choose a time that is still to come."))
    if until is not None and State(Dialog.objects.get(pk=dialog_id).state) is not State.ANSWERED:
        raise CommandRefused("waiting", _("The client is waiting for an answer. Answer first."))

    def mark(change: DialogChange) -> DialogFacts:
        if until is None and change.facts.snoozed_until is None:
            return change.facts
        return put_aside(change.facts, change.settings, until=until, now=now)

    said = {"until": until.isoformat()} if until else {}
    return _put(dialog_id, mark, by=by, now=now, kind="snoozed" if until else "awake", **said)


def _put(
    dialog_id: int,
    mark: Callable[[DialogChange], DialogFacts],
    *,
    by: Employee,
    now: datetime,
    kind: str,
    **said: str,
) -> Dialog:
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        if dialog.operator_id != by.pk or State(dialog.state) not in HELD:
            raise taken(dialog) if dialog.is_open else _refusal(dialog, State(dialog.state))
        change = DialogChange(dialog, now=now)
        wanted = mark(change)
        if wanted != change.facts:
            change.set_facts(wanted)
            change.record(kind, actor_id=by.pk, **said)
            change.write()
        return dialog


def typing(dialog_id: int, *, by: Employee, now: datetime) -> None:
    """A8: the operator typing in it with less than 10 minutes left gains 10. Cheap where it changes nothing."""
    dialog = Dialog.objects.select_related("line").filter(pk=dialog_id, operator=by).first()
    if dialog is None or not kept_open_by_typing(dialog.facts(), line_settings(dialog.line), now=now):
        return
    with transaction.atomic():
        change = DialogChange(lock_dialog(dialog_id), now=now)
        until = kept_open_by_typing(change.facts, change.settings, now=now)
        if until is not None and change.dialog.operator_id == by.pk:
            change.set_facts(replace(change.facts, kept_open_until=until))
            change.write()


def hold_offer(dialog_id: int, *, by: Employee, now: datetime) -> None:
    """Who is offered it is writing an answer: the offer is held (``policies/offers.py``). One statement where it is not
    offered to ``by``.
    """
    offer = (
        Offer.objects.filter(dialog_id=dialog_id, employee=by, ended_at__isnull=True)
        .select_related("dialog__line")
        .first()
    )
    if offer is None or _held(offer.dialog, offer, now=now) is None:
        return
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        offer = Offer.objects.filter(pk=offer.pk, ended_at__isnull=True).first()
        facts = _held(dialog, offer, now=now) if offer is not None else None
        if offer is None or facts is None:
            return
        change = DialogChange(dialog, now=now)
        if change.facts.offer_held_from is None:
            change.record("offer_held", actor_id=by.pk)
        change.set_facts(facts)
        offer.until = facts.offer_until
        offer.save(update_fields=["until"])
        change.tell(by.pk)
        change.write()


def _held(dialog: Dialog, offer: Offer, *, now: datetime) -> DialogFacts | None:
    standing = Standing(offer.employee_id, offer.is_first, offer.lapsed_at is not None)
    return offers.held_by_typing(dialog.facts(), line_settings(dialog.line), standing=standing, now=now)


def spam(
    dialog_id: int, *, by: Employee, now: datetime, expects: int | None = ANYBODY, may_take_over: bool = True
) -> Dialog:
    """Nothing is sent; the clock counts nothing."""
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        guard_holder(dialog, expects)
        if State(dialog.state) in IN_QUEUE:
            guard_queue(dialog, by, may_take_over=may_take_over, now=now)
        change = DialogChange(dialog, now=now)
        _end_offers(change, outcome=Offer.Outcome.WITHDRAWN)
        _step(change, Event.SPAM, by=by)
        change.record(Event.SPAM, actor_id=by.pk)
        change.write()
        return dialog


def start(client_id: int, *, by: Employee, now: datetime) -> Dialog:
    """§11 "Starting": with a client who has an open dialog it opens that one."""
    with transaction.atomic():
        client = (
            Client.objects.select_for_update(of=("self",))
            .select_related("connection__line")
            .get(pk=client_id)
        )
        existing = Dialog.objects.open().filter(client=client).first()
        if existing is not None:
            line_switch.show(existing, now=now)
            existing.refresh_from_db()
            guard_frozen(existing)
            return existing
        if not client.connection.line.is_active or client.connection.line.deleting_since is not None:
            raise CommandRefused("line_off", _("The line of this connection is switched off."))
        facts = lifecycle.begin_by_operator(operator_id=by.pk, now=now)
        change = DialogChange.begin(client, client.connection, facts=facts, now=now)
        change.record("created", actor_id=by.pk, by_operator=True)
        change.write()
        return change.dialog


def mark_seen(dialog: Dialog, *, by: Employee, now: datetime, last: int | None = None) -> None:
    """He has the conversation before his eyes: nothing is unread. ``last``: the newest message on his screen."""
    looks.record(dialog.pk, employee_id=by.pk, now=now, last=last)
    Seen.objects.bulk_create(
        [Seen(dialog=dialog, employee=by, client_messages=dialog.client_message_count)],
        update_conflicts=True,
        unique_fields=["dialog", "employee"],
        update_fields=["client_messages"],
    )
    if by.pk == dialog.operator_id:  # a colleague looking in is no read mark for the client
        publish.signal(topics.client(dialog.client_id), "seen", dialog=dialog.pk)
        courtesies.seen(dialog, by_id=by.pk, now=now, last=last)


# -- guards ---------------------------------------------------------------------------------------------------


def _hand_on(
    dialog_id: int,
    apply: Callable[[DialogChange], None],
    *,
    by: Employee,
    note: str,
    now: datetime,
    expects: int | None,
    may_take_over: bool,
) -> Dialog:
    with transaction.atomic():
        dialog = lock_dialog(dialog_id)
        guard_holder(dialog, expects)
        if State(dialog.state) in IN_QUEUE:
            guard_queue(dialog, by, may_take_over=may_take_over, now=now)
        change = DialogChange(dialog, now=now)
        apply(change)
        change.set_fields(handed_by_id=by.pk, handed_note=note.strip()[: dialog_notices.SHORT_NOTE])
        if note.strip():
            change.add_message(
                NewMessage(author=Message.Author.OPERATOR, operator_id=by.pk, text=note.strip(), is_note=True)
            )
        change.write()
        dialog_notices.mentioned(dialog, note, by=by, now=now)
        return dialog


def _step(
    change: DialogChange, event: Event, *, by: Employee | None, reachable: bool = True
) -> lifecycle.Step:
    guard_frozen(change.dialog)
    try:
        step = change.step(
            event, actor_id=by.pk if by else None, operator_id=by.pk if by else None, reachable=reachable
        )
    except lifecycle.Refused as refused:
        raise _refusal(change.dialog, refused.state) from None
    if event in (Event.ACCEPT, Event.TAKE_OVER, Event.TRANSFER) and by is not None:
        change.dialog.operator = by
    return step


def _apply(
    change: DialogChange, decide: Callable[[conversation.Talk], conversation.Decided], *, by: Employee
) -> None:
    guard_frozen(change.dialog)
    if change.dialog.operator_id is None:
        change.dialog.operator = by  # whose name a text may give
    try:
        decided = decide(automatic_actions.talk(change))
    except lifecycle.Refused as refused:
        raise _refusal(change.dialog, refused.state) from None
    automatic_actions.apply(change, decided, actor_id=by.pk)


def guard_frozen(dialog: Dialog) -> None:
    """L4: the line is off, and the dialog stands still with it."""
    if dialog.frozen_at is not None:
        raise whereabouts.line_off()


def _refusal(dialog: Dialog, state: State) -> CommandRefused:
    if state not in OPEN:
        return CommandRefused("closed", whereabouts.ended(dialog))
    return whereabouts.finished() if state is State.WRAP_UP else taken(dialog)


def taken(dialog: Dialog) -> CommandRefused:
    return whereabouts.refusal(dialog)


def unreachable() -> CommandRefused:
    return CommandRefused(
        "unreachable",
        _("The client has blocked messages from us. You can write again when the client writes first."),
    )


def guard_holder(dialog: Dialog, expects: int | None) -> None:
    if expects != ANYBODY and dialog.is_open and dialog.operator_id != expects:
        raise taken(dialog)


def guard_queue(dialog: Dialog, by: Employee, *, may_take_over: bool, now: datetime) -> None:
    """Who may accept it now (§12): whom it is offered to; unoffered, a queue member; else the right to take over."""
    if State(dialog.state) not in IN_QUEUE:
        if State(dialog.state) is State.WITH_BOT and may_take_over:
            return
        raise _refusal(dialog, State(dialog.state))
    standing = list(Offer.objects.filter(dialog=dialog, ended_at__isnull=True))
    if may_take_over or any(offer.employee_id == by.pk for offer in standing):
        return
    is_anybodys = not standing or resting.rests(dialog.line, standing, now=now)
    if is_anybodys and queue_members.is_member(dialog.line_id, by):
        return
    words = _("This dialog is not offered to you any more.")
    raise CommandRefused("lapsed", f"{words} {whereabouts.in_queue(dialog)}")


def guard_reply(dialog: Dialog, by: Employee, *, may_take_over: bool, may_join: bool, now: datetime) -> None:
    state = State(dialog.state)
    if state in IN_QUEUE or state is State.WITH_BOT:
        guard_queue(dialog, by, may_take_over=may_take_over, now=now)
    elif state not in OPEN:
        raise _refusal(dialog, state)
    elif dialog.operator_id not in (by.pk, None) and not may_join:
        raise taken(dialog)
    if not dialog.client.is_reachable:
        raise unreachable()


def _guard_window(dialog: Dialog, reply: Reply, *, now: datetime) -> None:
    """What the channel would refuse is refused before it is stored, so that the text stays with its writer."""
    window = windows.of_dialog(dialog, now=now)
    if reply.template is None:
        windows.require_free(window)
    elif not window.templates:
        raise CommandRefused("template", _("This channel has no templates. Write a text."))


def _end_offers(change: DialogChange, *, outcome: str) -> None:
    standing = Offer.objects.filter(dialog_id=change.dialog.pk, ended_at__isnull=True)
    change.tell(*standing.values_list("employee_id", flat=True))
    if standing.update(ended_at=change.now, outcome=outcome):
        change.offers_ended()
