"""The page "Other" (spec §10)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from openlines.admin import sentences
from openlines.admin.block_page import BlockAdmin, BlockForm, Group, PageFacts
from openlines.models import OpenLine, OtherSettings
from openlines.models.blocks import OtherBlock


class OtherForm(BlockForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        name_installation_language(self.fields["language"])

    def clean_email_signature(self) -> str:
        signature: str = self.cleaned_data["email_signature"]
        known = ("#OPERATOR#", "#LINE#")
        unknown = [macro for macro in re.findall(r"#[A-Z_]+#", signature) if macro not in known]
        if unknown:
            raise forms.ValidationError(
                gettext("%(macros)s is not known here. These are: %(known)s.")
                % {"macros": ", ".join(unknown), "known": ", ".join(known)}
            )
        return signature.strip()


def name_installation_language(field: Any) -> None:
    """Says in the empty choice what it stands for."""
    names = dict(settings.LANGUAGES)
    own = names.get(settings.LANGUAGE_CODE) or names.get(settings.LANGUAGE_CODE.split("-")[0], "")
    empty = gettext("the installation’s: %(language)s") % {"language": own}
    field.choices = [(value, label if value else empty) for value, label in field.choices]


@admin.register(OtherSettings)
class OtherSettingsAdmin(BlockAdmin):
    place: ClassVar = 90
    block: ClassVar = OtherBlock
    page_form = OtherForm
    groups: ClassVar = (
        Group(_("What clients see"), ("name", "language", "email_signature")),
        Group(_("What operators are asked"), ("confirm_finish",)),
        Group(_("Messages"), ("keep_log",)),
        Group(_("The line"), ("is_active", "end")),
    )
    parts: ClassVar = {"end": "admin/openlines/_line_end.html"}

    def facts(self, request: HttpRequest, line: OpenLine, form: BlockForm) -> PageFacts:
        return PageFacts(sentences=sentences.other(line))
