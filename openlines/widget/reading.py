"""The client's conversation as he may read it: all his dialogs on this connection in one row, without notes.

``cursor`` is "dialog.rev": what is known. Everything after it is what changed in that dialog since, and all of later
dialogs. It is read before the messages, so what is committed between the two comes twice rather than never.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from openlines.models import Client, Dialog, Message, Seen

PAGE: Final = 50
"""Messages at once, of the newest and of earlier ones."""
MOST_NEWS: Final = 200
"""More than this since the cursor: better start anew."""
_MARK: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})")


@dataclass(frozen=True)
class Mark:
    """A place in the conversation: a dialog, and a rev or seq in it."""

    dialog_id: int
    number: int

    @classmethod
    def read(cls, value: str) -> Mark | None:
        found = _MARK.fullmatch(value)
        return cls(int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.dialog_id}.{self.number}"


@dataclass(frozen=True)
class Talk:
    messages: list[Message]
    dialog: Dialog | None
    """The newest."""
    read_up_to: int = 0
    """``seq`` of the last message in it that its operator has seen."""
    has_earlier: bool = False
    is_cut: bool = False
    """There is more news than fits: ``messages`` is the newest page instead."""

    @property
    def cursor(self) -> str:
        return str(Mark(self.dialog.pk, self.dialog.rev)) if self.dialog else ""


def newest(client: Client) -> Talk:
    dialog = _newest_dialog(client)
    rows, has_earlier = _last_page(_messages(client))
    return Talk(rows, dialog, read_up_to=_read_up_to(dialog), has_earlier=has_earlier)


def earlier(client: Client, before: Mark) -> Talk:
    same = Q(dialog_id=before.dialog_id, seq__lt=before.number)
    rows, has_earlier = _last_page(_messages(client).filter(same | Q(dialog_id__lt=before.dialog_id)))
    return Talk(rows, dialog=None, has_earlier=has_earlier)


def news(client: Client, since: Mark) -> Talk:
    dialog = _newest_dialog(client)
    same = Q(dialog_id=since.dialog_id, rev__gt=since.number)
    changed = _messages(client).filter(same | Q(dialog_id__gt=since.dialog_id))
    rows = list(changed.order_by("dialog_id", "seq")[: MOST_NEWS + 1])
    if len(rows) > MOST_NEWS:
        page, has_earlier = _last_page(_messages(client))
        return Talk(page, dialog, read_up_to=_read_up_to(dialog), has_earlier=has_earlier, is_cut=True)
    return Talk(rows, dialog, read_up_to=_read_up_to(dialog))


def _messages(client: Client) -> QuerySet[Message]:
    return (
        Message.objects.filter(dialog__client=client, is_note=False)
        .select_related("operator", "dialog__line", "reply_to", "reply_to__operator")
        .prefetch_related("attachments")
    )


def _last_page(messages: QuerySet[Message]) -> tuple[list[Message], bool]:
    rows = list(messages.order_by("-dialog_id", "-seq")[: PAGE + 1])
    return rows[:PAGE][::-1], len(rows) > PAGE


def _newest_dialog(client: Client) -> Dialog | None:
    return Dialog.objects.filter(client=client).select_related("operator", "line").order_by("-pk").first()


def _read_up_to(dialog: Dialog | None) -> int:
    """Who has the dialog reads for us: a colleague looking in does not count."""
    if dialog is None or dialog.operator_id is None:
        return 0
    seen = (
        Seen.objects.filter(dialog=dialog, employee_id=dialog.operator_id)
        .values_list("client_messages", flat=True)
        .first()
    )
    if not seen:
        return 0
    if seen >= dialog.client_message_count:
        return dialog.last_seq
    own = Message.objects.filter(dialog=dialog, is_note=False).from_client().order_by("seq")
    return own.values_list("seq", flat=True)[seen - 1 : seen].first() or 0
