"""An open line: all its settings in one row, its texts, and the row that a distribution locks."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from openlines.models.blocks import AutomaticActionsBlock, OtherBlock, QueueBlock


class OpenLine(QueueBlock, AutomaticActionsBlock, OtherBlock):
    """A line. Saved only through ``services/lines.py``, which counts ``version`` up and keeps the history."""

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    history: Any = HistoricalRecords(excluded_fields=["version"])

    class Meta:
        verbose_name = _("open line")
        verbose_name_plural = _("open lines")
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def text_language(self) -> str:
        """A12: the language of automatic texts where the client's is not known."""
        return self.language or settings.LANGUAGE_CODE


class QueueSettings(OpenLine):
    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("queue")
        verbose_name_plural = _("queues")


class AutomaticActionsSettings(OpenLine):
    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("automatic actions")
        verbose_name_plural = _("automatic actions")


class OtherSettings(OpenLine):
    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("other settings")
        verbose_name_plural = _("other settings")


class LineQueue(models.Model):
    """One row a line, locked by whoever hands out dialogs: that alone keeps order and limits (design, Concurrency)."""

    line = models.OneToOneField(OpenLine, primary_key=True, on_delete=models.CASCADE, related_name="queue")

    def __str__(self) -> str:
        return str(self.line_id)


class LineText(models.Model):
    """A12: a line's own version of an automatic text in one language; what is missing falls back to the shipped one."""

    class Trigger(models.TextChoices):
        GREETING = "greeting", _("Greeting")
        UNANSWERED = "unanswered", _("Nobody has answered")
        FINISHED = "finished", _("The dialog is finished")
        AUTO_CLOSED = "auto_closed", _("Closed by itself")

    line = models.ForeignKey(OpenLine, on_delete=models.CASCADE, related_name="texts")
    trigger = models.CharField(_("when"), max_length=20, choices=Trigger)
    language = models.CharField(_("language"), max_length=10)
    text = models.TextField(
        _("text"),
        max_length=2000,
        help_text=_("You may use #CLIENT#, #OPERATOR#, #DIALOG# and #LINE#."),
    )

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["line", "trigger", "language"],
                name="one_text_per_language",
                violation_error_message=_("This line already has a text for this case in this language."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_trigger_display()} ({self.language})"
