"""Ratings of dialogs (R1–R7): one by the client, one by the supervisor."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openlines.models.connection import Connection
from openlines.models.dialog import Dialog
from openlines.models.line import OpenLine


class Rating(models.Model):
    """``operator``: to whom it goes: the dialog's at the finish, else who holds it (§11 "What is a reply")."""

    class Source(models.TextChoices):
        CLIENT = "client", _("client")
        SUPERVISOR = "supervisor", _("supervisor")

    dialog = models.ForeignKey(
        Dialog, on_delete=models.CASCADE, related_name="ratings", verbose_name=_("dialog")
    )
    source = models.CharField(_("rated by"), max_length=10, choices=Source)
    value = models.PositiveSmallIntegerField(_("rating"))
    """A client's: 1 good, 0 bad. A supervisor's: 1 to 5 stars."""
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by")
    )
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="ratings",
        verbose_name=_("operator"),
    )
    line = models.ForeignKey(OpenLine, on_delete=models.CASCADE, related_name="+", verbose_name=_("line"))
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    is_late = models.BooleanField(default=False)
    """Given after the dialog was closed."""

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        ordering: ClassVar = ["-at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dialog", "source"], name="one_rating_a_source"),
            models.CheckConstraint(
                condition=Q(source="client", value__lte=1)
                | Q(source="supervisor", value__gte=1, value__lte=5),
                name="rating_in_range",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["line", "at"], name="rating_line_time")]

    def __str__(self) -> str:
        return f"{self.dialog_id}: {self.value}"
