"""From the admin's logs to the journeys of messages."""

from __future__ import annotations

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from openlines.models import InboundEvent, Message

MOST = 50


def of_delivery(event: InboundEvent) -> QuerySet[Message]:
    """The messages it made. There is no index of messages by their delivery; there is one by connection, author, time."""
    written = Message.objects.filter(
        connection=event.connection_id,
        author__in=[Message.Author.CLIENT, Message.Author.OUTSIDE],
        created_at__range=(event.received_at, event.processed_at or event.received_at),
    )
    return written.filter(inbound=event).order_by("pk")[:MOST]


def link(message: Message) -> SafeString:
    address = reverse("workspace:journey", args=[message.dialog_id, message.pk])
    return format_html('<a href="{}">{}</a>', address, _("what happened to it"))
