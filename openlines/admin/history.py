"""What was changed on a line, by whom, from what to what: simple-history's rows and the admin's log, as one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from openlines.admin import journal
from openlines.admin.block_page import BlockAdmin
from openlines.admin.line_texts import LineTextsAdmin, languages
from openlines.admin.values import in_words_of
from openlines.models import LineText, OpenLine
from openlines.services.lines import held

_GONE = object()
MOST = 200
"""Changes shown; older ones stay in the tables."""


@dataclass(frozen=True)
class Difference:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """``key`` names the change for restoring; empty where it cannot be restored with one click."""

    at: datetime
    by: str
    page: str
    differences: list[Difference] = field(default_factory=list)
    key: str = ""


def changes(line: OpenLine, pages: Sequence[BlockAdmin]) -> list[Change]:
    """Newest first."""
    found = [*_of_fields(line, pages), *_of_rows(line, pages)]
    return sorted(found, key=lambda change: change.at, reverse=True)[:MOST]


def replaced_by(line: OpenLine, key: str, pages: Sequence[BlockAdmin]) -> dict[str, Any]:
    """The values that the change ``key`` (history id and page) replaced; empty for a key that is none."""
    number, _colon, block = key.partition(":")
    names = next((page.field_names() for page in pages if page.model._meta.model_name == block), [])
    if not names or not number.isdecimal() or len(number) > 18:
        return {}
    record = line.history.filter(history_id=int(number)).first()
    earlier = record.prev_record if record is not None else None
    if earlier is None:
        return {}
    found = {name: held(earlier, name) for name in names if held(earlier, name) != held(record, name)}
    return {name: value for name, pk in found.items() if (value := _usable(name, pk)) is not _GONE}


def _usable(name: str, value: Any) -> Any:
    """As ``services/lines`` takes it: of a relation the row, ``_GONE`` where it was deleted since."""
    related = OpenLine._meta.get_field(name).related_model
    if value is None or related is None:
        return value
    row = related._default_manager.filter(pk=value).first()
    return _GONE if row is None else row


def _of_fields(line: OpenLine, pages: Sequence[BlockAdmin]) -> list[Change]:
    rows = list(
        line.history.select_related("history_user").order_by("-history_date", "-history_id")[: MOST + 1]
    )
    found = []
    for row, earlier in zip(rows, [*rows[1:], None], strict=True):
        by = str(row.history_user) if row.history_user else _("the system")
        if earlier is None:
            if row.history_type == "+":
                found.append(Change(row.history_date, by, _("The line was created")))
            continue
        for page in pages:
            different = [name for name in page.field_names() if held(row, name) != held(earlier, name)]
            if different:
                found.append(
                    Change(
                        row.history_date,
                        by,
                        str(page.model._meta.verbose_name).capitalize(),
                        [_difference(name, held(earlier, name), held(row, name)) for name in different],
                        key=f"{row.history_id}:{page.model._meta.model_name}",
                    )
                )
    return found


def _difference(name: str, before: Any, after: Any) -> Difference:
    label = str(OpenLine._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return Difference(label.capitalize(), in_words_of(name, before), in_words_of(name, after))


def _of_rows(line: OpenLine, pages: Sequence[BlockAdmin]) -> list[Change]:
    titles = {page.model._meta.model_name: str(page.model._meta.verbose_name).capitalize() for page in pages}
    of_texts = {
        trigger: str(page.model._meta.verbose_name).capitalize()
        for page in pages
        if isinstance(page, LineTextsAdmin)
        for trigger in page.page_form.triggers
    }
    found = []
    for entry in journal.entries(line, most=MOST):
        if entry.subject == "queue":
            title, label = titles.get("queuesettings", ""), _("Members, in order")
        elif entry.subject == "entries":
            names = ", ".join(map(str, entry.after))
            changed = Difference(_("Entries for clients"), "", names)
            found.append(Change(entry.at, entry.by, titles.get("queuesettings", ""), [changed]))
            continue
        else:
            title, label = of_texts.get(_trigger(entry.subject), ""), _text_label(entry.subject)
        words = Difference(label, _joined(entry.before), _joined(entry.after))
        found.append(Change(entry.at, entry.by, title, [words]))
    return found


def _trigger(subject: str) -> str:
    return subject.partition(":")[2].partition(":")[0]


def _text_label(subject: str) -> str:
    trigger, language = _trigger(subject), subject.rpartition(":")[2]
    triggers = {str(value): str(label) for value, label in LineText.Trigger.choices}
    return _("Text “%(when)s” (%(language)s)") % {
        "when": triggers.get(trigger, trigger),
        "language": languages().get(language, language),
    }


def _joined(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return text or _("(as shipped)")
