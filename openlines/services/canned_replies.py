"""Canned replies at work (A10): found for a dialog with its values filled in, counted when they are sent.

Editing the lists is ``reply_lists.py``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.files.base import File
from django.db.models import F

from contactcenter.staff.models import Employee
from openlines.models import Attachment, CannedReply, Dialog, ReplyFile, ReplyList
from openlines.policies import reply_search, texts
from openlines.policies.reply_search import Candidate
from openlines.services.automatic_actions import macro_values
from openlines.services.faces import face

SENT_WHOLE: Final = 300
"""A list of up to so many replies goes to the desk at once and is searched there; of a longer one only what is found."""
MOST_FOUND: Final = 50


@dataclass(frozen=True)
class Ready:
    """A reply as it would be sent in the dialog. ``section``: its name, empty for none."""

    pk: int
    shortcut: str
    title: str
    section: str
    text: str
    uses: int
    files: tuple[ReplyFile, ...]


@dataclass(frozen=True)
class Found:
    """``source`` None: the line has no list. ``is_whole``: all there are, so that there is nothing more to ask for."""

    source: ReplyList | None
    replies: tuple[Ready, ...] = ()
    is_whole: bool = True

    @property
    def sections(self) -> list[tuple[str, list[Ready]]]:
        """By name, in the list's order; those without a section first, under an empty name."""
        parted: dict[str, list[Ready]] = {}
        for reply in self.replies:
            parted.setdefault(reply.section, []).append(reply)
        return list(parted.items())


def find(dialog: Dialog, *, me: Employee, query: str = "") -> Found:
    """The replies of the dialog's line: all, or of a long list the best for ``query``. Three statements."""
    chosen = dialog.line.reply_list
    if chosen is None:
        return Found(None)
    rows = in_order(chosen)
    is_whole = len(rows) <= SENT_WHOLE
    wanted = rows if is_whole and not query else _search(query, rows)[:MOST_FOUND]
    files: dict[int, list[ReplyFile]] = {}
    for file in ReplyFile.objects.filter(reply__in=[row.pk for row in wanted]):
        files.setdefault(file.reply_id, []).append(file)
    values, language = values_for(dialog, me=me), _language(dialog)
    return Found(
        chosen,
        tuple(
            Ready(
                pk=row.pk,
                shortcut=row.shortcut,
                title=row.title,
                section=row.section.name if row.section else "",
                text=texts.render(row.text, values, language=language),
                uses=row.use_count,
                files=tuple(files.get(row.pk, ())),
            )
            for row in wanted
        ),
        is_whole=is_whole,
    )


def in_order(chosen: ReplyList) -> list[CannedReply]:
    """All of a list as its page shows them: first those without a section, then section by section."""
    rows = CannedReply.objects.filter(list=chosen).select_related("section")
    return list(
        rows.order_by(
            F("section__position").asc(nulls_first=True),
            F("section_id").asc(nulls_first=True),
            "position",
            "pk",
        )
    )


def _search(query: str, rows: list[CannedReply]) -> list[CannedReply]:
    by_key = {row.pk: row for row in rows}
    ranked = reply_search.rank(
        query,
        (
            Candidate(
                key=row.pk,
                shortcut=row.shortcut,
                title=row.title,
                section=row.section.name if row.section else "",
                text=row.text,
                uses=row.use_count,
                place=place,
            )
            for place, row in enumerate(rows)
        ),
    )
    return [by_key[one.key] for one in ranked]


def render(text: str, dialog: Dialog, *, me: Employee) -> str:
    return texts.render(text, values_for(dialog, me=me), language=_language(dialog))


def values_for(dialog: Dialog, *, me: Employee) -> texts.MacroValues:
    """The dialog's; #OPERATOR# is the one who writes, under the name that this line's clients see (Q6)."""
    return replace(macro_values(dialog), operator=face(dialog.line, me).name)


def _language(dialog: Dialog) -> str:
    return dialog.client.language or dialog.line.text_language


def with_macros(text: str, dialog: Dialog, *, me: Employee) -> str:
    """The way back, for a message that becomes a reply: the client's and the writer's names and the dialog's number
    become variables. Only whole names: a first name may be a word of the text.
    """
    values = macro_values(dialog)
    number = f"No. {values.dialog}" if values.dialog else ""
    for value, macro in (
        (values.client, "#CLIENT#"),
        (face(dialog.line, me).name, "#OPERATOR#"),
        (number, "No. #DIALOG#"),
    ):
        if len(value) > 2:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", macro, text)
    return text


def attachments(public_ids: Iterable[UUID], dialog: Dialog) -> tuple[Attachment, ...]:
    """Copies of files of the line's replies, to go with a message, not saved yet; strangers' files are passed over.

    Copies: the message keeps its file whatever becomes of the reply.
    """
    wanted = list(dict.fromkeys(public_ids))
    if not wanted or dialog.line.reply_list_id is None:
        return ()
    found = {
        file.public_id: file
        for file in ReplyFile.objects.filter(public_id__in=wanted, reply__list=dialog.line.reply_list_id)
    }
    copied = []
    for public_id in wanted:
        file = found.get(public_id)
        if file is None or not file.file.storage.exists(file.file.name or ""):
            continue
        copied.append(
            Attachment(
                kind=file.kind,
                name=file.name,
                mime=file.mime,
                size=file.size,
                file=File(file.file.open("rb"), name="file"),
                state=Attachment.State.STORED,
            )
        )
    return tuple(copied)


def count_uses(replies: Collection[int], *, now: datetime) -> None:
    """A message was sent with them. To be called once a message, last in its transaction: the rows are shared by
    everybody who answers, and locked in one order.
    """
    if not replies:
        return
    ordered = CannedReply.objects.filter(pk__in=replies).order_by("pk").select_for_update(no_key=True)
    held = list(ordered.values_list("pk", flat=True))
    CannedReply.objects.filter(pk__in=held).update(use_count=F("use_count") + 1, last_used_at=now)
