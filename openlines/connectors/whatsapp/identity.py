"""Who a WhatsApp client is: his business-scoped id (since April 2026), his phone number, or both.

Whoever took a user name may have no phone number for us. Who has both is known by either: the other one is an
alias, also in the form that people type (``+`` and digits).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from openlines.connectors.base import Sender, Unreadable
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.meta.payload import identifier

SCOPED = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,150}")
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{4,30}")
_LONGEST = 190


def is_scoped(value: str) -> bool:
    """Is it a business-scoped id (``US.13491208655302741918``)?"""
    return SCOPED.fullmatch(value) is not None


def address(recipient: str) -> dict[str, str]:
    """How a call names the recipient. Where both were given, Meta would take the phone number."""
    recipient = recipient.strip()
    if is_scoped(recipient):
        return {"recipient": recipient}
    return {"to": digits(recipient) or recipient}


def digits(value: str) -> str:
    """A phone number as Meta writes it: country code and number, digits alone; empty if it is none."""
    return re.sub(r"\D", "", value) if _PHONE.fullmatch(value.strip()) else ""


@dataclass(frozen=True)
class Contacts:
    """The people a delivery tells of, beside its messages; found by either id."""

    known: Mapping[str, Json]
    only: Json | None = None
    """Where there is just one."""

    @classmethod
    def of(cls, value: Json) -> Contacts:
        people = [mapping(one) for one in items(value.get("contacts")) if isinstance(one, dict)]
        known = {identifier(one.get(name)): one for one in reversed(people) for name in ("wa_id", "user_id")}
        known.pop("", None)
        return cls(known, people[0] if len(people) == 1 else None)


def of_message(message: Json, contacts: Contacts) -> Sender:
    """Raises ``Unreadable`` where nobody is named."""
    return _sender(message.get("from"), message.get("from_user_id"), contacts)


def of_echo(echo: Json, contacts: Contacts) -> Sender:
    """Whom our side wrote to. Raises ``Unreadable``."""
    return _sender(echo.get("to"), echo.get("to_user_id"), contacts)


def sender(phone: str, user_id: str, *, name: str = "", username: str = "") -> Sender:
    """Raises ``Unreadable`` where there is neither a phone nor an id."""
    # What is no business-scoped id cannot be written to: then the phone number goes first.
    order = (user_id, phone) if is_scoped(user_id) or not digits(phone) else (phone, user_id)
    own = [known for known in order if known]
    if not own:
        raise Unreadable("nobody is named as the sender")
    number = digits(phone)
    written = f"+{number}" if number else ""
    return Sender(
        external_id=own[0],
        name=name[:200],
        username=username.removeprefix("@")[:64],
        phone=written,
        aliases=tuple(dict.fromkeys(known for known in (*own[1:], written) if known and known != own[0])),
    )


def told(contacts: list[object], recipient: str) -> Sender | None:
    """Whom WhatsApp knows by what we dialled (``wa_id``: a Brazilian or Mexican number in its older spelling); None
    where that says nothing new. One call goes to one person.
    """
    contact = mapping(contacts[0]) if len(contacts) == 1 else {}
    phone = digits(identifier(contact.get("wa_id"), limit=_LONGEST))
    scoped = identifier(contact.get("user_id"), limit=_LONGEST)
    dialled = recipient if is_scoped(recipient) else digits(recipient)
    if not {phone, scoped} - {"", dialled}:
        return None
    return sender(phone, scoped)


def _sender(phone: object, user_id: object, contacts: Contacts) -> Sender:
    """What the message says itself counts; the list of contacts beside it fills in what it leaves out."""
    number, scoped = identifier(phone, limit=_LONGEST), identifier(user_id, limit=_LONGEST)
    contact = contacts.known.get(scoped) or contacts.known.get(number)
    if contact is None and not number and not scoped:
        contact = contacts.only
    if contact is not None:
        number = number or identifier(contact.get("wa_id"), limit=_LONGEST)
        scoped = scoped or identifier(contact.get("user_id"), limit=_LONGEST)
    profile = mapping((contact or contacts.only or {}).get("profile"))
    return sender(
        number, scoped, name=text(profile.get("name")).strip(), username=text(profile.get("username"))
    )
