"""The page "Quality" (R1–R5, R8): ratings by clients, their texts, and whether it was solved."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from openlines.admin.block_page import Group, PageFacts
from openlines.admin.line_texts import LineTextsAdmin, LineTextsForm, fields_of, missing_in_words
from openlines.models import OpenLine, QualitySettings
from openlines.models.blocks import QualityBlock

IN_CHAT = ("rating_request_chat", "rated_good_chat", "rated_bad_chat")
ELSEWHERE = ("rating_request", "rating_by_writing", "rated_good", "rated_bad", "rating_late")


class QualityForm(LineTextsForm):
    triggers: ClassVar = (*IN_CHAT, *ELSEWHERE)
    buttons: ClassVar = {"rating_request": ("good", "bad"), "rating_request_chat": ("good", "bad")}

    def label_of(self, trigger: str, language: str) -> str:
        return f"{trigger} ({language})"


@admin.register(QualitySettings)
class QualitySettingsAdmin(LineTextsAdmin):
    place: ClassVar = 50
    block: ClassVar = QualityBlock
    page_form = QualityForm
    groups: ClassVar = (
        Group(
            gettext_lazy("Rating by the client"),
            (
                "rating_enabled",
                "rating_in_dialog",
                "rating_closes",
                "rating_limit_enabled",
                "rating_limit_days",
            ),
            shown_when={
                "rating_in_dialog": "rating_enabled",
                "rating_closes": "rating_enabled",
                "rating_limit_enabled": "rating_enabled",
                "rating_limit_days": "rating_limit_enabled",
            },
        ),
        Group(
            gettext_lazy("Texts in the live chat"),
            fields_of(*IN_CHAT),
            shown_when=dict.fromkeys(fields_of(*IN_CHAT), "rating_enabled"),
        ),
        Group(
            gettext_lazy("Texts in other channels"),
            fields_of(*ELSEWHERE),
            note=gettext_lazy(
                "Where the channel has buttons, “Good” and “Bad” stand below the request; else 1 and 0 are typed."
            ),
            shown_when=dict.fromkeys(fields_of(*ELSEWHERE), "rating_enabled"),
        ),
        Group(gettext_lazy("Solved or not"), ("outcome_required",)),
    )

    def facts(self, request: HttpRequest, line: OpenLine, form: QualityForm) -> PageFacts:
        warnings = missing_in_words(form.own, form.triggers) if line.rating_enabled else []
        return PageFacts(sentences=sentences(line), warnings=warnings)


def sentences(line: OpenLine) -> list[str]:
    return [*_rating(line), _outcome(line)]


def _rating(line: OpenLine) -> list[str]:
    if not line.rating_enabled:
        return [_("Clients are not asked for a rating.")]
    found = [
        _("When a dialog in which somebody answered ends, the client is asked for a rating: good or bad.")
    ]
    if line.rating_in_dialog:
        found.append(_("In the live chat clients can rate as soon as somebody has answered."))
    if line.rating_closes:
        found.append(_("A rating closes the dialog at once, with thanks."))
    if line.rating_limit_enabled:
        found.append(
            ngettext(
                "Clients can rate for %(days)d day after the end; who comes later gets a polite refusal.",
                "Clients can rate for %(days)d days after the end; who comes later gets a polite refusal.",
                line.rating_limit_days,
            )
            % {"days": line.rating_limit_days}
        )
    else:
        found.append(_("There is no time limit; a typed answer counts for 7 days."))
    return found


def _outcome(line: OpenLine) -> str:
    if line.outcome_required:
        return _("An operator who finishes must say whether it was solved.")
    return _("Finishing counts as solved unless the operator says otherwise.")
