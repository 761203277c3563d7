"""The page "Other" (spec §10)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from openlines.admin import sentences
from openlines.admin.block_page import BlockAdmin, BlockForm, Group, PageFacts
from openlines.models import OpenLine, OtherSettings
from openlines.models.blocks import OtherBlock


@admin.register(OtherSettings)
class OtherSettingsAdmin(BlockAdmin):
    place: ClassVar = 90
    block: ClassVar = OtherBlock
    groups: ClassVar = (
        Group(_("What clients see"), ("name", "language")),
        Group(_("What operators are asked"), ("confirm_finish",)),
    )

    def facts(self, request: HttpRequest, line: OpenLine, form: BlockForm) -> PageFacts:
        return PageFacts(sentences=sentences.other(line))
