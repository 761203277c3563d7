"""How far an employee has read a dialog: unread counts."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from openlines.models.dialog import Dialog


class Seen(models.Model):
    dialog = models.ForeignKey(Dialog, on_delete=models.CASCADE, related_name="seen")
    employee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    client_messages = models.PositiveIntegerField(default=0)
    """Of ``Dialog.client_message_count``."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["dialog", "employee"], name="seen_once")]

    def __str__(self) -> str:
        return f"{self.employee_id} in {self.dialog_id}"


class Shown(models.Model):
    """When messages came before somebody's eyes (message journey): all up to ``seq``, first at ``at``."""

    dialog = models.ForeignKey(Dialog, on_delete=models.CASCADE, related_name="shown")
    employee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dialog", "employee", "seq"], name="shown_once")
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} in {self.dialog_id} up to {self.seq}"
