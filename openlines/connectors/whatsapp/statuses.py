"""What became of a message of ours."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors.base import DeliveryStatus, InboundItem, NotSupported, StatusChanged, Unreadable
from openlines.connectors.fields import Json, integer, items, mapping, text
from openlines.connectors.meta.graph import masked
from openlines.connectors.meta.payload import identifier
from openlines.connectors.whatsapp import errors

_STATUSES = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "played": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}


def status(found: Json, *, at: datetime) -> InboundItem:
    """Raises ``Unreadable`` for a status of nothing."""
    number = identifier(found.get("id"))
    if not number:
        raise Unreadable("a status without an id")
    if found.get("type") == "call":
        return NotSupported(_("A call: calls are not taken here."))
    if found.get("recipient_type") == "group":
        return NotSupported(_("A message in a group: only chats with one person become dialogs."))
    told = text(found.get("status"), limit=32).lower()
    known = _STATUSES.get(told)
    if known is None:
        return NotSupported(_("WhatsApp’s status “%(status)s” is not used here.") % {"status": told or "?"})
    return StatusChanged(
        external_id=number,
        status=known,
        at=at,
        reason=_reason(found) if known is DeliveryStatus.FAILED else "",
        uuid=text(found.get("biz_opaque_callback_data"), limit=64),
    )


def _reason(found: Json) -> str:
    error = next((mapping(one) for one in items(found.get("errors")) if isinstance(one, dict)), None)
    if error is None:
        return _("WhatsApp did not deliver the message and did not say why.")
    details = text(mapping(error.get("error_data")).get("details"), limit=300)
    said = details or text(error.get("message"), limit=300) or text(error.get("title"), limit=300)
    return errors.words(integer(error.get("code")) or 0, masked(said))
