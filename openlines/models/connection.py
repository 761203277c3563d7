"""One account of one channel kind (L2)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from contactcenter.lib.secrets import EncryptedJSONField
from openlines.connectors.base import Account
from openlines.models.line import OpenLine


class Connection(models.Model):
    class Kind(models.TextChoices):
        LIVECHAT = "livechat", _("Live chat")
        TELEGRAM = "telegram", _("Telegram")

    line = models.ForeignKey(
        OpenLine, on_delete=models.PROTECT, related_name="connections", verbose_name=_("line")
    )
    kind = models.CharField(_("channel"), max_length=20, choices=Kind)
    name = models.CharField(_("name"), max_length=100)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """Stands in webhook and widget addresses."""
    is_active = models.BooleanField(_("active"), default=True)
    credentials = EncryptedJSONField(_("credentials"), default=dict, blank=True)
    """Name → value, as the connector's ``credential_fields`` list them; encrypted at rest."""
    base_url = models.URLField(
        _("base address of the provider"),
        blank=True,
        help_text=_("Empty: the provider's own. For a proxy or a test server."),
    )
    options = models.JSONField(default=dict, blank=True)
    """What is no secret: the live chat's title, colour, allowed domains."""
    paused_reason = models.TextField(_("paused because"), blank=True, editable=False)
    """Set when the provider refuses our credentials: the outbox waits until they are mended."""
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)
    """The provider asked us to wait (429)."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering: ClassVar = ["kind", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["line", "kind"],
                name="one_connection_of_a_kind",
                violation_error_message=_(
                    "This line already has a connection of this kind. A second one needs a second line: "
                    "choose another line or create one."
                ),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def account(self, *, webhook_url: str = "") -> Account:
        return Account(
            connection_id=self.pk,
            kind=self.kind,
            credentials=dict(self.credentials),
            base_url=self.base_url,
            webhook_url=webhook_url,
        )
