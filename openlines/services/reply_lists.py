"""Keeping lists of canned replies (A10): replies, sections, their order, files, import and export.

Refusals are ``CommandRefused`` whose code is the field they belong to.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.lib.parameters import storable
from contactcenter.staff.models import Employee
from openlines.models import Attachment, CannedReply, ReplyFile, ReplyList, ReplySection
from openlines.policies import reply_search
from openlines.services import canned_replies, files
from openlines.services.errors import CommandRefused

LONGEST_TEXT: Final = 5000
MOST_FILES: Final = 10
MOST_ROWS: Final = 2000
COLUMNS: Final = ("section", "shortcut", "title", "text")


# -- one reply


def problem_of_shortcut(chosen: ReplyList, shortcut: str, *, besides: int | None = None) -> str:
    """Why it cannot be a shortcut of this list; empty where it can. ``besides``: the reply that is to have it."""
    if not reply_search.is_shortcut(shortcut):
        return _(
            "“%(shortcut)s” cannot be a shortcut. Write one word of letters, figures, dashes and points, "
            "up to 50 characters."
        ) % {"shortcut": shortcut}
    holder = (
        CannedReply.objects.filter(list=chosen, shortcut__iexact=shortcut).exclude(pk=besides or 0).first()
    )
    if holder is not None:
        return _("The shortcut “%(shortcut)s” is taken by “%(title)s”. Choose another.") % {
            "shortcut": holder.shortcut,
            "title": holder.title,
        }
    return ""


def problem_of_text(text: str) -> str:
    """Names the variables that do not exist; empty where all do."""
    unknown = reply_search.unknown_macros(text)
    if len(text) > LONGEST_TEXT:
        return _("The text is longer than 5,000 characters. Shorten it, or attach it as a file.")
    if not unknown:
        return ""
    return ngettext(
        "%(macros)s is not known. These are: %(known)s.",
        "%(macros)s are not known. These are: %(known)s.",
        len(unknown),
    ) % {"macros": ", ".join(unknown), "known": ", ".join(f"#{name}#" for name in reply_search.MACROS)}


def create(
    chosen: ReplyList,
    *,
    shortcut: str,
    title: str,
    text: str,
    section: ReplySection | None,
    by: Employee | None,
    new_files: Sequence[ReplyFile] = (),
) -> CannedReply:
    """At the end of its section. ``new_files`` are not saved yet. Raises ``CommandRefused``."""
    with transaction.atomic():
        ReplyList.objects.select_for_update().get(pk=chosen.pk)  # two people saving the same shortcut
        reply = CannedReply(list=chosen, created_by=by, section=section)
        _fill(reply, shortcut=shortcut, title=title, text=text, has_files=bool(new_files))
        reply.position = next_position(chosen, section)
        reply.save()
        _add_files(reply, new_files)
    return reply


def change(
    reply: CannedReply,
    *,
    shortcut: str,
    title: str,
    text: str,
    section: ReplySection | None,
    new_files: Sequence[ReplyFile] = (),
    without: Iterable[int] = (),
) -> None:
    """``without``: files to take away. Moved to another section it goes to that one's end. Raises ``CommandRefused``."""
    with transaction.atomic():
        ReplyList.objects.select_for_update().get(pk=reply.list_id)
        leaving = list(without)
        going = ReplyFile.objects.filter(reply=reply, pk__in=leaving)
        staying = ReplyFile.objects.filter(reply=reply).exclude(pk__in=leaving).count()
        if staying + len(new_files) > MOST_FILES:
            raise CommandRefused("new_files", _("A reply has at most 10 files."))
        _fill(reply, shortcut=shortcut, title=title, text=text, has_files=bool(staying or new_files))
        if (section.pk if section else None) != reply.section_id:
            reply.section = section
            reply.position = next_position(reply.list, section)
        reply.save()
        _delete_files(going)
        _add_files(reply, new_files)


def delete(gone: CannedReply | ReplyList) -> None:
    """With the files. Messages that were sent with it keep their copies."""
    with transaction.atomic():
        owner = {"reply": gone} if isinstance(gone, CannedReply) else {"reply__list": gone}
        _delete_files(ReplyFile.objects.filter(**owner))
        gone.delete()


