"""The automatic texts of a line on a block page: for each trigger a text a language, with a preview and macros (A12).

A page with texts has a form of ``LineTextsForm`` with its ``triggers``, is a ``LineTextsAdmin``, and puts
``*fields_of(trigger)`` into its groups. A text counts (its macros are checked) where its field applies.
"""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.widgets import TEXTAREA_CLASSES

from contactcenter.staff.models import Installation
from openlines.admin.block_page import BlockAdmin, BlockForm
from openlines.admin.journal import record
from openlines.models import LineText, OpenLine
from openlines.policies import opening, texts
from openlines.policies.facts import TextTrigger
from openlines.policies.worktime import BadItem
from openlines.services import lines
from openlines.services.settings import working_time_of

Own = dict[tuple[str, str], str]
"""(trigger, language) → the line's own text."""

USUAL_MACROS = ("CLIENT", "OPERATOR", "DIALOG", "LINE", "COMPANY", "OPENS")


def languages() -> dict[str, str]:
    """Code → name."""
    names = dict(settings.LANGUAGES)
    return {code: str(names.get(code, code)) for code in codes()}


def codes() -> list[str]:
    """Those of the installation, and those that texts are shipped in."""
    return list(dict.fromkeys([*dict(settings.LANGUAGES), *texts.LANGUAGES]))


def field_name(trigger: str, language: str) -> str:
    return f"text_{trigger}_{language}"


def fields_of(*triggers: str) -> tuple[str, ...]:
    """The names of their fields, for a group of the page."""
    return tuple(field_name(trigger, language) for trigger in triggers for language in codes())


def own_texts(line_id: int) -> Own:
    rows = LineText.objects.filter(line_id=line_id).order_by("trigger", "language")
    return {
        (trigger, language): text
        for trigger, language, text in rows.values_list("trigger", "language", "text")
    }


def instead_of(own: Own, trigger: str, language: str) -> str:
    """What a client of this language gets as long as this very text is empty."""
    others = {key: text for key, text in own.items() if key != (trigger, language)}
    return texts.choose(others, TextTrigger(trigger), languages=[language])[0]


class TextArea(forms.Textarea):
    """A preview of what the client will read (kept current by block.js); the field opens below it.

    ``is_open``: shown from the start, for what is wrong in it must be seen.
    """

    template_name = "admin/openlines/text.html"
    is_open = False

    def __init__(
        self,
        *,
        shipped: str,
        language: str,
        sample: dict[str, str],
        macros: Iterable[str],
        label: str,
        buttons: Iterable[texts.Label] = (),
        link: str = "",
        link_field: str = "",
    ) -> None:
        """``buttons`` stand below the text where the channel has them; ``link`` (of the page's ``link_field``) follows a
        text without #DOCUMENT#. ``label`` says which text is edited, to whom does not see the page.
        """
        self.label, self.link_field = label, link_field
        self.shipped, self.language, self.sample, self.macros = shipped, language, sample, tuple(macros)
        self.buttons, self.link = tuple(buttons), link
        super().__init__(
            {"rows": 3, "placeholder": shipped, "class": " ".join(TEXTAREA_CLASSES), "lang": language}
        )

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        values = texts.MacroValues(**{key.lower(): word for key, word in self.sample.items()})
        text = str(value or "").strip() or self.shipped
        preview = texts.render(text, values, language=self.language)
        link = f"{texts.label('document', language=self.language)} {self.link}" if self.link else ""
        shown = {name: texts.render(f"#{name}#", values, language=self.language) for name in self.sample}
        context["widget"] |= {
            "preview": f"{preview}\n{link}" if link and "#DOCUMENT#" not in text else preview,
            "label": self.label,
            "is_open": self.is_open,
            "link_field": self.link_field,
            "link_words": texts.label("document", language=self.language) if self.link_field else "",
            "buttons": [texts.label(name, language=self.language) for name in self.buttons],
            "sample": json.dumps(shown),
            "macros": [f"#{macro}#" for macro in self.macros],
            "language": self.language,
        }
        return context


