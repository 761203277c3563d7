"""The page "Automatic actions" (A1, A4–A9) with the texts of each, a version a language (A12)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import VERTICAL
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from openlines.admin import sentences
from openlines.admin.block_page import Group, PageFacts
from openlines.admin.line_texts import LineTextsAdmin, LineTextsForm, fields_of, missing_in_words
from openlines.models import AutomaticActionsSettings, OpenLine, ReplyList
from openlines.models.blocks import AutomaticActionsBlock


class ReplyListField(forms.ModelChoiceField):
    """A10 "chosen or new": a new one is made when the page is saved, and named after the line."""

    NEW: ClassVar = "new"

    def __init__(self, replaced: forms.Field, *, new_name: str) -> None:
        self.new_name = new_name[:100]
        super().__init__(
            ReplyList.objects.all(),
            required=False,
            empty_label=_("None"),
            label=replaced.label,
            help_text=replaced.help_text,
            initial=replaced.initial,
            widget=UnfoldAdminSelectWidget,
        )
        known: Any = self.choices
        new = (self.NEW, _("+ A new list: “%(name)s”") % {"name": self.new_name})
        self.widget.choices = [*known, new]

    def to_python(self, value: Any) -> Any:
        return ReplyList(name=self.new_name) if value == self.NEW else super().to_python(value)


class AutomaticActionsForm(LineTextsForm):
    triggers: ClassVar = tuple(sentences.TEXT_SWITCHES)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reply_list"] = ReplyListField(
            self.fields["reply_list"], new_name=_("Replies of %(line)s") % {"line": self.instance.name}
        )


def _minutes(*numbers: int) -> list[timedelta]:
    return [timedelta(minutes=number) for number in numbers]


@admin.register(AutomaticActionsSettings)
class AutomaticActionsAdmin(LineTextsAdmin):
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
            ("greeting_enabled", "greeting_rule", *fields_of("greeting")),
            shown_when=dict.fromkeys(("greeting_rule", *fields_of("greeting")), "greeting_enabled"),
        ),
        Group(
            gettext_lazy("When nobody answers"),
            ("unanswered_after", "unanswered_text_enabled", *fields_of("unanswered")),
            shown_when=dict.fromkeys(fields_of("unanswered"), "unanswered_text_enabled"),
        ),
        Group(
            gettext_lazy("When the operator finishes"),
            ("finish_text_enabled", *fields_of("finished"), "wrap_up"),
            shown_when=dict.fromkeys(fields_of("finished"), "finish_text_enabled"),
        ),
        Group(
            gettext_lazy("When nothing happens any more"),
            ("auto_close_after", "auto_close_text_enabled", *fields_of("auto_closed")),
            shown_when=dict.fromkeys(fields_of("auto_closed"), "auto_close_text_enabled"),
        ),
        Group(gettext_lazy("Canned replies"), ("reply_list",)),
        Group(gettext_lazy("While the client writes"), ("live_typing",)),
    )

    def _save(self, request: HttpRequest, line_id: int, form: LineTextsForm, *, now: datetime) -> bool:
        chosen = form.cleaned_data["reply_list"]
        with transaction.atomic():
            if chosen is not None and chosen.pk is None:
                form.cleaned_data["reply_list"] = ReplyList.objects.get_or_create(name=chosen.name)[0]
            return super()._save(request, line_id, form, now=now)

    def facts(self, request: HttpRequest, line: OpenLine, form: LineTextsForm) -> PageFacts:
        sent = [
            trigger for trigger, (switch, _when) in sentences.TEXT_SWITCHES.items() if getattr(line, switch)
        ]
        return PageFacts(
            sentences=sentences.automatic_actions(line), warnings=missing_in_words(form.own, sent)
        )
