"""One episode of service, from the client's first message to the full close (spec §11)."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openlines.models.client import Client
from openlines.models.connection import Connection
from openlines.models.line import OpenLine
from openlines.policies import facts

FACT_FIELDS = tuple(field.name for field in fields(facts.DialogFacts))


class DialogQuerySet(models.QuerySet["Dialog"]):
    def open(self) -> DialogQuerySet:
        return self.exclude(state__in=[facts.State.CLOSED, facts.State.SPAM])

    def in_queue(self) -> DialogQuerySet:
        return self.filter(state__in=[facts.State.NEW, facts.State.RETURNED])


class Dialog(models.Model):
    """``state`` and every column named in ``DialogFacts`` are written by services only, as one step of the life cycle."""

    class State(models.TextChoices):
        WITH_BOT = "with_bot", _("With bot")
        NEW = "new", _("New")
        RETURNED = "returned", _("Returned")
        ACCEPTED = "accepted", _("Accepted")
        WAITING = "waiting", _("Waiting for the operator")
        ANSWERED = "answered", _("Answered")
        WRAP_UP = "wrap_up", _("Finished, time to rate")
        CLOSED = "closed", _("Closed")
        SPAM = "spam", _("Spam")

    line = models.ForeignKey(
        OpenLine, on_delete=models.PROTECT, related_name="dialogs", verbose_name=_("line"), db_index=False
    )
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="dialogs")
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="dialogs", verbose_name=_("client"), db_index=False
    )
    created_at = models.DateTimeField(_("created"))

    state = models.CharField(_("state"), max_length=10, choices=State)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="dialogs",
        verbose_name=_("operator"),
    )
    queued_at = models.DateTimeField(null=True)
    distribute_since = models.DateTimeField(null=True)
    offer_until = models.DateTimeField(null=True)
    tried = ArrayField(models.BigIntegerField(), default=list)
    """Employees who let it lapse or skipped it in this round (Q3)."""

    responsible_asked = models.BooleanField(default=False)
    """C5 is asked once a dialog, at its first distribution."""

    first_client_message_at = models.DateTimeField(null=True)
    unanswered_since = models.DateTimeField(null=True)
    is_unanswered = models.BooleanField(_("unanswered"), default=False)
    marked_unanswered_at = models.DateTimeField(null=True)
    clock_started_at = models.DateTimeField(_("waiting since"), null=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    first_reply_at = models.DateTimeField(_("first reply"), null=True)
    last_activity_at = models.DateTimeField(null=True)
    bot_joined_at = models.DateTimeField(null=True)
    last_bot_message_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    wrap_up_from = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    first_reaction = models.DurationField(_("first reaction"), null=True)
    reaction_total = models.DurationField(_("total reaction"), default=timedelta)
    reaction_max = models.DurationField(_("longest reaction"), null=True)
    reaction_count = models.PositiveIntegerField(default=0)

    rev = models.PositiveBigIntegerField(default=0)
    """Counts every visible change under the row lock: screens ask "since rev n" and can miss nothing."""
    last_seq = models.PositiveIntegerField(default=0)
    message_count = models.PositiveIntegerField(_("messages"), default=0)
    client_message_count = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(_("last message"), null=True)
    last_text = models.CharField(max_length=200, blank=True)
    last_author = models.CharField(max_length=10, blank=True)

    objects = DialogQuerySet.as_manager()

    class Meta:
        verbose_name = _("dialog")
        verbose_name_plural = _("dialogs")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client"], condition=~Q(state__in=["closed", "spam"]), name="one_open_dialog_a_client"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["line", "offer_until"],
                condition=Q(state__in=["new", "returned"]),
                name="dialog_queued",
            ),
            models.Index(
                fields=["operator"],
                condition=~Q(state__in=["closed", "spam"]) & Q(operator__isnull=False),
                name="dialog_open_by_operator",
            ),
            models.Index(fields=["line", "-created_at"], name="dialog_line_created"),
            models.Index(fields=["-created_at", "-id"], name="dialog_created"),
            models.Index(fields=["client", "-created_at"], name="dialog_client_created"),
        ]

    def __str__(self) -> str:
        return f"No. {self.number}"

    @property
    def number(self) -> int:
        """The public number."""
        return int(self.pk)

    @property
    def is_open(self) -> bool:
        return facts.State(self.state) in facts.OPEN

    def facts(self) -> facts.DialogFacts:
        values: dict[str, Any] = {name: getattr(self, name) for name in FACT_FIELDS}
        values["state"] = facts.State(self.state)
        return facts.DialogFacts(**values)
