"""Consent of clients to the processing of their data (P1–P3): versions of the text, and who answered what."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from openlines.models.line import OpenLine


class ConsentVersion(models.Model):
    """What clients of a line were asked from some moment on; never changed. A new one when text or document change."""

    line = models.ForeignKey(OpenLine, on_delete=models.CASCADE, related_name="consent_versions")
    number = models.PositiveIntegerField(_("version"))
    texts = models.JSONField(default=dict)
    """Language → the text as it stood, shipped ones too."""
    url = models.URLField(_("address of the full document"), blank=True, max_length=500)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("version of the consent text")
        verbose_name_plural = _("versions of the consent text")
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "number"], name="consent_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.line} v{self.number}"


class ConsentRecord(models.Model):
    """P3: one answer, append-only: who, which text and version, when, from where. Stays when the line is deleted."""

    class Decision(models.TextChoices):
        ASKED = "asked", _("asked")
        GIVEN = "given", _("given")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class How(models.TextChoices):
        TEXT = "text", _("by the text")
        BUTTON = "button", _("by a button")
        WRITING = "writing", _("by writing on")
        CHAT = "chat", _("in the live chat")
        OPERATOR = "operator", _("noted by an operator")

    client = models.ForeignKey("openlines.Client", on_delete=models.CASCADE, related_name="consents")
    version = models.ForeignKey(
        ConsentVersion,
        null=True,
        on_delete=models.SET_NULL,
        related_name="records",
        verbose_name=_("version"),
    )
    version_number = models.PositiveIntegerField(_("version"), default=0)
    text = models.TextField(_("text"), blank=True)
    """As the client read it."""
    url = models.URLField(_("address of the full document"), blank=True, max_length=500)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    how = models.CharField(_("how"), max_length=10, choices=How)
    at = models.DateTimeField(_("when"))
    channel = models.CharField(_("channel"), max_length=20)
    source = models.TextField(_("from where"), blank=True)
    """The page, or the network address, as far as known."""
    dialog = models.ForeignKey(
        "openlines.Dialog", null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("dialog")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.decision}"
