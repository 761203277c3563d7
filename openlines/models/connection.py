"""One account of one channel kind (L2)."""

from __future__ import annotations

import uuid
from datetime import datetime
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
        WHATSAPP = "whatsapp", _("WhatsApp")
        MESSENGER = "messenger", _("Facebook Messenger")
        INSTAGRAM = "instagram", _("Instagram")
        VIBER = "viber", _("Viber")
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("SMS")
        API = "api", _("Custom channel")

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
    account_key = models.CharField(max_length=200, blank=True, editable=False)
    """The provider's id of the account, where one webhook carries several accounts (``base.Shared``)."""
    cursor = models.JSONField(default=dict, editable=False)
    """How far a polled channel has been read (``base.Polling``)."""
    checked_at = models.DateTimeField(null=True, editable=False)
    """The last call or check that the provider answered well."""
    notice = models.TextField(blank=True, editable=False)
    """The provider's last word about the account (``base.AccountNotice``)."""
    refused_count = models.PositiveIntegerField(default=0, editable=False)
    """L5: deliveries that came while it was off; counted and not kept."""
    health = models.CharField(max_length=10, blank=True, editable=False)
    """As the last look of the health schedule found it (L1); a change for the worse makes a notice."""
    deleting_since = models.DateTimeField(null=True, editable=False)
    """Ordered to be deleted, which goes on in the background (``services/connection_deletion.py``)."""
    seen_at = models.DateTimeField(null=True, editable=False)
    """Live chat: when a page last asked for its button; None: it is on no page yet."""
    seen_on = models.CharField(max_length=200, blank=True, editable=False)
    """The host of that page."""
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

    @property
    def paused_since(self) -> datetime | None:
        """None where it is not paused, and where something else has gone wrong since: then the time is not known."""
        known = self.paused_reason and self.last_error == self.paused_reason
        return self.last_error_at if known else None

    def account(self, *, webhook_url: str = "") -> Account:
        return Account(
            connection_id=self.pk,
            kind=self.kind,
            credentials=dict(self.credentials),
            base_url=self.base_url,
            webhook_url=webhook_url,
        )