def _delete_files(going: QuerySet[ReplyFile]) -> None:
    """From the disk only once it is sure that the rows are gone."""
    for file in going:
        if file.file.name:
            transaction.on_commit(partial(file.file.storage.delete, file.file.name))
    going.delete()


def _fill(reply: CannedReply, *, shortcut: str, title: str, text: str, has_files: bool) -> None:
    shortcut = reply_search.as_shortcut(storable(shortcut))
    title, text = storable(title).strip()[:150], storable(text).replace("\r\n", "\n").strip()
    if not shortcut:
        raise CommandRefused("shortcut", _("Write the shortcut that operators type after the stroke /."))
    problem = problem_of_shortcut(reply.list, shortcut, besides=reply.pk)
    if problem:
        raise CommandRefused("shortcut", problem)
    if not text and not has_files:
        raise CommandRefused("text", _("Write a text, or attach a file."))
    problem = problem_of_text(text)
    if problem:
        raise CommandRefused("text", problem)
    reply.shortcut, reply.text = shortcut, text
    reply.title = title or reply_search.title_of(text) or shortcut


def _add_files(reply: CannedReply, new_files: Sequence[ReplyFile]) -> None:
    if len(new_files) > MOST_FILES:
        raise CommandRefused("new_files", _("A reply has at most 10 files."))
    for file in new_files:
        file.reply = reply
        file.save()


def upload(file: UploadedFile[Any]) -> ReplyFile:
    """A file to go with a reply, not saved yet. Raises ``CommandRefused`` (``new_files``)."""
    try:
        checked = files.upload(file)
    except CommandRefused as refused:
        raise CommandRefused("new_files", f"{file.name}: {refused.message}") from None
    return ReplyFile(
        kind=checked.kind, name=checked.name, mime=checked.mime, size=checked.size or 0, file=file
    )


def copy_of(attachment: Attachment) -> ReplyFile:
    """A message's file as one of a reply, not saved yet."""
    return ReplyFile(
        kind=attachment.kind,
        name=attachment.name or _("file"),
        mime=attachment.mime,
        size=attachment.size or 0,
        file=File(attachment.file.open("rb"), name="file"),
    )


# -- sections and order


def add_section(chosen: ReplyList, name: str) -> ReplySection:
    last = chosen.sections.aggregate(last=Max("position"))["last"]
    section = ReplySection(list=chosen, position=0 if last is None else last + 1)
    return rename_section(section, name)


def rename_section(section: ReplySection, name: str) -> ReplySection:
    section.name = storable(name).strip()[:100]
    if not section.name:
        raise CommandRefused("section", _("Write the section's name."))
    others = ReplySection.objects.filter(list=section.list_id, name__iexact=section.name)
    if others.exclude(pk=section.pk).exists():
        raise CommandRefused(
            "section", _("The list already has a section “%(name)s”.") % {"name": section.name}
        )
    section.save()
    return section


def remove_section(section: ReplySection) -> None:
    """Its replies stay in the list, without a section, behind those that have none."""
    with transaction.atomic():
        position = next_position(section.list, None)
        for moved, reply in enumerate(section.replies.order_by("position", "pk")):
            CannedReply.objects.filter(pk=reply.pk).update(section=None, position=position + moved)
        section.delete()


def next_position(chosen: ReplyList, section: ReplySection | None) -> int:
    last = CannedReply.objects.filter(list=chosen, section=section).aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1


def move_section(section: ReplySection, *, by: int) -> bool:
    """One place up (-1) or down (+1); False at the end."""
    with transaction.atomic():
        ReplyList.objects.select_for_update().get(pk=section.list_id)
        rows = list(section.list.sections.all())
        at = next(place for place, row in enumerate(rows) if row.pk == section.pk)
        if not 0 <= at + by < len(rows):
            return False
        rows.insert(at + by, rows.pop(at))
        for position, row in enumerate(rows):
            ReplySection.objects.filter(pk=row.pk).update(position=position)
    return True


