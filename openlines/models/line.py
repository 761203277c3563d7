"""An open line: all its settings in one row, its texts, and the row that a distribution locks."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from openlines.models.blocks import (
    AutomaticActionsBlock,
    ConsentBlock,
    OtherBlock,
    QualityBlock,
    QueueBlock,
    WorkingTimeBlock,
)


class OpenLine(QueueBlock, WorkingTimeBlock, ConsentBlock, AutomaticActionsBlock, QualityBlock, OtherBlock):
    """A line. Saved only through ``services/lines.py``, which counts ``version`` up and keeps the history."""

    version = models.PositiveIntegerField(default=1, editable=False)
    deleting_since = models.DateTimeField(null=True, editable=False)
    """L7: it is being deleted in the background; it counts no more (L3) and takes nothing."""
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    history: Any = HistoricalRecords(excluded_fields=["version", "deleting_since"])

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


class WorkingTimeSettings(OpenLine):
    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("working time")
        verbose_name_plural = _("working time")


class ConsentSettings(OpenLine):
    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("consent")
        verbose_name_plural = _("consent")


class QualitySettings(OpenLine):
    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("quality")
        verbose_name_plural = _("quality")


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
        CONSENT = "consent", _("Consent to the processing of personal data")
        CONSENT_BY_WRITING = "consent_by_writing", _("How to consent on channels without buttons")
        GREETING = "greeting", _("Greeting")
        OFF_HOURS = "off_hours", _("Outside working hours")
        DAY_OFF = "day_off", _("On a day off")
        HOLIDAY = "holiday", _("On a holiday")
        UNAVAILABLE = "unavailable", _("Nobody is available")
        UNANSWERED = "unanswered", _("Nobody has answered")
        FINISHED = "finished", _("The dialog is finished")
        AUTO_CLOSED = "auto_closed", _("Closed by itself")
        RATING_REQUEST_CHAT = "rating_request_chat", _("Request for a rating in the live chat")
        RATING_REQUEST = "rating_request", _("Request for a rating in other channels")
        RATING_BY_WRITING = "rating_by_writing", _("How to rate on channels without buttons")
        RATED_GOOD_CHAT = "rated_good_chat", _("Thanks for a good rating in the live chat")
        RATED_GOOD = "rated_good", _("Thanks for a good rating in other channels")
        RATED_BAD_CHAT = "rated_bad_chat", _("Apology for a bad rating in the live chat")
        RATED_BAD = "rated_bad", _("Apology for a bad rating in other channels")
        RATING_LATE = "rating_late", _("The time for rating is over")

    line = models.ForeignKey(OpenLine, on_delete=models.CASCADE, related_name="texts")
    trigger = models.CharField(_("when"), max_length=20, choices=Trigger)
    language = models.CharField(_("language"), max_length=10)
    text = models.TextField(
        _("text"),
        max_length=2000,
        help_text=_("You may use #CLIENT#, #OPERATOR#, #DIALOG#, #LINE# and #COMPANY#."),
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


class LineDeletion(models.Model):
    """L7: one deletion of a line, from the order to its end: who, when, how many. Stays when the line is gone."""

    line_id = models.BigIntegerField(_("number of the line"), unique=True)
    name = models.CharField(_("line"), max_length=100)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("who"),
    )
    requested_at = models.DateTimeField(_("requested"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    to_delete = models.JSONField(default=dict)
    """What the page counted: {"dialogs": 12, "messages": 340, "files": 7, "connections": 2}."""
    deleted = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("deletion of a line")
        verbose_name_plural = _("deletions of lines")
        ordering: ClassVar = ["-requested_at"]

    def __str__(self) -> str:
        return self.name
