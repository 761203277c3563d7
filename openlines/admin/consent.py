"""The page "Consent" (P1–P3): the text and its document, its versions, and the log of answers."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openlines.admin.block_page import Group, PageFacts
from openlines.admin.line_texts import LineTextsAdmin, LineTextsForm, fields_of, missing_in_words
from openlines.admin.readonly import ReadOnlyAdmin
from openlines.models import ConsentRecord, ConsentSettings, ConsentVersion, OpenLine
from openlines.models.blocks import ConsentBlock

TEXTS = fields_of("consent", "consent_by_writing")


class ConsentForm(LineTextsForm):
    triggers: ClassVar = ("consent", "consent_by_writing")
    macros: ClassVar = ("LINE", "COMPANY", "DOCUMENT")
    buttons: ClassVar = {"consent": ("agree", "refuse")}
    linked: ClassVar = ("consent",)
    document_field: ClassVar = "consent_url"

    def label_of(self, trigger: str, language: str) -> str:
        return f"{trigger} ({language})"

    def sample(self) -> dict[str, str]:
        return {**super().sample(), "DOCUMENT": self.document}


@admin.register(ConsentSettings)
class ConsentSettingsAdmin(LineTextsAdmin):
    place: ClassVar = 30
    block: ClassVar = ConsentBlock
    page_form = ConsentForm
    groups: ClassVar = (
        Group(
            gettext_lazy("Consent to the processing of personal data"),
            ("consent_enabled", "consent_url"),
            shown_when={"consent_url": "consent_enabled"},
        ),
        Group(
            gettext_lazy("What the client reads"),
            TEXTS,
            note=gettext_lazy(
                "Empty: the ready text. #DOCUMENT# stands for the address of the document; without it a link follows "
                "the text. Where the channel has buttons, “I agree” and “I do not agree” stand below."
            ),
            shown_when=dict.fromkeys(TEXTS, "consent_enabled"),
        ),
        Group(
            gettext_lazy("Versions"),
            ("versions",),
            note=gettext_lazy(
                "A new one is kept when the text or the address changes; clients are asked again."
            ),
        ),
    )
    parts: ClassVar = {"versions": "admin/openlines/_consent_versions.html"}

    def facts(self, request: HttpRequest, line: OpenLine, form: ConsentForm) -> PageFacts:
        warnings = missing_in_words(form.own, form.triggers) if line.consent_enabled else []
        if line.consent_enabled and not line.consent_url:
            warnings.append(_("There is no address of the full document: clients cannot read it."))
        versions = ConsentVersion.objects.filter(line=line).select_related("created_by")
        return PageFacts(
            sentences=sentences(line),
            warnings=warnings,
            context={
                "consent_versions": versions,
                "consent_log": f"{reverse('admin:openlines_consentrecord_changelist')}?version__line={line.pk}",
            },
        )


def sentences(line: OpenLine) -> list[str]:
    if not line.consent_enabled:
        return [_("Clients are not asked for consent.")]
    return [
        _(
            "Each client is asked once, at once when a dialog starts, and again when the text or the document changes."
        ),
        _("In the live chat nothing can be sent before the answer is yes."),
        _("In messengers there are buttons; where the channel has none, the next message counts as consent."),
        _("An operator can note a refusal: the dialog then ends without texts."),
    ]


@admin.register(ConsentRecord)
class ConsentRecordAdmin(ReadOnlyAdmin):
    """P3: who, which text and version, when, from where."""

    of_dialog = "client"

    list_display = ("at", "client", "decision", "how", "version_number", "channel", "by")
    list_filter: ClassVar = ("decision", "how", "channel")
    search_fields: ClassVar = ("client__search_text__folded",)
    date_hierarchy = "at"
    fields = (
        "client",
        "decision",
        "how",
        "at",
        "channel",
        "source",
        "version_number",
        "text",
        "url",
        "dialog",
        "by",
    )
    list_select_related: ClassVar = ("client", "by")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup in ("version__line", "client__id") or super().lookup_allowed(lookup, value, request)
