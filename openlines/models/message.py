"""Messages and their files. ``seq`` is the order in the dialog, ``rev`` the dialog's revision of the last change."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openlines.models.connection import Connection
from openlines.models.dialog import Dialog

if TYPE_CHECKING:
    from openlines.models.outbox import OutboxItem


ANSWER = "answer"
"""``Message.kind`` of a rating or an answer about consent."""
MACHINE_ANSWER = "machine_answer"
"""``Message.kind`` of a machine's answer to something of ours (out of office, a receipt)."""
UNCOUNTED = (ANSWER, MACHINE_ANSWER, "opened", "opt_out", "opt_in")
"""Kinds that are shown and are no client's message (§11): no list, count, clock or window knows of them."""


class MessageQuerySet(models.QuerySet["Message"]):
    def from_client(self) -> MessageQuerySet:
        """Clients' messages as §11 means them: without ratings, answers of machines and the like."""
        return self.filter(author=Message.Author.CLIENT).exclude(kind__in=UNCOUNTED)


class Message(models.Model):
    class Author(models.TextChoices):
        CLIENT = "client", _("Client")
        OPERATOR = "operator", _("Operator")
        BOT = "bot", _("Bot")
        AUTOMATIC = "automatic", _("Automatic text")
        OUTSIDE = "outside", _("Written outside")

    class Delivery(models.TextChoices):
        """Of outgoing messages; empty for a client's. Never goes backwards (``services/outbound.py``)."""

        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        READ = "read", _("Read")
        FAILED = "failed", _("Not delivered")
        UNKNOWN = "unknown", _("Delivery unknown")

    dialog = models.ForeignKey(Dialog, on_delete=models.CASCADE, related_name="messages", db_index=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", db_index=False)
    """Indexed by ``message_last``."""
    seq = models.PositiveIntegerField()
    rev = models.PositiveBigIntegerField()
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    """The composer's own: a second click or a repeated request finds the first message."""
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null: not known; unique where it is
    group_key = models.CharField(max_length=100, null=True)  # noqa: DJ001 - null: no album
    author = models.CharField(max_length=10, choices=Author)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    kind = models.CharField(max_length=20, default="text")
    """A ``MessageKind``, ``ANSWER`` or ``MACHINE_ANSWER``."""
    is_note = models.BooleanField(default=False)
    """Internal: the client never sees it."""
    trigger = models.CharField(max_length=20, blank=True)
    """Of an automatic text: what it was sent for."""
    text = models.TextField(blank=True)
    extra = models.JSONField(default=dict)
    """What a kind has besides its text: coordinates, a contact, the unsupported type, reactions."""
    reply_to = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    reply_to_external_id = models.CharField(max_length=200, blank=True)
    """Kept until the message it answers is known; it may come later."""
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    """The channel's own time."""
    edited_at = models.DateTimeField(null=True)
    earlier_texts = models.JSONField(default=list)
    """Of an edited message: [{"text", "until"}], oldest first."""
    deleted_at = models.DateTimeField(null=True)
    delivery = models.CharField(max_length=10, choices=Delivery, blank=True)
    failure = models.TextField(blank=True)
    inbound = models.ForeignKey(
        "openlines.InboundEvent",
        null=True,
        on_delete=models.SET_NULL,
        related_name="messages",
        db_index=False,
    )
    """The raw delivery it came in."""

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dialog", "seq"], name="message_seq_once"),
            models.UniqueConstraint(
                fields=["connection", "external_id"],
                condition=Q(external_id__isnull=False),
                name="message_once_a_connection",
            ),
            models.UniqueConstraint(
                fields=["dialog", "group_key"],
                condition=Q(group_key__isnull=False),
                name="one_message_an_album",
            ),
            models.UniqueConstraint(
                fields=["dialog", "trigger"],
                # Not the question for consent: one that was lost is asked again (P1, ``services/consents.py``).
                condition=Q(trigger__in=["greeting", "off_hours", "unanswered"]),
                name="automatic_text_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["dialog", "rev"], name="message_since_rev"),
            models.Index(fields=["connection", "author", "created_at"], name="message_last"),
            models.Index(fields=["operator"], condition=Q(operator__isnull=False), name="message_operator"),
            models.Index(fields=["reply_to"], condition=Q(reply_to__isnull=False), name="message_reply_to"),
            models.Index(fields=["inbound"], condition=Q(inbound__isnull=False), name="message_inbound"),
        ]

    def __str__(self) -> str:
        return f"{self.dialog_id}/{self.seq}"

    @property
    def said(self) -> str:
        """The text as anybody may read it: none of one that was taken back."""
        return "" if self.deleted_at else self.text

    @property
    def sending(self) -> OutboxItem | None:
        """Its own row of the outbox, whose log tells each attempt; None where it needs no sending. One statement."""
        return self.outbox_items.filter(action="send").first()

    @property
    def provider_ids(self) -> tuple[str, ...]:
        """The provider's ids of all its parts, its own first. One statement."""
        own = [self.external_id] if self.external_id else []
        return (*own, *self.parts.order_by("pk").values_list("external_id", flat=True))


def attachment_path(attachment: Attachment, name: str) -> str:
    """A random folder: names come from strangers and are kept in the row, not on the disk."""
    return f"attachments/{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}"


class Attachment(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", _("being fetched")
        STORED = "stored", _("stored")
        FAILED = "failed", _("not available")

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=10, default="file")
    """A ``MediaKind``."""
    name = models.CharField(max_length=255, blank=True)
    mime = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(null=True)
    """Bytes."""
    file = models.FileField(upload_to=attachment_path, max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.STORED)
    reference = models.TextField(blank=True)
    """What the connector needs to fetch it."""
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    """Of one being fetched that failed before; null: at once."""
    failure = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["message"], condition=Q(state="pending"), name="attachment_pending")
        ]

    def __str__(self) -> str:
        return self.name or str(self.public_id)


class MessagePart(models.Model):
    """A further id of a message at its provider: later parts of a long text, files, the rest of an album."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="parts")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="part_once_a_connection")
        ]

    def __str__(self) -> str:
        return self.external_id


class MessageMark(models.Model):
    """One station of a message's journey: what the provider or a page said of it, and when."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="marks")
    status = models.CharField(max_length=20)
    """A ``DeliveryStatus``, or ``edited``, ``deleted``, ``echoed``, ``reaction``, ``part`` (an album's further file came),
    ``fetched`` and ``not_fetched`` (a file; ``detail`` is its id), ``read_told`` (the provider was asked to show that we have
    read it)."""
    at = models.DateTimeField()
    """The provider's time."""
    heard_at = models.DateTimeField()
    detail = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.status}"


class EarlyMark(models.Model):
    """Something about a message that is not known yet: a status before our own commit, an edit before its message."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    """``status``, ``edit``, ``delete``, ``reaction``, or ``reply`` (it answers that message)."""
    data = models.JSONField(default=dict)
    at = models.DateTimeField()
    heard_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["connection", "external_id"], name="early_mark")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.external_id}"
