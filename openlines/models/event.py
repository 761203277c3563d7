"""What happened in a dialog, append-only: audit, screens, figures, and the reasons of routing (Q11)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openlines.models.dialog import Dialog
from openlines.models.message import Message


class DialogEvent(models.Model):
    dialog = models.ForeignKey(Dialog, on_delete=models.CASCADE, related_name="events", db_index=False)
    rev = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=30)
    """A ``lifecycle.Event``, or ``created``, ``offered``, ``waits``, ``marked_unanswered``, ``text_dropped`` …"""
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    data = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["dialog", "rev"], name="event_since_rev"),
            models.Index(
                fields=["at"],
                condition=Q(kind__in=["transfer", "transfer_to_line", "back_to_queue"]),
                name="event_handed_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.dialog_id}"


class ReactionInterval(models.Model):
    """One run of the reaction clock that has ended (K2): what the figures of K4 are made of (K5)."""

    dialog = models.ForeignKey(Dialog, on_delete=models.CASCADE, related_name="reactions")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    reply = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    """The reply that ended it; null: the dialog ended first ("no answer")."""
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["started_at", "pk"]

    def __str__(self) -> str:
        return f"{self.dialog_id}: {self.ended_at - self.started_at}"
