"""Twilio's deliveries into events: a message of a client, or what became of one of ours."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils.translation import gettext as _

from openlines.connectors.base import (
    DeliveryStatus,
    InboundItem,
    Media,
    MediaKind,
    MessageKind,
    MessageReceived,
    NotSupported,
    RawRequest,
    ReachabilityChanged,
    Sender,
    StatusChanged,
    Unreadable,
)
from openlines.connectors.fields import moment, number
from openlines.connectors.sms import refusal
from openlines.connectors.sms.form import Form, read

SENT_AT = "DateSent"
"""A field of our own making, for what ``missed`` found: deliveries of Twilio have no time."""

_STATUSES = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "undelivered": DeliveryStatus.FAILED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}
_INCOMING = {"", "received", "receiving"}
_OPT_OUT = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
_OPT_IN = {"start", "unstop"}
"""Twilio takes "yes" for one, too; but clients say it often, and writing makes them reachable anyway."""

_MAX_MEDIA = 50
_ENCODED = 60
"""Characters: shorter texts are not looked upon as base64."""

_SAYING = {
    "ListTitle",
    "ListDescription",
    "ButtonText",
    "Title",
    "Caption",
    "Text",
    "Description",
    "Subject",
    "InteractiveData",
}
"""Fields that hold a client's words where the body is empty: a chosen row, a filled-in form, a kind to come."""

_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PHONE = re.compile(r"\+[0-9]{4,20}")


def key(request: RawRequest) -> str:
    """The message's sid, with its status where one is told. Never raises."""
    try:
        form = read(request)
        sid, status = _sid(form), _status(form)
    except Unreadable:
        return f"sha256:{hashlib.sha256(request.body).hexdigest()}"
    return f"message:{sid}" if status in _INCOMING else f"status:{sid}:{status[:32]}"


def parse(request: RawRequest) -> list[InboundItem]:
    """Raises ``Unreadable``."""
    form = read(request)
    at = _moment(form.text(SENT_AT, limit=60), request.received_at)
    if form.text("CallSid"):
        return [NotSupported(_("A phone call: only text messages become dialogs."))]
    sid, status = _sid(form), _status(form)
    if status not in _INCOMING:
        return [_status_item(form, sid, status, at, uuid=_uuid(request))]
    message = _message(form, sid, at)
    wish = _wish(form)
    if wish is None:
        return [message]
    return [message, ReachabilityChanged(message.sender, at, reachable=wish)]


def _message(form: Form, sid: str, at: datetime) -> MessageReceived:
    text = _decoded(form.text("Body"))
    media = tuple(_media(form))
    place = _place(form)
    data: dict[str, Any] = {**place, **_referral(form)}
    kind = MessageKind.TEXT
    wish = _wish(form)
    if wish is False or (wish and not _is_talk(form)):
        kind = MessageKind.OPT_IN if wish else MessageKind.OPT_OUT
    elif payload := form.text("ButtonPayload", limit=1000):
        kind, text, data["payload"] = MessageKind.BUTTON, form.text("ButtonText") or text or payload, payload
    elif media:
        kind = MessageKind.MEDIA
    elif place:
        kind = MessageKind.LOCATION
    elif not text.strip():
        kind, data["type"] = MessageKind.UNSUPPORTED, form.text("MessageType", limit=64) or "empty"
        text = "\n".join(
            said for name in form if name in _SAYING and (said := form.text(name, limit=4000).strip())
        )
    return MessageReceived(
        sender=_sender(form),
        external_id=sid,
        at=at,
        kind=kind,
        text=text,
        media=media,
        reply_to=_known_sid(form.text("OriginalRepliedMessageSid")),
        # Twilio answers STOP by itself and lets nothing more through: no automatic text of ours.
        is_automatic=kind is MessageKind.OPT_OUT,
        data=data,
    )


def _status_item(form: Form, sid: str, status: str, at: datetime, *, uuid: str) -> InboundItem:
    known = _STATUSES.get(status)
    if known is None:
        return NotSupported(_("Twilio is still sending the message (%(status)s).") % {"status": status[:32]})
    if known is not DeliveryStatus.FAILED:
        return StatusChanged(sid, known, at, uuid=uuid)
    if status == "canceled":
        return StatusChanged(sid, known, at, uuid=uuid, reason=_("The message was cancelled at Twilio."))
    code = form.count("ErrorCode")
    reason, unreachable = refusal.not_delivered(code, form.text("ErrorMessage", limit=300))
    return StatusChanged(sid, known, at, uuid=uuid, reason=reason, unreachable=unreachable)


