"""WhatsApp's own notices in a chat: a client has a new phone number or a new business-scoped id."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors.base import IdentityChanged, InboundItem, NotSupported, Unreadable
from openlines.connectors.fields import Json, mapping, text
from openlines.connectors.meta.payload import identifier
from openlines.connectors.whatsapp import identity

_CHANGES = {"user_changed_number", "customer_changed_number", "user_changed_user_id"}


def change(message: Json, *, at: datetime) -> InboundItem:
    """Raises ``Unreadable`` where a change does not say from what or to what."""
    told = mapping(message.get("system"))
    kind = text(told.get("type"), limit=64)
    if kind not in _CHANGES:
        return NotSupported(_("A notice of WhatsApp about the chat, nothing that the client wrote."))
    # The old number stands for the person whether we know him by it alone or beside his id.
    previous = identifier(message.get("from")) or identifier(told.get("customer"))
    previous = previous or identifier(told.get("previous_user_id"))
    phone = identifier(told.get("wa_id")) or identifier(told.get("new_wa_id"))
    user_id = identifier(told.get("user_id"))
    if kind == "user_changed_user_id":
        previous = identifier(told.get("previous_user_id")) or previous
        user_id = user_id or identifier(message.get("from_user_id"))
        previous = previous or _named_before(user_id, text(told.get("body"), limit=1000))
        phone = ""
    if not previous:
        raise Unreadable("a change of number that does not say whose")
    return IdentityChanged(previous, identity.sender(phone, user_id), at)


def _named_before(user_id: str, said: str) -> str:
    """The old id, where only the notice's words tell it ("User … changed from US.1 to US.2")."""
    named = identity.SCOPED.findall(said)
    return named[0] if len(named) == 2 and named[1] == user_id != named[0] else ""


def new_user_id(found: Json, contacts: identity.Contacts, *, at: datetime) -> InboundItem:
    """The older way of telling a new id (``{"user_id": {"previous", "current"}}``). Raises ``Unreadable``."""
    told = mapping(found.get("user_id")) or found
    previous = identifier(told.get("previous")) or identifier(told.get("previous_user_id"))
    current = identifier(told.get("current")) or identifier(told.get("current_user_id"))
    if not previous or not current:
        raise Unreadable("a change of an id that does not say from what to what")
    profile = mapping((contacts.only or {}).get("profile"))
    person = identity.sender(
        identifier(found.get("wa_id")),
        current,
        name=text(profile.get("name")).strip(),
        username=text(profile.get("username")),
    )
    return IdentityChanged(previous, person, at)
