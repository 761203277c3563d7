"""What is to leave for a provider: messages, and changes of messages that have left. The order within a dialog is the
order of ``pk``, so that a change never overtakes its message.
"""

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
        CLAIMED = "claimed", _("taken up")
        """A drain prepares it. Nothing has been asked of the provider: where the drain dies it is queued again."""
        SENDING = "sending", _("sending")
        """The provider is being called: where the drain dies nobody knows what it took."""
        DONE = "done", _("done")

    class Action(models.TextChoices):
        SEND = "send", _("send")
        EDIT = "edit", _("change the text")
        DELETE = "delete", _("delete")

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="outbox", verbose_name=_("connection")
    )
    dialog = models.ForeignKey(Dialog, on_delete=models.CASCADE, related_name="+", verbose_name=_("dialog"))
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="outbox_items")
    """At most one row sends it; each change of it is one more. ``Message.sending`` is the first."""
    action = models.CharField(_("what is done"), max_length=10, choices=Action, default=Action.SEND)
    text = models.TextField(_("new text"), blank=True)
    """Of an edit: the new whole."""
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
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message"], condition=Q(action="send"), name="outbox_sends_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["connection", "next_attempt_at"], condition=~Q(state="done"), name="outbox_pending"
            )
        ]

    def __str__(self) -> str:
        return str(self.message)

    @property
    def last_outcome(self) -> str:
        """The name of the last attempt's outcome (``connectors/base.py``); empty where there was none."""
        return str(self.log[-1].get("outcome", "")) if self.log else ""

    @property
    def refusal(self) -> str:
        """Why it was not done, in words; empty while it waits, and where it was done."""
        is_over = self.state == self.State.DONE and self.last_outcome in ("Failed", "Unknown")
        return str(self.log[-1].get("detail", "")) if is_over else ""
