"""The conversation as JSON for the client's page. Notes, log-in names and failures never get here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import Attachment, Connection, Dialog, Message, OpenLine
from openlines.policies import conversation
from openlines.policies.facts import State
from openlines.services.faces import face
from openlines.services.settings import line_settings
from openlines.views_files import shown_type
from openlines.widget import visitors
from openlines.widget.reading import Talk

QUOTE = 200


def talk(read: Talk, *, chat: Connection) -> dict[str, Any]:
    return {
        "messages": [message(row, row.attachments.all(), chat=chat) for row in read.messages],
        "cursor": read.cursor,
        "dialog": dialog(read.dialog, read_up_to=read.read_up_to) if read.dialog else None,
        "earlier": read.has_earlier,
    }


def dialog(row: Dialog, *, read_up_to: int) -> dict[str, Any]:
    """``state``: "open", or "finished" when the client has the choice to begin anew."""
    is_over = State(row.state) in (State.WRAP_UP, State.CLOSED, State.SPAM)
    return {
        "number": row.pk,
        "state": "finished" if is_over else "open",
        "operator": person(row.line, row.operator) if row.operator and not is_over else None,
        "read_up_to": read_up_to,
        "rating": rating(row, now=timezone.now()),
    }


def rating(row: Dialog, *, now: datetime) -> dict[str, Any]:
    """R2, R4: ``may``: he can rate it now; ``value``: how he has; ``asked``: he has been asked to."""
    settings = line_settings(row.line)
    facts = row.facts()
    is_over = facts.state in (State.WRAP_UP, State.CLOSED)
    may = (
        conversation.takes_rating(facts, settings)
        and facts.first_reply_at is not None
        and (is_over or settings.rating_in_dialog)
        and conversation.rates_in_time(facts, settings, now=now)
    )
    return {
        "may": may,
        "value": row.client_rating,
        "asked": facts.rating_pending_until is not None and facts.rating_pending_until > now,
    }


def message(row: Message, attachments: Iterable[Attachment], *, chat: Connection) -> dict[str, Any]:
    is_deleted = row.deleted_at is not None
    own = row.author == Message.Author.CLIENT
    return {
        "id": str(row.uuid),
        "dialog": row.dialog_id,
        "seq": row.seq,
        "author": _author(row),
        "person": person(row.dialog.line, row.operator) if row.operator else None,
        "text": "" if is_deleted else row.text,
        "at": row.created_at.isoformat(),
        "edited": row.edited_at is not None and not is_deleted,
        "deleted": is_deleted,
        "read": own or row.delivery == Message.Delivery.READ,
        "files": [] if is_deleted else [file(attachment, chat=chat) for attachment in attachments],
        "reply_to": _quoted(row) if row.reply_to_id and not is_deleted else None,
    }


def person(line: OpenLine, employee: Employee) -> dict[str, str]:
    """Whom the client sees (Q6)."""
    shown = face(line, employee)
    return {"name": shown.name, "position": shown.position, "photo": shown.photo}


def file(attachment: Attachment, *, chat: Connection) -> dict[str, Any]:
    is_here = attachment.state == Attachment.State.STORED
    address = reverse("widget:file", args=[chat.public_id, attachment.public_id])
    return {
        "id": str(attachment.public_id),
        "name": attachment.name,
        "kind": attachment.kind if shown_type(attachment.mime) else "file",
        "mime": attachment.mime,
        "size": attachment.size,
        "url": f"{address}?key={visitors.file_key(attachment)}" if is_here else "",
    }


def _author(row: Message) -> str:
    """One of client, operator (also what was written outside), line (automatic texts and bots)."""
    if row.author == Message.Author.CLIENT:
        return "client"
    people = (Message.Author.OPERATOR, Message.Author.OUTSIDE)
    return "operator" if row.author in people else "line"


def _quoted(row: Message) -> dict[str, Any] | None:
    quoted = row.reply_to
    if quoted is None or quoted.is_note or quoted.deleted_at:
        return None
    return {
        "id": str(quoted.uuid),
        "author": _author(quoted),
        "person": person(row.dialog.line, quoted.operator) if quoted.operator else None,
        "text": quoted.text[:QUOTE],
    }