def move_reply(reply: CannedReply, *, by: int) -> bool:
    """One place up (-1) or down (+1); over the edge of a section into the next one. False at the list's end."""
    with transaction.atomic():
        ReplyList.objects.select_for_update().get(pk=reply.list_id)
        reply.refresh_from_db()
        order: list[int | None] = [None, *(section.pk for section in reply.list.sections.all())]
        groups: dict[int | None, list[CannedReply]] = {key: [] for key in order}
        for row in canned_replies.in_order(reply.list):
            groups[row.section_id].append(row)
        own = groups[reply.section_id]
        at = next(place for place, row in enumerate(own) if row.pk == reply.pk)
        row = own.pop(at)
        goes_to = reply.section_id
        if 0 <= at + by <= len(own):
            own.insert(at + by, row)
        else:
            next_at = order.index(reply.section_id) + by
            if not 0 <= next_at < len(order):
                return False
            goes_to = order[next_at]
            groups[goes_to].insert(len(groups[goes_to]) if by < 0 else 0, row)
        for key in {reply.section_id, goes_to}:
            for position, each in enumerate(groups[key]):
                CannedReply.objects.filter(pk=each.pk).update(section=key, position=position)
    return True


# -- import and export


@dataclass
class Imported:
    """``refused``: line of the file → why nothing came of it."""

    added: int = 0
    changed: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def export(chosen: ReplyList) -> str:
    """As CSV; what a spreadsheet would take for a formula is given back as a text on import."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for reply in canned_replies.in_order(chosen):
        section = reply.section.name if reply.section else ""
        writer.writerow([_safe(one) for one in (section, reply.shortcut, reply.title, reply.text)])
    return out.getvalue()


def _safe(value: str) -> str:
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "'") else value


def _unsafe(value: str) -> str:
    return value[1:] if value[:1] == "'" else value


def import_csv(chosen: ReplyList, content: bytes, *, by: Employee | None) -> Imported:
    """Adds replies, and changes those whose shortcut is there already; what is wrong is left out and told.

    Raises ``CommandRefused`` (``file``) for what is no such table.
    """
    rows = _rows(content)
    result = Imported()
    sections = {section.name.casefold(): section for section in chosen.sections.all()}
    for number, row in rows:
        try:
            with transaction.atomic():
                is_new = _import_row(chosen, row, sections, by=by)
        except CommandRefused as refused:
            result.refused.append((number, refused.message))
        else:
            result.added += is_new
            result.changed += not is_new
    return result


def _import_row(
    chosen: ReplyList, row: dict[str, str], sections: dict[str, ReplySection], *, by: Employee | None
) -> bool:
    shortcut = reply_search.as_shortcut(row["shortcut"])
    existing = CannedReply.objects.filter(list=chosen, shortcut__iexact=shortcut).first()
    problem = problem_of_text(row["text"])  # before a section is made for it
    if problem:
        raise CommandRefused("text", problem)
    name = row.get("section", "").strip()
    section = sections.get(name.casefold())
    if name and section is None:
        section = add_section(chosen, name)
    values = {"shortcut": shortcut, "title": row.get("title", ""), "text": row["text"], "section": section}
    if existing is None:
        create(chosen, **values, by=by)  # type: ignore[arg-type]  # by name
    else:
        change(existing, **values)  # type: ignore[arg-type]
    if section is not None:
        sections[name.casefold()] = section
    return existing is None


def _rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """(line of the file, its columns by name)"""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandRefused(
            "file", _("The file is not in UTF-8. Save it as “CSV UTF-8” and try again.")
        ) from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(storable(text)), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    names = [(name or "").strip().casefold() for name in reader.fieldnames or ()]
    missing = [name for name in ("shortcut", "text") if name not in names]
    if missing:
        raise CommandRefused(
            "file",
            _("The first line must name the columns; missing: %(names)s. Known are: %(known)s.")
            % {"names": ", ".join(missing), "known": ", ".join(COLUMNS)},
        )
    reader.fieldnames = names
    rows = []
    try:
        for row in reader:
            values = {name: _unsafe(row.get(name) or "") for name in COLUMNS}
            if any(value.strip() for value in values.values()):
                rows.append((reader.line_num, values))
            if len(rows) > MOST_ROWS:
                raise CommandRefused("file", _("The file has more than 2,000 replies. Import it in parts."))
    except csv.Error as error:
        raise CommandRefused("file", _("The file cannot be read: %(error)s") % {"error": error}) from None
    return rows
