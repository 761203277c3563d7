"""One episode of service, from the client's first message to the full close (spec §11)."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
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

    class Outcome(models.TextChoices):
        """R8; empty: not said."""

        SOLVED = "solved", _("Solved")
        NOT_SOLVED = "not_solved", _("Not solved")

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
    offer_held_from = models.DateTimeField(null=True)
    """When the offer would have lapsed, had its holder not been writing."""
    held_by = ArrayField(models.BigIntegerField(), default=list)
    """Employees who have held it, the present one included: it stays their own (§12)."""
    tried = ArrayField(models.BigIntegerField(), default=list)
    """Employees who let it lapse or skipped it in this round (Q3)."""

    responsible_asked = models.BooleanField(default=False)
    """C5 is asked once a dialog, at its first distribution."""

    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    """Q10: who has handed it on last, while nobody has replied since; a row of the desk's list shows them and the note."""
    handed_note = models.CharField(max_length=200, blank=True)

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

    last_reply_at = models.DateTimeField(null=True)
    """The last message by a person of ours (W4)."""
    closed_notice_at = models.DateTimeField(null=True)
    """When W4's or W5's text was due: one of them, once a dialog."""
    pinned_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    kept_open_until = models.DateTimeField(null=True)
    """A8: the operator was typing when little time was left."""
    auto_close_put_off = models.DurationField(default=timedelta)
    """A8: how long it stands still while the dialog is put aside."""
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    rating_asked_at = models.DateTimeField(null=True)
    """R1: asked for once a dialog."""
    finish_at = models.DateTimeField(null=True)
    """A person has asked to finish it and can undo that until then."""
    finish_by_id = models.BigIntegerField(null=True)
    finish_as = models.CharField(max_length=10, blank=True, default="")
    rating_pending_until = models.DateTimeField(null=True)
    """R5: asked for; a bare 1 or 0 is the answer until then."""
    frozen_at = models.DateTimeField(null=True)
    """L4: its line is off: hidden, no deadlines, nothing is sent."""
    resumed_at = models.DateTimeField(null=True)
    """L4: when its line went on again: deadlines that came due meanwhile are counted from here."""
    released_at = models.DateTimeField(null=True)
    """L4: when it was released; null again as soon as the client writes."""

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
    last_client_message_at = models.DateTimeField(null=True)
    """Where the channel's window is counted from."""
    from_machine = models.BooleanField(default=False)
    """The client's last message was written by a machine: no automatic text answers it."""
    quiet_until = models.DateTimeField(null=True)
    """Until when a further client's message of a waiting dialog needs no decision; null: for as long as it waits."""
    is_kept = models.BooleanField(default=False)
    """L4: opened while the line was off; waits for the administrator's release."""
    in_working_time = models.BooleanField(_("in working time"), null=True)
    client_rating = models.PositiveSmallIntegerField(_("client's rating"), null=True)
    supervisor_rating = models.PositiveSmallIntegerField(_("supervisor's rating"), null=True)
    log_kept = models.BooleanField(default=True)
    """§10: False: texts and files are erased, or will be as soon as nothing of them waits to be sent."""
    log_erased_at = models.DateTimeField(null=True)
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
            GinIndex(fields=["held_by"], name="dialog_held_by", fastupdate=False),
            models.Index(fields=["line", "-created_at"], name="dialog_line_created"),
            models.Index(fields=["-created_at", "-id"], name="dialog_created"),
            models.Index(fields=["client", "-created_at"], name="dialog_client_created"),
            models.Index(fields=["line"], condition=Q(frozen_at__isnull=False), name="dialog_frozen"),
            models.Index(
                fields=["closed_at"],
                condition=Q(log_kept=False, log_erased_at__isnull=True),
                name="dialog_to_erase",
            ),
            models.Index(
                fields=["client"],
                condition=Q(rating_pending_until__isnull=False),
                name="dialog_rating_pending",
            ),
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

    @property
    def is_forgotten(self) -> bool:
        """§10: its messages are erased, or will be as soon as nothing of them waits to leave: no words are added."""
        return not self.log_kept or self.log_erased_at is not None

    def facts(self) -> facts.DialogFacts:
        values: dict[str, Any] = {name: getattr(self, name) for name in FACT_FIELDS}
        values["state"] = facts.State(self.state)
        return facts.DialogFacts(**values)