def _sender(form: Form) -> Sender:
    """Texts have a phone number, WhatsApp ``whatsapp:`` and one, or an id that belongs to this business."""
    address = form.text("From", limit=200).strip()
    if not address:
        raise Unreadable("no From")
    channel, colon, bare = address.rpartition(":")
    # It comes with the channel's name before it, and came without.
    business_id = form.text("ExternalUserId", limit=180).strip().rpartition(":")[2]
    alias = f"{channel}{colon}{business_id}" if business_id else ""
    return Sender(
        external_id=address,
        name=form.text("ProfileName", limit=200).strip(),
        username=form.text("ProfileUsername", limit=64),
        phone=bare if _PHONE.fullmatch(bare) else "",
        aliases=(alias,) if alias and alias != address else (),
    )


def _wish(form: Form) -> bool | None:
    """Whether the client opts in or out; None: neither. The whole text must be the word."""
    said = form.text("OptOutType", limit=20).strip().upper()
    if said:
        return {"STOP": False, "START": True}.get(said)
    if ":" in form.text("From", limit=200):
        return None  # on WhatsApp no word stops anything: Twilio would say so
    word = form.text("Body", limit=200).strip().lower()
    return False if word in _OPT_OUT else True if word in _OPT_IN else None


def _is_talk(form: Form) -> bool:
    """Whether a word that lets us in again may be meant for us: whoever writes to a shop may begin with "Start"."""
    return not form.text("OptOutType", limit=20) and form.text("Body", limit=200).strip().lower() == "start"


def _media(form: Form) -> Iterator[Media]:
    told = form.count("NumMedia")
    for index in range(_MAX_MEDIA if told is None else min(told, _MAX_MEDIA)):
        url = form.text(f"MediaUrl{index}", limit=2000)
        mime = form.text(f"MediaContentType{index}", limit=100).partition(";")[0].strip().lower()
        # MMS tells in a part of its own how to lay out the others.
        if url and mime != "application/smil":
            yield Media(_media_kind(mime), url, mime=mime)
        elif not url and told is None:
            return


def _media_kind(mime: str) -> MediaKind:
    main = mime.partition("/")[0]
    kinds = {"image": MediaKind.IMAGE, "video": MediaKind.VIDEO, "audio": MediaKind.AUDIO}
    return kinds.get(main, MediaKind.FILE)


def _place(form: Form) -> dict[str, Any]:
    found = {}
    for name, field, limit in (("latitude", "Latitude", 90.0), ("longitude", "Longitude", 180.0)):
        try:
            value = number(float(form.text(field, limit=40)), limit=limit)
        except ValueError:
            return {}
        if value is None:
            return {}
        found[name] = value
    named = {"name": form.text("Label", limit=200), "address": form.text("Address", limit=500)}
    return found | {name: said for name, said in named.items() if said}


def _referral(form: Form) -> dict[str, Any]:
    """The advertisement that led the client here."""
    names = {
        "source_type": "ReferralSourceType",
        "source_id": "ReferralSourceId",
        "source_url": "ReferralSourceUrl",
        "headline": "ReferralHeadline",
        "body": "ReferralBody",
    }
    found = {name: said for name, field in names.items() if (said := form.text(field, limit=1000))}
    return {"referral": found} if found else {}


def _decoded(body: str) -> str:
    """A long message in several parts sometimes comes as base64, cut anywhere at its end."""
    packed = body.strip()
    if len(packed) < _ENCODED or len(packed) % 4 or any(character.isspace() for character in packed):
        return body
    try:
        raw = base64.b64decode(packed, validate=True)
        text = codecs.getincrementaldecoder("utf-8")().decode(raw)
    except (binascii.Error, ValueError):
        return body
    if not text or any(not (character.isprintable() or character in "\r\n\t") for character in text):
        return body
    return text


def _sid(form: Form) -> str:
    for name in ("MessageSid", "SmsSid", "SmsMessageSid"):
        if sid := _known_sid(form.text(name)):
            return sid
    raise Unreadable("no MessageSid")


def _known_sid(said: str) -> str:
    return said if _SID.fullmatch(said) else ""


def _status(form: Form) -> str:
    return (form.text("MessageStatus") or form.text("SmsStatus")).strip().lower()


def _uuid(request: RawRequest) -> str:
    said = request.query.get("uuid", "")
    return said if _SID.fullmatch(said) else ""


def moment_of(said: str) -> datetime | None:
    """A time as mails write it; without a zone it is UTC."""
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _moment(said: str, received_at: datetime | None) -> datetime:
    at = moment_of(said)
    try:
        seconds = int(at.timestamp()) if at else None
    except (ValueError, OverflowError):
        seconds = None
    return moment(seconds, received_at=received_at)
