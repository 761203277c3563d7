"""The page "Automatic actions" (A1, A4–A9) with the texts of each, a version a language (A12)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import VERTICAL
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import TEXTAREA_CLASSES

from openlines.admin import sentences
from openlines.admin.block_page import BlockAdmin, BlockForm, Group, PageFacts
from openlines.admin.journal import record
from openlines.models import AutomaticActionsSettings, LineText, OpenLine
from openlines.models.blocks import AutomaticActionsBlock
from openlines.policies import texts
from openlines.policies.facts import TextTrigger
from openlines.services import lines

TRIGGERS = tuple(sentences.TEXT_SWITCHES)


def languages() -> dict[str, str]:
    """Code → name."""
    names = dict(settings.LANGUAGES)
    return {code: str(names.get(code, code)) for code in codes()}


def codes() -> list[str]:
    """Those of the installation, and those that texts are shipped in."""
    return list(dict.fromkeys([*dict(settings.LANGUAGES), *texts.LANGUAGES]))


def field_name(trigger: str, language: str) -> str:
    return f"text_{trigger}_{language}"


class TextArea(forms.Textarea):
    """With a preview of what the client will read (kept current by block.js)."""

    template_name = "admin/openlines/text.html"

    def __init__(self, *, shipped: str, language: str, sample: dict[str, str]) -> None:
        self.shipped, self.language, self.sample = shipped, language, sample
        super().__init__(
            {"rows": 3, "placeholder": shipped, "class": " ".join(TEXTAREA_CLASSES), "lang": language}
        )

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        values = texts.MacroValues(**{key.lower(): word for key, word in self.sample.items()})
        preview = texts.render(str(value or "").strip() or self.shipped, values, language=self.language)
        context["widget"] |= {
            "preview": preview,
            "sample": json.dumps(self.sample),
            "macros": [f"#{name}#" for name in texts.MACROS],
            "language": self.language,
        }
        return context


class AutomaticActionsForm(BlockForm):
    """The block's fields and, for each trigger and language, a text; empty means the shipped one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own: dict[tuple[str, str], str] = self.rows
        sample = {
            "CLIENT": "Maria",
            "OPERATOR": "Anna",
            "DIALOG": "1024",
            "LINE": self.instance.name,
        }
        for trigger in TRIGGERS:
            for language, name in languages().items():
                shipped = texts.choose({}, TextTrigger(trigger), languages=[language])[0]
                self.fields[field_name(trigger, language)] = forms.CharField(
                    label=name,
                    required=False,
                    max_length=2000,
                    initial=own.get((trigger, language), ""),
                    widget=TextArea(shipped=shipped, language=language, sample=sample),
                )

    def read_rows(self) -> dict[tuple[str, str], str]:
        return own_texts(self.instance.pk)

    def print_of(self, rows: Any) -> str:
        return repr(sorted(rows.items()))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for trigger, (switch, _when) in sentences.TEXT_SWITCHES.items():
            for language in codes():
                name = field_name(trigger, language)
                unknown = texts.unknown_macros(cleaned.get(name, ""))
                if unknown and cleaned.get(switch):
                    self.add_error(name, _unknown(unknown))
        return cleaned


def _unknown(found: list[str]) -> str:
    return ngettext(
        "%(macros)s is not known. These are: %(known)s.",
        "%(macros)s are not known. These are: %(known)s.",
        len(found),
    ) % {"macros": ", ".join(found), "known": ", ".join(f"#{name}#" for name in texts.MACROS)}


def own_texts(line_id: int) -> dict[tuple[str, str], str]:
    rows = LineText.objects.filter(line_id=line_id).order_by("trigger", "language")
    return {
        (trigger, language): text
        for trigger, language, text in rows.values_list("trigger", "language", "text")
    }


def _texts_of(trigger: str) -> tuple[str, ...]:
    return tuple(field_name(trigger, language) for language in codes())


def _minutes(*numbers: int) -> list[timedelta]:
    return [timedelta(minutes=number) for number in numbers]


@admin.register(AutomaticActionsSettings)
class AutomaticActionsAdmin(BlockAdmin):
    place: ClassVar = 40
    block: ClassVar = AutomaticActionsBlock
    page_form = AutomaticActionsForm
    radio_fields: ClassVar = {"greeting_rule": VERTICAL}
    usual_times: ClassVar = {
        "unanswered_after": _minutes(5, 10, 15, 30, 60),
        "wrap_up": _minutes(0, 1, 5, 10, 30, 60, 24 * 60),
        "auto_close_after": _minutes(30, 60, 4 * 60, 8 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60, 30 * 24 * 60),
    }
    groups: ClassVar = (
        Group(
            gettext_lazy("Greeting"),
            ("greeting_enabled", "greeting_rule", *_texts_of("greeting")),
            shown_when=dict.fromkeys(("greeting_rule", *_texts_of("greeting")), "greeting_enabled"),
        ),
        Group(
            gettext_lazy("When nobody answers"),
            ("unanswered_after", "unanswered_text_enabled", *_texts_of("unanswered")),
            shown_when=dict.fromkeys(_texts_of("unanswered"), "unanswered_text_enabled"),
        ),
        Group(
            gettext_lazy("When the operator finishes"),
            ("finish_text_enabled", *_texts_of("finished"), "wrap_up"),
            shown_when=dict.fromkeys((*_texts_of("finished"), "wrap_up"), "finish_text_enabled"),
        ),
        Group(
            gettext_lazy("When nothing happens any more"),
            ("auto_close_after", "auto_close_text_enabled", *_texts_of("auto_closed")),
            shown_when=dict.fromkeys(_texts_of("auto_closed"), "auto_close_text_enabled"),
        ),
    )

    def facts(self, request: HttpRequest, line: OpenLine, form: BlockForm) -> PageFacts:
        shipped = {(str(trigger), language) for trigger, language in texts.SHIPPED}
        return PageFacts(
            sentences=sentences.automatic_actions(line),
            warnings=sentences.missing_texts(line, available=set(form.rows) | shipped),
        )

    def save_rows(self, request: HttpRequest, line: OpenLine, form: BlockForm, *, now: datetime) -> bool:
        saved = own_texts(line.pk)
        changed = False
        for trigger in TRIGGERS:
            for language in codes():
                text = form.cleaned_data[field_name(trigger, language)].strip()
                before = saved.get((trigger, language), "")
                if text != before:
                    lines.set_text(line.pk, trigger, language, text)
                    record(request, line, f"text:{trigger}:{language}", before=before, after=text)
                    changed = True
        return changed