class LineTextsForm(BlockForm):
    """The block's fields and, for each trigger and language, a text; empty means what ``instead_of`` says."""

    triggers: ClassVar[tuple[str, ...]] = ()
    macros: ClassVar[tuple[str, ...]] = USUAL_MACROS
    buttons: ClassVar[Mapping[str, tuple[texts.Label, ...]]] = {}
    """Trigger → what the client can press below its text."""
    linked: ClassVar[tuple[str, ...]] = ()
    """Triggers whose text is followed by the document's address where it does not name it."""
    document_field: ClassVar[str] = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        sample = self.sample()
        for trigger in self.triggers:
            label = str(LineText.Trigger(trigger).label)
            for language, name in languages().items():
                self.fields[field_name(trigger, language)] = forms.CharField(
                    label=self.label_of(label, name),
                    required=False,
                    max_length=2000,
                    initial=self.own.get((trigger, language), ""),
                    widget=TextArea(
                        shipped=instead_of(self.own, trigger, language),
                        language=language,
                        sample=sample | self.sample_in(language),
                        macros=self.macros,
                        buttons=self.buttons.get(trigger, ()),
                        label=f"{label}, {name}",
                        link=self.document if trigger in self.linked else "",
                        link_field=self.document_field if trigger in self.linked else "",
                    ),
                )

    def label_of(self, trigger: str, language: str) -> str:
        """Where one group has several texts, say which: override."""
        return language

    @property
    def document(self) -> str:
        """The address that #DOCUMENT# stands for; empty where there is none."""
        return str(getattr(self.instance, self.document_field)) if self.document_field else ""

    def add_error(self, field: str | None, error: Any) -> None:
        super().add_error(field, error)
        if field in self.fields and isinstance(self.fields[field].widget, TextArea):
            self.fields[field].widget.is_open = True

    def sample(self) -> dict[str, str]:
        """What macros stand for in the preview."""
        return {
            "CLIENT": "Maria",
            "OPERATOR": "Anna",
            "DIALOG": "1024",
            "LINE": self.instance.name,
            "COMPANY": Installation.current().company,
        }

    def sample_in(self, language: str) -> dict[str, str]:
        """What differs from language to language: W4's macro, by the saved working time."""
        if "OPENS" not in self.macros:
            return {}
        try:
            hours = working_time_of(self.instance)
        except BadItem:
            hours = None
        return {"OPENS": opening.in_preview(hours, now=timezone.now(), language=language)}

    @property
    def own(self) -> Own:
        """The line's own texts as they are saved; where ``rows`` holds more, override."""
        rows: Own = self.rows
        return rows

    def read_rows(self) -> Any:
        return own_texts(self.instance.pk)

    def unsaved_texts(self) -> Own:
        return {
            (trigger, language): self.cleaned_data.get(field_name(trigger, language), "").strip()
            for trigger in self.triggers
            for language in codes()
        }

    def print_of(self, rows: Any) -> str:
        return repr(sorted(rows.items()))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in fields_of(*self.triggers):
            unknown = self.unknown_macros(cleaned.get(name, ""))
            if unknown and self.applies(name):
                self.add_error(name, self.refusal(unknown))
        return cleaned

    def unknown_macros(self, text: str) -> list[str]:
        elsewhere = [f"#{macro}#" for macro in texts.MACROS if macro not in self.macros]
        return [*texts.unknown_macros(text), *(macro for macro in elsewhere if macro in text)]

    def refusal(self, unknown: list[str]) -> str:
        return ngettext(
            "%(macros)s is not known. These are: %(known)s.",
            "%(macros)s are not known. These are: %(known)s.",
            len(unknown),
        ) % {"macros": ", ".join(unknown), "known": ", ".join(f"#{macro}#" for macro in self.macros)}


class LineTextsAdmin(BlockAdmin):
    """Saves the texts that were changed, each with an entry of its own in the history."""

    page_form: ClassVar[type[LineTextsForm]] = LineTextsForm

    def save_rows(self, request: HttpRequest, line: OpenLine, form: LineTextsForm, *, now: datetime) -> bool:
        saved = own_texts(line.pk)
        changed = False
        for trigger in form.triggers:
            for language in codes():
                text = form.cleaned_data[field_name(trigger, language)].strip()
                before = saved.get((trigger, language), "")
                if text != before:
                    lines.set_text(line.pk, trigger, language, text)
                    record(request, line, f"text:{trigger}:{language}", before=before, after=text)
                    changed = True
        return changed


def missing_in_words(own: Own, triggers: Iterable[str]) -> list[str]:
    """Where a text that is on has no version in a language of the installation: its clients get another's."""
    shipped = {(str(trigger), language) for trigger, language in texts.SHIPPED}
    available = {key for key, text in own.items() if text.strip()} | shipped
    found = []
    for trigger in triggers:
        sources = {trigger, str(texts.FALLBACKS.get(TextTrigger(trigger), trigger))}
        missing = [
            str(name)
            for language, name in settings.LANGUAGES
            if not any((source, language) in available for source in sources)
        ]
        if missing:
            found.append(
                _(
                    "“%(text)s” has no version in: %(languages)s. Clients of that language get the English one."
                )
                % {"text": LineText.Trigger(trigger).label, "languages": ", ".join(missing)}
            )
    return found
