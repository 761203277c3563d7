"""Every webhook call as it came, stored under a unique key before it is read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openlines.models.connection import Connection


class InboundEvent(models.Model):
    class State(models.TextChoices):
        PROCESSED = "processed", _("processed")
        NOT_SUPPORTED = "not_supported", _("not supported")
        PARKED = "parked", _("parked")

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="inbound", verbose_name=_("connection")
    )
    key = models.CharField(_("key"), max_length=200)
    received_at = models.DateTimeField(_("received"))
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    state = models.CharField(_("state"), max_length=15, choices=State, default=State.PROCESSED)
    reason = models.TextField(_("reason"), blank=True)
    processed_at = models.DateTimeField(_("dealt with"), null=True)
    emptied_at = models.DateTimeField(_("emptied"), null=True)
    """It brought or told of something that was erased: its body is gone, and it is never read again."""
    about = models.ManyToManyField("openlines.Message", related_name="heard_in", blank=True)
    """Messages of which it told more (an edit, a further file, an answer): emptied together with them. Those that it
    brought name it themselves (``Message.inbound``).
    """

    class Meta:
        verbose_name = _("inbound event")
        verbose_name_plural = _("inbound log")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "key"], name="delivery_once")]
        indexes: ClassVar = [
            models.Index(fields=["received_at"], name="inbound_received"),
            models.Index(fields=["connection"], condition=Q(state="parked"), name="inbound_parked"),
        ]

    def __str__(self) -> str:
        return self.key
