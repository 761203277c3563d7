"""The page "Other" (spec §10)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from typing import Any, ClassVar

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
        Group(_("What clients see"), ("name", "language")),
        Group(_("What operators are asked"), ("confirm_finish",)),
    )

    def facts(self, request: HttpRequest, line: OpenLine, form: BlockForm) -> PageFacts:
        return PageFacts(sentences=sentences.other(line))
