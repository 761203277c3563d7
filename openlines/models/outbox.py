"""What is to leave for a provider. One row a message; the order within a dialog is the order of ``pk``."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openlines.models.connection import Connection
from openlines.models.dialog import Dialog
from openlines.models.message import Message


class OutboxItem(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        DONE = "done", _("done")

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="outbox", verbose_name=_("connection")
    )
    dialog = models.ForeignKey(Dialog, on_delete=models.CASCADE, related_name="+", verbose_name=_("dialog"))
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="outbox")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField(_("created"))
    next_attempt_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    accepted_ids = models.JSONField(default=list)
    """The provider's ids of the parts it took already: a retry goes on after them."""
    log = models.JSONField(default=list)
    """Each attempt: [{"at", "outcome", "detail"}]."""

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outbox")
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["connection", "next_attempt_at"], condition=~Q(state="done"), name="outbox_pending"
            )
        ]

    def __str__(self) -> str:
        return str(self.message)
