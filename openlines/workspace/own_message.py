"""What one may do with a message at the desk, and what became of its last change; the buttons below each message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Message, OutboxItem
from openlines.policies import own_messages as policy
from openlines.policies.own_messages import Way
from openlines.services import own_messages

CHANGES: Final = Prefetch(
    "outbox_items", queryset=OutboxItem.objects.exclude(action="send").order_by("pk"), to_attr="changes"
)


@dataclass(frozen=True)
class Own:
    """``changing``: what waits or was refused, in words; ``wanted``: the text that it is about."""

    may_edit: bool = False
    may_delete: bool = False
    may_send_again: bool = False
    needs_reply: bool = False
    """Only who may write to the client; the page hides these where he may not (any more)."""
    edited_text: str = ""
    """Where an edit begins."""
    delete_question: str = ""
    changing: str = ""
    wanted: str = ""
    is_refused: bool = False


NOTHING: Final = Own()


def own(message: Message, dialog: Dialog, *, me: Employee) -> Own:
    """``message`` fetched with ``CHANGES``. No statement."""
    if message.author != Message.Author.OPERATOR:
        return NOTHING
    changes: list[OutboxItem] = message.__dict__.get("changes", [])
    last = changes[-1] if changes else None
    waiting = last if last is not None and last.state != OutboxItem.State.DONE else None
    facts = own_messages.facts(
        message,
        dialog,
        by=me,
        deletion_waits=waiting is not None and waiting.action == OutboxItem.Action.DELETE,
    )
    deletion = policy.delete(facts)
    refusal = "" if message.deleted_at or last is None else last.refusal
    wants_text = last is not None and last.action == OutboxItem.Action.EDIT and (waiting or refusal)
    return Own(
        may_edit=isinstance(policy.edit(facts), Way),
        may_delete=isinstance(deletion, Way),
        may_send_again=policy.send_again(facts) is None,
        needs_reply=not message.is_note,
        edited_text=waiting.text if waiting and waiting.text else message.text,
        delete_question=_question(message, deletion) if isinstance(deletion, Way) else "",
        changing=_changing(waiting) if waiting else refusal and _refused(last, refusal),
        wanted=last.text if last is not None and wants_text else "",
        is_refused=bool(refusal),
    )


def _changing(waiting: OutboxItem) -> str:
    return _("being changed…") if waiting.action == OutboxItem.Action.EDIT else _("being deleted…")


def _refused(change: OutboxItem | None, reason: str) -> str:
    if change is not None and change.action == OutboxItem.Action.DELETE:
        return _("Not deleted: %(reason)s") % {"reason": reason}
    return _("Not changed: %(reason)s") % {"reason": reason}


def _question(message: Message, way: Way) -> str:
    if message.is_note:
        return _("Delete this note?")
    if way is Way.IN_QUEUE:
        return _("Take this message back? It has not left yet, so the client never gets it.")
    return _("Delete this message? It disappears at the client's too; they may have read it.")
